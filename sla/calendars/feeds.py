"""Holidays of an iCal feed (RFC 5545): fetched or uploaded, read within limits, whole days alone."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from importlib import import_module
from typing import TYPE_CHECKING, Any

from helpdesk.errors import DomainError, Invalid
from helpdesk.http import Client, client
from sla.calendars.drafts import Draft

if TYPE_CHECKING:
    from icalendar import Component

LARGEST = 1_000_000
"""Bytes: a hundred years of holidays are a tenth of it."""
PATIENCE = 10.0
_MOST_EVENTS = 5_000
_LONGEST = 60
"""Days of one event; what is longer is no holiday."""
_YEARLY = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYMONTH", "BYMONTHDAY", "BYDAY", "WKST"}
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_BROKEN = (ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError, RecursionError)
"""What the library says, in its many ways, of a file that follows no rule."""


@dataclass(frozen=True, slots=True)
class Feed:
    """What a feed says of some years."""

    holidays: dict[date, str]
    left_out: int
    """Events that are no holidays: at a time of day, over months, or repeated in another way than every year."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What a feed has that a calendar has not, and the other way round, from a day on; "YYYY-MM-DD" -> name."""

    new: dict[str, str]
    gone: dict[str, str]
    """Closed days the feed does not know, up to the last it knows: dropped there, or the calendar's own."""
    known: int


def compare(draft: Draft, feed: Feed, *, since: date) -> Difference:
    """The calendar beside the feed. A holiday that is worked on purpose is known, and stays worked."""
    said = {day.isoformat(): name for day, name in feed.holidays.items() if day >= since}
    closed = set(draft.rules.get("holidays", []))
    yearly = {key for key in closed | set(draft.names) if len(key) == 5}
    known = {key for key in said if key in closed or key in draft.names or key[5:] in yearly}
    last = max(said, default="")
    gone = sorted(key for key in closed if len(key) == 10 and since.isoformat() <= key <= last and key not in said)
    new = {key: name for key, name in said.items() if key not in known}
    return Difference(new, {key: draft.names.get(key, "") for key in gone}, len(known))


def fetch(url: str, *, through: Client | None = None, patience: float = PATIENCE) -> bytes:
    """The bytes behind a feed's address; webcal:// is https:// by another name.

    Raises:
        Invalid: at "feed_url", why there are none.
    """
    address = url.strip()
    if address.lower().startswith("webcal://"):
        address = "https://" + address[len("webcal://") :]
    try:
        answer = (through or client()).request("GET", address, limit=LARGEST, timeout=patience)
    except DomainError as error:
        raise _unusable(error.message) from error
    if 300 <= answer.status < 400:
        raise _unusable("This address only leads to another one. Enter the address of the feed itself.")
    if answer.status != 200:
        raise _unusable(f"The server answered {answer.status} instead of a feed.")
    return answer.body


def read(raw: bytes, *, first: date, last: date, field: str = "feed_url") -> Feed:
    """The whole-day events from `first` to `last`.

    Raises:
        Invalid: at `field`, the file is too large or no calendar.
    """
    if len(raw) > LARGEST:
        raise _unusable(f"This file is larger than {LARGEST // 1000} kB. A feed of holidays is far smaller.", field)
    if raw.count(b"BEGIN:VEVENT") > _MOST_EVENTS:
        raise _unusable(f"This feed has more than {_MOST_EVENTS} events. A feed of holidays has far fewer.", field)
    try:
        calendar = import_module("icalendar").Calendar.from_ical(raw)  # loaded by who reads a feed
        feed = _gathered([_Event(one) for one in calendar.walk("VEVENT")], first, last)
    except _BROKEN as error:
        raise _unusable("This is not an iCal file, or a broken one.", field) from error
    if calendar.name != "VCALENDAR":
        raise _unusable("This is not an iCal file, or a broken one.", field)
    return feed


def _gathered(events: list[_Event], first: date, last: date) -> Feed:
    moved = {(one.uid, one.instead_of) for one in events if one.instead_of is not None}
    found: dict[date, str] = {}
    left_out = 0
    for one in events:
        if one.days is None:
            left_out += 1
        elif not one.is_cancelled:
            for start in one.starts(last):
                if one.instead_of is None and (one.uid, start) in moved:
                    continue
                for place in range(one.days):
                    day = start + timedelta(days=place)
                    if first <= day <= last:
                        found.setdefault(day, one.name)
    return Feed(dict(sorted(found.items())), left_out)


class _Event:
    """One VEVENT: its first day, how many days, when again. `days` is None for what is no holiday.

    Raises one of `_BROKEN` for what cannot be read.
    """

    def __init__(self, event: Component) -> None:
        self.uid = str(event.get("UID", ""))
        self.name = " ".join(str(event.get("SUMMARY", "")).split())[:200]
        self.is_cancelled = str(event.get("STATUS", "")).upper() == "CANCELLED"
        again = event.get("RECURRENCE-ID")
        self.instead_of: date | None = _day(again.dt) if again is not None else None
        start = event.decoded("DTSTART")
        self.start = _day(start)
        self.days = None if isinstance(start, datetime) else self._length(event)
        self.rule = {name.upper(): value for name, value in (event.get("RRULE") or {}).items()}
        self.spared = set(_dates(event.get("EXDATE")))
        if self.days is not None and self.rule and not self._is_yearly():
            self.days = None

    def starts(self, last: date) -> Iterator[date]:
        """Every day it begins on up to `last`, the first one included."""
        if not self.rule:
            yield self.start
            return
        step, count, until = self._number("INTERVAL", 1), self._number("COUNT", 0), self.rule.get("UNTIL")
        end = min(last, _day(until[0])) if until else last
        said = 0
        for year in range(self.start.year, end.year + 1, step):
            day = self._in(year)
            if day is None or day < self.start:
                continue
            said += 1
            if day > end or (count and said > count):
                return
            if day not in self.spared:
                yield day

    def _length(self, event: Component) -> int | None:
        """Days; DTEND is the day after the last (RFC 5545, 3.6.1)."""
        if event.get("DTEND") is not None:
            days = (_day(event.decoded("DTEND")) - self.start).days
        elif event.get("DURATION") is not None:
            days = event.decoded("DURATION").days
        else:
            days = 1
        return max(1, days) if days <= _LONGEST else None

    def _is_yearly(self) -> bool:
        """Whether the rule names one day of every so many years."""
        names = set(self.rule)
        if self._frequency() != "YEARLY" or not names <= _YEARLY or self._number("INTERVAL", 1) < 1:
            return False
        if any(len(self.rule[name]) != 1 for name in names & {"BYMONTH", "BYMONTHDAY", "BYDAY"}):
            return False
        return "BYDAY" not in names or ("BYMONTH" in names and "BYMONTHDAY" not in names and bool(self._nth()))

    def _frequency(self) -> str:
        return str((self.rule.get("FREQ") or [""])[0]).upper()

    def _number(self, name: str, default: int) -> int:
        return int((self.rule.get(name) or [default])[0])

    def _nth(self) -> tuple[int, int] | None:
        """Which one and which weekday of "4TH" or "-1MO"; None when no number says which one."""
        text = str(self.rule["BYDAY"][0]).upper()
        number, weekday = text[:-2], text[-2:]
        if weekday not in _WEEKDAYS or not number.lstrip("+-").isdigit() or not int(number):
            return None
        return int(number), _WEEKDAYS.index(weekday)

    def _in(self, year: int) -> date | None:
        """The day of this year; None in a year that has none, such as 29 February."""
        month = self._number("BYMONTH", self.start.month)
        nth = self._nth() if "BYDAY" in self.rule else None
        if nth is not None:
            return _nth_weekday(year, month, *nth)
        try:
            return date(year, month, self._number("BYMONTHDAY", self.start.day))
        except ValueError:
            return None


def _nth_weekday(year: int, month: int, nth: int, weekday: int) -> date | None:
    """The n-th such weekday of a month, from its end where n is negative."""
    before, days = monthrange(year, month)
    found = [day for day in range(1, days + 1) if (before + day - 1) % 7 == weekday]
    place = nth - 1 if nth > 0 else nth
    return date(year, month, found[place]) if -len(found) <= place < len(found) else None


def _day(moment: date) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


def _dates(given: Any) -> Iterator[date]:
    for group in given if isinstance(given, list) else [given] if given is not None else []:
        for one in group.dts:
            yield _day(one.dt)


def _unusable(words: str, field: str = "feed_url") -> Invalid:
    return Invalid("The feed could not be used. Nothing was saved.", {field: words})
