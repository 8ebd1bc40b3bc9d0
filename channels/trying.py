"""Try a mailbox before or after it is saved: its connection, where "from now on" begins, and a test step by step."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import TypeVar

from flask import Flask

from channels.adapter import SendError
from channels.email import checking
from channels.email import connection as connections
from channels.email.checking import Step
from channels.email.configs import Password, Secret
from channels.email.connection import Connection
from channels.email.mailbox import Cursor, Mailbox
from channels.email.oauth import OAuthConfig, Tokens
from channels.models import Channel
from channels.patience import TooSlow, within
from channels.wanted import Wanted, reads_elsewhere, refuse_taken, usable_secrets

log = logging.getLogger(__name__)

T = TypeVar("T")

TEST_SECONDS = 60.0
OPEN_SECONDS = 30.0
_AT_ONCE = threading.BoundedSemaphore(4)
"""Tests and sign-ins under way in one process: each may hold a thread for a minute."""


def prepare(wanted: Wanted, channel: Channel | None = None) -> Connection:
    """The connection `wanted` describes, to be tried before anything is saved.

    Raises:
        Invalid: the address is taken, or a secret must be typed (again); fields are named.
        AuthExpired: a stored secret cannot be opened.
    """
    refuse_taken(wanted, channel)
    usable = usable_secrets(wanted, channel)
    known = connections.read(channel) if channel is not None and usable else None
    after = wanted.endpoints
    imap_secret, smtp_secret = _secrets(wanted, known, usable)
    return Connection(channel.id if channel else 0, after.imap, after.smtp, imap_secret, smtp_secret)


def opening(wanted: Wanted, channel: Channel | None = None) -> bool:
    """Whether saving needs a look at the server: only there it is known where "from now on" begins."""
    imap = wanted.endpoints.imap
    if imap is None or not wanted.from_now_on or not reads_elsewhere(wanted, channel):
        return False
    return imap.auth == "password" or "oauth_refresh" in usable_secrets(wanted, channel)


def end_of(connection: Connection, app: Flask) -> Cursor:
    """Where mail from now on begins. Waits for the server, so call it outside of any transaction.

    Raises:
        SendError: the mailbox cannot be opened; the sentence says what to do.
    """
    try:
        (cursor,) = _one_of_few(within(OPEN_SECONDS, _end(connection), app))
    except TooSlow:
        raise SendError("The mailbox did not open in time.") from None
    return cursor


def test(connection: Connection, app: Flask) -> Iterator[Step]:
    """Each step as it is done, in a minute at most; holds no database connection while it waits."""
    steps = checking.check(connection.imap, connection.smtp, connection.imap_secret, connection.smtp_secret)
    reached: Step | None = None
    try:
        for reached in _one_of_few(within(TEST_SECONDS, steps, app)):
            yield reached
    except TooSlow:
        yield Step(checking.after(reached), ok=False, sentence=f"This took longer than {TEST_SECONDS:.0f} seconds.")
    except SendError as error:
        yield Step(checking.after(reached), ok=False, sentence=error.reason)
    except Exception:
        log.exception("mailbox_test_broke")
        yield Step(checking.after(reached), ok=False, sentence="The test broke off. The server's log says where.")


def _end(connection: Connection) -> Iterator[Cursor]:
    assert connection.imap is not None
    with Mailbox(replace(connection.imap, after="leave", timeout=15), connection.imap_secret, fresh=True) as mailbox:
        yield mailbox.end()


def _one_of_few(work: Iterator[T]) -> Iterator[T]:
    if not _AT_ONCE.acquire(blocking=False):
        raise SendError("Several mailboxes are being tested. Try again in a minute.")
    try:
        yield from work
    finally:
        _AT_ONCE.release()


def _secrets(wanted: Wanted, known: Connection | None, usable: frozenset[str]) -> tuple[Secret, Secret]:
    """What opens the incoming and the outgoing server: typed now, or stored and still allowed to go there."""
    oauth = wanted.endpoints.oauth
    if oauth is not None:
        renewed = known is not None and "oauth_refresh" in usable and not wanted.typed.oauth_client
        tokens = known.imap_secret if known is not None and renewed else _unsigned(oauth)
        return tokens, tokens
    reading = _one(wanted.typed.imap, known.imap_secret if known and "imap" in usable else None)
    if wanted.endpoints.shares_password:
        return reading, reading
    return reading, _one(wanted.typed.smtp, known.smtp_secret if known and "smtp" in usable else None)


def _one(typed: str, kept: Secret | None) -> Secret:
    return kept if kept is not None and not typed else Password(typed)


def _unsigned(oauth: OAuthConfig) -> Secret:
    """Says, when it is asked, that somebody must sign in first."""
    return Tokens(replace(oauth, refresh_token=""), lambda _token: None)
