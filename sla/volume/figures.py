"""What came, was answered, done and opened again: of a period, by any dimension, for any filter.

The days' tallies answer what is asked by two dimensions of few values at most; the facts answer the rest, all
dimensions in one statement. Tallies are written with their facts, so that the two never disagree.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import text

from helpdesk.db import db
from sla.reports.periods import Period
from sla.volume import bands
from sla.volume.dimensions import ALL, PAIRS, TOPIC, Filters, tallied
from sla.volume.models import VolumeFact
from sla.volume.tallying import FIGURES, NAMES, UNFOLDED, column, key

T = TypeVar("T")
_NONE = (0,) * (len(bands.REPLY) + 1)


@dataclass(frozen=True, slots=True)
class Sums:
    """Counts; `clock` and `working` are first replies by the bands of `sla.volume.bands`."""

    arrived: int = 0
    arrived_out: int = 0
    machine: int = 0
    replied: int = 0
    replied_out: int = 0
    done: int = 0
    reopened: int = 0
    clock: tuple[int, ...] = _NONE
    working: tuple[int, ...] = _NONE

    @property
    def first(self) -> int:
        """Requests that got their first reply."""
        return sum(self.clock)


By = Mapping[str, Sums]
"""By the value of a dimension as text."""


def several(dimensions: Collection[str], period: Period, filters: Filters) -> dict[str, By]:
    """By each of the dimensions; "all" has the empty key alone."""
    found: dict[str, By] = {}
    scanned = []
    for name in dimensions:
        of = tallied({name, *filters} - {ALL})
        if of is None:
            scanned.append(name)
        else:
            found[name] = _tallied(of, name, period, filters)
    plain = [name for name in scanned if name != TOPIC]
    if plain:
        found |= _scanned(plain, period, filters)
    if TOPIC in scanned:
        found |= {TOPIC: asked_for(_scanned([TOPIC], period, filters)[TOPIC], filters)}
    return found


def asked_for(topics: Mapping[str, T], filters: Filters) -> Mapping[str, T]:
    """Where one topic is asked for, others that its tickets have too are no answer."""
    if TOPIC not in filters:
        return topics
    return {key: one for key, one in topics.items() if key == filters[TOPIC]}


def total(found: Mapping[str, By]) -> Sums:
    return found[ALL].get("", Sums())


def conditions(filters: Filters, table: str) -> list[tuple[str, dict[str, Any]]]:
    """Filters as SQL on the columns of a table, each with its parameters."""
    return [
        (_is(table, name, value), {f"f_{name}": _typed(name, value)} if value or name == "channel" else {})
        for name, value in filters.items()
    ]


def _tallied(of: str, name: str, period: Period, filters: Filters) -> By:
    part = "''" if name == ALL else _part(of, name)
    chosen = [f"{_part(of, each)} = :f_{each}" for each in filters]
    sums = [f"sum({each})" for each in NAMES[:-2]] + [_summed(each) for each in NAMES[-2:]]
    asked = f"""
        SELECT {part}, {", ".join(sums)} FROM volume_day
        WHERE {" AND ".join(["dimension = :of", "day >= :since", "day < :until", *chosen])} GROUP BY 1
    """  # noqa: S608 - names of our own columns
    values = {"of": of, "since": period.since, "until": period.until, **{f"f_{k}": v for k, v in filters.items()}}
    return {row[0]: _sums(row[1:]) for row in db.session.execute(text(asked), values)}


def _scanned(names: Collection[str], period: Period, filters: Filters) -> dict[str, By]:
    chosen = conditions(filters, VolumeFact.__tablename__)
    columns = [column(name) for name in names if name != ALL]
    sets = [f"({column(name)})" if name != ALL else "()" for name in names]
    keys = ", ".join(["GROUPING(" + ", ".join(columns) + ")" if columns else "0", *(_key(name) for name in names)])
    asked = f"""
        SELECT {keys}, {FIGURES} FROM volume_fact {UNFOLDED if TOPIC in names else ""}
        WHERE {" AND ".join(["day >= :since", "day < :until", *(one for one, _ in chosen)])}
        GROUP BY GROUPING SETS ({", ".join(sets)})
    """  # noqa: S608 - names of our own columns
    values = {"since": period.since, "until": period.until, **{k: v for _, each in chosen for k, v in each.items()}}
    numbers = {_number(column(name) if name != ALL else "", columns): place for place, name in enumerate(names)}
    order = list(names)
    found: dict[str, dict[str, Sums]] = {name: {} for name in names}
    for row in db.session.execute(text(asked), values):
        place = numbers[row[0]]
        found[order[place]][row[1 + place]] = _sums(row[1 + len(order) :])
    return {**found}


def _number(mine: str, columns: Collection[str]) -> int:
    """What GROUPING() of all columns gives where this one is grouped by."""
    return int("".join("0" if each == mine else "1" for each in columns) or "0", 2)


def _key(name: str) -> str:
    return "''" if name == ALL else key(name)


def _part(of: str, name: str) -> str:
    """The key of one dimension in the tallies of one or two."""
    return "key" if of not in PAIRS else f"split_part(key, '|', {PAIRS[of].index(name) + 1})"


def _summed(name: str) -> str:
    """A day's replies are few enough for an int; PostgreSQL sums those twice as soon as what needs a numeric."""
    return f"ARRAY[{', '.join(f'sum({name}[{place}]::int)' for place in range(1, len(_NONE) + 1))}]"


def _sums(row: Sequence[Any]) -> Sums:
    arrived, out, machine, replied, replied_out, done, reopened = (int(one) for one in row[:-2])
    clock, working = (tuple(int(one) for one in banded) for banded in row[-2:])
    return Sums(arrived, out, machine, replied, replied_out, done, reopened, clock, working)


def _is(table: str, name: str, value: str) -> str:
    if name == TOPIC:
        return f"{table}.topics @> ARRAY[CAST(:f_topic AS bigint)]" if value else f"cardinality({table}.topics) = 0"
    mine = f"{table}.{column(name)}"
    return f"{mine} = :f_{name}" if value or name == "channel" else f"{mine} IS NULL"


def _typed(name: str, value: str) -> Any:
    if name == "when":
        return value == "out"
    return value if name == "channel" else int(value)
