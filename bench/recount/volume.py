"""What the page of service should say: requests, replies, done, opened again and open, and the tickets behind each."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from bench.recount.days import ByDay
from bench.recount.hours import SECOND, micro
from bench.recount.questions import WEEK, Question, Weeks
from bench.recount.year import Counted, Open, Year

_REPLY = (1, 4, 8, 24, 72)
"""Hours; a reply after exactly so many is within them."""
_AGE = (1, 3, 7, 30)
"""Days; what is open for exactly so many is that old."""
_LAST = 500
_HOUR, _DAY = 3600, 86_400


class Volume:
    """Answers questions about service."""

    def __init__(self, year: Year, weeks: Weeks) -> None:
        self._year, self._weeks = year, weeks
        self._counted = ByDay(year.counted)

    def page(self, question: Question) -> dict[str, Any]:
        mine = self._facts(question)
        at = self._instant(question)
        return {
            **_sums(mine),
            "usual_first_reply": _usual(mine),
            "open": {"at": at, **_aged(self._open(question), at or self._year.now)},
            "hours": self._by_hour(mine, question),
            "channels": _most((one.channel, one) for one in mine),
            "topics": _most((key, one) for one in mine for key in _topics(one, question)),
        }

    def rows(self, question: Question) -> dict[str, dict[str, Any]]:
        """By the value that is grouped by."""
        groups: dict[str, list[Counted]] = defaultdict(list)
        for one in self._facts(question):
            for key in _keys(one, question):
                groups[key].append(one)
        held = Counter(key for one in self._open(question) for key in _keys(one, question))
        return {
            key: {**_sums(groups[key]), "usual_first_reply": _usual(groups[key]), "open": held[key]}
            for key in {*groups, *held}
        }

    def tickets(self, question: Question, what: str, band: tuple[str, int] | None = None) -> Counter[int]:
        """Behind a figure, a ticket as often as it counts; `band` is by the clock, of working hours, or of age."""
        if what == "open":
            at = self._instant(question) or self._year.now
            mine = self._open(question)
            return Counter(one.ticket for one in mine if band is None or _age(at - one.began) == band[1])
        found = [one for one in self._facts(question) if one.what == ("replied" if what == "first" else what)]
        if what == "first":
            found = [one for one in found if one.is_first]
        if band is not None:
            found = [one for one in found if _band(getattr(one, band[0]) or 0) == band[1]]
        return Counter(one.ticket for one in found)

    def _facts(self, question: Question) -> list[Counted]:
        found = self._counted.between(question.since, question.until)
        return [one for one in found if _fits(one, question.filters)]

    def _open(self, question: Question) -> list[Open]:
        """At the end of the last day, or now; whatever the hour."""
        at = self._instant(question)
        filters = {name: value for name, value in question.filters.items() if name not in {"hour", "when"}}
        if at is None:
            found = [one for one in self._year.open if one.until > self._year.now]
        else:
            found = [one for one in self._year.open if one.since <= at < one.until]
        return [one for one in found if _fits(one, filters)]

    def _instant(self, question: Question) -> int | None:
        day = question.until
        end = micro(datetime(day.year, day.month, day.day, tzinfo=self._year.zone))
        return end if end <= self._year.now else None

    def _by_hour(self, mine: Sequence[Counted], question: Question) -> list[dict[str, Any]]:
        came = Counter(one.hour for one in mine if one.what == "arrived")
        closed = self._weeks.closed(question.until)
        return [{"hour": hour, "requests": came[hour], "closed": hour in closed} for hour in range(WEEK)]


def _fits(one: Counted | Open, filters: Mapping[str, str]) -> bool:
    for name, value in filters.items():
        if name == "topic":
            if (int(value) not in one.topics) if value else one.topics:
                return False
        elif _text(getattr(one, name)) != value:
            return False
    return True


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _keys(one: Counted | Open, question: Question) -> list[str]:
    if question.by == "topic":
        return _topics(one, question)
    return [_text(getattr(one, question.by))]


def _topics(one: Counted | Open, question: Question) -> list[str]:
    """Every topic of a ticket, or none; where one is asked for, that one."""
    if "topic" in question.filters:
        return [question.filters["topic"]]
    return [str(each) for each in one.topics] or [""]


def _sums(found: Sequence[Counted]) -> dict[str, Any]:
    of: dict[str, list[Counted]] = defaultdict(list)
    for one in found:
        of[one.what].append(one)
    first = [one for one in of["replied"] if one.is_first]
    return {
        "requests": len(of["arrived"]),
        "requests_outside": sum(one.when == "out" for one in of["arrived"]),
        "machines": len(of["machine"]),
        "replies": len(of["replied"]),
        "replies_outside": sum(one.when == "out" for one in of["replied"]),
        "first_replies": {
            "count": len(first),
            "clock": _bands(_band, len(_REPLY), [one.clock or 0 for one in first]),
            "working": _bands(_band, len(_REPLY), [one.working or 0 for one in first]),
        },
        "done": len(of["done"]),
        "reopened": len(of["reopened"]),
    }


def _bands(band: Callable[[int], int], many: int, found: Iterable[int]) -> list[int]:
    counts = Counter(map(band, found))
    return [counts[place] for place in range(many + 1)]


def _band(seconds: int) -> int:
    return sum(seconds > hours * _HOUR for hours in _REPLY)


def _age(old: int) -> int:
    return sum(old >= days * _DAY * SECOND for days in _AGE)


def _aged(found: Sequence[Open], at: int) -> dict[str, Any]:
    return {"count": len(found), "ages": _bands(_age, len(_AGE), [at - one.began for one in found])}


def _usual(found: Sequence[Counted]) -> dict[str, int] | None:
    first = [one for one in found if one.what == "replied" and one.is_first]
    last = sorted(first, key=lambda one: (one.at, one.id), reverse=True)[:_LAST]
    if not last:
        return None
    middle = math.ceil(len(last) / 2) - 1
    return {
        "clock": sorted(one.clock or 0 for one in last)[middle],
        "working": sorted(one.working or 0 for one in last)[middle],
    }


def _most(found: Iterable[tuple[str, Counted]]) -> list[dict[str, Any]]:
    came: Counter[str] = Counter()
    outside: Counter[str] = Counter()
    for key, one in found:
        if one.what == "arrived":
            came[key] += 1
            outside[key] += one.when == "out"
    order = sorted(came, key=lambda key: (-came[key], key))
    return [{"key": key, "requests": came[key], "outside": outside[key]} for key in order]
