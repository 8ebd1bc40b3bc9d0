"""Which channel is called: by the key in the address its provider, or a visitor's page, asks."""

from __future__ import annotations

from sqlalchemy import select

from channels.models import Channel
from helpdesk.db import db


def by_key(kind: str, key: str) -> Channel | None:
    """The channel of this kind with this key; None where there is none, or it is paused."""
    found = select(Channel).where(Channel.hook_key == key, Channel.kind == kind, Channel.paused_at.is_(None))
    return db.session.scalars(found).one_or_none()
