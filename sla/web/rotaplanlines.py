"""The shifts of a temporary plan as lines of text: "2026-12-24T08:00 2026-12-24T20:00 Ingrid Solberg, backup"."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from sqlalchemy import select

from helpdesk.db import among, db
from helpdesk.errors import Invalid
from helpdesk.people.agents import active_agents
from helpdesk.people.models import Agent
from sla.calendars.spans import Span
from sla.oncall.editing import NOTHING_SAVED
from sla.oncall.instants import utc
from sla.oncall.overriding import Shifted
from sla.oncall.roster import FIRST
from sla.web import rotaforms, rotatyped

_MOST = 200


def read(text: str, span: Span, zone: ZoneInfo) -> tuple[Shifted, ...]:
    """People by name or mail address, without a lane the first. A time in the minute of an end of `span` is that end.

    Raises:
        Invalid: at `plan`, naming the line.
    """
    people = db.session.scalars(active_agents()).all()
    known = {one.email.casefold(): one.id for one in people} | {name.casefold(): id_ for id_, name in _named(people)}
    lanes = {name.casefold(): lane for lane, name in rotaforms.LANES}
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) > _MOST:
        raise Invalid(NOTHING_SAVED, {"plan": f"At most {_MOST} shifts."})
    found = []
    for line in lines:
        words = (line.replace(" ", "T", 1) if line[10:11] == " " else line).split(None, 2)
        if len(words) < 3:
            raise Invalid(NOTHING_SAVED, {"plan": f"“{line[:60]}” names no start, end and person."})
        name, lane = (one.strip().casefold() for one in words[2].partition(",")[::2])
        if name not in known or (lane or "first") not in lanes:
            raise Invalid(NOTHING_SAVED, {"plan": f"“{words[2][:60]}” is nobody here, or no lane."})
        start, end = (_edge(each, span, zone) for each in words[:2])
        found.append(Shifted(known[name], utc(start), utc(end), lanes[lane or "first"]))
    return tuple(found)


def write(shifts: Sequence[Shifted], zone: ZoneInfo) -> str:
    """The lines that `read` reads."""
    here = db.session.scalars(select(Agent).where(among(Agent.id, {one.agent_id for one in shifts}))).all()
    names = {one.id: one.email for one in here} | dict(_named(db.session.scalars(active_agents()).all()))
    lanes = dict(rotaforms.LANES)
    return "\n".join(
        f"{rotatyped.wall(one.starts_at.timestamp(), zone)} {rotatyped.wall(one.ends_at.timestamp(), zone)} "
        f"{names.get(one.agent_id, '?')}{'' if one.lane == FIRST else ', ' + lanes.get(one.lane, '?').lower()}"
        for one in shifts
    )


def _named(people: Sequence[Agent]) -> list[tuple[int, str]]:
    """Those whom a name alone means; others go by their address."""
    count = Counter(one.name.casefold() for one in people)
    return [(one.id, one.name) for one in people if count[one.name.casefold()] == 1 and "," not in one.name]


def _edge(typed: str, span: Span, zone: ZoneInfo) -> int:
    at = int(rotatyped.instant(typed, zone, "plan").timestamp())
    return next((end for end in span if end // 60 == at // 60), at)
