"""Handing over: by which channel a request is answered, where that is not the one it came by."""

from __future__ import annotations

from sqlalchemy import select

from channels import registry
from channels.doors import HandedOver
from channels.models import Channel
from helpdesk.db import db

_KIND = "email"


def answering(channel: Channel) -> Channel:
    """The channel whose answers they get: a mailbox, for what is handed to one, else the channel itself.

    Without any mailbox it is the channel itself as well, so that nothing is lost; its page says what is missing.
    """
    handed = registry.offered(channel.kind, HandedOver)  # type: ignore[type-abstract]
    return (mailbox(handed.mailbox(channel.config)) or channel) if handed is not None else channel


def mailbox(address: str) -> Channel | None:
    """The mailbox of this address; the first that is not paused where it is empty or gone."""
    rows = select(Channel).where(Channel.kind == _KIND)
    named = db.session.scalars(rows.where(Channel.address == address.lower())).first() if address else None
    free = rows.where(Channel.paused_at.is_(None)).order_by(Channel.id)
    return named or db.session.scalars(free.limit(1)).first()
