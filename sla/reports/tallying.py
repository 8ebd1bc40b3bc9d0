"""What each day adds up to, written by the scheduler from the outcomes: exact, and never a second truth.

A day is counted whole, from its outcomes, whenever one of them changed: so nothing can be added twice or left out.
Readers take tallies for days that have nothing new, and the outcomes themselves for the others (`sla.reports.sources`).
"""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import delete, func, select, text, update

from helpdesk.db import db
from sla.reports.dimensions import ALL, DIMENSIONS, PAIRS
from sla.reports.models import PromiseDay, PromiseOutcome

_BATCH = 20_000
_MONTH = timedelta(days=30)

_TAKE = text("""
    WITH fresh AS (
        SELECT commitment_id, day, tallied_day FROM promise_outcome WHERE NOT is_tallied
        ORDER BY day, tallied_day LIMIT :most FOR UPDATE SKIP LOCKED
    ), marked AS (
        UPDATE promise_outcome SET is_tallied = true, tallied_day = promise_outcome.day
        FROM fresh WHERE fresh.commitment_id = promise_outcome.commitment_id
    )
    SELECT day FROM fresh UNION SELECT tallied_day FROM fresh WHERE tallied_day IS NOT NULL
""")

_FORGET = text("DELETE FROM promise_day WHERE day = ANY(:days)")

_TEXT = {name: f"COALESCE(CAST({column.key} AS text), '')" for name, column in DIMENSIONS.items()}
_SETS = {(column.key,): (name, _TEXT[name]) for name, column in DIMENSIONS.items()} | {
    (DIMENSIONS[one].key, DIMENSIONS[other].key): (name, f"{_TEXT[one]} || '|' || {_TEXT[other]}")
    for name, (one, other) in PAIRS.items()
}
"""Columns grouped by -> the dimension's name and its key in SQL."""
_COLUMNS = list(dict.fromkeys(column for columns in _SETS for column in columns))


def _number(columns: tuple[str, ...]) -> int:
    """What GROUPING() of all columns gives where these are grouped by."""
    return int("".join("0" if column in columns else "1" for column in _COLUMNS), 2)


def _cases(place: int) -> str:
    return " ".join(f"WHEN {_number(columns)} THEN {said[place]}" for columns, said in _NAMED.items())


_NAMED = {columns: (f"'{name}'", key) for columns, (name, key) in _SETS.items()} | {(): (f"'{ALL}'", "''")}
ADDED_UP = f"""
    SELECT CASE GROUPING({", ".join(_COLUMNS)}) {_cases(0)} END AS dimension,
        day,
        CASE GROUPING({", ".join(_COLUMNS)}) {_cases(1)} END AS key,
        count(*) FILTER (WHERE outcome = 'kept') AS kept,
        count(*) FILTER (WHERE outcome = 'broken') AS broken,
        count(*) FILTER (WHERE outcome = 'broken' AND is_excused) AS excused
    FROM promise_outcome
    WHERE {{days}} AND outcome <> 'void'
    GROUP BY day, GROUPING SETS ({", ".join(f"({', '.join(columns)})" for columns in _NAMED)})
"""  # noqa: S608 - names of our own columns
"""Every row of the days' tallies as the outcomes say; a column that is not grouped by is null."""

_WRITE = "INSERT INTO promise_day (dimension, day, key, kept, broken, excused) "
_ADD_UP = text(_WRITE + ADDED_UP.format(days="day = ANY(:days)"))
_ADD_ALL = text(_WRITE + ADDED_UP.format(days="day >= :since AND day < :until"))


def tick() -> int:
    """Count the days anew of which something changed; how many days. Commits."""
    counted = 0
    while days := list(db.session.scalars(_TAKE, {"most": _BATCH})):
        _count(days)
        db.session.commit()
        counted += len(days)
    db.session.rollback()
    return counted


def again() -> None:
    """Count every day anew, in one transaction, a month at a time: no statement takes long. The caller commits."""
    mine = update(PromiseOutcome).values(is_tallied=True, tallied_day=PromiseOutcome.day)
    db.session.execute(
        mine.where(~PromiseOutcome.is_tallied | PromiseOutcome.tallied_day.is_distinct_from(PromiseOutcome.day))
    )
    db.session.execute(delete(PromiseDay))
    days = db.session.execute(select(func.min(PromiseOutcome.day), func.max(PromiseOutcome.day))).one()
    first, last = days
    while first is not None and first <= last:
        db.session.execute(_ADD_ALL, {"since": first, "until": first + _MONTH})
        first += _MONTH


def _count(days: list[date]) -> None:
    db.session.execute(_FORGET, {"days": days})
    db.session.execute(_ADD_UP, {"days": days})
