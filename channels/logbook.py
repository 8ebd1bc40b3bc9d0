"""The logbook of a channel, and the steps that every kind of channel takes in the same way, each with its entry."""

from __future__ import annotations

from sqlalchemy.exc import IntegrityError

from channels.models import Channel, ChannelLog
from helpdesk import live
from helpdesk.db import db
from helpdesk.errors import Invalid
from helpdesk.now import now


def note(channel: Channel, state: str, sentence: str) -> None:
    """Write down how it stands from now on, for its page; trouble of before is not said of one that is new or off."""
    channel.state = state
    if state in {"new", "off"}:
        channel.state_text = ""
    db.session.flush()
    db.session.add(ChannelLog(channel_id=channel.id, at=now(), state=state, sentence=sentence))
    live.announce(kind="channel.changed")
    db.session.flush()


def pause(channel: Channel, by: str) -> Channel:
    """Take in and send nothing until it is resumed; `by` is a name. Twice is harmless."""
    if channel.paused_at is None:
        channel.paused_at = now()
        note(channel, "off", f"Paused by {by}.")
    return channel


def write(channel: Channel, taken: Invalid) -> None:
    """Write its row, new or changed.

    Raises:
        Invalid: `taken`, when there is another channel of this kind and address.
    """
    try:
        with db.session.begin_nested():
            db.session.add(channel)
            db.session.flush()
    except IntegrityError as error:
        raise taken from error
