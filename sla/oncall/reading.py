"""A rota as people write it in JSON, read into a Schedule with an error that says which field and why."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, TypeVar, cast

from sla.calendars import reading
from sla.calendars.reading import DAYS, Unreadable
from sla.calendars.rules import DAY, Window, Windows
from sla.oncall.roster import (
    FIRST,
    LONGEST,
    Absence,
    Entry,
    Layer,
    Override,
    Person,
    Plan,
    Planned,
    Rest,
    Schedule,
    Swap,
    Unit,
)

Given = Mapping[str, Any]
T = TypeVar("T")

MOST = {"layers": 50, "participants": 500, "only": 100, "overrides": 5_000, "swaps": 5_000, "plans": 500}
_MOST = 5_000
_LONGEST_NAME = 200
_MOST_LANES = 9
_OF_WEEK = re.compile(rf"({'|'.join(DAYS)}) (\d\d:\d\d(?::\d\d)?)")
LAYER = {
    "name",
    "participants",
    "unit",
    "length",
    "anchor",
    "hand_over",
    "lane",
    "start",
    "until",
    "only",
    "outside_office",
}
SCHEDULE = {"zone", "layers", "overrides", "swaps", "plans", "absences", "office", "rest"}


def schedule(given: Any) -> Schedule:
    """The Schedule of an object as docs/guides/oncall.md describes it.

    Raises:
        Unreadable: a field does not fit; layers and changes are counted from 1.
    """
    found = _object(given, "schedule", SCHEDULE)
    zone = reading.zone(found.get("zone"))
    office = found.get("office")
    return Schedule(
        zone,
        layers=_each(found, "layers", _layer),
        overrides=_each(found, "overrides", _override),
        swaps=_each(found, "swaps", _swap),
        plans=_each(found, "plans", _plan),
        absences=_each(found, "absences", _absence),
        office=None if office is None else reading.rules({"zone": zone.key, **_object(office, "office")}),
        rest=rest(found.get("rest", {})),
    )


def rest(given: Any) -> Rest:
    """The rules of rest of `{"nights_running", "hours_between", "night"}`, each of which may be missing."""
    found = _object(given, "rest", {"nights_running", "hours_between", "night"})
    nights, hours = found.get("nights_running"), found.get("hours_between")
    night = found.get("night", ["22:00", "06:00"])
    if not isinstance(night, list) or len(night) != 2:
        raise Unreadable("rest.night: give a pair of times, from and to.")
    start, end = (reading.seconds(one, "rest.night") for one in night)
    if start in {end, DAY}:
        raise Unreadable("rest.night: give two times that differ.")
    return Rest(
        None if nights is None else number(nights, "rest.nights_running", 366),
        None if hours is None else number(hours, "rest.hours_between", 366 * 24),
        Window(start, end if end > start else end + DAY),
    )


def instant(text: Any, field: str) -> int:
    """POSIX seconds of an instant with its offset from UTC; whole seconds, in the years 1900 to 2200."""
    try:
        found = datetime.fromisoformat(text)
    except (TypeError, ValueError) as error:
        raise Unreadable(f"{field}: {text!r} is not an instant like 2026-10-15T16:42:00-05:00.") from error
    if found.tzinfo is None or not 1900 <= found.year <= 2200:
        raise Unreadable(f"{field}: {text!r} needs an offset from UTC and a year from 1900 to 2200.")
    if found.microsecond:
        raise Unreadable(f"{field}: {text!r} has parts of a second. Leave them out.")
    return int(found.timestamp())


def number(value: Any, field: str, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise Unreadable(f"{field}: give a whole number from 1 to {most}.")
    return value


def only(given: Any, field: str) -> tuple[Windows, ...]:
    """Seven days' windows of a list of `{"days", "from", "to"}` or `{"from": "fri 17:00", "to": "mon 08:00"}`.

    A day's window that ends when it starts, or before, ends on the next day. Nothing is no restriction.
    """
    found: list[list[Window]] = [[] for _ in DAYS]
    for place, one in enumerate(_list(given, field, MOST["only"]), 1):
        for day, window in _windows(_object(one, f"{field}[{place}]", {"days", "from", "to"}), f"{field}[{place}]"):
            found[day].append(window)
    return tuple(tuple(windows) for windows in found) if any(found) else ()


def _layer(given: Any, field: str) -> Layer:
    found = _object(given, field, LAYER)
    unit = found.get("unit")
    if unit not in LONGEST:
        raise Unreadable(f"{field}.unit: {unit!r} is none of {', '.join(LONGEST)}.")
    hand_over = reading.seconds(found.get("hand_over", "00:00"), f"{field}.hand_over")
    if hand_over == DAY:
        raise Unreadable(f"{field}.hand_over: 24:00 is 00:00 of the next day. Write that.")
    outside = found.get("outside_office", False)
    if not isinstance(outside, bool):
        raise Unreadable(f"{field}.outside_office: give true or false.")
    start, until = (_maybe(found, name, field) for name in ("start", "until"))
    if start is not None and until is not None and until <= start:
        raise Unreadable(f"{field}: it ends before it starts.")
    return Layer(
        name=_name(found.get("name"), f"{field}.name"),
        participants=_participants(found.get("participants"), f"{field}.participants"),
        unit=cast("Unit", unit),
        anchor=reading.day(found.get("anchor"), f"{field}.anchor"),
        hand_over=hand_over,
        length=number(found.get("length", 1), f"{field}.length", LONGEST[cast("Unit", unit)]),
        lane=_lane(found, field),
        start=start,
        until=until,
        hours=only(found.get("only", []), f"{field}.only"),
        outside_office=outside,
    )


def _participants(given: Any, field: str) -> tuple[Entry, ...]:
    entries = _list(given, field, MOST["participants"])
    return tuple(_entry(one, f"{field}[{place}]") for place, one in enumerate(entries, 1))


def _entry(given: Any, field: str) -> Entry:
    if not isinstance(given, list):
        return (_person(given, field),)
    if not given:
        raise Unreadable(f"{field}: a group has at least one person.")
    return tuple(_person(one, field) for one in _list(given, field, MOST["participants"]))


def _override(given: Any, field: str) -> Override:
    found = _object(given, field, {"joins", "leaves", "start", "end", "lane"})
    joins, leaves = (None if found.get(one) is None else _person(found[one], f"{field}.{one}") for one in _ENDS)
    if joins is None and leaves is None:
        raise Unreadable(f"{field}: say who joins, who leaves, or both.")
    return Override(*_span(found, field), joins, leaves, _lane(found, field))


def _swap(given: Any, field: str) -> Swap:
    found = _object(given, field, {"joins", "leaves", "start", "end", "lane", "taken"})
    joins, leaves = (_person(found.get(one), f"{field}.{one}") for one in _ENDS)
    start, end = _span(found, field)
    if found.get("taken") is None:
        return Swap(start, end, leaves, joins, _lane(found, field))
    taken = found["taken"]
    if not isinstance(taken, list) or len(taken) != 2:
        raise Unreadable(f"{field}.taken: give a pair of instants, from and to.")
    low, high = (instant(one, f"{field}.taken") for one in taken)
    if not start <= low < high <= end:
        raise Unreadable(f"{field}.taken: what is taken does not lie within what is given.")
    return Swap(start, end, leaves, joins, _lane(found, field), (low, high))


def _plan(given: Any, field: str) -> Plan:
    found = _object(given, field, {"start", "end", "shifts"})
    shifts = _list(found.get("shifts", []), f"{field}.shifts", _MOST)
    return Plan(
        *_span(found, field), tuple(_planned(one, f"{field}.shifts[{place}]") for place, one in enumerate(shifts, 1))
    )


def _planned(given: Any, field: str) -> Planned:
    found = _object(given, field, {"person", "start", "end", "lane"})
    return Planned(*_span(found, field), _person(found.get("person"), f"{field}.person"), _lane(found, field))


def _absence(given: Any, field: str) -> Absence:
    found = _object(given, field, {"person", "start", "end"})
    return Absence(*_span(found, field), _person(found.get("person"), f"{field}.person"))


_ENDS = ("joins", "leaves")


def _windows(found: Given, field: str) -> Iterator[tuple[int, Window]]:
    if "days" not in found:
        yield from _over_days(found, field)
        return
    days = found["days"]
    if not isinstance(days, list) or not days or not all(isinstance(one, str) and one in DAYS for one in days):
        raise Unreadable(f"{field}.days: give a list of {', '.join(DAYS)}.")
    start, end = (reading.seconds(found.get(one), f"{field}.{one}") for one in ("from", "to"))
    if start == DAY:
        raise Unreadable(f"{field}.from: 24:00 is 00:00 of the next day. Write that.")
    for day in days:
        yield DAYS.index(day), Window(start, end if end > start else end + DAY)


def _over_days(found: Given, field: str) -> Iterator[tuple[int, Window]]:
    """A stretch of the week, cut at midnights."""
    start, end = (_of_week(found.get(one), f"{field}.{one}") for one in ("from", "to"))
    end += 7 * DAY if end <= start else 0
    while start < end:
        day, within = divmod(start, DAY)
        until = min(end - day * DAY, DAY)
        yield day % 7, Window(within, until)
        start = day * DAY + until


def _of_week(text: Any, field: str) -> int:
    found = _OF_WEEK.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise Unreadable(f"{field}: {text!r} is not a time of the week like fri 17:00. With days, give times alone.")
    return DAYS.index(found[1]) * DAY + reading.seconds(found[2], field)


def _span(found: Given, field: str) -> tuple[int, int]:
    start, end = (instant(found.get(one), f"{field}.{one}") for one in ("start", "end"))
    if end <= start:
        raise Unreadable(f"{field}: it ends before it starts.")
    return start, end


def _lane(found: Given, field: str) -> int:
    return number(found.get("lane", FIRST), f"{field}.lane", _MOST_LANES)


def _maybe(found: Given, name: str, field: str) -> int | None:
    return None if found.get(name) is None else instant(found[name], f"{field}.{name}")


def _person(given: Any, field: str) -> Person:
    if isinstance(given, int) and not isinstance(given, bool):
        return given
    return _name(given, field)


def _name(given: Any, field: str) -> str:
    if not isinstance(given, str) or not given.strip() or len(given) > _LONGEST_NAME:
        raise Unreadable(f"{field}: give a name of at most {_LONGEST_NAME} characters.")
    return given


def _each(found: Given, name: str, read: Callable[[Any, str], T]) -> tuple[T, ...]:
    given = _list(found.get(name, []), name, MOST.get(name, _MOST))
    return tuple(read(one, f"{name}[{place}]") for place, one in enumerate(given, 1))


def _list(given: Any, field: str, most: int) -> list[Any]:
    if not isinstance(given, list):
        raise Unreadable(f"{field}: give a list.")
    if len(given) > most:
        raise Unreadable(f"{field}: give at most {most}.")
    return given


def _object(given: Any, field: str, known: set[str] | None = None) -> Given:
    if not isinstance(given, Mapping):
        raise Unreadable(f"{field}: give an object.")
    unknown = set(given) - known if known is not None else set()
    if unknown:
        raise Unreadable(f"{field}: there is no field {min(map(str, unknown))}.")
    return given
