"""Sessions: signed-in browsers, kept on the server so that each can be ended at once."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from flask import Request
from sqlalchemy import BindParameter, DateTime, Select, String, bindparam, delete, select, update
from sqlalchemy.orm import contains_eager
from werkzeug.wrappers import Response

from helpdesk.access import clients
from helpdesk.access.models import Session
from helpdesk.db import db
from helpdesk.now import now
from helpdesk.people.models import Agent
from helpdesk.settings import settings

LASTS = timedelta(days=14)
SEEN_EVERY = timedelta(minutes=5)


def cookie_name() -> str:
    """`__Host-` binds the cookie to this host over HTTPS (RFC 6265bis 4.1.3.2); plain HTTP serves loopback only."""
    return "__Host-kept" if secure() else "kept"


def secure() -> bool:
    return settings().base_url.startswith("https://")


def begin(agent: Agent, request: Request) -> str:
    """Sign `agent` in at this browser: a new random token, never one the browser came with."""
    left_behind = request.cookies.get(cookie_name(), "")
    if left_behind:
        db.session.execute(delete(Session).where(Session.token_hash == hashed(left_behind)))
    token = secrets.token_urlsafe(32)
    at = now()
    session = Session(
        token_hash=hashed(token),
        agent_id=agent.id,
        created_at=at,
        seen_at=at,
        expires_at=at + LASTS,
        address=clients.address(request),
        browser=request.user_agent.string[:300],
    )
    db.session.add(session)
    db.session.flush()
    return token


def load(token: str) -> Session | None:
    """The living session of `token` with its agent, who is active at this moment; one query."""
    if not token:
        return None
    return db.session.scalars(_BY_TOKEN, {"token_hash": hashed(token), "at": now()}).one_or_none()


def is_stale(session: Session) -> bool:
    return now() - session.seen_at >= SEEN_EVERY


def touch(session_id: int) -> None:
    """Push the end 14 days on. In a transaction of its own, because a page that only reads never commits."""
    at = now()
    with db.engine.begin() as connection:
        connection.execute(
            update(Session)
            .where(Session.id == session_id, Session.expires_at > at)
            .values(seen_at=at, expires_at=at + LASTS)
        )


def still_valid(session_ids: set[int]) -> set[int]:
    """Which of these sessions still open doors: one query by primary key, its connection given back at once."""
    if not session_ids:
        return set()
    with db.engine.connect() as connection:
        asked = _living().where(Session.id.in_(session_ids)).with_only_columns(Session.id)
        return set(connection.scalars(asked))


def living(agent: Agent) -> list[Session]:
    """Where the agent is signed in, the last used first."""
    return list(db.session.scalars(_living().where(Session.agent_id == agent.id).order_by(Session.seen_at.desc())))


def end(session: Session) -> None:
    db.session.execute(delete(Session).where(Session.id == session.id))


def end_one(agent: Agent, session_id: int) -> None:
    """End a session of the agent's own; somebody else's id does nothing."""
    db.session.execute(delete(Session).where(Session.id == session_id, Session.agent_id == agent.id))


def end_all(agent: Agent, except_: Session | None = None) -> None:
    """Sign the agent out everywhere, but for the session that asks."""
    ending = delete(Session).where(Session.agent_id == agent.id)
    db.session.execute(ending.where(Session.id != except_.id) if except_ is not None else ending)


def hand_over(response: Response, token: str) -> None:
    """Give the browser its token: out of reach for scripts, and not sent along from other sites' forms."""
    response.set_cookie(cookie_name(), token, max_age=LASTS, path="/", secure=secure(), httponly=True, samesite="Lax")


def take_back(response: Response) -> None:
    response.delete_cookie(cookie_name(), path="/", secure=secure(), httponly=True, samesite="Lax")


def hashed(token: str) -> str:
    """256 random bits need no salt and no stretching."""
    return hashlib.sha256(token.encode()).hexdigest()


def _living(at: BindParameter[datetime] | None = None) -> Select[Session]:
    return (
        select(Session)
        .join(Agent, Agent.id == Session.agent_id)
        .where(Session.expires_at > (now() if at is None else at), Agent.deactivated_at.is_(None))
    )


_BY_TOKEN = (
    _living(bindparam("at", type_=DateTime(timezone=True)))
    .where(Session.token_hash == bindparam("token_hash", type_=String()))
    .options(contains_eager(Session.agent))
)
"""Put together once: every request begins with it."""
