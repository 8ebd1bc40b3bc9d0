"""What a page is asked, read from its address: the days and the filters; and which hours of the week were closed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cache
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from bench.recount.hours import SECOND, Hours, micro
from bench.recount.log import Log

WEEK = 168
DAY = timedelta(days=1)
_NO_FILTERS = {"period", "from", "to", "by", "what", "clock", "working", "age", "who", "kind_of"}


@dataclass(frozen=True)
class Question:
    """Days from the first up to but without `until`; the empty value of a filter stands for none."""

    since: date
    until: date
    filters: Mapping[str, str] = field(default_factory=dict)
    by: str = ""


def asked(address: str, today: date) -> Question:
    said = dict(parse_qsl(address))
    if "from" in said:
        since, until = date.fromisoformat(said["from"]), date.fromisoformat(said["to"])
    else:
        since, until = _first(said.get("period", "month"), today), today
    filters = {name: "" if value == "none" else value for name, value in said.items() if name not in _NO_FILTERS}
    return Question(since, until + DAY, filters, said.get("by", ""))


def _first(period: str, today: date) -> date:
    begins: Mapping[str, Callable[[], date]] = {
        "today": lambda: today,
        "week": lambda: today - today.weekday() * DAY,
        "month": lambda: today.replace(day=1),
        "quarter": lambda: date(today.year, 1 + 3 * ((today.month - 1) // 3), 1),
        "year": lambda: date(today.year, 1, 1),
    }
    return begins[period]()


class Weeks:
    """The hours of the week that were closed when days ended: in the calendar most promises are counted in."""

    def __init__(self, log: Log) -> None:
        self._log, self._zone = log, ZoneInfo(log.zone)
        self.closed = cache(self._closed)

    def chosen(self, value: str, until: date) -> Collection[int]:
        if value not in {"in", "out"}:
            return {int(value)}
        return {hour for hour in range(WEEK) if (hour in self.closed(until)) == (value == "out")}

    def _closed(self, until: date) -> frozenset[int]:
        used = [one.calendar for one in self._log.clauses.values() if one.calendar is not None]
        if not used:
            return frozenset()
        most = max(sorted(set(used)), key=used.count)
        end = self._at(until, 0)
        hours = Hours([one for place, one in enumerate(self._log.versions[most]) if place == 0 or one[0] <= end])
        monday = until - until.weekday() * DAY
        mondays = [monday - 7 * count * DAY for count in range(4)]
        return frozenset(hour for hour in range(WEEK) if not any(self._is_open(hours, one, hour) for one in mondays))

    def _is_open(self, hours: Hours, monday: date, hour: int) -> bool:
        """For half of it at least."""
        begin = self._at(monday, hour)
        return hours.between(begin, begin + 3600 * SECOND) >= 1800 * SECOND

    def _at(self, day: date, hour: int) -> int:
        return micro(datetime.combine(day + hour // 24 * DAY, time(hour % 24), self._zone))
