"""Promises by one dimension, a page at a time: kept of counted, twelve weeks, what is usual, what was said."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ARRAY, BigInteger, ColumnElement, FromClause, Select, String, cast, func, literal, select

from helpdesk.db import db
from helpdesk.pagination import Slice
from sla.reports import figures, sources, trends
from sla.reports.asking import Question
from sla.reports.dimensions import DIMENSIONS, NUMBERED
from sla.reports.figures import Row, Share
from sla.reports.models import PromiseOutcome

USUALLY = 500
"""The last so many promises say what is usual."""
_TOLD = ("customer", "agreement")


@dataclass(frozen=True)
class Line:
    """A value with its figures; `weeks` as percent kept, None for a week in which nothing was decided."""

    key: str
    share: Share
    weeks: tuple[float | None, ...]
    in_hand: int | None
    """Median business seconds left of the target when it was kept; None where none was."""
    promise: str
    """The key of the promise most often broken here lately, or else most often made."""


def table(question: Question, *, after: str | None = None, limit: int = 8) -> Slice[Line]:
    """A fixed number of statements, however many values there are."""
    found = figures.by(question.group, question.period, question.filters, after=after, limit=limit)
    keys = [row.key for row in found.rows]
    weeks = _weeks(question, keys)
    in_hand, promises = _in_hand(question, keys), _promises(question, keys)
    return Slice([_line(row, weeks, in_hand, promises) for row in found.rows], found.after)


def _line(
    row: Row, weeks: dict[str, tuple[float | None, ...]], in_hand: dict[str, int], promises: dict[str, str]
) -> Line:
    nothing: tuple[float | None, ...] = (None,) * trends.WEEKS
    return Line(row.key, row.share, weeks.get(row.key, nothing), in_hand.get(row.key), promises.get(row.key, ""))


def _weeks(question: Question, keys: Collection[str]) -> dict[str, tuple[float | None, ...]]:
    """Of each value, percent kept in each week up to the period's end."""
    span = trends.spans(question.period)[0]
    source = sources.counts([span], question.filters, question.group, keys=keys)
    days: dict[str, dict[date, Share]] = {}
    for key, day, *numbers in db.session.execute(
        select(source.c.key, source.c.day, source.c.kept, source.c.broken, source.c.excused)
    ):
        each = days.setdefault(key, {})
        each[day] = each.get(day, Share()) + Share(*numbers)
    until = question.period.until
    return {key: tuple(week.now.percent for week in trends.weeks(each, until)) for key, each in days.items()}


def _in_hand(question: Question, keys: Collection[str]) -> dict[str, int]:
    """The median of the last kept ones of each value in the period: one that there was, the lower of two."""
    kept = [PromiseOutcome.outcome == "kept"]
    found: dict[str, int] = {}
    for key, last in _last(question, keys, kept):
        middle = func.percentile_disc(0.5).within_group(last.c.left_seconds)
        found |= {
            name: int(left) for name, left in db.session.execute(select(key, middle).group_by(key)) if left is not None
        }
    return found


def _promises(question: Question, keys: Collection[str]) -> dict[str, str]:
    """Only of customers and agreements, who were told something of their own."""
    if question.group not in _TOLD:
        return {key: key for key in keys} if question.group == "promise" else {}
    found: dict[str, tuple[int, int, str]] = {}
    for key, last in _last(question, keys, []):
        broken = func.count().filter(last.c.outcome == "broken")
        asked = select(key, broken, func.count(), last.c.promise).group_by(key, last.c.promise)
        for name, *counted, promise in db.session.execute(asked.order_by(last.c.promise)):
            found[name] = max(found.get(name, (-1, 0, "")), (counted[0], counted[1], promise))
    return {name: promise for name, (_, _, promise) in found.items()}


def _last(
    question: Question, keys: Collection[str], more: Sequence[ColumnElement[bool]]
) -> Iterator[tuple[ColumnElement[str], FromClause]]:
    """The last `USUALLY` of each value in the period, and of none; with the column that says of which."""
    column, rest = DIMENSIONS[question.group], _without(question)
    known = [key for key in keys if key]
    if known:
        key = func.unnest(literal(known, ARRAY(String))).column_valued("key")
        value = cast(key, BigInteger) if question.group in NUMBERED else key
        yield key, _newest(rest, [column == value, *more]).lateral("last")
    if "" in keys:
        none = column.is_(None) if question.group in NUMBERED else column == ""
        last = _newest(rest, [none, *more]).subquery()
        yield last.c.none, last


def _newest(question: Question, more: Sequence[ColumnElement[bool]]) -> Select[int, str, str, str]:
    rows = select(
        PromiseOutcome.left_seconds, PromiseOutcome.promise, PromiseOutcome.outcome, literal("").label("none")
    )
    mine = sources.outcomes([question.period], question.filters)
    newest = PromiseOutcome.day.desc(), PromiseOutcome.settled_at.desc(), PromiseOutcome.commitment_id.desc()
    return rows.where(*mine, *more).order_by(*newest).limit(USUALLY)


def _without(question: Question) -> Question:
    """A filter by what is grouped by says no more than the value does."""
    return question.without(question.group)
