"""The form of a calendar: what a person types becomes a draft, with errors at their fields, and the other way round."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from werkzeug.datastructures import MultiDict

from helpdesk.db import Json
from helpdesk.errors import Invalid
from sla.calendars import reading
from sla.calendars.drafts import NOTHING_SAVED, Draft, is_break
from sla.calendars.reading import DAYS, Unreadable
from sla.calendars.rules import break_key
from sla.calendars.walls import resolve

Windows = list[list[str]]
_CLOSED = {"", "-", "–", "closed"}
_ALL_DAY = {"24h", "24 h", "24 hours", "all day", "around the clock"}
_WINDOW = re.compile(r"(\d{1,2}(?::\d\d){0,2})\s*(?:-|–|—|to|until)\s*(\d{1,2}(?::\d\d){0,2})", re.IGNORECASE)
_CALLED = re.compile(r"(\S+\s*(?:-|–|—|to|until)\s*[\d:]+)\s+(\D.*)", re.IGNORECASE)
_DATED = re.compile(r"(\d{4}-\d\d-\d\d)[\s:]*(.*)")
_NAMED = re.compile(r"(\d{4}-\d\d-\d\d|\d\d-\d\d)(?:[\s:]+(.*))?")
_STATES = ("closed", "worked", "gone")


@dataclass(frozen=True, slots=True)
class Holiday:
    """One line of the list of holidays; `state` is "closed", "worked" (a working day all the same) or "gone"."""

    key: str
    name: str
    state: str = "closed"

    @property
    def year(self) -> str:
        """Empty for one of every year."""
        return self.key[:4] if len(self.key) == 10 else ""


@dataclass(frozen=True, slots=True)
class Values:
    """Everything in the form, as text."""

    name: str = ""
    zone: str = ""
    hours: Mapping[str, str] | None = None
    holidays: tuple[Holiday, ...] = ()
    add: str = ""
    overrides: str = ""
    breaks: str = ""
    country: str = ""
    region: str = ""
    starts: str = "now"
    from_date: str = ""
    from_time: str = ""
    after: str = ""

    def day(self, name: str) -> str:
        return (self.hours or {}).get(name, "")

    def with_holidays(self, found: Mapping[str, str]) -> Values:
        """Those that are not in the list yet added, closed."""
        known = {one.key for one in self.holidays}
        new = [Holiday(key, name) for key, name in found.items() if key not in known]
        return replace(self, holidays=_sorted([*self.holidays, *new]))


def stored(name: str, draft: Draft, **more: str) -> Values:
    """The form of what is saved."""
    rules = draft.rules
    holidays = set(rules.get("holidays", []))
    listed = [
        Holiday(key, draft.names.get(key, ""), "closed" if key in holidays else "worked")
        for key in holidays | {one for one in draft.names if not is_break(one)}
    ]
    return Values(
        name=name,
        zone=rules["zone"],
        hours={day: windows_text(rules.get("hours", {}).get(day, [])) for day in DAYS},
        holidays=_sorted(listed),
        overrides=_dated_text(rules.get("overrides", {})),
        breaks=_breaks_text(rules.get("breaks", {}), draft.names),
        **more,
    )


def typed(form: MultiDict[str, str]) -> Values:
    """The form as it was sent, whatever is in it."""

    def text(name: str, most: int = 200) -> str:
        return form.get(name, "").replace("\r\n", "\n").strip()[:most]

    listed = [
        Holiday(
            key.partition(":")[2],
            name[:200],
            state if (state := form.get(key.replace("name:", "day:", 1), "")) in _STATES else "closed",
        )
        for key, name in form.items()
        if key.startswith("name:")
    ]
    return Values(
        name=text("name"),
        zone=text("zone"),
        hours={day: text(f"hours_{day}", 500) for day in DAYS},
        holidays=_sorted([one for one in listed if _is_key(one.key)]),
        add=text("add", 20_000),
        overrides=text("overrides", 50_000),
        breaks=text("breaks", 50_000),
        country=text("country", 10),
        region=text("region", 50),
        starts=text("starts"),
        from_date=text("from_date"),
        from_time=text("from_time"),
        after=text("after"),
    )


def draft(values: Values) -> tuple[Draft, Values]:
    """What the form asks for, and the form with the added lines in its list.

    Raises:
        Invalid: by field ("hours.mon", "add", "overrides", "breaks"), what nobody can read.
    """
    wrong: dict[str, str] = {}
    hours = {day: _read(wrong, f"hours.{day}", windows, values.day(day)) for day in DAYS}
    added = _read(wrong, "add", _holidays, values.add)
    overrides = _read(wrong, "overrides", _dated, values.overrides)
    breaks = _read(wrong, "breaks", _breaks, values.breaks)
    if wrong:
        raise Invalid(NOTHING_SAVED, wrong)
    kept = [one for one in values.holidays if one.state != "gone" and one.key not in {new.key for new in added}]
    listed = _sorted([*kept, *added])
    rules: Json = {
        "zone": values.zone,
        "hours": {day: found for day, found in hours.items() if found},
        "holidays": [one.key for one in listed if one.state == "closed"],
        "overrides": overrides,
        "breaks": {day: [window for window, _ in found] for day, found in breaks.items()},
    }
    names = {one.key: one.name for one in listed if one.name or one.state == "worked"}
    called = {
        f"{day} {_to_minutes(begins)}": name for day, found in breaks.items() for (begins, _), name in found if name
    }
    return Draft(rules, names | called), replace(values, holidays=listed, add="")


def start(values: Values) -> datetime | None:
    """When it begins to count, read in the calendar's zone; None for now.

    Raises:
        Invalid: at "valid_from".
    """
    if values.starts != "later":
        return None
    try:
        day = reading.day(values.from_date, "valid_from")
        seconds = reading.seconds(values.from_time or "00:00", "valid_from")
        return datetime.fromtimestamp(resolve(day, seconds, reading.zone(values.zone), "start"), UTC)
    except Unreadable as error:
        raise Invalid(NOTHING_SAVED, {"valid_from": str(error).partition(": ")[2]}) from error


def windows(text: str) -> Windows:
    """Pairs of times of "09:00-12:00, 13:00-17:00"; hours may stand alone, as in "9-17".

    Raises:
        Unreadable: a piece is no window.
    """
    if text.strip().lower() in _CLOSED:
        return []
    if text.strip().lower() in _ALL_DAY:
        return [["00:00", "24:00"]]
    return [_window(piece) for piece in re.split(r"\s*(?:[,;\n]|\band\b)\s*", text.strip()) if piece]


def windows_text(given: Any) -> str:
    return ", ".join(f"{start}-{end}" for start, end in given)


def _window(piece: str) -> list[str]:
    found = _WINDOW.fullmatch(piece.strip())
    if found is None:
        raise Unreadable(f"“{piece[:40]}” is not a window. Write it like 09:00-17:00, with commas between.")
    return [_clock(found[1]), _clock(found[2])]


def _clock(text: str) -> str:
    hour, _, rest = text.partition(":")
    return f"{int(hour):02}:{rest or '00'}"


def _holidays(text: str) -> list[Holiday]:
    found = []
    for line in filter(None, map(str.strip, text.splitlines())):
        matched = _NAMED.fullmatch(line)
        if matched is None:
            raise Unreadable(
                f"“{line[:40]}” has no date in front. Write 2026-12-24 Christmas Eve, or 12-24 for every year."
            )
        found.append(Holiday(matched[1], " ".join((matched[2] or "").split())[:200]))
    return found


def _dated(text: str) -> dict[str, Windows]:
    return {day: windows(rest) for day, rest in _by_day(text).items()}


def _breaks(text: str) -> dict[str, list[tuple[list[str], str]]]:
    """Windows with what each is called, which may stand behind it."""
    return {day: _named_windows(rest.strip()) for day, rest in _by_day(text).items()}


def _named_windows(text: str) -> list[tuple[list[str], str]]:
    if text.lower() in _CLOSED | _ALL_DAY:
        return [(one, "") for one in windows(text)]
    return [_break(piece) for piece in re.split(r"\s*(?:[,;]|\band\b)\s*(?=\d)", text) if piece]


def _break(piece: str) -> tuple[list[str], str]:
    found = _CALLED.fullmatch(piece)
    return (_window(found[1]), " ".join(found[2].split())) if found else (_window(piece), "")


def _to_minutes(clock: str) -> str:
    """12:00:00 is 12:00, as breaks are named."""
    return clock[:5] + clock[5:].replace(":00", "")


def _by_day(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        matched = _DATED.fullmatch(line)
        if matched is None:
            raise Unreadable(f"“{line[:40]}” has no date in front. Write it like 2026-12-24 09:00-12:00.")
        if matched[1] in found:
            raise Unreadable(f"{matched[1]} is there twice. Put its windows on one line.")
        found[matched[1]] = matched[2]
    return found


def _dated_text(given: Mapping[str, Any]) -> str:
    return "\n".join(f"{day} {windows_text(found) or 'closed'}" for day, found in sorted(given.items()))


def _breaks_text(given: Mapping[str, Any], names: Mapping[str, str]) -> str:
    def said(day: str, begins: str, ends: str) -> str:
        key = break_key(reading.day(day, "breaks"), reading.seconds(begins, "breaks"))
        return f"{begins}-{ends} {names.get(key, '')}".strip()

    return "\n".join(
        f"{day} {', '.join(said(day, *one) for one in found) or 'closed'}" for day, found in sorted(given.items())
    )


def _read(wrong: dict[str, str], field: str, how: Any, text: str) -> Any:
    try:
        return how(text)
    except Unreadable as error:
        wrong[field] = str(error)
        return []


def _is_key(key: str) -> bool:
    return _NAMED.fullmatch(key) is not None and " " not in key


def _sorted(listed: list[Holiday]) -> tuple[Holiday, ...]:
    return tuple(_ordered(listed))


def _ordered(listed: list[Holiday]) -> Iterator[Holiday]:
    """Those of every year first, then by date; the last of several of one date counts."""
    unique = {one.key: one for one in listed}
    yield from sorted(unique.values(), key=lambda one: (len(one.key) == 10, one.key))
