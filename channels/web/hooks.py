"""/hooks/<kind>/<key>: what providers call. An adapter says whether a call is genuine and which events it holds.

Everything it brings is stored and committed before the provider is told 200; a call that was not stored is answered
so that it comes again. Whatever else is wrong, the answer says nothing of us.
"""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, g, request
from sqlalchemy import select
from werkzeug.exceptions import Unauthorized
from werkzeug.wrappers import Response

from channels import called, registry, taking
from channels.adapter import AuthExpired
from channels.doors import Call, Challenged, Headed, Hooked, Prompt, Prompted
from channels.models import Channel
from channels.prompting import Ear
from channels.taking import Split
from helpdesk import blobs
from helpdesk.access import clients, throttle
from helpdesk.access.guards import signed
from helpdesk.access.throttle import Bucket, Counted
from helpdesk.db import db
from helpdesk.errors import TooMany
from helpdesk.settings import settings

bp = Blueprint("hooks", __name__, url_prefix="/hooks")

LARGEST = 1024 * 1024
"""Bytes of a request that is read before anybody knows who sent it."""
_CALLS = Counted(Bucket("hook", 3000, timedelta(minutes=1)))
"""For each channel: more than a provider sends in a storm, and fewer than would keep us from our work."""
_FORGED = Bucket("hook-forged", 60, timedelta(minutes=1))
"""For each sender of calls that are not genuine."""


def is_genuine(kind: str, key: str) -> bool:
    """Whether the provider of this channel sent the request; reads the bytes, and nothing of what they say."""
    request.max_content_length = LARGEST
    raw = request.get_data(cache=True)
    hooked = registry.offered(kind, Hooked)  # type: ignore[type-abstract]
    if hooked is not None and (found := called.by_key(kind, key)) is not None:
        try:
            connection = registry.adapter(kind).connect(found)
        except AuthExpired:
            return False
        g.hook = found, connection
        if request.method == "GET" or hooked.check(_call(raw), connection):
            return True
    _slow_down(clients.network(clients.address(request)))
    return False


@bp.post("/<kind>/<key>")
@signed(is_genuine)
def take(kind: str, key: str) -> Response:
    """Store the events and say 200, or what to do where the provider asks that.

    Raises:
        TooMany: this channel calls more often than any provider does.
    """
    _CALLS.take(key)
    raw = request.get_data(cache=True)
    prompt = _prompt(kind, raw)
    try:
        reply = taking.take(
            g.hook[0], raw, heeded=prompt.heeded if prompt is not None else {}, others=_others, split=_split(kind)
        )
    except blobs.NoRoom:
        return Response("later", 503, mimetype="text/plain")
    if prompt is not None:
        return Response(prompt.body, mimetype=prompt.content_type)
    return Response(reply.body, mimetype=reply.mimetype)


@bp.get("/<kind>/<key>")
@signed(is_genuine)
def challenge(kind: str, key: str) -> Response:  # noqa: ARG001 - the address names them
    """Answer a provider that asks whether the address is ours.

    Raises:
        Unauthorized: it does not ask that, or not as we agreed.
    """
    challenged = registry.offered(kind, Challenged)  # type: ignore[type-abstract]
    answer = challenged.challenge(_call(b""), g.hook[1]) if challenged is not None else ""
    if not answer:
        raise Unauthorized("The question is not one of the provider's.")
    return Response(answer, mimetype="application/json" if answer.startswith("{") else "text/plain")


def _prompt(kind: str, raw: bytes) -> Prompt | None:
    """What to do next, where the provider asks that. What it changes is committed with the events."""
    prompted = registry.offered(kind, Prompted)  # type: ignore[type-abstract]
    if prompted is None:
        return None
    channel, connection = g.hook
    return prompted.prompt(_call(raw), connection, Ear(channel))


def _others(asked: Channel, addresses: set[str]) -> dict[str, Channel]:
    """Channels of these addresses for which this very call is genuine too."""
    named = select(Channel).where(Channel.kind == asked.kind, Channel.address.in_(addresses))
    hooked = registry.offered(asked.kind, Hooked)  # type: ignore[type-abstract]
    assert hooked is not None  # the guard asked it
    call, found = _call(request.get_data(cache=True)), {}
    for channel in db.session.scalars(named.where(Channel.paused_at.is_(None))):
        try:
            if hooked.check(call, registry.adapter(channel.kind).connect(channel)):
                found[channel.address] = channel
        except AuthExpired:
            continue
    return found


def _split(kind: str) -> Split | None:
    """Where what a call says is partly in its headers."""
    headed = registry.offered(kind, Headed)  # type: ignore[type-abstract]
    return (lambda raw: headed.take_apart(_call(raw), g.hook[1])) if headed is not None else None


def _call(raw: bytes) -> Call:
    query = request.query_string.decode("latin-1")
    url = settings().base_url.rstrip("/") + request.path + (f"?{query}" if query else "")
    headers = {name.lower(): value for name, value in request.headers.items()}
    return Call(request.method, url, headers, request.args.to_dict(), raw)


def _slow_down(sender: str) -> None:
    """Take one try, holding no connection: where each call waits for a second one, in a storm nobody gets it.

    Raises:
        TooMany: none is left; the sentence tells nothing.
    """
    db.session.rollback()
    try:
        throttle.take(_FORGED, sender)
    except TooMany as error:
        raise TooMany("Later.", error.retry_after) from error
