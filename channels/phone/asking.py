"""One request to the account's part of the provider, signed in by account and Auth Token (RFC 7617)."""

from __future__ import annotations

import base64

from channels import provider
from channels.adapter import Permanent
from channels.phone import refusals
from channels.phone.connection import Connection
from channels.provider import Answer
from helpdesk import http

TIMEOUT = 15.0
_WHOM = "The provider"


def ask(connection: Connection, method: str, path: str, form: dict[str, str] | None = None) -> http.Response:
    """`path` begins behind the account.

    Raises:
        Retryable: nothing left. Permanent: we do not go there. Uncertain: it may have arrived.
    """
    url = f"{connection.base_url}/2010-04-01/Accounts/{connection.account}{path}"
    with provider.asked(_WHOM):
        return http.request(method, url, headers=proof(connection), form=form, timeout=TIMEOUT)


def look(connection: Connection, path: str, form: dict[str, str] | None = None) -> Answer:
    """The object the provider answers with; asking again is harmless.

    Raises:
        SendError: what is wrong, in words; a cut is no doubt about anything.
    """
    with provider.asked(_WHOM, is_read=True):
        answer = ask(connection, "POST" if form is not None else "GET", path, form)
        if answer.status not in {200, 201}:
            refused = refusals.read(answer, "")
            raise Permanent(refused.reason, code=refused.code)
        return provider.read(answer, _WHOM, is_read=True)


def proof(connection: Connection) -> dict[str, str]:
    """The header that signs in."""
    said = base64.b64encode(f"{connection.account}:{connection.token}".encode()).decode()
    return {"Authorization": f"Basic {said}"}


def sid(answer: http.Response) -> str:
    """What the provider calls what it took.

    Raises:
        Uncertain: the answer does not say.
    """
    name = provider.read(answer, _WHOM).text("sid")
    if not name:
        raise provider.unread(_WHOM)
    return name
