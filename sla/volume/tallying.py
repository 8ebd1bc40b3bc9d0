"""What each day adds up to, written in the transaction that writes its facts: a day is always added up whole."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, timedelta

from sqlalchemy import bindparam, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY, DATE

from helpdesk.db import db
from sla.volume import bands
from sla.volume.dimensions import ALL, COLUMNS, PAIRS, TOPIC
from sla.volume.models import VolumeFact

_MONTH = timedelta(days=30)
_TOPIC = "topic"


def _banded(column: str) -> str:
    edges = (-1, *bands.REPLY)
    ends = [f" AND {column} <= {one}" for one in bands.REPLY] + [""]
    counted = (
        f"count(*) FILTER (WHERE is_first AND {column} > {low}{end})" for low, end in zip(edges, ends, strict=True)
    )
    return f"ARRAY[{', '.join(counted)}]"


FIGURES = f"""
    count(*) FILTER (WHERE kind = 'arrived') AS arrived,
    count(*) FILTER (WHERE kind = 'arrived' AND is_out) AS arrived_out,
    count(*) FILTER (WHERE kind = 'machine') AS machine,
    count(*) FILTER (WHERE kind = 'replied') AS replied,
    count(*) FILTER (WHERE kind = 'replied' AND is_out) AS replied_out,
    count(*) FILTER (WHERE kind = 'done') AS done,
    count(*) FILTER (WHERE kind = 'reopened') AS reopened,
    {_banded("clock_seconds")} AS clock,
    {_banded("working_seconds")} AS working
"""
"""What facts add up to; the same in every statement that counts them."""
NAMES = ("arrived", "arrived_out", "machine", "replied", "replied_out", "done", "reopened", "clock", "working")

UNFOLDED = f"""
    CROSS JOIN LATERAL
    unnest(CASE WHEN cardinality(topics) = 0 THEN CAST(ARRAY[NULL] AS bigint[]) ELSE topics END) {_TOPIC}
"""
"""A fact once for each of its topics, and once for none."""


def column(dimension: str) -> str:
    """What is grouped by, in a statement that has every topic by itself where topics are asked for."""
    return _TOPIC if dimension == TOPIC else COLUMNS[dimension]


def key(dimension: str) -> str:
    """A value as text; empty for none."""
    if dimension == "when":
        return "CASE WHEN is_out THEN 'out' ELSE 'in' END"
    return f"COALESCE(CAST({column(dimension)} AS text), '')"


Sets = dict[tuple[str, ...], tuple[str, str]]
"""Columns grouped by -> the dimension's name, and its key in SQL."""


def _alone(names: Iterable[str]) -> Sets:
    return {(column(name),): (name, key(name)) for name in names}


def _pairs(names: Iterable[str]) -> Sets:
    return {
        (column(one), column(other)): (name, f"{key(one)} || '|' || {key(other)}")
        for name, (one, other) in PAIRS.items()
        if name in names
    }


def _added_up(sets: Sets, unfolded: str) -> str:
    columns = list(dict.fromkeys(each for one in sets for each in one))
    numbers = {one: int("".join("0" if each in one else "1" for each in columns), 2) for one in sets}
    names = " ".join(f"WHEN {numbers[one]} THEN '{name}'" for one, (name, _) in sets.items())
    keys = " ".join(f"WHEN {numbers[one]} THEN {said}" for one, (_, said) in sets.items())
    grouping = f"GROUPING({', '.join(columns)})"
    return f"""
        SELECT CASE {grouping} {names} END AS dimension, day, CASE {grouping} {keys} END AS key, {FIGURES}
        FROM volume_fact {unfolded} WHERE {{days}}
        GROUP BY day, GROUPING SETS ({", ".join(f"({', '.join(one)})" for one in sets)})
    """  # noqa: S608 - names of our own columns


_OF_TOPICS = {name for name, pair in PAIRS.items() if TOPIC in pair}
_PLAIN: Sets = {(): (ALL, "''"), **_alone(COLUMNS), **_pairs(PAIRS.keys() - _OF_TOPICS)}
_TOPICS: Sets = {**_alone([TOPIC]), **_pairs(_OF_TOPICS)}
ADDED_UP = f"{_added_up(_PLAIN, '')} UNION ALL {_added_up(_TOPICS, UNFOLDED)}"
"""Every row of the days' tallies as the facts say; a column that is not grouped by is null."""
_WRITE = f"INSERT INTO volume_day (dimension, day, key, {', '.join(NAMES)}) "
_DAYS = bindparam("days", type_=ARRAY(DATE))
_FORGET = text("DELETE FROM volume_day WHERE day = ANY(:days)").bindparams(_DAYS)
_ADD_UP = text(_WRITE + ADDED_UP.format(days="day = ANY(:days)")).bindparams(_DAYS)
_ADD_ALL = text(_WRITE + ADDED_UP.format(days="day >= :since AND day < :until"))
_FORGET_ALL = text("DELETE FROM volume_day")


def add_up(days: Collection[date]) -> None:
    """Count these days anew. It flushes only."""
    if days:
        db.session.execute(_FORGET, {"days": sorted(days)})
        db.session.execute(_ADD_UP, {"days": sorted(days)})


def again() -> None:
    """Count every day anew, a month at a time: no statement takes long. The caller commits."""
    db.session.execute(_FORGET_ALL)
    first, last = db.session.execute(select(func.min(VolumeFact.day), func.max(VolumeFact.day))).one()
    while first is not None and first <= last:
        db.session.execute(_ADD_ALL, {"since": first, "until": first + _MONTH})
        first += _MONTH
