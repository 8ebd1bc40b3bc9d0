"""Where a figure is read: the days' tallies, and for days with something new their outcomes; one statement for both.

Tallies are of one dimension; what is asked by two of them is read from the outcomes alone.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date

from sqlalchemy import (
    CTE,
    ColumnElement,
    Select,
    String,
    Subquery,
    and_,
    case,
    cast,
    false,
    func,
    literal,
    or_,
    select,
    union,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute

from helpdesk.db import among
from sla.reports import hours
from sla.reports.dimensions import ALL, DIMENSIONS, FEW, PAIRS, Filters, pair
from sla.reports.models import PromiseDay, PromiseOutcome
from sla.reports.periods import Period

Spans = Sequence[Period]
_Day = ColumnElement[date] | InstrumentedAttribute[date]

_NEW = ~PromiseOutcome.is_tallied
_STALE = union(
    select(PromiseOutcome.day).where(_NEW),
    select(PromiseOutcome.tallied_day).where(_NEW, PromiseOutcome.tallied_day.is_not(None)),
).cte("stale")
"""Days of which something is new: the one it is counted in now, and the one it was counted in."""


def counts(spans: Spans, filters: Filters, dimension: str = ALL, keys: Collection[str] | None = None) -> Subquery:
    """Rows of day, key, kept, broken, excused; those of one day and key may be several, to be added up.

    With `keys` only these values of the dimension.
    """
    asked = {dimension, *filters} - {ALL}
    tallies = tallied(asked)
    if tallies is None:
        return _outcomes(spans, filters, dimension, keys).subquery()
    return _tallied(spans, filters, dimension, tallies, keys)


def totals(span: Period, filters: Filters, dimension: str) -> Subquery:
    """The same of all days together."""
    if tallied({dimension, *filters}) is not None:
        return counts([span], filters, dimension)
    column = DIMENSIONS[dimension]
    asked = select(func.coalesce(cast(column, String), "").label("key"), *_counted())
    return asked.where(*outcomes([span], filters)).group_by(column).subquery()


def tallied(asked: Collection[str]) -> str | None:
    """The name of the tallies that answer what is asked by these dimensions; None where there are none."""
    names = list(asked)
    if len(names) < 2:
        return names[0] if names else ALL
    name = pair(*names) if len(names) == 2 and set(names) <= set(FEW) else None
    return name if name in PAIRS else None


def few(spans: Spans, filters: Filters) -> Subquery:
    """Rows of span (its place), dimension, key, kept, broken, excused for the dimensions of `FEW`."""
    if len(filters) > 1 or not set(filters) <= set(FEW):
        return _few_outcomes(spans, filters).subquery()
    return union_all(*(_few_tallied(spans, filters, name) for name in FEW)).subquery()


def outcomes(spans: Spans, filters: Filters) -> list[ColumnElement[bool]]:
    """What an outcome is to be counted in a figure; the same lists the tickets behind it."""
    counted = PromiseOutcome.outcome != "void"
    return [_within(PromiseOutcome.day, spans), counted, *chosen(spans, filters)]


def chosen(spans: Spans, filters: Filters) -> list[ColumnElement[bool]]:
    """The filters alone, without days."""
    return [_is(dimension, value, spans) for dimension, value in filters.items()]


def _tallied(spans: Spans, filters: Filters, dimension: str, of: str, keys: Collection[str] | None) -> Subquery:
    key = literal("") if dimension == ALL else _part(of, dimension)
    days = select(PromiseDay.day, key.label("key"), PromiseDay.kept, PromiseDay.broken, PromiseDay.excused).where(
        PromiseDay.dimension == of,
        _within(PromiseDay.day, spans),
        PromiseDay.day.not_in(select(_STALE.c.day)),
        *(_has_key(of, name, value, spans) for name, value in filters.items()),
        *([among(key, keys)] if keys is not None else []),
    )
    fresh = _outcomes(spans, filters, dimension, keys).where(PromiseOutcome.day.in_(select(_STALE.c.day)))
    return union_all(days, fresh).subquery()


def _few_tallied(spans: Spans, filters: Filters, dimension: str) -> Select[int, str, str, int, int, int]:
    one = counts(spans, filters, dimension)
    place = _place(one.c.day, spans).label("span")
    sums = [func.sum(one.c[each]).label(each) for each in ("kept", "broken", "excused")]
    name = literal(dimension).label("dimension")
    return select(place, name, one.c.key, *sums).group_by(place, one.c.key)


def _part(of: str, dimension: str) -> ColumnElement[str] | InstrumentedAttribute[str]:
    """The key of one dimension in the tallies of one or two."""
    if of not in PAIRS:
        return PromiseDay.key
    return func.split_part(PromiseDay.key, "|", PAIRS[of].index(dimension) + 1, type_=String)


def _few_outcomes(spans: Spans, filters: Filters) -> Select[int, str, str, int, int, int]:
    """By all of them at once first, which many processes share; then by each."""
    inner = _few_grouped(spans, filters).cte("together")
    found = union_all(*(_unfolded(inner, name) for name in FEW)).subquery()
    return select(*found.c)


def _few_grouped(spans: Spans, filters: Filters) -> Select[object]:
    place = _place(PromiseOutcome.day, spans).label("span")
    columns = [DIMENSIONS[name].label(name) for name in FEW]
    asked = select(place, *columns, *_counted()).where(*outcomes(spans, filters))
    return asked.group_by(place, *(DIMENSIONS[name] for name in FEW))  # type: ignore[return-value]


def _unfolded(inner: CTE, name: str) -> Select[int, str, str, int, int, int]:
    sums = [func.sum(inner.c[each]).label(each) for each in ("kept", "broken", "excused")]
    key = func.coalesce(cast(inner.c[name], String), "").label("key")
    return select(inner.c.span, literal(name).label("dimension"), key, *sums).group_by(inner.c.span, inner.c[name])


def _outcomes(
    spans: Spans, filters: Filters, dimension: str, keys: Collection[str] | None
) -> Select[object, str, int, int, int]:
    """Grouped by the column as it is, which is quicker than by its text."""
    column = None if dimension == ALL else DIMENSIONS[dimension]
    key = literal("") if column is None else func.coalesce(cast(column, String), "")
    asked = select(PromiseOutcome.day, key.label("key"), *_counted()).where(*outcomes(spans, filters))
    if keys is not None:
        asked = asked.where(or_(false(), *(_is(dimension, each, spans) for each in keys)))
    return asked.group_by(PromiseOutcome.day, *([] if column is None else [column]))  # type: ignore[return-value]


def _counted() -> list[ColumnElement[int]]:
    broken = PromiseOutcome.outcome == "broken"
    return [
        func.count().filter(PromiseOutcome.outcome == "kept").label("kept"),
        func.count().filter(broken).label("broken"),
        func.count().filter(broken, PromiseOutcome.is_excused).label("excused"),
    ]


def _within(day: _Day, spans: Spans) -> ColumnElement[bool]:
    return or_(*(and_(day >= span.since, day < span.until) for span in spans))


def _place(day: _Day, spans: Spans) -> ColumnElement[int]:
    return case(*((and_(day >= span.since, day < span.until), place) for place, span in enumerate(spans)))


def _has_key(of: str, dimension: str, value: str, spans: Spans) -> ColumnElement[bool]:
    key = _part(of, dimension)
    if dimension == "hour" and value in hours.OUT_OR_IN:
        return among(key, [str(hour) for hour in _hours(value, spans)])
    return key == value


def _is(dimension: str, value: str, spans: Spans) -> ColumnElement[bool]:
    column = DIMENSIONS[dimension]
    if dimension == "hour" and value in hours.OUT_OR_IN:
        return among(PromiseOutcome.hour, _hours(value, spans))
    if isinstance(column.type, String):
        return column == value
    return column == int(value) if value else column.is_(None)


def _hours(value: str, spans: Spans) -> list[int]:
    latest = max(spans, key=lambda span: span.until)
    return latest.house.chosen(value, latest.until)
