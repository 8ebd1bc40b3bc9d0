"""The shifts of a temporary plan as they will be: all at another time, or one longer, shorter or somebody else's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sla.calendars.spans import Span, without
from sla.calendars.walls import resolve
from sla.oncall.instants import local, utc
from sla.oncall.models import OnCallOverride
from sla.oncall.overriding import Shifted

_DAY = 86_400


def planned(found: OnCallOverride) -> tuple[Shifted, ...]:
    """What was written down of a plan, by start."""
    rows = found.plan.get("shifts", ())
    shifts = (Shifted(one["agent"], utc(one["start"]), utc(one["end"]), one["lane"]) for one in rows)
    return tuple(sorted(shifts, key=lambda one: (one.starts_at, one.lane)))


def carried(shifts: Sequence[Shifted], was: Span, to: Span, zone: ZoneInfo) -> tuple[Shifted, ...]:
    """All of a plan that was in one span and is to be in another.

    Where both ends move by the same time on the wall of `zone`, every hand-over does. Otherwise the shifts at an end
    that moves become longer or shorter with it, and what lies beyond the new ends is gone.
    """
    edge = _edges(was, to, zone)
    moved = (replace(one, starts_at=utc(edge(start)), ends_at=utc(edge(end))) for one, (start, end) in _spans(shifts))
    return cut(moved, to)


def changed(shifts: Sequence[Shifted], one: Shifted, to: Span, agent_id: int | None) -> tuple[Shifted, ...]:
    """One of them at `to`, by `agent_id` or by nobody; where it grows, whoever was there in its lane gives way."""
    was = _span(one)
    others = [each for each in shifts if each != one]
    grown = list(without([to], [was]))
    left = [part for each in others for part in (_without(each, grown) if each.lane == one.lane else [each])]
    instead = [] if agent_id is None else [_at(one, to, agent_id)]
    rest = [_at(one, span, one.agent_id) for span in without([was], [to])] if agent_id is None else []
    return tuple(sorted([*left, *rest, *instead], key=lambda each: (each.starts_at, each.lane)))


def cut(shifts: Iterable[Shifted], span: Span) -> tuple[Shifted, ...]:
    """What of them lies in a span."""
    low, high = utc(span[0]), utc(span[1])
    found = (replace(one, starts_at=max(one.starts_at, low), ends_at=min(one.ends_at, high)) for one in shifts)
    return tuple(one for one in found if one.starts_at < one.ends_at)


def _edges(was: Span, to: Span, zone: ZoneInfo) -> Callable[[int], int]:
    """Where an edge of a shift goes."""
    ends = dict(zip(was, to, strict=True))
    walls = {_wall(new, zone) - _wall(old, zone) for old, new in ends.items()}
    if len(walls) == 1:
        by = walls.pop()
        return lambda at: ends.get(at, _on_wall(_wall(at, zone) + by, zone))
    if to[1] - to[0] == was[1] - was[0]:
        return lambda at: at + to[0] - was[0]
    return lambda at: ends.get(at, at)


def _wall(at: int, zone: ZoneInfo) -> int:
    """Seconds that a clock on the wall shows since its year 1."""
    shown = local(at, zone)
    return shown.toordinal() * _DAY + shown.hour * 3600 + shown.minute * 60 + shown.second


def _on_wall(shown: int, zone: ZoneInfo) -> int:
    return resolve(datetime.fromordinal(shown // _DAY).date(), shown % _DAY, zone, "start")


def _without(one: Shifted, gone: Sequence[Span]) -> Iterator[Shifted]:
    for span in without([_span(one)], gone):
        yield _at(one, span, one.agent_id)


def _at(one: Shifted, span: Span, agent_id: int) -> Shifted:
    return replace(one, starts_at=utc(span[0]), ends_at=utc(span[1]), agent_id=agent_id)


def _spans(shifts: Iterable[Shifted]) -> Iterator[tuple[Shifted, Span]]:
    return ((one, _span(one)) for one in shifts)


def _span(one: Shifted) -> Span:
    return int(one.starts_at.timestamp()), int(one.ends_at.timestamp())
