"""Keeping: a thread for each channel that needs one, begun anew when its settings change; none ends in silence."""

from __future__ import annotations

import hashlib
import json
import logging
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from threading import Event as Stop

from flask import Flask
from sqlalchemy.exc import DBAPIError, OperationalError

from channels import health
from channels.adapter import AuthExpired, Permanent, Retryable, SendError
from channels.email.watching import State
from channels.models import Channel
from helpdesk.db import db

log = logging.getLogger(__name__)

Run = Callable[[Flask, int, Stop], None]
_LOOK_AGAIN_SECONDS = 2.0
_BROKE = "Something unexpected went wrong while listening here. It is tried again by itself."


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds: after the first failure, and at most after many."""

    first: float = 2
    most: float = 300


@dataclass(frozen=True, slots=True)
class _Thread:
    fingerprint: str
    end: Stop
    thread: threading.Thread


def keep(app: Flask, stop: Stop, name: str, wanted: Callable[[], Iterable[Channel]], run: Run) -> None:
    """Keep a thread that does `run` for each channel that is `wanted`, until told to stop."""
    running: dict[int, _Thread] = {}
    try:
        while not stop.is_set():
            try:
                _adjust(app, running, name, wanted, run)
            except DBAPIError:
                log.warning("channels_wait_for_database", extra={"kind": name})
            stop.wait(_LOOK_AGAIN_SECONDS)
    finally:  # a second thread beside a forgotten one would take everything in twice
        for one in running.values():
            one.end.set()
        for one in running.values():
            one.thread.join(5)


def persist(app: Flask, channel_id: int, end: Stop, run: Callable[[], None], pace: Pace = Pace()) -> None:
    """Do `run` over and over until told to end. Failures are told and waited out, longer each time."""
    failures = 0
    while not end.is_set():
        began = time.monotonic()
        try:
            run()
        except Exception as error:  # noqa: BLE001 - a thread that dies silently is worse than any error it could meet
            if time.monotonic() - began > pace.most:
                failures = 0
            wait = pace.first if _is_away(error) else min(pace.most, pace.first * 2**failures)
            failures = min(failures + 1, 10)
            tell(app, channel_id, end, error)
            end.wait(max(wait, error.retry_after if isinstance(error, Retryable) else 0))


def report(app: Flask, channel_id: int, end: Stop, state: State, sentence: str) -> None:
    """Write down how the channel is, unless somebody with newer settings has it now."""
    if end.is_set():
        return
    with app.app_context():
        health.report(channel_id, state, sentence)


def tell(app: Flask, channel_id: int, end: Stop, error: Exception) -> None:
    """Write down what is wrong with the channel, in words."""
    if _is_away(error):
        log.warning("channel_waits_for_database", extra={"channel": channel_id})
        return
    if not isinstance(error, SendError):
        log.error("channel_broke", extra={"channel": channel_id}, exc_info=error)
    needs_us = isinstance(error, (AuthExpired, Permanent))
    reason = error.reason if isinstance(error, SendError) else _BROKE
    try:
        report(app, channel_id, end, State.NEEDS_SIGN_IN if needs_us else State.SLOWED, reason)
    except DBAPIError:
        log.warning("channel_state_not_stored", extra={"channel": channel_id})


def _is_away(error: Exception) -> bool:
    """The database, which says nothing of the channel: it goes on as soon as that is back."""
    return isinstance(error, OperationalError)


def _adjust(
    app: Flask, running: dict[int, _Thread], name: str, wanted: Callable[[], Iterable[Channel]], run: Run
) -> None:
    with app.app_context():
        prints = {channel.id: _fingerprint(channel) for channel in wanted()}
        db.session.rollback()
    for channel_id, one in list(running.items()):
        if prints.get(channel_id) != one.fingerprint or not one.thread.is_alive():
            one.end.set()
            del running[channel_id]
    for channel_id, fingerprint in prints.items():
        if channel_id not in running:
            running[channel_id] = _begin(app, channel_id, fingerprint, name, run)


def _fingerprint(channel: Channel) -> str:
    """Changes when the thread must begin anew; a rotated refresh token is no reason."""
    secrets = {name: sealed for name, sealed in channel.secrets.items() if name != "oauth_refresh"}
    settled = json.dumps([channel.config, secrets, channel.hook_key], sort_keys=True)
    return hashlib.sha256(settled.encode()).hexdigest()


def _begin(app: Flask, channel_id: int, fingerprint: str, name: str, run: Run) -> _Thread:
    end = Stop()
    thread = threading.Thread(target=run, args=(app, channel_id, end), name=f"{name}-{channel_id}", daemon=True)
    thread.start()
    return _Thread(fingerprint, end, thread)
