"""One-time links: an invitation or a password reset, 256 random bits, hashed at rest, used once."""

from __future__ import annotations

import secrets
from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import joinedload

from helpdesk.access import passwords, sessions
from helpdesk.access.models import OneTimeLink
from helpdesk.db import db
from helpdesk.errors import Gone, NotFound
from helpdesk.now import now
from helpdesk.people.models import Agent
from helpdesk.settings import settings

LASTS = {"reset": timedelta(hours=1), "invitation": timedelta(days=7)}
_PATHS = {"reset": "/sign-in/reset/", "invitation": "/invitation/"}
_GONE = {
    "reset": "This link was used or is older than an hour. Ask for a new one on the sign-in page.",
    "invitation": "This invitation was used or is older than seven days. Ask whoever invited you for a new one.",
}


def issue(agent: Agent, purpose: str) -> str:
    """A new link as an absolute URL of `settings.base_url`; earlier open links for the same purpose stop working."""
    _close(agent, purpose)
    token = secrets.token_urlsafe(32)
    at = now()
    db.session.add(
        OneTimeLink(
            purpose=purpose,
            token_hash=sessions.hashed(token),
            agent_id=agent.id,
            created_at=at,
            expires_at=at + LASTS[purpose],
        )
    )
    db.session.flush()
    return settings().address(_PATHS[purpose] + token)


def find(purpose: str, token: str) -> OneTimeLink:
    """The open link of `token`, with its agent.

    Raises:
        NotFound: there never was such a link.
        Gone: it was used, replaced or is too old, or the agent has left.
    """
    link = db.session.scalars(
        select(OneTimeLink)
        .where(OneTimeLink.purpose == purpose, OneTimeLink.token_hash == sessions.hashed(token))
        .options(joinedload(OneTimeLink.agent))
    ).one_or_none()
    if link is None:
        raise NotFound("There is no such link. Open it from the mail again, to its very end.")
    if link.used_at is not None or link.expires_at <= now() or not link.agent.is_active:
        raise Gone(_GONE[purpose])
    return link


def use(link: OneTimeLink, password: str) -> Agent:
    """Set the agent's password and spend the link; every session and every other open link of theirs ends.

    Raises:
        Invalid: the password does not fit; the link stays open.
        Gone: somebody else used it a moment ago.
    """
    agent = link.agent
    passwords.set_password(agent, password)
    spent = db.session.execute(
        update(OneTimeLink)
        .where(OneTimeLink.id == link.id, OneTimeLink.used_at.is_(None), OneTimeLink.expires_at > now())
        .values(used_at=now())
        .returning(OneTimeLink.id)
    ).scalar_one_or_none()
    if spent is None:
        raise Gone(_GONE[link.purpose])
    close_all(agent)
    sessions.end_all(agent)
    return agent


def close_all(agent: Agent) -> None:
    """No open link of the agent works any more."""
    for purpose in LASTS:
        _close(agent, purpose)


def _close(agent: Agent, purpose: str) -> None:
    db.session.execute(
        update(OneTimeLink)
        .where(OneTimeLink.agent_id == agent.id, OneTimeLink.purpose == purpose, OneTimeLink.used_at.is_(None))
        .values(expires_at=now())
    )
