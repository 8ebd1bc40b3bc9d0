"""The sentences of the outlook: where it gets tight, what will slip, who could help, how the last week was foretold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sla.reports.outlook import Hour, Outlook, Record
from sla.reports.suggesting import Suggestion

_NUMBERS = ("None", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten")


def sentence(told: Outlook, zone: ZoneInfo) -> str:
    """Such as "Tomorrow 08:00 to 10:00 has 17 promises falling due and room for 14."."""
    tight = _tightest(told.hours)
    if not tight:
        due, room = sum(one.due for one in told.hours), sum(one.room for one in told.hours)
        return f"{_promises(due)} due, and there is room for {round(room)}."
    first, last = tight[0], tight[-1]
    day = "Tomorrow" if _day(first.start, zone) > told.made_at.astimezone(zone).date() else "Today"
    due, room = sum(one.due for one in tight), sum(one.room for one in tight)
    span = f"{clock(first.start, zone)} to {clock(last.end, zone)}"
    return f"{day} {span} has {due} promise{'s' if due != 1 else ''} falling due and room for {_few(room)}."


def likely(told: Outlook) -> str:
    """Such as "Three are likely to slip."."""
    count = len(told.likely)
    number = _NUMBERS[count] if count < len(_NUMBERS) else str(count)
    return f"{number} {'is' if count < 2 else 'are'} likely to slip."


def suggestion(one: Suggestion, names: Mapping[int, str], zone: ZoneInfo) -> str:
    """Such as "Ask June to begin at 07:30 instead of 08:00: two more get done in time."; empty when they left."""
    if one.agent_id not in names:
        return ""
    more = "one more gets" if one.short == 1 else f"{one.short} more get"
    begin, usual = clock(one.at, zone), clock(one.usual, zone)
    return f"Ask {names[one.agent_id]} to begin at {begin} instead of {usual}: {more} done in time."


def record(did: Record) -> str:
    """How the last week's forecasts did, beside two that look at nothing."""
    if did.score is None or did.score_of_none is None or did.score_of_usual is None:
        return "No forecast is old enough to be judged yet: each is, once its day is over."
    better = "better" if did.score < min(did.score_of_none, did.score_of_usual) else "no better"
    return (
        f"Over {_count(did.forecasts, 'day')} and {_count(did.promises, 'promise')}: Brier score {did.score:.3f}, "
        f"{better} than {did.score_of_none:.3f} of whoever says that nothing slips and {did.score_of_usual:.3f} of "
        f"whoever says that as much slips as usual. What came lay within the bounds on {did.within} of {did.forecasts}."
    )


def hour(one: Hour, zone: ZoneInfo, at: datetime) -> str:
    """Such as "Tue 08:00"; the one that runs is "now"."""
    if one.start <= at.timestamp() < one.end:
        return "now"
    return f"{datetime.fromtimestamp(one.start, zone):%a %H:%M}"


def clock(at: float, zone: ZoneInfo) -> str:
    """Such as "08:00"."""
    return f"{datetime.fromtimestamp(at, zone):%H:%M}"


def _tightest(hours: Sequence[Hour]) -> Sequence[Hour]:
    """The stretch of hours, each with more due than room, that is short of most."""
    best: Sequence[Hour] = ()
    start = 0
    for place in range(len(hours) + 1):
        if place < len(hours) and hours[place].due > hours[place].room:
            continue
        stretch = hours[start:place]
        if _short(stretch) > _short(best):
            best = stretch
        start = place + 1
    return best


def _short(hours: Sequence[Hour]) -> float:
    return sum(one.due - one.room for one in hours)


def _day(at: int, zone: ZoneInfo) -> date:
    return datetime.fromtimestamp(at, zone).date()


def _few(room: float) -> str:
    return "none" if room < 0.5 else str(round(room))


def _promises(count: int) -> str:
    return f"{count} promise{' falls' if count == 1 else 's fall'}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' if number != 1 else ''}"
