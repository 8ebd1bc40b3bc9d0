"""`python -m bench.recount`: a year is made up, judged and counted by the product, and counted again beside it.

It ends with 1 where any figure or list differs.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from flask import Flask

from bench.ground import Ground, app_on, direct, ground, log_nowhere
from bench.recount import scripts
from bench.recount.comparing import Compared
from bench.recount.covers import Covers
from bench.recount.credits import Credits
from bench.recount.customers import Customers
from bench.recount.nights import Nights
from bench.recount.outlook import Outlook
from bench.recount.pages import Pages
from bench.recount.prepaid import Prepaid
from bench.recount.reading import Manager
from bench.recount.year import count
from bench.year import duties, house, judging, prepaid
from helpdesk import migrating
from helpdesk.now import travel

_SHOWN = 20
"""Differences of one page that are told in words."""
_AGREEMENTS = 10
"""So many of them, those with most promises, have their strips and statements compared."""


def main() -> int:
    chosen = _arguments()
    log_nowhere()
    with ground(chosen.var) as place:
        url = _filled(place, chosen.tickets, chosen.seed)
        return _compare(app_on(url), url, None if chosen.every_click else chosen.clicks, chosen.only)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.recount", description=__doc__)
    parser.add_argument("--tickets", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--clicks", type=int, default=8, help="figures of each page that are clicked, chosen at random")
    parser.add_argument("--every-click", action="store_true", help="click every figure of each page")
    parser.add_argument("--var", type=Path, help="a folder whose year is kept for the next run")
    parser.add_argument("--only", default="", help="compare what has this in its name alone")
    return parser.parse_args()


def _filled(place: Ground, tickets: int, seed: int) -> str:
    name = f"year_{tickets}_{seed}"
    if not place.has(name):
        began, url = time.monotonic(), place.fresh(name)
        with app_on(url).app_context(), direct(url) as connection:
            people = house.build(max(12, min(1000, tickets // 200)), random.Random(seed))
            duties.arrange()
            made = judging.fill(connection, people, tickets, seed)
            duties.fill(connection, made, seed)
            prepaid.fill(made, seed)
            connection.autocommit = True
            connection.execute("VACUUM ANALYZE")
        _say(f"{made:,} tickets lived through, judged and counted in {time.monotonic() - began:.0f} s")
    migrating.upgrade(place.server.url_of(name))
    return place.server.url_of(name)


def _compare(app: Flask, url: str, clicks: int | None, only: str) -> int:
    began = time.monotonic()
    with travel(to=house.END), direct(url) as connection:
        year = count(connection, house.END)
        _say(f"{len(year.decided):,} promises, {len(year.counted):,} facts counted again in {_since(began)}")
        compared, reader = Compared(), Manager(app, connection)
        pages = Pages(year, Nights(connection, year), reader, compared, clicks)
        credits_ = Credits(connection, year, reader, compared)
        customers = Customers(connection, year, reader, compared, _AGREEMENTS)
        apart = (
            ("covered", Covers(connection, year, compared).compare),
            ("given back", credits_.compare),
            ("bought ahead", Prepaid(connection, year, reader, compared).compare),
            ("foretold", Outlook(connection, year, reader, compared).compare),
        )
        for name, compare in (*pages.each(), *apart, *_others(app, customers, compared)):
            if only not in name:
                continue
            at, before = time.monotonic(), len(compared.differences)
            compare()
            _say(f"{name}: {len(compared.differences) - before or 'no'} differences, {_since(at)}")
            for one in compared.differences[before:][:_SHOWN]:
                print(one, flush=True)
    lists = f"{compared.lists:,} lists of {compared.rows:,} lines"
    print(f"{compared.figures:,} figures and {lists} compared, {compared.scripts} scripts run in {_since(began)}")
    print(f"{len(compared.differences)} differences")
    return int(bool(compared.differences))


def _others(app: Flask, customers: Customers, compared: Compared) -> Iterator[tuple[str, Callable[[], None]]]:
    """What is not on the managers' tabs."""
    yield "customers", customers.listed
    yield "strips of agreements", customers.strips
    yield "statements", lambda: scripts.statements(customers.statements(), compared)
    yield "money", lambda: scripts.money(app, house.END, compared)


def _since(began: float) -> str:
    return f"{time.monotonic() - began:.0f} s"


def _say(words: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {words}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
