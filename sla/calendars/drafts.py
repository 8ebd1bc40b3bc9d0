"""What a calendar shall say before it is saved: its rules as JSON, names of holidays, and all that is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from typing import Any

from helpdesk.db import Json
from helpdesk.errors import Invalid
from helpdesk.now import now
from sla.calendars import reading
from sla.calendars.hours import Hours, NoOpenTime
from sla.calendars.reading import Unreadable
from sla.calendars.rules import DAY, Rules, Window

NOTHING_SAVED = "Nothing was saved. Look at the fields marked below."
NEVER_OPEN = "This calendar is never open. Give at least one day hours."
_MOST = {"holidays": 3_000, "overrides": 1_000, "breaks": 1_000}
_MOST_WINDOWS = 24
_LONGEST_NAME = 200
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Draft:
    """`rules` as `reading.rules` takes them; a date with a name that is no holiday of the rules is a working day."""

    rules: Json
    names: Mapping[str, str] = field(default_factory=dict)
    """"YYYY-MM-DD" or "MM-DD" -> the holiday's name; "YYYY-MM-DD HH:MM" -> that of the break which begins then."""


def is_break(key: str) -> bool:
    """Whether a name is that of a break, and none of a holiday."""
    return " " in key


def checked(draft: Draft) -> Rules:
    """The rules of a draft that may be saved.

    Raises:
        Invalid: by field ("zone", "hours.mon", "holidays", "overrides", "breaks", "names"), everything that is wrong.
    """
    wrong = _wrong(draft)
    if wrong:
        raise Invalid(NOTHING_SAVED, wrong)
    rules = reading.rules(draft.rules)
    wrong = _overlaps(rules) or _closed(rules) or _no_break(rules, draft.names)
    if wrong:
        raise Invalid(NOTHING_SAVED, wrong)
    return rules


def _wrong(draft: Draft) -> dict[str, str]:
    given: Any = draft.rules
    if not isinstance(given, Mapping):
        return {"calendar": "Give an object with a zone and hours."}
    found = _too_many(given) or {}
    for name, piece in () if found else _pieces(given):
        try:
            reading.rules(piece)
        except Unreadable as error:
            found.setdefault(name, _sentence(str(error), name))
    if not found:
        try:
            reading.rules(given)
        except Unreadable as error:
            found[str(error).partition(":")[0]] = _sentence(str(error), "")
    wrong_name = next(filter(None, (_wrong_name(key, name) for key, name in draft.names.items())), "")
    return {**found, "names": wrong_name} if wrong_name else found


def _too_many(given: Mapping[str, Any]) -> dict[str, str]:
    sizes = {name: given.get(name) for name in _MOST}
    return {
        name: f"These are more than {_MOST[name]}."
        for name, value in sizes.items()
        if isinstance(value, (list, Mapping)) and len(value) > _MOST[name]
    }


def _pieces(given: Mapping[str, Any]) -> Iterator[tuple[str, Json]]:
    """Each part alone beside rules that are right, so that every field can say what is wrong with it."""
    yield "zone", {"zone": given.get("zone")}
    for name in ("hours", "overrides", "breaks"):
        part = given.get(name, {})
        if isinstance(part, Mapping):
            for key, windows in part.items():
                yield f"hours.{key}" if name == "hours" else name, {"zone": "UTC", name: {key: windows}}
    holidays = given.get("holidays", [])
    if isinstance(holidays, list):
        for one in holidays:
            yield "holidays", {"zone": "UTC", "holidays": [one]}


def _sentence(error: str, name: str) -> str:
    """The reader's words without the field, but with the date where the field holds many."""
    where, _, words = error.partition(": ")
    date = where.partition(".")[2]
    return f"{date}: {words}" if date and name in _MOST else words


def _wrong_name(key: str, name: Any) -> str:
    try:
        if not is_break(key):
            reading.rules({"zone": "UTC", "holidays": [key]})
    except Unreadable as error:
        return _sentence(str(error), "")
    if not isinstance(name, str) or len(name) > _LONGEST_NAME or _CONTROL.search(name):
        return f"The name of {key} is no name of at most {_LONGEST_NAME} characters."
    return ""


def _no_break(rules: Rules, names: Mapping[str, str]) -> dict[str, str]:
    lost = sorted(key for key in names if is_break(key) and key not in rules.break_keys)
    return {"names": f"{lost[0]}: no break begins then."} if lost else {}


def _overlaps(rules: Rules) -> dict[str, str]:
    named = [*zip((f"hours.{name}" for name in reading.DAYS), rules.weekly, strict=True)]
    dated = [("overrides", f"{day}: ", windows) for day, windows in rules.overrides.items()]
    dated += [("breaks", f"{day}: ", windows) for day, windows in rules.breaks.items()]
    found: dict[str, str] = {}
    for name, start, windows in [*((name, "", windows) for name, windows in named), *dated]:
        if len(windows) > _MOST_WINDOWS:
            found.setdefault(name, f"{start}These are more than {_MOST_WINDOWS} windows.")
        elif reading.overlap(windows):
            found.setdefault(name, f"{start}Two windows overlap. Make them one.")
    for (name, windows), (_, following) in pairwise([*named, named[0]]):
        if _reaches_into(windows, following):
            found.setdefault(name, "A window that runs over midnight reaches into the hours of the next day.")
    return found


def _reaches_into(windows: tuple[Window, ...], following: tuple[Window, ...]) -> bool:
    latest = max((one.end - DAY for one in windows), default=0)
    return any(one.start < latest for one in following)


def _closed(rules: Rules) -> dict[str, str]:
    today = now().astimezone(rules.zone)
    try:
        Hours(rules, around=today.date(), back=timedelta(days=7), ahead=timedelta(days=400)).next_open(
            today.timestamp()
        )
    except NoOpenTime:
        return {"hours": NEVER_OPEN}
    return {}
