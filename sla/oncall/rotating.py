"""Who holds a layer when: turns from one hand-over to the next, each at its wall time whatever the clocks do."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from math import gcd, inf
from typing import TypeAlias
from zoneinfo import ZoneInfo

from sla.assets.months import after
from sla.calendars.hours import Hours, NoOpenTime
from sla.calendars.rules import DAY, Rules, Windows
from sla.calendars.spans import Span, merged, without
from sla.calendars.walls import resolve
from sla.oncall.roster import Entry, Layer

WEEK = 7 * DAY
_SECONDS = {"hourly": 3600, "daily": DAY, "weekly": WEEK}
_BACK, _AHEAD = timedelta(days=60), timedelta(days=430)


@dataclass(frozen=True, slots=True)
class Turn:
    """From one hand-over to the next. `number` counts from the anchor."""

    number: int
    start: int
    end: int
    entry: Entry


class Openings:
    """When hours are open, with none of them meaning never: a restriction, or the office."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._hours: Hours | None = None

    def holds(self, at: int) -> bool:
        hours = self._compiled(at)
        if hours is None:
            return False
        try:
            return hours.is_open(at)
        except NoOpenTime:
            return False

    def spans(self, low: int, high: int) -> Iterator[Span]:
        hours = self._compiled(low)
        if hours is not None:
            with suppress(NoOpenTime):
                for one in hours.intervals(low, until=high):
                    yield one.start, one.end

    def _compiled(self, at: int) -> Hours | None:
        if self._hours is None and not self._rules.never_opens:
            day = datetime.fromtimestamp(at, UTC).date()
            self._hours = Hours(self._rules, around=day, back=_BACK, ahead=_AHEAD)
        return self._hours


class Offices:
    """The office's openings by the hours that were in force then; it is asked like `Openings`."""

    def __init__(self, versions: Sequence[tuple[int, Rules]]) -> None:
        self._since = [-inf, *(since for since, _ in versions[1:])]
        self._openings = [Openings(rules) for _, rules in versions]

    def holds(self, at: int) -> bool:
        return self._openings[bisect_right(self._since, at) - 1].holds(at)

    def spans(self, low: int, high: int) -> Iterator[Span]:
        """Cut where versions meet."""
        for openings, since, until in zip(self._openings, self._since, [*self._since[1:], inf], strict=True):
            if max(low, since) < min(high, until):
                yield from openings.spans(int(max(low, since)), int(min(high, until)))


Office: TypeAlias = Openings | Offices


class Rotation:
    """One layer in the course of time."""

    def __init__(self, layer: Layer, zone: ZoneInfo, office: Office | None, week: Rules | None = None) -> None:
        """`week`: the office's hours, for which days count as active."""
        zone = layer.zone or zone
        self.layer, self._zone = layer, zone
        self._open = Openings(Rules(zone, layer.hours)) if layer.hours else None
        self._office = office if layer.outside_office else None
        self._since = -inf if layer.start is None else layer.start
        self._until = inf if layer.until is None else layer.until
        self._first = _naive(layer.anchor) + timedelta(seconds=layer.hand_over)
        self._counted = _counted(layer, week if layer.outside_office else None)

    def in_force(self, at: int) -> bool:
        return self._since <= at < self._until

    def rests(self, at: int) -> bool:
        """Whether a restriction or the open office keeps everybody of it from ringing."""
        if self._open is not None and not self._open.holds(at):
            return True
        return self._office is not None and self._office.holds(at)

    def at(self, instant: int) -> Turn | None:
        """The turn in which somebody of this layer would ring at an instant; None while it rests."""
        if not self.in_force(instant) or not self.layer.participants or self.rests(instant):
            return None
        return self.turn_at(instant)

    def turn_at(self, instant: int) -> Turn:
        """Whose turn it is, resting or not."""
        number = self._guess(datetime.fromtimestamp(instant, self._zone).replace(tzinfo=None))
        start, end = self._hand_over(number), self._hand_over(number + 1)
        while start > instant:
            number, start, end = number - 1, self._hand_over(number - 1), start
        while end <= instant:
            number, start, end = number + 1, end, self._hand_over(number + 2)
        return Turn(number, start, end, self._entry(number))

    def spans(self, low: int, high: int) -> Iterator[tuple[int, int, Turn]]:
        """Stretches between two instants in which somebody of it would ring, in order, cut at both."""
        low, high = int(max(low, self._since)), int(min(high, self._until))
        if low >= high or not self.layer.participants:
            return
        turns = self._turns(low, high)
        if self._open is None and self._office is None:
            for turn in turns:
                yield max(turn.start, low), min(turn.end, high), turn
            return
        allowed = self._allowed(low, high)
        span = next(allowed, None)
        for turn in turns:
            while span is not None and span[0] < turn.end:
                start, end = max(span[0], turn.start), min(span[1], turn.end)
                if start < end:
                    yield start, end, turn
                if span[1] > turn.end:
                    break
                span = next(allowed, None)

    def counted(self, number: int) -> int:
        """How many turns in which anybody may ring lie between the anchor and turn `number`; negative before it."""
        weeks, within = divmod(number, len(self._counted) - 1)
        return weeks * self._counted[-1] + self._counted[within]

    def _turns(self, low: int, high: int) -> Iterator[Turn]:
        turn = self.turn_at(low)
        while turn.start < high:
            if turn.start < turn.end:  # a clock change may skip a turn of an hour
                yield turn
            number = turn.number + 1
            turn = Turn(number, turn.end, self._hand_over(number + 1), self._entry(number))

    def _allowed(self, low: int, high: int) -> Iterator[Span]:
        spans: Iterable[Span] = ((low, high),) if self._open is None else self._open.spans(low, high)
        return iter(spans) if self._office is None else without(spans, list(self._office.spans(low, high)))

    def _entry(self, number: int) -> Entry:
        participants = self.layer.participants
        return participants[self.counted(number) % len(participants)]

    def _hand_over(self, number: int) -> int:
        layer = self.layer
        if layer.unit == "monthly":
            return resolve(after(layer.anchor, number * layer.length), layer.hand_over, self._zone, "start")
        wall = self._first + timedelta(seconds=number * layer.length * _SECONDS[layer.unit])
        return resolve(wall.date(), wall.hour * 3600 + wall.minute * 60 + wall.second, self._zone, "start")

    def _guess(self, wall: datetime) -> int:
        """The number of the turn by the wall alone; a clock change near it may make it another."""
        layer = self.layer
        if layer.unit == "monthly":
            months = (wall.year - layer.anchor.year) * 12 + wall.month - layer.anchor.month
            return months // layer.length
        return int((wall - self._first).total_seconds() // (layer.length * _SECONDS[layer.unit]))


def _naive(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)  # noqa: DTZ001 - a wall time has no zone


def _counted(layer: Layer, office: Rules | None) -> list[int]:
    """Turns in which anybody may ring, before each turn of the cycle after which turns fall on the same weekdays.

    By the week alone: a holiday lets nobody's turn pass. All turns count where none would.
    """
    if layer.unit == "monthly" or (not layer.hours and office is None):
        return [0, 1]
    length = layer.length * _SECONDS[layer.unit]
    busy = _busy(layer, office)
    first = layer.anchor.weekday() * DAY + layer.hand_over
    starts = [(first + place * length) % WEEK for place in range(WEEK // gcd(WEEK, length))]
    active = [any(_meet(start, start + min(length, WEEK), span) for span in busy) for start in starts]
    return [0, *accumulate(int(one) for one in (active if any(active) else [True] * len(active)))]


def _busy(layer: Layer, office: Rules | None) -> list[Span]:
    """The seconds of a week in which the layer is not at rest."""
    spans = _week(layer.hours) if layer.hours else [(0, WEEK)]
    return spans if office is None else list(without(spans, _week(office.weekly)))


def _week(weekly: tuple[Windows, ...]) -> list[Span]:
    """Seconds from Monday's midnight; what runs over Sunday's end is at the beginning."""
    found = []
    for place, windows in enumerate(weekly):
        for window in windows:
            start, end = place * DAY + window.start, place * DAY + window.end
            found += [(start, min(end, WEEK)), (0, end - WEEK)]
    return merged(found)


def _meet(start: int, end: int, span: Span) -> bool:
    """Whether a stretch of at most a week, perhaps over its end, has time in common with a span of the week."""
    return (start < span[1] and span[0] < end) or (start < span[1] + WEEK and span[0] + WEEK < end)
