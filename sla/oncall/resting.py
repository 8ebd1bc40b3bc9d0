"""A change of a rota is refused when it would break its rules of rest, or break them more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from sqlalchemy import select

from helpdesk.db import db
from helpdesk.errors import Invalid
from helpdesk.now import now
from helpdesk.people.models import Agent
from sla.calendars.rules import DAY
from sla.oncall import loading
from sla.oncall.instants import utc
from sla.oncall.loading import Rota
from sla.oncall.models import OnCallSchedule
from sla.oncall.rest import refused
from sla.oncall.roster import Shift

_AROUND = 35 * DAY
_LONGEST = 120 * DAY


@contextmanager
def kept(schedule: OnCallSchedule, start: int, end: int, *, field: str = "start") -> Iterator[None]:
    """What happens inside may not break the schedule's rules of rest between two instants and around them.

    All schedules count, since nobody rests from one by ringing for another. Of a long change the first four months do.

    Raises:
        Invalid: a rule would be broken; the caller rolls back.
    """
    low, high = start - _AROUND, min(end, start + _LONGEST) + _AROUND
    # Turns count too: what they break by themselves must not keep a plan from being taken back.
    rotas = _rotas(low)
    before = _shifts(rotas, low, high), _shifts(rotas, low, high, bare=schedule.id)
    yield
    db.session.flush()
    rota = loading.load(schedule.id, since=utc(low))
    if rota is None:
        return
    said = rota.said(end)
    people = {one.person for one in rota.shifts(low, high)}
    after = _shifts(_rotas(low), low, high)
    since = int(now().timestamp())
    breaches = refused(before, after, said.rest, said.zone, since=since)
    found = [one for one in breaches if one.person in people]
    if found:
        words = found[0].in_words(_name(int(found[0].person)), said.zone)
        raise Invalid(f"Nothing was saved. {words}", {field: words})


def _rotas(low: int) -> list[Rota]:
    """Of every schedule that says something."""
    rows = select(OnCallSchedule.id).where(OnCallSchedule.archived_at.is_(None)).order_by(OnCallSchedule.id)
    loaded = [loading.load(schedule_id, since=utc(low)) for schedule_id in db.session.scalars(rows).all()]
    return [rota for rota in loaded if rota is not None]


def _shifts(rotas: Iterable[Rota], low: int, high: int, *, bare: int | None = None) -> list[Shift]:
    """Of all of them; of the schedule that is `bare` by its turns alone."""
    told = (one.turns(low, high) if one.schedule.id == bare else one.shifts(low, high) for one in rotas)
    return [shift for shifts in told for shift in shifts]


def _name(agent_id: int) -> str:
    return db.session.get_one(Agent, agent_id).first_name
