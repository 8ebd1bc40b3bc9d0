"""What is agreed to differ from the turns: somebody added, taken off, replaced, swapped, a plan; and taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import select

from helpdesk.db import Json, db, locked
from helpdesk.errors import Conflict, Invalid
from helpdesk.now import now
from helpdesk.people.models import Agent
from sla.calendars.spans import Span
from sla.oncall import resting
from sla.oncall.editing import NOTHING_SAVED
from sla.oncall.instants import from_now, whole
from sla.oncall.models import KINDS, OnCallOverride, OnCallSchedule
from sla.oncall.roster import FIRST

_LONGEST = timedelta(days=366)
_FURTHEST = timedelta(days=2 * 366)
_NEEDS = {
    "add": ("agent_id",),
    "remove": ("replaced_id",),
    "replace": ("agent_id", "replaced_id"),
    "swap": ("agent_id", "replaced_id"),
    "plan": (),
}
_WHO = {"agent_id": "Say who rings.", "replaced_id": "Say whose shift it is."}


@dataclass(frozen=True, slots=True)
class Shifted:
    """One shift of a temporary plan."""

    agent_id: int
    starts_at: datetime
    ends_at: datetime
    lane: int = FIRST


@dataclass(frozen=True, slots=True)
class Change:
    """A change of one span, in UTC; `agent_id` rings by it, `replaced_id` is whose shifts it changes."""

    kind: str
    starts_at: datetime
    ends_at: datetime
    lane: int = FIRST
    agent_id: int | None = None
    replaced_id: int | None = None
    taken: tuple[datetime, datetime] | None = None
    """The part of a swap that is taken; None for all of it."""
    plan: tuple[Shifted, ...] = ()
    reason: str = ""
    request_id: int | None = None


def agree(
    schedule: OnCallSchedule, *changes: Change, by: Agent | None, instead_of: OnCallOverride | None = None
) -> list[OnCallOverride]:
    """Write changes that belong together, in place of one that was agreed before if there is one.

    Raises:
        Invalid: by field, what does not fit: the past, people, or a rule of rest. Conflict: what they replace is over.
        The caller rolls back.
    """
    _lock(schedule)
    at = now()
    sound = [_checked(one, at) for one in changes]
    spans = [(one.starts_at, one.ends_at) for one in sound]
    if instead_of is not None:
        spans.append(_left(instead_of, at))
    with resting.kept(schedule, *_over(spans)):
        if instead_of is not None:
            _withdraw(instead_of, at)
        rows = [_row(schedule, one, at, by) for one in sound]
        db.session.add_all(rows)
        db.session.flush()
    return rows


def take_back(override: OnCallOverride) -> None:
    """It counts no more from now on; one that runs ends now, since what has been stays.

    Raises:
        Conflict: it is over, or was taken back.
    """
    schedule = db.session.get_one(OnCallSchedule, override.schedule_id)
    _lock(schedule)
    at = now()
    with resting.kept(schedule, *_over([_left(override, at)])):
        _withdraw(override, at)


def _left(override: OnCallOverride, at: datetime) -> tuple[datetime, datetime]:
    """What is still to come of it, as it stands now that the rota is locked."""
    db.session.refresh(override)
    if override.withdrawn_at is not None or override.ends_at <= at:
        raise Conflict("This is over already. The past stays as it was.")
    return max(at, override.starts_at), override.ends_at


def _over(spans: Sequence[tuple[datetime, datetime]]) -> Span:
    """From the first beginning to the last end."""
    return int(min(start for start, _ in spans).timestamp()), int(max(end for _, end in spans).timestamp())


def _withdraw(override: OnCallOverride, at: datetime) -> None:
    if whole(at) <= override.starts_at:
        override.withdrawn_at = at
    else:
        _end(override, whole(at))


def _end(override: OnCallOverride, at: datetime) -> None:
    override.ends_at = at
    if override.taken_ends_at is None or override.taken_starts_at is None:
        return
    if override.taken_starts_at < at:
        override.taken_ends_at = min(override.taken_ends_at, at)
    else:  # until now it was given away, and nobody had taken it
        override.kind, override.agent_id = "remove", None
        override.taken_starts_at = override.taken_ends_at = None


def _lock(schedule: OnCallSchedule) -> None:
    found = locked(select(OnCallSchedule).where(OnCallSchedule.id == schedule.id), what="rota")
    if found.archived_at is not None:
        raise Conflict("This rota is set aside. Take it into use again first.")


def _checked(change: Change, at: datetime) -> Change:
    """With a start that is a few minutes ago moved to now."""
    starts_at = from_now(change.starts_at, at)
    wrong: dict[str, str] = {}
    if change.kind not in KINDS:
        wrong["kind"] = f"Choose one of {', '.join(KINDS)}."
    if starts_at < at:
        wrong["start"] = "The past stays as it was. Begin now or later."
    if change.ends_at <= starts_at:
        wrong["end"] = "It ends before it starts."
    elif change.ends_at - starts_at > _LONGEST or change.ends_at - at > _FURTHEST:
        wrong["end"] = "Choose an end within a year."
    wrong |= _people_mistakes(change)
    if wrong:
        raise Invalid(NOTHING_SAVED, wrong)
    return replace(change, starts_at=starts_at)


def _people_mistakes(change: Change) -> dict[str, str]:
    wrong = {name: _WHO[name] for name in _NEEDS.get(change.kind, ()) if getattr(change, name) is None}
    if change.agent_id is not None and change.agent_id == change.replaced_id:
        wrong["agent_id"] = "This is the same person."
    people = {one for one in (change.agent_id, *(shift.agent_id for shift in change.plan)) if one is not None}
    for one in people:
        agent = db.session.get(Agent, one)
        if agent is None or not agent.is_active:
            wrong["agent_id"] = "Choose somebody who works here."
    if change.replaced_id is not None and db.session.get(Agent, change.replaced_id) is None:
        wrong["replaced_id"] = "There is no such person."
    for shift in change.plan:
        if not change.starts_at <= shift.starts_at < shift.ends_at <= change.ends_at:
            wrong["plan"] = "A shift of the plan does not lie within its time."
    return wrong


def _row(schedule: OnCallSchedule, change: Change, at: datetime, by: Agent | None) -> OnCallOverride:
    taken = change.taken or (None, None)
    return OnCallOverride(
        schedule_id=schedule.id,
        kind=change.kind,
        lane=change.lane,
        agent_id=change.agent_id,
        replaced_id=change.replaced_id,
        starts_at=whole(change.starts_at),
        ends_at=whole(change.ends_at),
        taken_starts_at=taken[0],
        taken_ends_at=taken[1],
        plan=_plan(change.plan) if change.kind == "plan" else {},
        reason=change.reason[:500],
        request_id=change.request_id,
        created_by_id=by.id if by is not None else None,
        created_at=at,
    )


def _plan(shifts: Sequence[Shifted]) -> Json:
    return {
        "shifts": [
            {
                "agent": one.agent_id,
                "lane": one.lane,
                "start": int(one.starts_at.timestamp()),
                "end": int(one.ends_at.timestamp()),
            }
            for one in shifts
        ]
    }
