"""A call of a visitor's own page: whether it is one, whose conversation it speaks of, what it says, and its answer.

The proof is a token in a header that the page keeps: no cookie is set or read, so no other site can act for a visitor.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from flask import g, request
from werkzeug.wrappers import Response

from channels import called, visiting
from channels.chat import tokens
from channels.email.limits import RAW_BYTES
from channels.models import Channel, Visit
from channels.transcript import KIND
from channels.web.hooks import LARGEST
from helpdesk.access import clients, throttle
from helpdesk.access.throttle import Bucket
from helpdesk.db import db
from helpdesk.errors import DomainError, Invalid, NotFound, TooMany

_FORGED = Bucket("chat-forged", 60, timedelta(minutes=1))
_MUCH = "That was a lot at once. Your words are still here: send them again soon."


def is_ours(key: str, **_: str) -> bool:
    """Whether a page of this chat asks, and whether the token it brings, if any, is genuine."""
    request.max_content_length = RAW_BYTES if request.mimetype == "multipart/form-data" else LARGEST
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        return False
    channel = called.by_key(KIND, key)
    if channel is None:
        return False
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    holder = tokens.read(key, token) if token else None
    if (token or _claims_a_visit()) and holder is None:
        slow_down(_FORGED, place())
        return False
    g.chat = channel, holder.key if holder is not None else ""
    g.mailbox = holder.mailbox if holder is not None else ""
    return True


def refused(error: DomainError) -> Response:
    """In words for the visitor, as the page reads them."""
    db.session.rollback()
    response = answer(
        {"error": error.message, "fields": error.fields if isinstance(error, Invalid) else {}}, error.status
    )
    if isinstance(error, TooMany):
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def asked() -> tuple[Channel, str]:
    found: tuple[Channel, str] = g.chat
    return found


def mailbox() -> str:
    """Where the link came to that opened the conversation at this page; empty where it was begun."""
    found: str = g.mailbox
    return found


def visit() -> Visit:
    channel, key = asked()
    found = visiting.find(channel.id, key) if key else None
    if found is None:
        raise NotFound("There is no conversation yet.")
    return found


def body() -> dict[str, Any]:
    """What the page sends: JSON, or a form where files go along."""
    if request.mimetype == "multipart/form-data":
        return dict(request.form)
    try:
        found = json.loads(request.get_data(cache=True) or b"{}")
    except (ValueError, RecursionError):
        found = {}
    return found if isinstance(found, dict) else {}


def text(sent: dict[str, Any], name: str, most: int) -> str:
    value = sent.get(name, "")
    if not isinstance(value, str):
        return ""
    if len(value) > most:
        raise Invalid(f"That is too long: {most} characters go with one message.", {name: "Shorten it, or send two."})
    return value.replace("\0", "").encode("utf-8", "replace").decode()


def answer(said: dict[str, Any], status: int = 200) -> Response:
    return Response(json.dumps(said), status, mimetype="application/json")


def place() -> str:
    """Where it comes from, as far as one person commands it."""
    return clients.network(clients.address(request))


def slow_down(bucket: Bucket, *whom: str) -> None:
    """Take one try.

    Raises:
        TooMany: with words for a visitor.
    """
    try:
        throttle.take(bucket, *whom)
    except TooMany as error:
        raise TooMany(_MUCH, error.retry_after) from error


def _claims_a_visit() -> bool:
    """A page that says it has a conversation must prove it; it begins no new one by mistake."""
    return request.method != "POST" or bool(body().get("visit"))
