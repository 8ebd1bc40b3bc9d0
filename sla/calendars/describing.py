"""A calendar in words and days: "Mon to Fri 08:00 to 17:00, 11 holidays", and what the next two weeks look like."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from sla.calendars.hours import Hours, NoOpenTime
from sla.calendars.rules import DAY, Rules, Window, Windows
from sla.calendars.walls import resolve

SHORT = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
LONG = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_WHOLE: Windows = (Window(0, DAY),)


@dataclass(frozen=True, slots=True)
class Stretch:
    """An open stretch of one day: words of its ends, and where it lies in the day, in percent of its length."""

    opens: str
    closes: str
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the preview. `note` says why it is unlike its weekday, empty when it is not."""

    day: date
    stretches: tuple[Stretch, ...]
    note: str


def in_words(rules: Rules, *, today: date) -> str:
    """The week, then the closed holidays of the twelve months to come."""
    closed = len(_closed_days(rules, today))
    holidays = f", {closed} holiday{'' if closed == 1 else 's'}" if closed else ""
    return week_in_words(rules) + holidays


def week_in_words(rules: Rules) -> str:
    if all(windows == _WHOLE for windows in rules.weekly):
        return "Around the clock"
    found, place = [], 0
    for windows, days in groupby(rules.weekly):
        last = place + len(list(days)) - 1
        if windows:
            named = SHORT[place] if place == last else f"{SHORT[place]} to {SHORT[last]}"
            found.append(f"{named} {' and '.join(map(_window, sorted(windows)))}")
        place = last + 1
    return ", ".join(found) or "Only on days with hours of their own"


def days(rules: Rules, names: Mapping[str, str], first: date, count: int) -> Iterator[Day]:
    """Day after day from `first`, each from its midnight to the next; what runs over midnight is cut there."""
    hours = Hours(rules, around=first, back=timedelta(days=10), ahead=timedelta(days=count + 400))
    for place in range(count):
        day = first + timedelta(days=place)
        begin, end = resolve(day, 0, rules.zone, "start"), resolve(day, DAY, rules.zone, "end")
        yield Day(day, tuple(_stretches(hours, begin, end)), _note(rules, names, day, end - begin))


def clock(seconds: int) -> str:
    """Words such as 09:00 of seconds after midnight, 24:00 included; the next day's hours begin again."""
    within = seconds - DAY if seconds > DAY else seconds
    text = f"{within // 3600:02}:{within % 3600 // 60:02}"
    return f"{text}:{within % 60:02}" if within % 60 else text


def _window(window: Window) -> str:
    return f"{clock(window.start)} to {clock(window.end)}"


def _closed_days(rules: Rules, today: date) -> set[date]:
    """Holidays of a year from today that fall on days which would be open."""
    year = {today + timedelta(days=place) for place in range(365)}
    yearly = {day for day in year if (day.month, day.day) in rules.yearly}
    return {day for day in yearly | (rules.holidays & year) if rules.overrides.get(day) or rules.weekly[day.weekday()]}


def _stretches(hours: Hours, begin: int, end: int) -> Iterator[Stretch]:
    with suppress(NoOpenTime):
        for one in hours.intervals(begin, until=end):
            yield _stretch(one.start, one.end, begin, end, hours.rules.zone)


def _stretch(start: int, stop: int, begin: int, end: int, zone: ZoneInfo) -> Stretch:
    share = 100 / (end - begin)
    closes = "24:00" if stop == end else _wall(stop, zone)
    return Stretch(_wall(start, zone), closes, round((start - begin) * share, 2), round((stop - start) * share, 2))


def _wall(instant: int, zone: ZoneInfo) -> str:
    local = datetime.fromtimestamp(instant, UTC).astimezone(zone)
    return f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}"


def _note(rules: Rules, names: Mapping[str, str], day: date, length: int) -> str:
    yearly = f"{day:%m-%d}"
    name = names.get(day.isoformat(), "") or names.get(yearly, "")
    is_holiday = day in rules.holidays or (day.month, day.day) in rules.yearly
    known = day.isoformat() in names or yearly in names
    said = []
    if is_holiday:
        said.append(name or "Holiday")
    elif known:
        said.append(f"{name or 'Holiday'}, worked")
    if day in rules.overrides and not is_holiday:
        said.append("Hours of its own")
    if rules.breaks.get(day):
        said.append("With a break")
    if length != DAY:
        said.append("No such day" if length <= 0 else f"A day of {round(length / 3600, 1):g} hours")
    return ", ".join(said)
