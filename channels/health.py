"""How a channel is: its state in words, and a log of when that changed."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import update

from channels import logbook
from channels.email.watching import State
from channels.models import Channel, ChannelLog
from helpdesk import live
from helpdesk.db import db
from helpdesk.now import now

_STATES = {
    State.WORKING: "working",
    State.LISTENING: "working",
    State.SLOWED: "slowed",
    State.NEEDS_SIGN_IN: "needs_sign_in",
    State.OFF: "off",
}
_SOON = timedelta(seconds=1)
"""In a storm a channel's own row is not written for each arrival: they would wait for each other."""


def report(channel_id: int, state: State, sentence: str) -> None:
    """Write down how a channel is, and commit; a change also goes to its log and to open browsers."""
    channel = db.session.get(Channel, channel_id)
    if channel is None:
        return
    known = _STATES[state]
    if state is State.WORKING:
        channel.last_success_at = now()
    if (channel.state, channel.state_text) != (known, sentence):
        channel.state, channel.state_text = known, sentence
        db.session.add(ChannelLog(channel_id=channel_id, at=now(), state=known, sentence=sentence))
        live.announce(kind="channel.changed")
    db.session.commit()


def hear(channel: Channel, at: datetime) -> None:
    """Something genuine came in, so what was new works: a channel that is only called has nobody else to say it."""
    if channel.last_inbound_at is None or at - channel.last_inbound_at >= _SOON:
        channel.last_inbound_at = at
    if channel.state != "new":
        return
    still_new = update(Channel).where(Channel.id == channel.id, Channel.state == "new")
    if db.session.scalar(still_new.values(state="working").returning(Channel.id)):
        logbook.note(channel, "working", "Something came in for the first time.")
