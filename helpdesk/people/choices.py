"""Who work can be given to: every team, and every agent who is active, by name."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import literal, select, union_all

from helpdesk.db import db
from helpdesk.people.models import Agent, Team


@dataclass(frozen=True, slots=True)
class Choice:
    """One team, or one agent."""

    id: int
    name: str


_TEAMS = select(literal(True).label("is_team"), Team.id, Team.name.label("name"))
_AGENTS = select(literal(False), Agent.id, Agent.name).where(Agent.deactivated_at.is_(None))
_ALL = union_all(_TEAMS, _AGENTS).order_by("name")


def teams_and_agents() -> tuple[list[Choice], list[Choice]]:
    """Both in the order of their names; one statement."""
    rows = db.session.execute(_ALL).all()
    teams = [Choice(id_, name) for is_team, id_, name in rows if is_team]
    return teams, [Choice(id_, name) for is_team, id_, name in rows if not is_team]
