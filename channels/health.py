"""How a channel is: its state in words, and a log of when that changed."""

from __future__ import annotations

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
