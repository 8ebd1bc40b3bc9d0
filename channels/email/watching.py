"""Keep one mailbox watched for ever: read, have it stored, settle, wait, and come back after every failure."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from channels.adapter import AuthExpired, Retryable, SendError
from channels.email.configs import MailboxConfig, Secret
from channels.email.mailbox import Cursor, Fetched, Mailbox

log = logging.getLogger(__name__)


class State(StrEnum):
    """How a channel is, in the words of its row on the screen."""

    WORKING = "working"
    SLOWED = "slowed down"
    NEEDS_SIGN_IN = "needs sign-in"
    LISTENING = "listening"
    OFF = "off"


Accept = Callable[[list[Fetched]], None]
"""Stores a batch and commits; the mail is flagged or moved on the server only after it returned."""
Report = Callable[[State, str], None]
_HANDFUL = 4 * 1024 * 1024
_WORKING = "Connected. New mail comes in as it arrives."
_NOT_STORED = "New mail waits on its server, because it could not be stored here."


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds. `login_gap` is the least between two sign-ins once one session failed early; `healthy` ends that."""

    first: float = 1
    most: float = 60
    login_gap: float = 10
    sign_in_gap: float = 300
    healthy: float = 60
    poll: float = 60
    poll_without_idle: float = 15
    batch: int = 50


@dataclass(slots=True)
class _Watch:
    config: MailboxConfig
    secret: Secret
    load_cursor: Callable[[], Cursor]
    accept: Accept
    stop: threading.Event
    report: Report
    pace: Pace
    failures: int = 0
    refused: bool = False
    signed_in: bool = False
    unsettled: list[tuple[int, int]] = field(default_factory=list)


def watch(  # noqa: PLR0913, PLR0917  what a watcher needs of its owner
    config: MailboxConfig,
    secret: Secret,
    load_cursor: Callable[[], Cursor],
    accept: Accept,
    stop: threading.Event,
    report: Report,
    *,
    pace: Pace | None = None,
    unsettled: Sequence[tuple[int, int]] = (),
) -> None:
    """Run until `stop` is set. Never raises: each failure goes to `report` as a state and a sentence.

    `unsettled` are UIDVALIDITY and UID of mails that are stored but may not have been flagged or moved yet.
    """
    report = _harmless(report)
    watched = _Watch(config, secret, load_cursor, accept, stop, report, pace or Pace(), unsettled=list(unsettled))
    while not stop.is_set():
        began = time.monotonic()
        try:
            _session(watched)
        except AuthExpired as error:
            watched.refused = True
            report(State.NEEDS_SIGN_IN, error.reason)
            stop.wait(watched.pace.sign_in_gap)
        except SendError as error:
            _pause(watched, time.monotonic() - began, error.reason)
        except Exception:  # noqa: BLE001  a listener that dies silently is worse than any error it could meet
            _pause(watched, time.monotonic() - began, "Reading this mailbox failed unexpectedly.")
    report(State.OFF, "This mailbox is not being read.")


def _harmless(report: Report) -> Report:
    """A state that cannot be written down just now, because the database is away, must not end the watching."""

    def told(state: State, sentence: str) -> None:
        try:
            report(state, sentence)
        except Exception:  # noqa: BLE001  as below
            log.warning("mailbox_state_not_stored", extra={"state": state.value})

    return told


def _session(watched: _Watch) -> None:
    """One connection, for as long as it lasts."""
    began = time.monotonic()
    watched.signed_in = False
    with Mailbox(watched.config, watched.secret, fresh=watched.refused) as mailbox:
        watched.refused, watched.signed_in = False, True
        watched.report(State.WORKING, _WORKING)
        cursor = watched.load_cursor()
        _settle(watched, mailbox)
        while not watched.stop.is_set():
            before, cursor = cursor, _take_in(watched, mailbox, cursor)
            if time.monotonic() - began >= watched.pace.healthy:
                watched.failures = 0
            if cursor == before:
                mailbox.wait(watched.pace.poll, watched.stop, without_idle=watched.pace.poll_without_idle)


def _take_in(watched: _Watch, mailbox: Mailbox, cursor: Cursor) -> Cursor:
    """Have what is new stored, some megabytes at a time; the cursor behind the last that was."""
    for mails in _handfuls(mailbox.fetch(cursor, watched.pace.batch)):
        _store(watched, mails)
        cursor = cursor.past(mails)
        watched.unsettled += [(mail.uidvalidity, mail.uid) for mail in mails if mail.raw is not None]
        _settle(watched, mailbox)
        if watched.stop.is_set():
            break
    return cursor


def _handfuls(mails: Iterator[Fetched]) -> Iterator[list[Fetched]]:
    """Lists of mail that stay small in memory."""
    held: list[Fetched] = []
    size = 0
    for mail in mails:
        held.append(mail)
        size += len(mail.raw or b"")
        if size >= _HANDFUL:
            yield held
            held, size = [], 0
    if held:
        yield held


def _store(watched: _Watch, mails: list[Fetched]) -> None:
    """Try again for a while before the connection is given up: a database that restarts needs no new sign-in."""
    for attempt in range(5):
        try:
            watched.accept(mails)
        except Exception:  # noqa: BLE001  whatever it was, nothing is lost: the mail is still on its server
            watched.report(State.SLOWED, _NOT_STORED)
            if watched.stop.wait(min(watched.pace.most, watched.pace.first * 2**attempt)):
                break
        else:
            if attempt:
                watched.report(State.WORKING, _WORKING)
            return
    raise Retryable(_NOT_STORED)


def _settle(watched: _Watch, mailbox: Mailbox) -> None:
    """Also what an earlier connection could not flag or move any more; another UIDVALIDITY names other mail."""
    mailbox.settle([uid for uidvalidity, uid in watched.unsettled if uidvalidity == mailbox.uidvalidity])
    watched.unsettled.clear()


def _pause(watched: _Watch, lasted: float, reason: str) -> None:
    """Wait longer after each failure, with some chance in it so that many mailboxes do not come back at once."""
    pace = watched.pace
    if lasted >= pace.healthy:
        watched.failures = 0
    delay = min(pace.most, pace.first * 2**watched.failures) * random.uniform(0.8, 1)  # noqa: S311
    if watched.signed_in and lasted < pace.healthy:
        delay = max(delay, pace.login_gap - lasted)
    watched.failures = min(watched.failures + 1, 16)
    watched.report(State.SLOWED, f"{reason} Next try in {max(1, round(delay))} s.")
    watched.stop.wait(delay)
