"""Operations on mailboxes: connect, change, pause, resume, sign in. They flush; whoever calls commits."""

from __future__ import annotations

from dataclasses import asdict

from sqlalchemy import select

from channels import logbook, sealing, secrecy
from channels.email import connection as connections
from channels.email.mailbox import Cursor
from channels.models import Channel
from channels.wanted import Wanted, reads_elsewhere, refuse_taken, taken, usable_secrets
from helpdesk.db import Json, db, locked
from helpdesk.errors import NotFound
from helpdesk.now import now
from helpdesk.people.models import Brand


def find(channel_id: int) -> Channel:
    """A mailbox.

    Raises:
        NotFound: there is none of this number.
    """
    channel = db.session.get(Channel, channel_id)
    if channel is None or channel.kind != "email":
        raise NotFound("There is no such mailbox here.")
    return channel


def connect_mailbox(wanted: Wanted, cursor: Cursor | None = None) -> Channel:
    """A new mailbox; it is read within seconds of the commit.

    Raises:
        Invalid: the address is taken, or a secret is missing.
    """
    refuse_taken(wanted, None)
    usable_secrets(wanted, None)
    brand_id = db.session.scalars(select(Brand.id).order_by(Brand.id).limit(1)).one()
    channel = Channel(kind="email", brand_id=brand_id, created_at=now(), secrets={}, cursor=_written(cursor))
    _write(channel, wanted)
    logbook.write(channel, taken(wanted.address))
    _seal(channel, wanted)
    _begin_again(channel, "Connected.")
    return channel


def change(channel_id: int, wanted: Wanted, cursor: Cursor | None = None) -> Channel:
    """The mailbox as wanted from now on; secrets that would go elsewhere are forgotten unless typed again.

    Raises:
        NotFound, Invalid: as in `find` and `connect_mailbox`.
    """
    channel = _locked(channel_id)
    refuse_taken(wanted, channel)
    usable = usable_secrets(wanted, channel)
    sealing.forget(channel, *(name for name in connections.SECRET_NAMES if name not in usable))
    if reads_elsewhere(wanted, channel):
        channel.cursor = _written(cursor)
    before = (channel.config, channel.secrets)
    _write(channel, wanted)
    _seal(channel, wanted)
    if before != (channel.config, channel.secrets):
        _begin_again(channel, "The settings were changed.")
    return channel


def pause(channel_id: int, by: str) -> Channel:
    """Read and send nothing until it is resumed; `by` is a name for the log. Twice is harmless."""
    return logbook.pause(_locked(channel_id), by)


def resume(channel_id: int, by: str) -> Channel:
    """Read and send again. Twice is harmless."""
    channel = _locked(channel_id)
    if channel.paused_at is not None:
        channel.paused_at = None
        _begin_again(channel, f"Resumed by {by}.")
    return channel


def signed_in(channel_id: int, refresh_token: str, cursor: Cursor | None, by: str) -> Channel:
    """Keep what the provider gave, and begin to read."""
    channel = _locked(channel_id)
    sealing.seal(channel, {"oauth_refresh": refresh_token})
    if cursor is not None:
        channel.cursor = _written(cursor)
    _begin_again(channel, f"Signed in by {by}.")
    return channel


def _locked(channel_id: int) -> Channel:
    return locked(select(Channel).where(Channel.id == channel_id, Channel.kind == "email"), what="mailbox")


def _write(channel: Channel, wanted: Wanted) -> None:
    channel.name, channel.address, channel.team_id = wanted.name, wanted.address, wanted.team_id
    channel.aliases = {"addresses": list(wanted.aliases)}
    channel.acknowledges = wanted.acknowledges
    channel.config = _config(wanted)


def _config(wanted: Wanted) -> Json:
    """As `channels.email.connection` reads it; `from_now_on` is for a sign-in that comes later."""
    imap, smtp, oauth = wanted.endpoints.imap, wanted.endpoints.smtp, wanted.endpoints.oauth
    config: Json = {
        "incoming": "imap" if imap else "listener",
        "outgoing": "smtp" if smtp else "folder",
        "plus_addressing": wanted.plus_addressing,
        "from_now_on": wanted.from_now_on,
        "urgent_telephone": wanted.urgent_telephone,
    }
    if imap:
        config["imap"] = asdict(imap)
    if smtp:
        config["smtp"] = asdict(smtp)
    if oauth:
        config["oauth"] = {k: v for k, v in asdict(oauth).items() if k not in {"client_secret", "refresh_token"}}
    return config


def _seal(channel: Channel, wanted: Wanted) -> None:
    useful = secrecy.needed(wanted.endpoints) | ({"oauth_client"} if wanted.endpoints.oauth else set())
    sealing.seal(channel, {name: wanted.typed.of(name) for name in useful})


def _begin_again(channel: Channel, sentence: str) -> None:
    """What the row says until the worker has been there."""
    imap = secrecy.stored(channel).imap
    if channel.is_paused:
        channel.state, channel.state_text = "off", ""
    elif imap is None:
        channel.state, channel.state_text = "working", "Mail that is handed to us comes in at once."
    elif imap.auth == "xoauth2" and "oauth_refresh" not in channel.secrets:
        channel.state, channel.state_text = "needs_sign_in", "Nobody has signed in to this mailbox yet."
    else:
        channel.state, channel.state_text = "new", ""
    logbook.note(channel, channel.state, sentence)


def _written(cursor: Cursor | None) -> Json:
    return asdict(cursor) if cursor is not None else {}
