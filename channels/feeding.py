"""Feeding: one thread for each channel that is polled, told on a line of its own, or arranged with its provider.

A thread keeps a subscription; or it arranges first, then polls, holds the line, or looks every few minutes whether the
arrangement still holds. What came in and the cursor behind it are one commit.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from threading import Event as Stop
from typing import Any

from flask import Flask
from sqlalchemy import select

from channels import intake, keeping, registry, spending, taking
from channels.adapter import Arrival, Retryable
from channels.doors import Arranged, Observing, Polled, Reply, Streamed, Subscribed
from channels.email.watching import State
from channels.models import Channel
from helpdesk import blobs
from helpdesk.db import db

_ASKED = frozenset({"poll", "both"})
_LOOK_FOR_BUDGET = 900.0


@dataclass(frozen=True, slots=True)
class Pace(keeping.Pace):
    """Also the seconds between two looks at an arrangement."""

    look: float = 300


def feeds(app: Flask, stop: Stop) -> None:
    """Keep the threads until told to stop."""
    keeping.keep(app, stop, "feed", _fed, feed)


def feed(app: Flask, channel_id: int, end: Stop, pace: Pace = Pace()) -> None:
    """Feed one channel until told to end; failures are waited out, longer each time."""
    keeping.persist(app, channel_id, end, partial(_run, app, channel_id, end, pace), pace)


def _run(app: Flask, channel_id: int, end: Stop, pace: Pace) -> None:
    kind, incoming, connection = _connection(app, channel_id)
    subscribed = registry.offered(kind, Subscribed) if incoming == "stream" else None  # type: ignore[type-abstract]
    if subscribed is not None:
        _subscribe(app, channel_id, end, subscribed, connection)
        return
    arranged = registry.offered(kind, Arranged)  # type: ignore[type-abstract]
    polled = registry.offered(kind, Polled) if incoming in _ASKED else None  # type: ignore[type-abstract]
    streamed = registry.offered(kind, Streamed) if incoming == "stream" else None  # type: ignore[type-abstract]
    while not end.is_set():
        sentence = arranged.arrange(connection) if arranged is not None else ""
        if streamed is not None:
            opened = partial(keeping.report, app, channel_id, end, State.WORKING, sentence)
            streamed.stream(connection, partial(_take, app, channel_id, end), opened, end)
            continue
        if arranged is not None:
            keeping.report(app, channel_id, end, State.WORKING, sentence)
        if polled is None:
            end.wait(pace.look)
            continue
        looked = time.monotonic()
        while not end.is_set() and time.monotonic() - looked < pace.look:
            end.wait(_poll(app, channel_id, end, lambda cursor: polled.poll(connection, cursor)))


def _poll(app: Flask, channel_id: int, end: Stop, poll: Callable[[dict[str, Any]], Any]) -> float:
    """One look; what it brought and its cursor are stored together. After how many seconds the next one is due."""
    with app.app_context():
        channel = db.session.get_one(Channel, channel_id)
        cursor, over = dict(channel.cursor), spending.used_up(channel)
    if over:
        raise Retryable(over, retry_after=_LOOK_FOR_BUDGET)
    batch = poll(cursor)
    if end.is_set():
        return 0  # somebody with newer settings has the channel now, and reads the same again
    if batch.arrivals or batch.cursor != cursor or batch.cost:
        _accept(app, channel_id, batch.arrivals, batch.cursor, batch.cost)
    if batch.trouble is not None:
        keeping.tell(app, channel_id, end, batch.trouble)
    elif batch.told:
        keeping.report(app, channel_id, end, State.WORKING, batch.told)
    return float(batch.pause)


def _subscribe(app: Flask, channel_id: int, end: Stop, subscribed: Subscribed, connection: Any) -> None:
    with app.app_context():
        cursor = dict(db.session.get_one(Channel, channel_id).cursor)

    def take(arrivals: Sequence[Arrival], behind: dict[str, Any]) -> None:
        if end.is_set():
            raise Retryable("This listener was told to stop.")
        _accept(app, channel_id, arrivals, behind)

    def say(sentence: str) -> None:
        keeping.report(app, channel_id, end, State.WORKING, sentence)

    subscribed.subscribe(connection, cursor, take, end, say)


def _accept(
    app: Flask, channel_id: int, arrivals: Sequence[Arrival], cursor: dict[str, Any], cost: Decimal = Decimal(0)
) -> None:
    with app.app_context():
        spending.add(channel_id, cost)
        try:
            intake.accept(db.session.get_one(Channel, channel_id), arrivals, cursor=cursor)
        except blobs.NoRoom as error:
            raise Retryable("The disk is full, so nothing is taken in.") from error
    registry.arrived.set()


def _take(app: Flask, channel_id: int, end: Stop, raw: bytes) -> Reply:
    """What came on the line, stored.

    Raises:
        Retryable: it is not, and must come again.
    """
    if end.is_set():
        raise Retryable("Somebody with newer settings has the channel now.")
    with app.app_context():
        try:
            return taking.take(db.session.get_one(Channel, channel_id), raw)
        except blobs.NoRoom as error:
            raise Retryable("The disk is full, so nothing is taken in.") from error


def _connection(app: Flask, channel_id: int) -> tuple[str, str, Any]:
    with app.app_context():
        channel = db.session.get_one(Channel, channel_id)
        by_schedule = registry.offered(channel.kind, Observing) is not None  # type: ignore[type-abstract]
        incoming = "poll" if by_schedule else str(channel.config.get("incoming", ""))
        return channel.kind, incoming, registry.adapter(channel.kind).connect(channel)


def _fed() -> list[Channel]:
    """Asked of the channels there are: an adapter nobody has, with its libraries, is never loaded for it."""
    return [one for one in db.session.scalars(select(Channel).where(Channel.paused_at.is_(None))) if _is_fed(one)]


def _is_fed(channel: Channel) -> bool:
    offers: tuple[type, ...] = (Arranged, Polled, Streamed)
    if any(registry.offered(channel.kind, offer) is not None for offer in offers):
        return True
    subscribes = registry.offered(channel.kind, Subscribed) is not None  # type: ignore[type-abstract]
    return subscribes and channel.config.get("incoming") == "stream"
