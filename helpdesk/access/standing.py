"""Somebody's standing: role, password, access. What they hold open ends in the moment it changes."""

from __future__ import annotations

from helpdesk.access import links, passwords, sessions
from helpdesk.access.models import Session
from helpdesk.people import agents
from helpdesk.people.models import Agent


def deactivate(agent: Agent) -> None:
    """Sign the agent out everywhere, spend their links and keep them out.

    Raises:
        Conflict: it is the last administrator.
    """
    agents.deactivate(agent)
    links.close_all(agent)
    sessions.end_all(agent)


def set_role(agent: Agent, role: str) -> None:
    """Give another role; open sessions end, so that no browser goes on with the old one.

    Raises:
        Invalid: there is no such role.
        Conflict: it is the last administrator.
    """
    if role == agent.role:
        return
    agents.set_role(agent, role)
    sessions.end_all(agent)


def change_password(agent: Agent, password: str, *, at: Session) -> None:
    """A new password; every session but the one it is changed `at`, and every open link, ends.

    Raises:
        Invalid: the password does not fit.
    """
    passwords.set_password(agent, password)
    links.close_all(agent)
    sessions.end_all(agent, except_=at)
