"""What the page of promises should say: each figure from the promises that were decided, and the tickets behind it."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from bench.recount.days import ByDay
from bench.recount.hours import SECOND
from bench.recount.questions import DAY, WEEK, Question, Weeks
from bench.recount.year import Begun, Decided, Running, Year

_FEW = ("kind", "channel", "team", "hour")
_LAST = 500
_WEEKS = 12
_HOURS = 3600 * SECOND


class Promises:
    """Answers questions about promises."""

    def __init__(self, year: Year, weeks: Weeks) -> None:
        self._year, self._weeks = year, weeks
        self._decided, self._tickets = ByDay(year.decided), ByDay(year.begun)
        self._by_ticket: dict[int, list[Decided]] = defaultdict(list)
        for one in year.decided:
            self._by_ticket[one.ticket].append(one)
        self._since = min((one.day for one in year.decided), default=None)

    def page(self, question: Question) -> dict[str, Any]:
        compared, is_year = self._compared(question)
        mine = self._chosen(question)
        before = self._chosen(compared, question) if compared else []
        return {
            **_share(mine),
            "counting_since": str(self._since) if self._since else None,
            "compared": {**_days(compared), "is_a_year_before": is_year, **_share(before)} if compared else None,
            "moved": self._moved(mine, before, question.until) if compared else [],
            "weeks": self._trend(question),
            "hours": self._by_hour(question, mine),
            "at_risk": self._at_risk(question),
        }

    def rows(self, question: Question) -> dict[str, dict[str, Any]]:
        """By the value that is grouped by."""
        mine = _grouped(self._chosen(question), question.by)
        first = _first_monday(question.until)
        weeks = _grouped(self._chosen(replace(question, since=first)), question.by)
        return {
            key: {
                **_share(found),
                "weeks": [_share(each)["percent"] for each in _by_week(weeks.get(key, []), question.until)],
                "usually_in_hand_seconds": _middle([one.left for one in _newest(found, "kept")]),
                "promise": _told(question.by, key, found),
            }
            for key, found in mine.items()
        }

    def tickets(self, question: Question, what: str) -> Counter[int]:
        """Behind a figure: a ticket as often as it counts."""
        if what == "requests":
            return Counter(one.number for one in self._begun(question))
        found = self._chosen(question)
        if what == "excused":
            return Counter(one.ticket for one in found if one.outcome == "broken" and one.is_excused)
        return Counter(one.ticket for one in found if what in {"counted", one.outcome})

    def owed(self, question: Question) -> Counter[int]:
        """Everything that runs or is past and still owed."""
        names = question.filters.keys() - {"hour", "product"}
        return Counter(one.ticket for one in self._year.running if one.due is not None and _is_of(one, question, names))

    def soon(self, until: int) -> list[int]:
        """When promises that run fall due, soonest first."""
        return sorted(one.due or 0 for one in self._soon(until))

    def falling_due(self, until: int) -> list[int]:
        """Their tickets."""
        return [one.ticket for one in self._soon(until)]

    def _soon(self, until: int) -> list[Running]:
        return [one for one in self._year.running
                if not one.is_broken and one.runs and one.due is not None and one.due < until]  # fmt: skip

    def _chosen(self, days: Question, question: Question | None = None) -> list[Decided]:
        """Of some days; hours are closed as they were when the days of the question ended."""
        found = self._decided.between(days.since, days.until)
        return [one for one in found if self._fits(one, question or days)]

    def _fits(self, one: Decided, question: Question, names: Iterable[str] | None = None) -> bool:
        for name, value in question.filters.items():
            if names is not None and name not in names:
                continue
            if name == "hour":
                if one.hour not in self._weeks.chosen(value, question.until):
                    return False
            elif _text(getattr(one, name)) != value:
                return False
        return True

    def _compared(self, question: Question) -> tuple[Question | None, bool]:
        """The same days a year before, or as many just before; only days that were counted from their beginning."""
        long = question.until - question.since
        year = replace(question, since=_back(question.since), until=_back(question.until))
        just = replace(question, since=question.since - long, until=question.since)
        if self._since is not None and long.days <= 365 and self._since <= year.since:
            return year, True
        return (just, False) if self._since is not None and self._since <= just.since else (None, False)

    def _moved(self, mine: Sequence[Decided], before: Sequence[Decided], until: date) -> list[dict[str, Any]]:
        closed = self._weeks.closed(until)
        found = []
        for place, name in enumerate(_FEW):
            was = _by_few(before, name, closed)
            for key, now in _by_few(mine, name, closed).items():
                if key and min(len(now), len(was.get(key, []))) >= 5:
                    found += _movement(place, name, key, now, was[key])
        best: dict[str, dict[str, Any]] = {}
        for one in sorted(found, key=lambda each: each[0]):
            best.setdefault(one[1]["by"], one[1])
        return list(best.values())[:2]

    def _trend(self, question: Question) -> list[dict[str, Any]]:
        first = _first_monday(question.until)
        year = timedelta(weeks=52)
        now = self._chosen(replace(question, since=first))
        before_days = replace(question, since=first - year, until=question.until - year)
        before = self._chosen(before_days, question)
        pairs = zip(_by_week(now, question.until), _by_week(before, before_days.until), strict=True)
        return [
            {"monday": str(first + 7 * place * DAY), **_share(one), "year_before": _share(other)}
            for place, (one, other) in enumerate(pairs)
        ]

    def _by_hour(self, question: Question, mine: Sequence[Decided]) -> list[dict[str, Any]]:
        came = Counter(one.hour for one in self._begun(question))
        missed = Counter(one.hour for one in mine if one.outcome == "broken")
        closed = self._weeks.closed(question.until)
        return [
            {"hour": hour, "requests": came[hour], "missed": missed[hour], "closed": hour in closed}
            for hour in range(WEEK)
        ]

    def _begun(self, question: Question) -> list[Begun]:
        found = self._tickets.between(question.since, question.until)
        return [one for one in found if not one.is_unwanted and self._asked_for(one, question)]

    def _asked_for(self, one: Begun, question: Question) -> bool:
        """By the ticket as it is now; by agreement, promise and equipment where such a promise was decided on it."""
        for name in ("customer", "team", "agent", "channel"):
            if name in question.filters and _text(getattr(one, name)) != question.filters[name]:
                return False
        hours = question.filters.get("hour")
        if hours is not None and one.hour not in self._weeks.chosen(hours, question.until):
            return False
        rest = question.filters.keys() & {"agreement", "promise", "product"}
        return not rest or any(self._fits(each, question, rest) for each in self._by_ticket.get(one.number, ()))

    def _at_risk(self, question: Question) -> list[tuple[int, int]]:
        """One a ticket, the soonest first, seven at most."""
        now, names = self._year.now, question.filters.keys() - {"hour", "product"}
        due = [one for one in self._year.running if one.due is not None]
        near = [one for one in due if now - 24 * _HOURS < (one.due or 0) <= now + 4 * _HOURS]
        found: dict[int, int] = {}
        for one in sorted(near, key=lambda each: (each.due or 0, each.id)):
            if _is_of(one, question, names):
                found.setdefault(one.ticket, one.due or 0)
        return [*found.items()][:7]


def _is_of(one: Running, question: Question, names: Iterable[str]) -> bool:
    return all(_text(getattr(one, name)) == question.filters[name] for name in names)


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _share(found: Sequence[Decided]) -> dict[str, Any]:
    broken = [one for one in found if one.outcome == "broken"]
    kept = len(found) - len(broken)
    percent = round(100 * kept / len(found), 4) if found else None
    excused = sum(one.is_excused for one in broken)
    return {"counted": len(found), "kept": kept, "broken": len(broken), "excused": excused, "percent": percent}


def _days(question: Question) -> dict[str, str]:
    return {"from": str(question.since), "to": str(question.until - DAY)}


def _back(day: date) -> date:
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)


def _by_few(found: Sequence[Decided], name: str, closed: frozenset[int]) -> dict[str, list[Decided]]:
    sides: dict[str, list[Decided]] = defaultdict(list)
    for one in found:
        key = ("out" if one.hour in closed else "in") if name == "hour" else _text(getattr(one, name))
        sides[key].append(one)
    return sides


def _movement(
    place: int, name: str, key: str, now: Sequence[Decided], before: Sequence[Decided]
) -> Iterator[tuple[tuple[float, int, str], dict[str, Any]]]:
    one, other = _share(now), _share(before)
    rate = other["kept"] / other["counted"]
    more = one["kept"] - one["counted"] * rate
    if abs(more) >= 1 and 100 * abs(one["kept"] / one["counted"] - rate) >= 0.5:
        yield (-abs(more), place, key), {"by": name, "key": key, "now": one, "before": other}


def _first_monday(until: date) -> date:
    """The first Monday of twelve weeks up to a day."""
    last = until - DAY
    monday = last - last.weekday() * DAY
    return monday - 7 * (_WEEKS - 1) * DAY


def _by_week(found: Sequence[Decided], until: date) -> list[list[Decided]]:
    first = _first_monday(until)
    weeks: list[list[Decided]] = [[] for _ in range(_WEEKS)]
    for one in found:
        weeks[(one.day - first).days // 7].append(one)
    return weeks


def _grouped(found: Sequence[Decided], name: str) -> Mapping[str, list[Decided]]:
    groups: dict[str, list[Decided]] = defaultdict(list)
    for one in found:
        groups[_text(getattr(one, name))].append(one)
    return groups


def _newest(found: Sequence[Decided], outcome: str = "") -> list[Decided]:
    mine = [one for one in found if not outcome or one.outcome == outcome]
    return sorted(mine, key=lambda one: (one.at, one.id), reverse=True)[:_LAST]


def _middle(numbers: Sequence[int]) -> int | None:
    return sorted(numbers)[math.ceil(len(numbers) / 2) - 1] if numbers else None


def _told(by: str, key: str, found: Sequence[Decided]) -> str:
    """The one most often broken of the last, or else most often made."""
    if by not in {"customer", "agreement"}:
        return key if by == "promise" else ""
    last = _newest(found)
    made = Counter(one.promise for one in last)
    broken = Counter(one.promise for one in last if one.outcome == "broken")
    return max(made, key=lambda one: (broken[one], made[one], one))
