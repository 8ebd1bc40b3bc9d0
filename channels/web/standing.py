"""How a mailbox stands, in the words and signs of its row and of its card when it is in trouble."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from channels.models import Channel, ChannelLog
from helpdesk.db import db

_SIGNS = {
    "working": ("tick", "kept", "Working"),
    "slowed": ("half", "warm", "Slowed down"),
    "needs_sign_in": ("diamond", "ember", "Needs sign-in"),
    "off": ("bars", "paused", "Off"),
    "new": ("ring", "cool", "New"),
}
_NEW = "It is read within seconds, once the worker runs."
_CHECKS = {
    "reach": "Server answers",
    "encrypt": "Encrypted",
    "sign in": "Signed in",
    "read": "Reading",
    "send": "Sending",
}


@dataclass(frozen=True, slots=True)
class Check:
    """One line of a card: `sign` names a shape; `is_bad` is the one that failed."""

    sign: str
    words: str
    is_bad: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """`told` is the sentence behind the state; `since` when it began, None when that is not known."""

    shape: str
    tone: str
    words: str
    told: str
    trouble: bool
    since: datetime | None = None

    @classmethod
    def of(cls, channel: Channel) -> Standing:
        if channel.is_paused:
            return cls("bars", "paused", "Paused", "Nothing is read or sent.", trouble=False, since=channel.paused_at)
        shape, tone, words = _SIGNS[channel.state]
        told = channel.state_text or (_NEW if channel.state == "new" else "")
        trouble = channel.state in {"slowed", "needs_sign_in"}
        return cls(shape, tone, words, told, trouble, _since(channel) if trouble else None)


def checks(channel: Channel) -> list[Check]:
    """The steps in their order, as far as the last try went. A slowed mailbox tells only by a test where it stands."""
    if channel.state != "needs_sign_in":
        return []
    signed_out = Check("struck", "Sign-in refused" if channel.secrets else "Nobody signed in yet", is_bad=True)
    waiting = [Check("bars", f"{_CHECKS[name]}, waiting for sign-in") for name in ("read", "send")]
    return [Check("tick", _CHECKS["reach"]), Check("tick", _encrypted(channel)), signed_out, *waiting]


def _encrypted(channel: Channel) -> str:
    kinds = {channel.config.get(name, {}).get("security", "tls") for name in ("imap", "smtp")}
    return "Not encrypted" if "none" in kinds else _CHECKS["encrypt"]


def _since(channel: Channel) -> datetime | None:
    """When the newest change into this state was written down."""
    rows = select(ChannelLog.at, ChannelLog.state).where(ChannelLog.channel_id == channel.id)
    began: datetime | None = None
    for at, state in db.session.execute(rows.order_by(ChannelLog.id.desc()).limit(200)):
        if state != channel.state:
            break
        began = at
    return began
