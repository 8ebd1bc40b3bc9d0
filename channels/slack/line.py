"""Socket Mode: a line that we open, on which Slack tells what it would call us with.

Source: docs.slack.dev/apis/events-api/using-socket-mode. The kit connects again by itself when Slack asks for it or the
line breaks for a moment. What comes is stored before Slack is told that it came; what is not is sent again.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from threading import Event as Stop

from slack_bolt import App, BoltResponse
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.request import BoltRequest
from slack_sdk.errors import SlackApiError, SlackClientError

from channels.adapter import AuthExpired, Retryable, SendError
from channels.doors import Reply
from channels.slack import failures
from channels.slack.asking import asked
from channels.slack.client import client
from channels.slack.connection import Connection
from helpdesk.errors import DomainError

log = logging.getLogger(__name__)

_LOOK_SECONDS = 0.5
_BROKEN_AFTER = 20.0
"""Seconds a line may be away before it is made anew: the kit looks every ten."""
_NOT_KNOWN = "Slack does not know the app token. Make one with the scope connections:write and enter it."
_NO_LINE = "Slack's line did not open. It is tried again by itself."
_BROKE = "Slack's line broke. It is opened again by itself."


def address(connection: Connection) -> str:
    """Where the line is opened.

    Raises:
        SendError: Slack gives none; `AuthExpired` when it does not know the app token.
    """
    slack = client(connection)
    try:
        return asked(lambda: slack.apps_connections_open(app_token=connection.app_token), is_read=True).text("url")
    except AuthExpired as error:
        raise AuthExpired(_NOT_KNOWN, code=error.code) from error


def stream(connection: Connection, take: Callable[[bytes], Reply], opened: Callable[[], None], end: Stop) -> None:
    """Hold the line until told to end.

    Raises:
        SendError: it did not open, or stays away.
    """
    handler = SocketModeHandler(_bolt(connection, take), connection.app_token, concurrency=2)
    try:
        _open(handler)
        opened()
        _hold(handler, end)
    finally:
        handler.client.close()


def _open(handler: SocketModeHandler) -> None:
    try:
        handler.client.connect()
    except SlackApiError as error:
        meant = failures.meant(error)
        raise AuthExpired(_NOT_KNOWN) if isinstance(meant, AuthExpired) else Retryable(_NO_LINE) from error
    except (SlackClientError, DomainError, OSError, ValueError) as error:
        raise Retryable(_NO_LINE) from error


def _hold(handler: SocketModeHandler, end: Stop) -> None:
    seen = time.monotonic()
    while not end.wait(_LOOK_SECONDS):
        if handler.client.is_connected():
            seen = time.monotonic()
        elif time.monotonic() - seen > _BROKEN_AFTER:
            raise Retryable(_BROKE)


def _bolt(connection: Connection, take: Callable[[bytes], Reply]) -> App:
    """An app whose every request is taken as a call is: whose it is, Slack said when it gave us the line."""
    made = App(
        logger=logging.getLogger("channels.slack"),
        client=client(connection),
        authorize=lambda **_: AuthorizeResult(enterprise_id=None, team_id=None, bot_token=connection.bot_token),
        request_verification_enabled=False,
        ignoring_self_events_enabled=False,
        ssl_check_enabled=False,
        url_verification_enabled=False,
        process_before_response=True,
    )

    def taken(req: BoltRequest) -> BoltResponse:
        try:
            reply = take(json.dumps(req.body, ensure_ascii=False).encode("utf-8", "surrogatepass"))
        except SendError:
            return BoltResponse(status=503)
        except Exception:
            log.exception("slack_not_taken")
            return BoltResponse(status=500)
        return BoltResponse(status=200, body=reply.body, headers={"Content-Type": reply.mimetype})

    made.use(taken)
    return made
