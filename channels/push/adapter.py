"""Browsers as a channel: a notification, encrypted for one browser, left with its push service (RFC 8030).

The service answers 201 when it took the message; whether the browser was running is not told. A later message with the
same topic takes the place of an earlier one, there and on the screen. So a second request is harmless, and one that
broke off is simply sent again.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from channels.adapter import Outbound, Outcome, Permanent, Result, Retryable
from channels.each import each
from channels.models import Channel
from channels.push import connection as connections
from channels.push import encryption, notification, refusals, vapid
from channels.push.connection import Connection
from helpdesk import http
from helpdesk.now import now
from helpdesk.people import subscriptions
from helpdesk.people.subscriptions import Subscription
from helpdesk.vault import Unreadable

TIMEOUT = 15.0
KEPT_SECONDS = 600
"""How long a push service keeps it for a browser that is not running: a page is over by then, and so is a code."""
_LARGEST_ANSWER = 64 * 1024
_UNREADABLE = "How this browser is reached cannot be read any more. Take it away, and add it again from that browser."


class PushAdapter:
    """Sends; who is notified answers on the page that the notification opens."""

    def connect(self, channel: Channel) -> Connection:
        """The key; errors as `channels.adapter` names them."""
        return connections.read(channel)

    def send(
        self, outbound: Outbound, connection: Connection, *, before_content: Callable[[], None] = lambda: None
    ) -> tuple[Result, ...]:
        """Notify each pending recipient."""
        before_content()
        return each(outbound, partial(_one, outbound, connection))


def _one(outbound: Outbound, connection: Connection, address: str) -> Result:
    browser = _opened(outbound.subscription, address)
    headers = {
        "Authorization": vapid.authorization(connection.key, browser.endpoint, connection.subject, now()),
        "Content-Type": "application/octet-stream",
        "Content-Encoding": "aes128gcm",
        "TTL": str(KEPT_SECONDS),
        "Urgency": "high",
        "Topic": notification.topic(outbound),
    }
    body = encryption.encrypt(notification.of(outbound), browser.key, browser.secret)
    try:
        answer = http.request(
            "POST", browser.endpoint, headers=headers, body=body, limit=_LARGEST_ANSWER, timeout=TIMEOUT
        )
    except http.Refused as error:
        raise Permanent("The push service of this browser is at an address we do not go to.") from error
    except http.Unreachable as error:
        raise Retryable("The push service of this browser did not answer.") from error
    if 200 <= answer.status < 300:
        return Result(address, Outcome.ACCEPTED)
    return refusals.read(answer, address)


def _opened(sealed: str, address: str) -> Subscription:
    try:
        return subscriptions.opened(sealed, address)
    except Unreadable as error:
        raise Permanent(_UNREADABLE) from error
