"""Money over a year: its first byte, any filter, what is behind a figure, adding it up; and all gauges at once."""

from __future__ import annotations

import time
from collections.abc import Iterator

from sqlalchemy import Update, func, insert, select, update

from bench.ground import METRICS_TOKEN, app_on
from bench.meter import median
from bench.pages import Sample, Visitor
from bench.table import Line
from helpdesk.db import db
from sla.contracts.models import TimeEntry
from sla.money import days
from sla.money.models import MoneyMark

_MONEY = (
    ("", 150),
    ("customer=3", 150),
    ("by=agreement", 1000),
    ("by=month", 1000),
    ("agreement=3", 1000),
    ("period=year", 1000),
    ("period=year&by=agreement", 1000),
    ("period=year&by=month", 1000),
    ("period=year&customer=3", 1000),
)
_BEHIND = ("what=cost", "what=untimed&period=year", "what=work&customer=3")


def lines(visitor: Visitor, postmaster: int | None, rounds: int, size: str) -> Iterator[Line]:
    for filtered, goal in _MONEY:
        name = f"money, {filtered or f'month, {size}'}"
        yield _line(visitor, f"/promises/money?{filtered}", name, goal, postmaster, rounds)
    with visitor.app.app_context():
        _mark()
    yield _line(visitor, "/promises/money", f"money, today is new, {size}", 1000, postmaster, rounds)
    with visitor.app.app_context():
        days.catch_up()
    for what in _BEHIND:
        yield _line(visitor, f"/promises/money/behind?{what}", f"behind, {what}", 1000, postmaster, rounds)
    visitor.client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {METRICS_TOKEN}"
    yield _line(visitor, "/metrics", f"/metrics, {size}", 150, postmaster, rounds)


def written(url: str, rounds: int) -> Iterator[Line]:
    """What a change costs who writes it, and what it costs to add its day up."""
    noting, adding = [], []
    with app_on(url).app_context():
        some = list(db.session.scalars(select(TimeEntry.id).order_by(TimeEntry.day.desc()).limit(50)))
        for _ in range(rounds):
            noting += [_took(update(TimeEntry).where(TimeEntry.id == one).values(drawn=1)) for one in some]
            db.session.rollback()
            _mark()
            began = time.perf_counter()
            days.tick()
            adding.append(1000 * (time.perf_counter() - began))
    yield Line("changing a time entry, marked", f"{median(noting):.2f} ms", "<= 1 ms", median(noting) <= 1)
    yield Line("adding up a day of money", f"{median(adding):.0f} ms", "<= 1000 ms", median(adding) <= 1000)


def _mark() -> None:
    """The newest day has something new."""
    newest = select(func.max(TimeEntry.day)).scalar_subquery()
    db.session.execute(insert(MoneyMark).values(since=newest, until=newest + 1))
    db.session.commit()


def _took(asked: Update) -> float:
    began = time.perf_counter()
    db.session.execute(asked)
    return 1000 * (time.perf_counter() - began)


def _line(visitor: Visitor, path: str, name: str, goal: int, postmaster: int | None, rounds: int) -> Line:
    sample = Sample()
    try:
        for _ in range(2):
            visitor.get(path)
        for _ in range(rounds):
            visitor.sample(lambda: visitor.get(path), sample, postmaster, times=5)
    except RuntimeError as error:
        return Line(name, f"no page: {str(error).rpartition(': ')[2]}", f"<= {goal} ms", met=False)
    return sample.line(name, goal)
