"""A file of a post or of a direct message, by its address at X; those of direct messages are asked for signed.

Source: docs.x.com/x-api/direct-messages/media/introduction, for tokens of OAuth 1.0a.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from channels.adapter import Permanent, Retryable
from channels.x.client import client, is_media, signing
from channels.x.connection import Connection
from helpdesk import http

_MOST_BYTES = 50 * 1000 * 1000
_SECONDS = 90.0


def fetch(reference: str, connection: Connection) -> bytes:
    """The bytes.

    Raises:
        SendError: they did not come, for now or for good.
    """
    if not is_media(reference):
        raise Permanent("X does not say where it is.")
    is_private = urlsplit(reference).netloc.startswith("ton.")
    asked = client(connection, most=_MOST_BYTES, seconds=_SECONDS)
    try:
        answer = asked.session.request("GET", reference, auth=signing(connection) if is_private else None)
    except http.Refused as error:
        raise Permanent("X's address is not one we go to.") from error
    except http.Unreachable as error:
        raise Retryable("X did not give it in time, or it is larger than 50 MB.") from error
    if answer.status_code == 200:
        return bytes(answer.content)
    if answer.status_code in {400, 403, 404, 410}:
        raise Permanent("X does not have it any more, or does not give it to us.")
    raise Retryable("X did not give it.")
