"""People ask each other: to fill a gap, to take a shift, to swap one for another. The first yes has it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select

from helpdesk.db import among, db, locked
from helpdesk.errors import Conflict, Invalid, NotAllowed
from helpdesk.now import now
from helpdesk.people import letters
from helpdesk.people.models import Agent
from helpdesk.settings import settings
from sla.calendars.spans import Span
from sla.oncall import loading, missing, overriding
from sla.oncall.editing import NOTHING_SAVED
from sla.oncall.feeding import lane_in_words
from sla.oncall.loading import Rota
from sla.oncall.models import OnCallOverride, OnCallRequest, OnCallSchedule
from sla.oncall.overriding import Change
from sla.oncall.wording import Walls


@dataclass(frozen=True, slots=True)
class Wanted:
    """A time somebody is to take. Without a giver it is a gap; with a return it is an exchange."""

    lane: int
    starts_at: datetime
    ends_at: datetime
    giver_id: int | None = None
    back: tuple[datetime, datetime] | None = None


def ask(schedule: OnCallSchedule, wanted: Wanted, people: Sequence[int], *, by: Agent) -> OnCallRequest:
    """Ask people, each by a letter.

    Raises:
        Invalid: by field; Conflict: there is nothing to take. The caller rolls back.
    """
    at = now()
    if wanted.ends_at <= at or wanted.ends_at <= wanted.starts_at:
        raise Invalid(NOTHING_SAVED, {"shift": "This time is over. Choose one to come."})
    rota = _rota(schedule, at)
    asked = _asked(wanted, people)
    _check_held(rota, wanted, asked, at)
    made = OnCallRequest(
        schedule_id=schedule.id,
        lane=wanted.lane,
        starts_at=max(wanted.starts_at, at.replace(microsecond=0)),
        ends_at=wanted.ends_at,
        giver_id=wanted.giver_id,
        return_starts_at=wanted.back[0] if wanted.back else None,
        return_ends_at=wanted.back[1] if wanted.back else None,
        asked_ids=[one.id for one in asked],
        asked_by_id=by.id,
        created_at=at,
    )
    db.session.add(made)
    db.session.flush()
    for agent in asked:
        _write(agent, schedule, made, rota, by)
    return made


def take(request: OnCallRequest, *, by: Agent) -> list[OnCallOverride]:
    """The first of those asked says yes, and has it.

    Raises:
        Conflict: somebody was first, or it is gone; Invalid: a rule of rest; NotAllowed. The caller rolls back.
    """
    found = _open(request)
    if by.id not in found.asked_ids:
        raise NotAllowed("You are not asked. Whoever asks can ask you too.")
    schedule = db.session.get_one(OnCallSchedule, found.schedule_id)
    at = now()
    rota = _rota(schedule, at)
    back = (found.return_starts_at, found.return_ends_at)
    returned = (back[0], back[1]) if back[0] is not None and back[1] is not None else None
    wanted = Wanted(found.lane, found.starts_at, found.ends_at, found.giver_id, returned)
    _check_held(rota, wanted, [by], at)
    found.taken_by_id, found.taken_at = by.id, at
    return overriding.agree(schedule, *_changes(found, wanted, by, at), by=by)


def decline(request: OnCallRequest, *, by: Agent) -> None:
    """The others are still asked.

    Raises:
        Conflict: it is settled.
    """
    found = _open(request)
    found.asked_ids = [one for one in found.asked_ids if one != by.id]
    db.session.flush()


def withdraw(request: OnCallRequest) -> None:
    """Nobody is asked any more.

    Raises:
        Conflict: it is settled.
    """
    _open(request).withdrawn_at = now()
    db.session.flush()


def _open(request: OnCallRequest) -> OnCallRequest:
    found = locked(select(OnCallRequest).where(OnCallRequest.id == request.id), what="request")
    db.session.refresh(found)
    if found.taken_at is not None:
        taker = db.session.get(Agent, found.taken_by_id)
        raise Conflict(f"{taker.first_name if taker else 'Somebody'} was first and has it.")
    if found.withdrawn_at is not None or found.ends_at <= now():
        raise Conflict("Nobody is asked for this any more.")
    return found


def _rota(schedule: OnCallSchedule, at: datetime) -> Rota:
    rota = loading.load(schedule.id, since=at)
    if rota is None or schedule.archived_at is not None:
        raise Conflict("This rota is set aside. Nobody is on call by it.")
    return rota


def _asked(wanted: Wanted, people: Sequence[int]) -> list[Agent]:
    rows = select(Agent).where(among(Agent.id, people), Agent.deactivated_at.is_(None))
    known = {one.id: one for one in db.session.scalars(rows)}
    if not people or len(known) != len(set(people)) or wanted.giver_id in known:
        raise Invalid(NOTHING_SAVED, {"ask": "Choose whom to ask, of those who work here."})
    if wanted.back is not None and len(known) > 1:
        raise Invalid(NOTHING_SAVED, {"back": "A swap is between two. Ask the one whose shift you take."})
    return [known[one] for one in dict.fromkeys(people)]


def _check_held(rota: Rota, wanted: Wanted, asked: Sequence[Agent], at: datetime) -> None:
    """What is given is the giver's, what is returned the taker's, and a gap is still one."""
    span = max(int(wanted.starts_at.timestamp()), int(at.timestamp())), int(wanted.ends_at.timestamp())
    if wanted.giver_id is None:
        if not any(gap.lane == wanted.lane for gap in missing.between(rota, *span)):
            raise Conflict("The gap is filled already.")
    elif not _holds(rota, wanted.lane, span, wanted.giver_id):
        raise Conflict("This shift is not theirs any more. Load the page again.")
    if wanted.back is not None:
        back = int(wanted.back[0].timestamp()), int(wanted.back[1].timestamp())
        if back[0] < int(at.timestamp()) or not _holds(rota, wanted.lane, back, asked[0].id):
            raise Conflict("The shift in return is not theirs any more, or has begun. Choose another.")


def _holds(rota: Rota, lane: int, span: Span, person: int) -> bool:
    return any(one.lane == lane and one.person == person for one in rota.shifts(*span))


def _changes(found: OnCallRequest, wanted: Wanted, by: Agent, at: datetime) -> list[Change]:
    starts_at = max(wanted.starts_at, at)
    if wanted.giver_id is None:
        return [Change("add", starts_at, wanted.ends_at, wanted.lane, by.id, request_id=found.id)]
    given = Change("swap", starts_at, wanted.ends_at, wanted.lane, by.id, wanted.giver_id, request_id=found.id)
    if wanted.back is None:
        return [given]
    returned = Change("swap", *wanted.back, wanted.lane, wanted.giver_id, by.id, request_id=found.id)
    return [given, returned]


def _write(agent: Agent, schedule: OnCallSchedule, request: OnCallRequest, rota: Rota, by: Agent) -> None:
    walls = Walls(ZoneInfo(agent.zone), rota.roster.schedule.zone)
    span = walls.span(int(request.starts_at.timestamp()), int(request.ends_at.timestamp()))
    giver = db.session.get(Agent, request.giver_id) if request.giver_id is not None else None
    what = f"{giver.first_name}’s shift" if giver is not None else "a gap"
    lines = [f"{by.first_name} asks whether you take {what} in {schedule.name}, {lane_in_words(request.lane)}: {span}."]
    if request.return_starts_at is not None and request.return_ends_at is not None:
        back = walls.span(int(request.return_starts_at.timestamp()), int(request.return_ends_at.timestamp()))
        lines.append(f"In return they take yours: {back}.")
    lines.append("The first who says yes has it. Say yes or no here:")
    subject = f"On call, {schedule.name}: can you take {span}?"
    letters.write(agent, subject, lines, settings().address(f"/on-call/asks/{request.id}"))
