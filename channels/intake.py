"""Intake: accept() stores the raw thing once; process() parses, routes and lets the ticket receive it.

Between the two lies a commit: nothing on the other side is flagged, moved or
answered with 250 before it, and whatever happens after it the raw mail is there.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from contextlib import closing
from threading import Event as Stop
from typing import Any

from flask import Flask
from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import joinedload

from channels import filing, health, reading, registry
from channels.adapter import Arrival, Envelope, Quarantine
from channels.models import Channel, Inbound
from channels.reading import Parsed
from channels.routing import own_addresses
from helpdesk import blobs
from helpdesk.db import db
from helpdesk.now import now

log = logging.getLogger(__name__)

_STORE = insert(Inbound).on_conflict_do_nothing()
_BATCH = 80
_TRIES = 3
_NO_ROOM_SECONDS = 2.0
_FILING = 0x6B65_7074_02  # the advisory lock's key


def accept(channel: Channel, arrivals: Sequence[Arrival], *, cursor: dict[str, Any] | None = None) -> None:
    """Store what arrived, move the channel's cursor and commit. The same `external_id` again stores nothing."""
    at = now()
    if not blobs.has_room(sum(len(arrival.raw) for arrival in arrivals)):
        raise blobs.NoRoom("No mail is taken in while the disk is full.")
    if arrivals:
        rows = [
            {
                "channel_id": channel.id,
                "external_id": arrival.external_id,
                "recipient": arrival.recipient,
                "received_at": at,
                "size": arrival.size if arrival.size is not None else len(arrival.raw),
                "sha256": hashlib.sha256(arrival.raw).hexdigest(),
                "state": "quarantined" if arrival.refusal else "ignored" if arrival.heeded else "waiting",
                "reason": arrival.refusal or arrival.heeded,
                "attempts": 0,
                "raw": arrival.raw,
            }
            for arrival in arrivals
        ]
        db.session.connection().execute(_STORE, rows)
        health.hear(channel, at)
    if cursor is not None:
        channel.cursor = cursor
    db.session.commit()


def loop(app: Flask, stop: Stop) -> None:
    """File what waits, in batches, until told to stop; look again at least every half second."""
    while not stop.is_set():
        with app.app_context():
            try:
                filed = process_waiting(stop)
            except blobs.NoRoom as error:
                log.warning("no_room_for_files", extra={"reason": str(error)})
                filed = 0
                stop.wait(_NO_ROOM_SECONDS)
        if filed == 0:
            registry.arrived.wait(0.5)
            registry.arrived.clear()


def process_waiting(stop: Stop | None = None, *, limit: int = _BATCH) -> int:
    """File what waits, each batch in a transaction of its own while the next is read; how many mails were looked at."""
    looked_at = 0
    with closing(reading.batches(limit)) as batches:
        for parsed in batches:
            looked_at += _file(parsed)
            if stop is not None and stop.is_set():
                break
    db.session.rollback()
    return looked_at


def one_at_a_time() -> None:
    """Until the transaction ends nobody else files: twins must see each other, and tickets are locked in one order."""
    db.session.execute(select(func.pg_advisory_xact_lock(_FILING)))


def release(inbound: Inbound) -> None:
    """An agent takes a mail out of quarantine: it is filed whatever was suspicious about it.

    Raises:
        Quarantine: it still cannot be read.
    """
    parsed = registry.parser(inbound.channel.kind).parse(inbound.raw)
    one_at_a_time()
    filing.file_all([(inbound, parsed)], own_addresses(), released=True)


def discard(inbound: Inbound) -> None:
    """Set a quarantined mail aside; the raw mail stays."""
    inbound.state = "discarded"


def _file(parsed: Parsed) -> int:
    """Those that still wait and nobody else holds, then commit; how many.

    They share a savepoint; when one of them fails they are filed again, each on its own.
    """
    one_at_a_time()
    waiting = (
        select(Inbound)
        .where(Inbound.id.in_(parsed), Inbound.state == "waiting")
        .order_by(Inbound.id)
        .options(joinedload(Inbound.channel))
        .with_for_update(skip_locked=True, of=Inbound)
    )
    batch = [(inbound, parsed[inbound.id]) for inbound in db.session.scalars(waiting)]
    if not batch:
        db.session.rollback()
        return 0
    own = own_addresses()
    try:
        with db.session.begin_nested():
            filing.file_all(batch, own)
    except blobs.NoRoom:
        raise  # no fault of any mail
    except Exception:
        log.warning("filing_one_by_one", exc_info=True, extra={"count": len(batch)})
        for one in batch:
            _file_apart(*one, own)
    db.session.commit()
    return len(batch)


def _file_apart(inbound: Inbound, parsed: Envelope | Quarantine, own: frozenset[str]) -> None:
    try:
        with db.session.begin_nested():
            filing.file_all([(inbound, parsed)], own)
    except blobs.NoRoom:
        raise  # no fault of this mail
    except Exception:
        log.exception("filing_failed", extra={"inbound": inbound.id, "attempt": inbound.attempts + 1})
        _step_aside(inbound)


def _step_aside(inbound: Inbound) -> None:
    """A mail that cannot be filed is tried three times and never stops the next one."""
    attempts = inbound.attempts + 1
    values: dict[str, Any] = {"attempts": attempts}
    if attempts >= _TRIES:
        values |= {"state": "quarantined", "reason": "It could not be filed. The original is here; try again later."}
    db.session.execute(update(Inbound).where(Inbound.id == inbound.id).values(values))
    db.session.expire(inbound)
