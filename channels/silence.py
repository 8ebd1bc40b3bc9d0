"""Silence: a channel that hears nothing for longer than it usually does says so.

The rule: of the last fourteen days the longest pause between two arrivals is taken; nothing for half as long again, and
for an hour at least, is silence. It needs twenty arrivals in those days to know what is usual, so that nights and
weekends are in it. Whatever comes in ends it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select

from channels.models import Channel, ChannelLog, Inbound
from helpdesk import live
from helpdesk.db import db
from helpdesk.now import now

LOOKS_BACK = timedelta(days=14)
_ENOUGH = 20
_LONGER = 1.5
_LEAST = timedelta(hours=1)


def watch() -> int:
    """Write down which channels fell silent or are heard again, and commit; how many changed. A tick."""
    changed = 0
    for channel in db.session.scalars(select(Channel).order_by(Channel.id)):
        since = None if channel.is_paused else silent_since(channel.id)
        if (since is None) != (channel.silent_since is None):
            channel.silent_since = since
            _note(channel)
            changed += 1
    db.session.commit()
    return changed


def silent_since(channel_id: int) -> datetime | None:
    """When the last thing came in, if that is longer ago than usual; None when it is not, or nothing is usual yet."""
    of_channel = (
        select(
            Inbound.received_at.label("at"),
            (Inbound.received_at - func.lag(Inbound.received_at).over(order_by=Inbound.received_at)).label("pause"),
        )
        .where(Inbound.channel_id == channel_id, Inbound.received_at > now() - LOOKS_BACK)
        .subquery()
    )
    count, last, longest = db.session.execute(
        select(func.count(), func.max(of_channel.c.at), func.max(of_channel.c.pause))
    ).one()
    if count < _ENOUGH:
        return None
    usual = max(longest * _LONGER, _LEAST)
    at: datetime = last
    return at if now() - at > usual else None


def _note(channel: Channel) -> None:
    silent = channel.silent_since is not None
    sentence = "Nothing has come in for longer than usual." if silent else "Something came in again."
    db.session.add(ChannelLog(channel_id=channel.id, at=now(), state=channel.state, sentence=sentence))
    live.announce(kind="channel.changed")
