"""The managers' pages over a year: their first byte, any filter, their live part, and what counting costs."""

from __future__ import annotations

import time
from collections.abc import Iterator

from sqlalchemy import select, text

from bench import decided, served, spending, taking, worked
from bench.ground import Ground, app_on, direct
from bench.meter import median
from bench.pages import Sample, Visitor
from bench.seeding import base, sign_in
from bench.table import Line
from helpdesk import migrating
from helpdesk.db import db
from sla.money import days
from sla.reports import counting, tallying
from sla.reports.models import PromiseOutcome
from sla.volume import counting as volume_counting
from sla.volume import tallying as volume
from sla.volume.models import VolumeFact

_FILTERS = (
    "channel=email",
    "team=3",
    "customer=3",
    "period=year",
    "period=year&channel=email",
    "period=year&channel=email&team=3",
    "period=year&promise=p1:update",
    "period=year&agent=3&by=channel",
    "period=year&hour=out&by=team",
)
_PART = "parts/table?period=year&channel=email&team=3"
_SERVED = (
    "",
    "channel=email",
    "team=3&by=topic",
    "customer=3",
    "period=year",
    "period=year&channel=email",
    "period=year&by=customer",
    "period=year&channel=email&team=3",
    "period=year&topic=5&when=out&by=agent",
    "period=year&channel=email&team=3&when=in",
    "period=year&agent=3&by=channel",
)
_ONE_ROUND = 20


def lines(place: Ground, *, rounds: int, tickets: int, name: str) -> list[Line]:
    """All rows, on a database that is filled once where a folder keeps it."""
    url = _filled(place, f"reports_{name}", tickets)
    with direct(url) as connection:
        token = sign_in(connection)
    visitor = Visitor(url, token)
    return [
        *_pages(visitor, place.server.pid, rounds, name),
        _counting(url, rounds),
        _marking(url, rounds),
        *taking.lines(url, token, place.server.pid, name),
    ]


def money(place: Ground, *, rounds: int, tickets: int, name: str) -> list[Line]:
    """The managers' money, on the same database."""
    url = _filled(place, f"reports_{name}", tickets)
    with direct(url) as connection:
        token = sign_in(connection)
    return [*spending.lines(Visitor(url, token), place.server.pid, rounds, name), *spending.written(url, rounds)]


def _filled(place: Ground, name: str, tickets: int) -> str:
    if not place.has(name):
        url = place.fresh(name)
        with direct(url) as connection:
            base(connection)
            decided.fill(connection, tickets)
            served.fill(connection)
        with app_on(url).app_context():
            db.session.execute(text("SET LOCAL statement_timeout = 0"))
            tallying.again()
            volume.again()
            db.session.commit()
        with direct(url) as connection:
            connection.autocommit = True
            connection.execute("VACUUM ANALYZE")
    url = place.server.url_of(name)
    migrating.upgrade(url)
    with direct(url) as connection:
        known = worked.is_filled(connection)
        if not known:
            worked.fill(connection)
    with app_on(url).app_context():
        if known:
            days.catch_up()
        else:
            days.again()
        db.session.commit()
    return url


def _pages(visitor: Visitor, postmaster: int | None, rounds: int, size: str) -> Iterator[Line]:
    goals = {"": 150, "/live": 50}
    for part, goal in goals.items():
        found = _sampled(visitor, f"/promises{part}", postmaster, rounds, _ONE_ROUND)
        yield found.line(f"promises{part or ', month'}, {size}", goal)
    for filtered in _FILTERS:
        yield _sampled(visitor, f"/promises?{filtered}", postmaster, rounds, 3).line(filtered, 1000)
    for filtered in _SERVED:
        found = _sampled(visitor, f"/promises/service?{filtered}", postmaster, rounds, 3)
        yield found.line(f"service, {filtered or 'month'}", 1000)
    yield _sampled(visitor, f"/promises/{_PART}", postmaster, rounds, 3).line(_PART, 1000)


def _sampled(visitor: Visitor, address: str, postmaster: int | None, rounds: int, times: int) -> Sample:
    sample = Sample()
    visitor.get(address)
    for _ in range(rounds):
        visitor.sample(lambda: visitor.get(address), sample, postmaster, times=times)
    return sample


def _counting(url: str, rounds: int) -> Line:
    """One promise that was decided, counted anew in its transaction; what a mail costs beside it is much more."""
    took = []
    with app_on(url).app_context():
        some = list(
            db.session.scalars(select(PromiseOutcome.commitment_id).order_by(PromiseOutcome.day.desc()).limit(50))
        )
        for _ in range(rounds):
            for one in some:
                began = time.perf_counter()
                counting.count([one])
                took.append(1000 * (time.perf_counter() - began))
        db.session.rollback()
    return Line("counting a promise", f"{median(took):.2f} ms", "<= 1 ms", median(took) <= 1)


def _marking(url: str, rounds: int) -> Line:
    """What an event costs who writes it, for service to be counted a moment later."""
    took = []
    with app_on(url).app_context():
        some = list(db.session.scalars(select(VolumeFact.ticket_id).order_by(VolumeFact.day.desc()).limit(50)))
        for _ in range(rounds):
            for one in some:
                began = time.perf_counter()
                volume_counting.mark([one])
                took.append(1000 * (time.perf_counter() - began))
        db.session.rollback()
    return Line("marking a ticket", f"{median(took):.2f} ms", "<= 1 ms", median(took) <= 1)
