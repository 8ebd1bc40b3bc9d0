"""The worker's ears: one watcher thread a mailbox, and the SMTP listener; settings changes are picked up live."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from functools import partial
from threading import Event as Stop
from typing import Literal

from flask import Flask
from sqlalchemy import ScalarResult, Select, func, or_, select

from channels import intake, keeping, registry
from channels.adapter import Arrival, Retryable
from channels.email import connection as connections
from channels.email import listener
from channels.email.listener import Received
from channels.email.mailbox import Cursor, Fetched
from channels.email.watching import Pace, watch
from channels.models import Channel, Inbound
from helpdesk.db import db
from helpdesk.settings import settings

log = logging.getLogger(__name__)


def mailboxes(app: Flask, stop: Stop) -> None:
    """Keep one watcher for every mailbox that is connected and not paused; restart those whose settings changed."""
    keeping.keep(app, stop, "mailbox", _watched, _kept)


def smtp(app: Flask, stop: Stop) -> None:
    """Take mail in by SMTP until told to stop."""
    _listen(app, stop, settings().mail_port, "smtp")


def lmtp(app: Flask, stop: Stop) -> None:
    """The same by LMTP (RFC 2033), which answers for each recipient."""
    _listen(app, stop, settings().lmtp_port, "lmtp")


def _listen(app: Flask, stop: Stop, port: int, protocol: Literal["smtp", "lmtp"]) -> None:
    if not port:
        stop.wait()
        return
    listening = listener.start(settings().mail_host, port, _taker(app), _ours(app), protocol=protocol)
    log.info("listening_for_mail", extra={"kind": protocol})
    try:
        stop.wait()
    finally:
        listening.stop()


def _watched() -> ScalarResult[Channel]:
    mailboxes = select(Channel).where(Channel.kind == "email", Channel.paused_at.is_(None))
    return db.session.scalars(mailboxes.where(Channel.config["incoming"].as_string() == "imap"))


def _kept(app: Flask, channel_id: int, end: Stop) -> None:
    keeping.persist(app, channel_id, end, partial(_watch, app, channel_id, end), keeping.Pace(most=30))


def _watch(app: Flask, channel_id: int, end: Stop) -> None:
    with app.app_context():
        connection = connections.read(db.session.get_one(Channel, channel_id))
    if connection.imap is None:
        end.wait(30)
        return
    folder = connection.imap.folder

    def load_cursor() -> Cursor:
        with app.app_context():
            cursor = db.session.get_one(Channel, channel_id).cursor
        return Cursor(**cursor) if cursor.get("folder") == folder else Cursor(folder)

    def accept(mails: list[Fetched]) -> None:
        if end.is_set():  # another watcher with newer settings has the mailbox now
            raise Retryable("This watcher was told to stop.")
        with app.app_context():
            channel = db.session.get_one(Channel, channel_id)
            known = Cursor(**channel.cursor) if channel.cursor.get("folder") == folder else Cursor(folder)
            after = known.past(mails)
            cursor = {"folder": after.folder, "uidvalidity": after.uidvalidity, "last_uid": after.last_uid}
            intake.accept(channel, [_arrival(mail, folder) for mail in mails], cursor=cursor)
        registry.arrived.set()

    report = partial(keeping.report, app, channel_id, end)
    unsettled = _last_taken_in(app, channel_id, folder)
    watch(connection.imap, connection.imap_secret, load_cursor, accept, end, report, unsettled=unsettled)


def _last_taken_in(app: Flask, channel_id: int, folder: str) -> list[tuple[int, int]]:
    """UIDVALIDITY and UID of as many mails as are stored together: we may have been killed before they were flagged.

    What is only a header here stays as it is on the server.
    """
    whole = Inbound.size == func.octet_length(Inbound.raw)
    newest = select(Inbound.external_id).where(Inbound.channel_id == channel_id, whole).order_by(Inbound.id.desc())
    with app.app_context():
        keys = [key.rsplit(":", 2) for key in db.session.scalars(newest.limit(Pace().batch))]
    return [(int(key[1]), int(key[2])) for key in keys if key[0] == folder and len(key) == 3]


def _arrival(mail: Fetched, folder: str) -> Arrival:
    key = mail.key(folder)
    if mail.raw is None:
        return Arrival(key, mail.header, refusal=mail.reason, size=mail.size)
    return Arrival(key, mail.raw)


def _taker(app: Flask) -> Callable[[Received], None]:
    def take(received: Received) -> None:
        with app.app_context():
            wanted = {_plain(address): address for address in received.rcpt_tos}
            for channel in db.session.scalars(_channels_of(list(wanted))).all():
                digest = hashlib.sha256(received.raw).hexdigest()
                recipient = next((wanted[a] for a in _addresses(channel) if a in wanted), "")
                intake.accept(channel, [Arrival(f"smtp:{digest}", received.raw, recipient)])
        registry.arrived.set()

    return take


def _ours(app: Flask) -> Callable[[str], bool]:
    def is_ours(address: str) -> bool:
        with app.app_context():
            return db.session.scalar(select(func.count()).select_from(_channels_of([_plain(address)]).subquery())) != 0

    return is_ours


def _channels_of(addresses: list[str]) -> Select[Channel]:
    alias = or_(*(Channel.aliases["addresses"].contains([address]) for address in addresses))
    return select(Channel).where(
        Channel.kind == "email", Channel.paused_at.is_(None), or_(func.lower(Channel.address).in_(addresses), alias)
    )


def _addresses(channel: Channel) -> list[str]:
    return [channel.address.lower(), *(address.lower() for address in channel.aliases.get("addresses", ()))]


def _plain(address: str) -> str:
    """support+token@halden.example -> support@halden.example"""
    local, _, domain = address.lower().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"
