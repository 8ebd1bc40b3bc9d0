"""`python -m bench`: every workload once beside its limit, one table at the end; bounded, and it leaves nothing."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from bench import (
    business_time,
    devices,
    escalations,
    hooks,
    intake,
    oncall,
    promises,
    reading,
    reports,
    running,
    statements,
    visitors,
)
from bench.ground import Ground, app_on, direct, ground, log_nowhere
from bench.seeding import base, fill
from bench.table import Line, draw
from helpdesk import migrating

SIZES = {"10k": 10_000, "100k": 100_000, "1m": 1_000_000}
PARTS = (
    "business-time",
    "chat",
    "devices",
    "escalations",
    "intake",
    "money",
    "oncall",
    "pages",
    "promises",
    "reports",
    "running",
    "webhooks",
)
_ALONE = {
    "business-time": ("business time", business_time.lines),
    "chat": ("ten thousand chat visitors", visitors.lines),
    "oncall": ("on call", oncall.lines),
    "running": ("the whole product", running.lines),
}
"""Parts that need no filled database."""
_FRESH = {"escalations": escalations.lines, "devices": devices.lines}
"""Parts that make a database of their own."""


def main() -> int:
    chosen = _arguments()
    log_nowhere()
    began = time.monotonic()
    lines: list[Line] = []
    for part, (said, measure) in _ALONE.items():
        if part in chosen.parts:
            _say(said)
            lines += measure()
    if set(chosen.parts) <= set(_ALONE):
        print(draw(lines))
        return 0
    with ground(chosen.var) as place:
        lines += _on(place, chosen)
    print(draw(lines))
    print(f"\n`~`: others used more than 0.35 of a core. {time.monotonic() - began:.0f} s in all.")
    return 0


def _on(place: Ground, chosen: argparse.Namespace) -> list[Line]:
    """The parts that need a database."""
    lines = _fresh(place, chosen)
    if "promises" in chosen.parts:
        _say("promises")
        lines += promises.lines(place, rounds=chosen.rounds, tickets=SIZES[chosen.size])
    if "reports" in chosen.parts:
        _say("reports")
        lines += statements.lines(place, rounds=chosen.rounds)
        lines += reports.lines(place, rounds=chosen.rounds, tickets=SIZES[chosen.size], name=chosen.size)
    if "money" in chosen.parts:
        _say("money")
        lines += reports.money(place, rounds=chosen.rounds, tickets=SIZES[chosen.size], name=chosen.size)
    if "webhooks" in chosen.parts:
        _say("webhooks")
        lines += hooks.lines(place, rounds=chosen.rounds)
    urls = _seeds(place, chosen)
    if "intake" in chosen.parts:
        lines += _intake(place, urls, chosen)
    if "pages" in chosen.parts:
        lines += reading.lines({size: url for size, (url, _) in urls.items()}, place.server.pid, chosen.rounds)
    return lines


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("parts", nargs="*", default=list(PARTS), help=f"of {', '.join(PARTS)}; all by default")
    parser.add_argument("--size", choices=SIZES, default="10k")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each figure; medians are shown")
    parser.add_argument("--var", type=Path, help="a folder whose seeded databases are kept for the next run")
    return parser.parse_args()


def _fresh(place: Ground, chosen: argparse.Namespace) -> list[Line]:
    lines = []
    for part, measure in _FRESH.items():
        if part in chosen.parts:
            _say(part)
            lines += measure(place)
    return lines


def _seeds(place: Ground, chosen: argparse.Namespace) -> dict[str, tuple[str, str]]:
    """A filled database for each size, where a part reads one."""
    sizes = dict.fromkeys(["10k", chosen.size]) if {"intake", "pages"} & set(chosen.parts) else {}
    return {size: _seeded(place, size) for size in sizes}


def _seeded(place: Ground, size: str) -> tuple[str, str]:
    """The URL of a filled database and its name."""
    name = f"seed_{size}"
    if not place.has(name):
        _say(f"filling {SIZES[size]} tickets")
        url = place.fresh(name)
        with direct(url) as connection:
            base(connection)
            fill(connection, SIZES[size])
    migrating.upgrade(place.server.url_of(name))
    return place.server.url_of(name), name


def _intake(place: Ground, urls: dict[str, tuple[str, str]], chosen: argparse.Namespace) -> list[Line]:
    mails = intake.ROUND * chosen.rounds
    postmaster = place.server.pid
    if place.has("cold"):
        place.drop("cold")
    cold_url = place.fresh("cold")
    with direct(cold_url) as connection:
        base(connection)
    _say("intake into an empty database")
    seed = int(time.time())
    cold = intake.run(app_on(cold_url), cold_url, postmaster, mails=mails, seed=seed, domain="cold.example")
    lines = [intake.line("1 intake, empty", cold, ">= 0.50 of bare", least=0.5)]
    for size, (url, _) in urls.items():
        _say(f"intake at {size}")
        warm = intake.run(app_on(url), url, postmaster, mails=mails, seed=seed, domain=f"d{seed}.example")
        lines.append(intake.line(f"2 intake, {size}", warm, ">= 0.90 of cold", least=0.9, cold=cold))
    place.drop("cold")
    return lines


def _say(words: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {words}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
