"""`flask sla calculate`: one question about business time in, one answer out, over the pure functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from helpdesk.now import now
from sla.calendars import pauses, reading
from sla.calendars.hours import Hours, NoOpenTime
from sla.calendars.reading import Unreadable
from sla.calendars.walls import Side, resolve

Json = dict[str, Any]

_MOST_SECONDS = 100 * 366 * 86_400
_MOST_DAYS = 10_000
_MOST_INTERVALS = 10_000


def calculate(question: Any) -> Json:
    """The answer, or {"error": a sentence}; never raises, whatever was asked."""
    try:
        return _answer(question)
    except (Unreadable, NoOpenTime) as error:
        return {"error": str(error)}
    except (ValueError, OverflowError) as error:
        return {"error": f"inputs: {error}."}


def _answer(question: Any) -> Json:
    if not isinstance(question, Mapping):
        raise Unreadable("Give one object with calendar, operation and inputs.")
    operation = question.get("operation")
    if operation not in OPERATIONS:
        raise Unreadable(f"operation: {operation!r} is none of {', '.join(OPERATIONS)}.")
    inputs = question.get("inputs", {})
    if not isinstance(inputs, Mapping):
        raise Unreadable("inputs: give an object.")
    rules = reading.rules(question.get("calendar"))
    return OPERATIONS[str(operation)](_Asked(rules, inputs))


class _Asked:
    """The inputs of one question, read as they are needed."""

    def __init__(self, rules: Any, inputs: Mapping[str, Any]) -> None:
        self.rules = rules
        self._inputs = inputs

    def hours(self, instant: float) -> Hours:
        return Hours(self.rules, around=datetime.fromtimestamp(instant, UTC).date())

    def instant(self, *names: str) -> float:
        for name in names:
            if name in self._inputs:
                return _instant(self._inputs[name], name)
        raise Unreadable(f"inputs.{names[0]}: give an instant like 2026-10-15T16:42:00-05:00.")

    def number(self, name: str, most: int, default: int | None = None) -> int:
        value = self._inputs.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
            raise Unreadable(f"inputs.{name}: give a whole number from 0 to {most}.")
        return value

    def text(self, name: str) -> Any:
        return self._inputs.get(name)

    def pauses(self) -> list[pauses.Pause]:
        given = self._inputs.get("pauses", [])
        if not isinstance(given, list):
            raise Unreadable("inputs.pauses: give a list of pairs of instants.")
        return [_pause(pair) for pair in given]

    def local(self, instant: float) -> str:
        """ISO 8601 with the calendar's offset at that instant."""
        return datetime.fromtimestamp(instant, UTC).astimezone(self.rules.zone).isoformat()


def _instant(text: Any, name: str) -> float:
    try:
        found = datetime.fromisoformat(text)
    except (TypeError, ValueError) as error:
        raise Unreadable(f"inputs.{name}: {text!r} is not an instant.") from error
    if found.tzinfo is None:
        raise Unreadable(f"inputs.{name}: {text!r} has no offset from UTC.")
    if not 1000 <= found.year <= 9000:
        raise Unreadable(f"inputs.{name}: {text!r} is too far away.")
    return found.timestamp()


def _pause(pair: Any) -> pauses.Pause:
    if not isinstance(pair, list) or len(pair) != 2:
        raise Unreadable("inputs.pauses: give pairs of instants, from and to.")
    begin, end = (_instant(one, "pauses") for one in pair)
    if end < begin:
        raise Unreadable("inputs.pauses: a pause ends before it begins.")
    return begin, end


def _add_seconds(asked: _Asked) -> Json:
    start = asked.instant("start", "instant", "origin")
    return {"deadline": asked.local(asked.hours(start).add(start, asked.number("seconds", _MOST_SECONDS)))}


def _subtract_seconds(asked: _Asked) -> Json:
    start = asked.instant("start", "instant", "origin", "end")
    return {"instant": asked.local(asked.hours(start).subtract(start, asked.number("seconds", _MOST_SECONDS)))}


def _between(asked: _Asked) -> Json:
    start = asked.instant("start")
    return {"seconds": _whole(asked.hours(start).between(start, asked.instant("end")))}


def _is_open(asked: _Asked) -> Json:
    instant = asked.instant("instant", "start", "origin")
    return {"open": asked.hours(instant).is_open(instant)}


def _open_intervals(asked: _Asked) -> Json:
    origin = asked.instant("origin", "instant", "start")
    count = asked.number("count", _MOST_INTERVALS, default=1)
    found = islice(asked.hours(origin).intervals(origin), count)
    return {"intervals": [[asked.local(one.start), asked.local(one.end)] for one in found]}


def _resolve(asked: _Asked) -> Json:
    side: Side = "end" if asked.text("side") == "end" else "start"
    if asked.text("side") not in {"start", "end", None}:
        raise Unreadable("inputs.side: give start or end.")
    day = reading.day(asked.text("date"), "inputs.date")
    return {
        "instant": asked.local(resolve(day, reading.seconds(asked.text("wall"), "inputs.wall"), asked.rules.zone, side))
    }


def _add_days(asked: _Asked) -> Json:
    start = asked.instant("start", "instant", "origin")
    return {"deadline": asked.local(pauses.add_days(asked.hours(start), start, asked.number("days", _MOST_DAYS)))}


def _subtract_days(asked: _Asked) -> Json:
    start = asked.instant("start", "instant", "origin", "end")
    return {"instant": asked.local(pauses.subtract_days(asked.hours(start), start, asked.number("days", _MOST_DAYS)))}


def _deadline_with_pauses(asked: _Asked) -> Json:
    start = asked.instant("start", "origin")
    target = asked.number("target_seconds", _MOST_SECONDS)
    found = pauses.due(asked.hours(start), start, target, asked.pauses())
    return {"due": asked.local(found.at), "paused_business_seconds": _whole(found.paused)}


def _elapsed_with_pauses(asked: _Asked) -> Json:
    start = asked.instant("start", "origin")
    return {"seconds": _whole(pauses.elapsed(asked.hours(start), start, asked.instant("end"), asked.pauses()))}


def _validate(asked: _Asked) -> Json:
    asked.hours(now().timestamp())
    named = [*zip((f"hours.{name}" for name in reading.DAYS), asked.rules.weekly, strict=True)]
    named += [(f"overrides.{day}", windows) for day, windows in asked.rules.overrides.items()]
    named += [(f"breaks.{day}", windows) for day, windows in asked.rules.breaks.items()]
    for field, windows in named:
        if reading.overlap(windows):
            raise Unreadable(f"{field}: two windows overlap. Make them one.")
    return {"valid": True}


def _whole(seconds: float) -> int | float:
    return int(seconds) if seconds == int(seconds) else round(seconds, 6)


OPERATIONS: dict[str, Callable[[_Asked], Json]] = {
    "add_business_seconds": _add_seconds,
    "subtract_business_seconds": _subtract_seconds,
    "business_seconds_between": _between,
    "is_open": _is_open,
    "open_intervals_after": _open_intervals,
    "resolve_wall_time": _resolve,
    "add_business_days": _add_days,
    "subtract_business_days": _subtract_days,
    "deadline_with_pauses": _deadline_with_pauses,
    "elapsed_with_pauses": _elapsed_with_pauses,
    "validate_calendar": _validate,
}
