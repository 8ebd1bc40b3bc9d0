"""Why a promise falls due when it does: every stretch from its start, counted or skipped, with what is left after it.

The seconds of the counted stretches add up to the target; anybody can check it with a pocket calculator. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal

from sla.calendars.rules import break_key
from sla.commitments.facts import Cycle, Fact
from sla.commitments.scene import Scene


@dataclass(frozen=True, slots=True)
class Entry:
    """A stretch of time; `seconds` are business seconds counted in it, `left` what remains of the target after it."""

    start: float
    end: float
    kind: Literal["open", "closed", "paused", "change"]
    seconds: float
    left: float
    why: str
    """The holidays and breaks of a closed stretch; whom we waited for in a paused one; what changed."""


def ledger(
    cycle: Cycle, facts: Sequence[Fact] = (), *, at: float, holidays: Mapping[str, str] | None = None
) -> list[Entry]:
    """From the start to the due instant, or to `at` while it stands still.

    `holidays`: "YYYY-MM-DD" or "MM-DD" -> name, and "YYYY-MM-DD HH:MM" -> that of the break which begins then.
    """
    until = cycle.due if cycle.due is not None else max(cycle.ended or at, cycle.started)
    entries = list(_stretches(cycle, until, facts, holidays or {}))
    changes = [_change(fact) for fact in _telling(cycle, facts) if _concerns(cycle, fact, until)]
    return _with_left(cycle.target, sorted([*entries, *changes], key=lambda entry: (entry.start, entry.end)))


def _stretches(cycle: Cycle, until: float, facts: Sequence[Fact], holidays: Mapping[str, str]) -> Iterator[Entry]:
    cursor = cycle.started
    for i, (start, end) in enumerate(cycle.spans):
        if start > cursor:
            yield _paused(cursor, min(start, until), facts)
        last = i == len(cycle.spans) - 1
        stop = until if end is None or (last and cycle.due is not None) else min(end, until)
        if stop > start:
            yield from _run(cycle, start, stop, holidays)
        cursor = max(cursor, stop)
        if cursor >= until:
            return
    if cursor < until:
        yield _paused(cursor, until, facts)


def _run(cycle: Cycle, start: float, stop: float, holidays: Mapping[str, str]) -> Iterator[Entry]:
    cursor = start
    for interval in cycle.timeline.intervals(start, stop):
        begin = max(start, interval.start)
        finish = stop if interval.end >= int(stop) else interval.end
        if begin > cursor:
            yield _closed(cycle, cursor, begin, holidays)
        yield Entry(begin, finish, "open", finish - begin, 0, "")
        cursor = finish
    if cursor < stop:
        yield _closed(cycle, cursor, stop, holidays)


def _closed(cycle: Cycle, start: float, end: float, holidays: Mapping[str, str]) -> Entry:
    zone = cycle.timeline.at(start).rules.zone
    day = datetime.fromtimestamp(start, UTC).astimezone(zone).date()
    last = datetime.fromtimestamp(end, UTC).astimezone(zone).date()
    names: list[str] = []
    while day <= last and len(names) < 20:
        if not cycle.timeline.at(start).has_hours(day) and (name := _holiday(day, holidays)) and name not in names:
            names.append(name)
        day += timedelta(days=1)
    breaks = (_break(on, begins, holidays) for on, begins in cycle.timeline.at(start).breaks(start, end))
    return Entry(start, end, "closed", 0, 0, ", ".join(dict.fromkeys([*names, *breaks])))


def _break(day: date, begins: int, names: Mapping[str, str]) -> str:
    name = names.get(break_key(day, begins), "")
    return f"a break ({name})" if name else "a break"


def _holiday(day: date, holidays: Mapping[str, str]) -> str:
    return holidays.get(day.isoformat()) or holidays.get(f"{day:%m-%d}", "")


def _paused(start: float, end: float, facts: Sequence[Fact]) -> Entry:
    scene = Scene()
    for fact in facts:
        if fact.at <= start:
            scene.see(fact)
    return Entry(start, end, "paused", 0, 0, scene.why)


def _telling(cycle: Cycle, facts: Sequence[Fact]) -> Iterator[Fact]:
    """The facts without decisions that left this promise what it was."""
    standing: frozenset[int] = frozenset()
    for fact in facts:
        if fact.kind == "promised":
            before, standing = standing, frozenset(terms.clause for terms in fact.terms)
            if cycle.clause in before & standing:
                continue
        yield fact


def _concerns(cycle: Cycle, fact: Fact, until: float) -> bool:
    return fact.kind in {"prioritised", "promised", "hours"} and cycle.started < fact.at <= until


def _change(fact: Fact) -> Entry:
    why = {
        "prioritised": f"priority {fact.priority}",
        "promised": "another promise",
        "hours": "the calendar changed",
    }[fact.kind]
    return Entry(fact.at, fact.at, "change", 0, 0, why)


def _with_left(target: float, entries: Sequence[Entry]) -> list[Entry]:
    left, found = target, []
    for entry in entries:
        left -= entry.seconds
        found.append(Entry(entry.start, entry.end, entry.kind, entry.seconds, left, entry.why))
    return found
