"""One request to the Graph API: the token in a header, its proof beside it, the answer as an object.

Nothing makes a second request harmless, so one that broke off after it began is `Uncertain`, unless it only reads or
leaves something with Meta that nobody sees (developers.facebook.com/docs/graph-api/overview).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from channels import provider
from channels.meta.graph.connection import VERSION, Connection
from channels.meta.graph.refusals import refuse
from channels.meta.graph.signature import proof
from channels.payloads import Payload
from helpdesk import http

TIMEOUT = 20.0
UPLOAD_TIMEOUT = 50.0


@dataclass(frozen=True, slots=True)
class _Question:
    """One request: `target` is its path and query behind the version."""

    target: str
    method: str
    body: bytes | None = field(default=None, repr=False)
    kind: str = ""
    seconds: float = TIMEOUT
    is_harmless: bool = False


def get(connection: Connection, path: str, fields: Mapping[str, str] | None = None) -> Payload:
    """Read something.

    Raises:
        SendError: it was refused, or did not answer.
    """
    return _ask(connection, _Question(f"{path}?{_query(connection, fields or {})}", "GET", is_harmless=True))


def post(connection: Connection, path: str, said: Mapping[str, Any], *, is_harmless: bool = False) -> Payload:
    """Say something as JSON. A harmless one may be said twice.

    Raises:
        SendError: it was refused, or may not have arrived.
    """
    body = json.dumps(said).encode()
    target = f"{path}?{_query(connection, {})}"
    return _ask(connection, _Question(target, "POST", body, "application/json", is_harmless=is_harmless))


def upload(
    connection: Connection, path: str, fields: Mapping[str, str], files: Mapping[str, tuple[str, bytes, str]]
) -> Payload:
    """Leave a file with Meta; nobody sees it until it is sent.

    Raises:
        SendError: it was refused, or did not answer.
    """
    body, kind = http.multipart(fields, files)
    target = f"{path}?{_query(connection, {})}"
    return _ask(connection, _Question(target, "POST", body, kind, UPLOAD_TIMEOUT, is_harmless=True))


def _query(connection: Connection, fields: Mapping[str, str]) -> str:
    return urlencode({**fields, "appsecret_proof": proof(connection)})


def _ask(connection: Connection, asked: _Question) -> Payload:
    url = f"{connection.base_url}/{VERSION}/{asked.target}"
    headers = {"Authorization": f"Bearer {connection.token}"}
    if asked.kind:
        headers["Content-Type"] = asked.kind
    with provider.asked("Meta", is_read=asked.is_harmless):
        answer = http.request(asked.method, url, headers=headers, body=asked.body, timeout=asked.seconds)
        said = provider.read(answer, "Meta", is_read=asked.is_harmless)
        if answer.status != 200 or "error" in said:
            refuse(answer.status, said.part("error"), answer.headers)
        return said
