"""Who is asked for what in a rota, as its page says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select

from helpdesk.access.guards import current_agent
from helpdesk.db import db
from helpdesk.now import now
from sla.oncall.feeding import lane_in_words
from sla.oncall.models import OnCallRequest, OnCallSchedule
from sla.oncall.wording import Walls
from sla.web.managers import manages


@dataclass(frozen=True, slots=True)
class Ask:
    """An open request in words, and what who looks may do about it."""

    id: int
    words: str
    asked: str
    may_answer: bool
    may_withdraw: bool


def open_ones(schedule: OnCallSchedule, names: Mapping[int, str], walls: Walls) -> list[Ask]:
    rows = (
        select(OnCallRequest)
        .where(OnCallRequest.schedule_id == schedule.id, OnCallRequest.ends_at > now())
        .where(OnCallRequest.taken_at.is_(None), OnCallRequest.withdrawn_at.is_(None))
        .order_by(OnCallRequest.starts_at, OnCallRequest.id)
    )
    return [said(one, names, walls) for one in db.session.scalars(rows)]


def said(one: OnCallRequest, names: Mapping[int, str], walls: Walls) -> Ask:
    agent = current_agent()
    who = [names.get(each, "?") for each in one.asked_ids]
    is_open = one.taken_at is None and one.withdrawn_at is None and one.ends_at > now()
    return Ask(
        id=one.id,
        words=in_words(one, names, walls),
        asked=f"{' and '.join(who)} {'is' if len(who) == 1 else 'are'} asked" if who else "Everybody asked said no",
        may_answer=is_open and agent.id in one.asked_ids,
        may_withdraw=is_open and (agent.id == one.asked_by_id or manages(agent)),
    )


def in_words(one: OnCallRequest, names: Mapping[int, str], walls: Walls) -> str:
    """Like Ingrid’s shift, first, Tuesday 20 Oct 17:00 to 08:00, in return for another."""
    what = f"{names.get(one.giver_id, '?')}’s shift" if one.giver_id is not None else "A gap"
    span = walls.span(int(one.starts_at.timestamp()), int(one.ends_at.timestamp()))
    found = f"{what}, {lane_in_words(one.lane)}, {span}"
    if one.return_starts_at is not None and one.return_ends_at is not None:
        back = walls.span(int(one.return_starts_at.timestamp()), int(one.return_ends_at.timestamp()))
        found += f", in return for {back}"
    return found
