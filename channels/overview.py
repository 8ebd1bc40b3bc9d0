"""Every connected channel at a glance: its state, the last arrival, how far filing lags, what it carried today."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from channels.models import Channel, Inbound
from helpdesk.db import db
from helpdesk.now import now


@dataclass(frozen=True, slots=True)
class Glance:
    """`lag` is the age of the oldest thing that is not filed yet, None when nothing waits."""

    channel: Channel
    today: int
    lag: timedelta | None
    silent_since: datetime | None


def glances() -> list[Glance]:
    """All of them, by kind and name."""
    waiting, today = _waiting(), _today()
    rows = db.session.scalars(select(Channel).order_by(Channel.kind, Channel.address))
    return [_glance(channel, waiting, today) for channel in rows]


def glance(channel: Channel) -> Glance:
    return _glance(channel, _waiting(), _today())


def _glance(channel: Channel, waiting: dict[int, datetime], today: dict[int, int]) -> Glance:
    oldest = waiting.get(channel.id)
    silent = channel.silent_since
    if silent is not None and channel.last_inbound_at is not None and channel.last_inbound_at > silent:
        silent = None  # heard again since the last look
    return Glance(channel, today.get(channel.id, 0), now() - oldest if oldest is not None else None, silent)


def _waiting() -> dict[int, datetime]:
    oldest = select(Inbound.channel_id, func.min(Inbound.received_at)).where(Inbound.state == "waiting")
    return {channel_id: at for channel_id, at in db.session.execute(oldest.group_by(Inbound.channel_id))}  # noqa: C416


def _today() -> dict[int, int]:
    start = now().replace(hour=0, minute=0, second=0, microsecond=0)
    counted = select(Inbound.channel_id, func.count()).where(Inbound.received_at >= start)
    return {channel_id: count for channel_id, count in db.session.execute(counted.group_by(Inbound.channel_id))}  # noqa: C416
