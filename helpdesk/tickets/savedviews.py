"""Saved views: a filter by a name, one's own or a team's; renamed, removed, brought back. They flush, never commit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import BigInteger, BindParameter, Select, bindparam, func, or_, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from helpdesk.db import db, locked
from helpdesk.errors import Invalid, NotAllowed
from helpdesk.now import now
from helpdesk.people.models import Agent, Membership, Team
from helpdesk.tickets.models import SavedView
from helpdesk.tickets.views import View

_LONGEST, _MOST = 60, 50
_MISFIT = "That does not fit yet."
_AGENT: BindParameter[int] = bindparam("agent", type_=BigInteger())
_MINE = select(Membership.team_id).where(Membership.agent_id == _AGENT)
_SEEN = or_(SavedView.owner_id == _AGENT, SavedView.team_id.in_(_MINE))
_THERE = _SEEN, SavedView.removed_at.is_(None)
_SHOWN = SavedView.id, SavedView.name, SavedView.view, SavedView.team_id
_BY_NAME = func.lower(SavedView.name), SavedView.id
_LISTED = select(*_SHOWN).where(*_THERE).order_by(*_BY_NAME)
AS_ONE = select(func.json_agg(aggregate_order_by(func.json_build_array(*_SHOWN), *_BY_NAME))).where(*_THERE)
"""The same list as one value of JSON, rows of what `Named` has, to be asked along with something else: give `agent`."""


@dataclass(frozen=True, slots=True)
class Named:
    """A saved view as the sidebar lists it."""

    id: int
    name: str
    view: str
    team_id: int | None


def save(agent: Agent, *, name: str, view: View, team_id: int | None = None) -> SavedView:
    """Name what a list is narrowed to, for oneself or for a team one is in.

    Raises:
        Invalid: at "name"; or at "view", where nothing is narrowed. NotAllowed: it is not their team.
    """
    if view.is_whole:
        raise Invalid(_MISFIT, {"view": "Choose a filter first: the whole list has its place already."})
    if team_id is not None and team_id not in {team.id for team in teams_of(agent)}:
        raise NotAllowed("You are not in this team. Save the view for yourself.")
    mine = select(func.count()).where(SavedView.owner_id == agent.id, SavedView.removed_at.is_(None))
    if (db.session.scalar(mine) or 0) >= _MOST:
        raise Invalid(_MISFIT, {"name": f"You have saved {_MOST} views. Remove one first."})
    row = SavedView(owner_id=agent.id, team_id=team_id, name=_named(name), view=view.key, created_at=now())
    db.session.add(row)
    db.session.flush()
    return row


def rename(saved: SavedView, *, name: str) -> None:
    """Call it something else.

    Raises:
        Invalid: at "name".
    """
    saved.name = _named(name)


def remove(saved: SavedView) -> None:
    """It is in no sidebar any more; twice is harmless."""
    saved.removed_at = saved.removed_at or now()


def restore(saved: SavedView) -> None:
    saved.removed_at = None


def of(agent: Agent, saved_id: int) -> SavedView:
    """One the agent sees, removed or not, locked. Whoever sees one may change it.

    Raises:
        NotFound: there is none.
    """
    return locked(_by_id(saved_id).params(agent=agent.id), what="view")


def seen(agent: Agent, saved_id: int) -> SavedView | None:
    """The same, only to be looked at."""
    return db.session.scalars(_by_id(saved_id), {"agent": agent.id}).one_or_none()


def listed(agent: Agent) -> Sequence[Named]:
    """One's own and those of one's teams, by name; one statement."""
    return [Named(*row) for row in db.session.execute(_LISTED, {"agent": agent.id})]


def teams_of(agent: Agent) -> Sequence[Team]:
    """By name."""
    return db.session.scalars(select(Team).where(Team.id.in_(_MINE)).order_by(Team.name), {"agent": agent.id}).all()


def _by_id(saved_id: int) -> Select[SavedView]:
    return select(SavedView).where(_SEEN, SavedView.id == saved_id)


def _named(name: str) -> str:
    tidy = " ".join(name.split())
    if not tidy or len(tidy) > _LONGEST or not tidy.isprintable():
        raise Invalid(_MISFIT, {"name": f"Give it a name of up to {_LONGEST} characters."})
    return tidy
