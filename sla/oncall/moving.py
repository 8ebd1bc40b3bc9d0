"""Shifts and plans moved or resized: whoever was there gives way where one grows; where it shrinks nobody is left."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from helpdesk.db import db
from helpdesk.errors import Conflict, Invalid
from helpdesk.now import now
from helpdesk.people.models import Agent
from sla.calendars.spans import Span, merged, without
from sla.oncall import loading, overriding, replanning
from sla.oncall.editing import NOTHING_SAVED
from sla.oncall.instants import utc
from sla.oncall.loading import Rota
from sla.oncall.models import OnCallOverride, OnCallSchedule
from sla.oncall.overriding import Change, Shifted


@dataclass(frozen=True, slots=True)
class Moved:
    """A person's stretch in a lane as it was, and as it is to be; POSIX seconds."""

    lane: int
    agent_id: int
    was: Span
    to: Span


def shift(schedule: OnCallSchedule, moved: Moved, *, by: Agent | None) -> list[OnCallOverride]:
    """The overrides that make it so; none when nothing moves.

    Raises:
        Invalid: by field; Conflict: the shift is not there any more. The caller rolls back.
    """
    at = int(now().timestamp())
    _check(moved, at)
    rota = loading.load(schedule.id, since=utc(min(moved.was[0], moved.to[0], at)))
    if rota is None or moved.agent_id not in rota.on_call(max(moved.was[0], at), moved.lane):
        raise Conflict("This shift is not there any more. Load the page again.")
    changes = list(_changes(rota, moved, at))
    return overriding.agree(schedule, *changes, by=by) if changes else []


def override(found: OnCallOverride, to: Span, *, by: Agent | None) -> list[OnCallOverride]:
    """One that was agreed, at another time; what has been of it stays. Of a swap taken in part the taken part moves,
    of a plan its shifts with it.

    Raises:
        Invalid: by field; Conflict: it is over. The caller rolls back.
    """
    schedule = db.session.get_one(OnCallSchedule, found.schedule_id)
    at = int(now().timestamp())
    was = given = _span(found)
    if found.taken_starts_at is not None and found.taken_ends_at is not None:
        was = int(found.taken_starts_at.timestamp()), int(found.taken_ends_at.timestamp())
    if was == to:
        return []
    _check(Moved(found.lane, 0, was, to), at)
    start, end = max(to[0], at), to[1]
    low, high = (start, end) if was == given else (max(min(given[0], start), at), max(given[1], end))
    change = Change(
        kind=found.kind,
        starts_at=utc(low),
        ends_at=utc(high),
        lane=found.lane,
        agent_id=found.agent_id,
        replaced_id=found.replaced_id,
        taken=None if (low, high) == (start, end) else (utc(start), utc(end)),
        plan=_carried(schedule, found, was, to) if found.kind == "plan" else (),
        reason=found.reason,
        request_id=found.request_id,
    )
    return overriding.agree(schedule, change, by=by, instead_of=found)


def planned(found: OnCallOverride, moved: Moved, *, joins: int | None, by: Agent | None) -> list[OnCallOverride]:
    """One shift of a plan at another time, or `joins` instead of who has it; without them nobody rings in `moved.to`.

    Raises:
        Invalid: by field; Conflict: the shift is not there any more. The caller rolls back.
    """
    at = int(now().timestamp())
    _check(moved, at)
    shifts = replanning.planned(found)
    one = Shifted(moved.agent_id, utc(moved.was[0]), utc(moved.was[1]), moved.lane)
    if one not in shifts:
        raise Conflict("This shift is not there any more. Load the page again.")
    begins, ends = _span(found)
    if moved.to[0] < begins or moved.to[1] > ends:
        field = "start" if moved.to[0] < begins else "end"
        raise Invalid(NOTHING_SAVED, {field: "The plan does not last that long. Make the plan longer first."})
    after = replanning.changed(shifts, one, moved.to, joins)
    return [] if after == shifts else rewritten(found, (begins, ends), after, reason=found.reason, by=by)


def rewritten(
    found: OnCallOverride, to: Span, shifts: Sequence[Shifted], *, reason: str, by: Agent | None
) -> list[OnCallOverride]:
    """A plan with other shifts, and at another time; what has been of it stays.

    Raises:
        Invalid: by field; Conflict: it is over. The caller rolls back.
    """
    schedule, at = db.session.get_one(OnCallSchedule, found.schedule_id), int(now().timestamp())
    _check(Moved(found.lane, 0, _span(found), to), at)
    start = max(to[0], at)
    coming = tuple(replace(one, starts_at=max(one.starts_at, utc(start))) for one in shifts if one.ends_at > utc(start))
    change = Change("plan", utc(start), utc(to[1]), plan=coming if start > to[0] else tuple(shifts), reason=reason)
    return overriding.agree(schedule, change, by=by, instead_of=found)


def instead(found: OnCallOverride, change: Change, *, by: Agent | None) -> OnCallOverride:
    """What was agreed as `change` says it, by a row of its own; where that says the same, the one that is there.

    One that runs may keep the start it had: what has been of it stays.

    Raises:
        Invalid: by field; Conflict: it is over. The caller rolls back.
    """
    if change == _as_agreed(found):
        return found
    at = now()
    if change.starts_at == found.starts_at < at:
        begun = utc(int(at.timestamp()))
        left = replanning.cut(change.plan, (int(at.timestamp()), int(change.ends_at.timestamp())))
        change = replace(change, starts_at=begun, plan=left)
    schedule = db.session.get_one(OnCallSchedule, found.schedule_id)
    (made,) = overriding.agree(schedule, change, by=by, instead_of=found)
    return made


def _as_agreed(found: OnCallOverride) -> Change:
    """What would agree the same again; who took how much of a swap is not said anew."""
    return Change(
        kind=found.kind,
        starts_at=found.starts_at,
        ends_at=found.ends_at,
        lane=found.lane,
        agent_id=found.agent_id,
        replaced_id=found.replaced_id,
        plan=replanning.planned(found),
        reason=found.reason,
    )


def _carried(schedule: OnCallSchedule, found: OnCallOverride, was: Span, to: Span) -> tuple[Shifted, ...]:
    at = int(now().timestamp())
    rota = loading.load(schedule.id, since=utc(was[0]))
    if rota is None:
        raise Conflict("This plan is not there any more. Load the page again.")
    moved = replanning.carried(replanning.planned(found), was, to, rota.said(was[0]).zone)
    return replanning.cut(moved, (max(to[0], at), to[1]))


def _span(found: OnCallOverride) -> Span:
    return int(found.starts_at.timestamp()), int(found.ends_at.timestamp())


def _check(moved: Moved, at: int) -> None:
    if moved.to[1] <= moved.to[0]:
        raise Invalid(NOTHING_SAVED, {"end": "It ends before it starts."})
    if moved.was[1] <= at:
        raise Invalid(NOTHING_SAVED, {"start": "This shift is over. The past stays as it was."})
    begun = moved.was[0] < at
    if (begun and moved.to[0] != moved.was[0]) or (not begun and moved.to[0] < at):
        raise Invalid(NOTHING_SAVED, {"start": "The past stays as it was. Begin now or later."})
    if begun and moved.to[1] < at:
        raise Invalid(NOTHING_SAVED, {"end": "The past stays as it was. End it now or later."})


def _changes(rota: Rota, moved: Moved, at: int) -> Iterator[Change]:
    def change(kind: str, span: Span, joins: int | None, leaves: int | None) -> Change:
        return Change(kind, utc(span[0]), utc(span[1]), moved.lane, joins, leaves)

    low, high = min(moved.was[0], moved.to[0]), max(moved.was[1], moved.to[1])
    rings = [one for one in rota.shifts(low, high) if one.lane == moved.lane]
    own = merged((one.start, one.end) for one in rings if one.person == moved.agent_id)
    for span in _later(without([moved.was], [moved.to]), at):
        yield change("remove", span, None, moved.agent_id)
    for span in _later(without(without([moved.to], [moved.was]), own), at):
        others = [replace(one, start=max(one.start, span[0]), end=min(one.end, span[1])) for one in rings
                  if one.start < span[1] and one.end > span[0]]  # fmt: skip
        for one in others:
            yield change("replace", (one.start, one.end), moved.agent_id, int(one.person))
        for free in without([span], merged((one.start, one.end) for one in others)):
            yield change("add", free, moved.agent_id, None)


def _later(spans: Iterator[Span], at: int) -> Iterator[Span]:
    for start, end in spans:
        if end > at:
            yield max(start, at), end
