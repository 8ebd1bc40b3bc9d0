"""What channels tell a monitoring system: whether each works, when it was last heard, and what waits to be filed."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import func, select

from channels.models import Channel, Inbound
from helpdesk.db import db
from helpdesk.gauges import Gauge, seconds
from helpdesk.now import now

MOST = 200
"""Channels that are told of one by one, the first connected ones; they are named by their number, never by address."""
_LABELS = ("channel", "kind")


def gauges() -> Iterator[Gauge]:
    at = now()
    rows = db.session.scalars(select(Channel).order_by(Channel.id).limit(MOST)).all()
    named = [((str(one.id), one.kind), one) for one in rows]
    works = {name: float(one.state == "working" and not one.is_paused) for name, one in named}
    silent = {name: float(one.silent_since is not None) for name, one in named}
    reached = {name: seconds(one.last_success_at, at) for name, one in named if one.last_success_at}
    heard = {name: seconds(one.last_inbound_at, at) for name, one in named if one.last_inbound_at}
    yield Gauge("kept_channel_works", "1 while the channel works and is not paused.", works, _LABELS)
    yield Gauge("kept_channel_silent", "1 while it hears nothing for longer than is usual.", silent, _LABELS)
    yield Gauge("kept_channel_reached_seconds", "Since the channel's own server last answered.", reached, _LABELS)
    yield Gauge("kept_channel_heard_seconds", "Since something last came in.", heard, _LABELS)
    waiting, since = db.session.execute(
        select(func.count(), func.min(Inbound.received_at)).where(Inbound.state == "waiting")
    ).one()
    held = db.session.scalar(select(func.count()).where(Inbound.state == "quarantined")) or 0
    yield Gauge("kept_inbound_waiting", "What came in and is not filed yet.", {(): waiting})
    yield Gauge("kept_inbound_oldest_seconds", "How long the oldest of these waits.", {(): seconds(since, at)})
    yield Gauge("kept_inbound_quarantined", "What came in and somebody has to look at.", {(): held})
