"""Agents: invited, active, deactivated."""

from __future__ import annotations

from sqlalchemy import Select, func, select

from helpdesk.db import db
from helpdesk.errors import Conflict, Invalid
from helpdesk.now import now
from helpdesk.people.models import Agent
from helpdesk.text.zones import zones

ROLES = ("admin", "manager", "agent")


def active_agents() -> Select[Agent]:
    return select(Agent).where(Agent.deactivated_at.is_(None)).order_by(Agent.name)


def find_by_email(email: str) -> Agent | None:
    return db.session.scalars(select(Agent).where(func.lower(Agent.email) == email.strip().lower())).one_or_none()


def create(email: str, *, name: str, role: str = "agent", zone: str = "UTC") -> Agent:
    """Make an agent who cannot sign in yet: a password comes with the invitation.

    Raises:
        Invalid: by field, what does not fit.
    """
    fields = _mistakes(email, name, role, zone)
    if fields:
        raise Invalid("That does not fit yet.", fields)
    agent = Agent(email=email.strip(), name=name.strip(), role=role, zone=zone, created_at=now())
    db.session.add(agent)
    db.session.flush()
    return agent


def deactivate(agent: Agent) -> None:
    """Close the door: every way in checks `is_active` at use time.

    Raises:
        Conflict: it is the last administrator.
    """
    if agent.is_admin and _administrators() <= 1:
        raise Conflict("This is the last administrator. Make somebody else one first.")
    agent.deactivated_at = now()


def set_role(agent: Agent, role: str) -> None:
    """Give the agent another role.

    Raises:
        Invalid: there is no such role.
        Conflict: it is the last administrator.
    """
    if role not in ROLES:
        raise Invalid("That does not fit yet.", {"role": "Choose administrator, manager or agent."})
    if agent.is_admin and role != "admin" and _administrators() <= 1:
        raise Conflict("This is the last administrator. Make somebody else one first.")
    agent.role = role


def reactivate(agent: Agent) -> None:
    agent.deactivated_at = None


def _administrators() -> int:
    """How many there are; locked, so that two of them cannot demote each other at once."""
    active = select(Agent.id).where(Agent.role == "admin", Agent.deactivated_at.is_(None)).order_by(Agent.id)
    return len(db.session.scalars(active.with_for_update()).all())


def _mistakes(email: str, name: str, role: str, zone: str) -> dict[str, str]:
    mistakes = {}
    local, _, domain = email.strip().partition("@")
    if not local or not domain or any(not c.isprintable() or c in ' ,;<>"' for c in email.strip()):
        mistakes["email"] = "Add a whole address, like maya@halden.example."
    elif find_by_email(email) is not None:
        mistakes["email"] = "Somebody has this address already."
    if not name.strip() or not name.isprintable():
        mistakes["name"] = "Add the name colleagues use."
    if role not in ROLES:
        mistakes["role"] = "Choose administrator, manager or agent."
    if zone not in zones():
        mistakes["zone"] = "Choose a time zone from the list."
    return mistakes
