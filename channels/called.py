"""Which channel is called: by the key in the address its provider, or a visitor's page, asks."""

from __future__ import annotations

from sqlalchemy import bindparam, select

from channels.models import Channel
from helpdesk.db import db

_CALLED = select(Channel).where(
    Channel.hook_key == bindparam("key"), Channel.kind == bindparam("kind"), Channel.paused_at.is_(None)
)
"""Written once: every call asks it."""


def by_key(kind: str, key: str) -> Channel | None:
    """The channel of this kind with this key; None where there is none, or it is paused."""
    return db.session.scalars(_CALLED, {"key": key, "kind": kind}).one_or_none()
