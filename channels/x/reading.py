"""One event as an envelope, and one call as its events.

A call of the Account Activity API names the account it is for and holds lists by kind; one of the X Activity API holds
one event in `data` (docs.x.com/x-api/activity/event-payloads). What we asked for ourselves is kept in a form of ours:
`for_user_id` with `post` or `dm_event`, and what X included. The same thing has the same name by every way.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from channels.adapter import Arrival, Envelope, Kind, Party, Quarantine
from channels.payloads import Payload, load
from channels.x import directs, posts

_POSTS, _DIRECTS = "tweet_create_events", "direct_message_events"
_DELETED, _READ = "tweet_delete_events", "direct_message_mark_read_events"
_LISTS = (_POSTS, _DIRECTS, _DELETED, _READ)
_NOT_OURS = "It is not JSON as this channel sends it."
_NOT_ASKED = "X told something that needs nothing of us."
_REVOKED = "X says that our app was locked out of the account. Make new tokens and enter them."


def read(payload: Payload) -> Envelope:
    """The envelope of one event.

    Raises:
        Quarantine: it is none.
    """
    if "event_type" in payload.part("data"):
        return _newer(payload.part("data"))
    ours, included = payload.text("for_user_id"), payload.part("includes")
    if "post" in payload:
        return _post(payload.part("post"), included, ours)
    if "dm_event" in payload:
        return directs.read(_numbered(payload.part("dm_event"), "id"), included, ours)
    for kind in _LISTS:
        if kind in payload:
            return _older(kind, _only(payload.parts(kind)), payload, ours)
    return _nothing(_REVOKED if "revoke" in payload.part("user_event") else _NOT_ASKED)


def split(raw: bytes) -> Sequence[Arrival]:
    """The events of one call, by the names they have by every way.

    Raises:
        Quarantine: it is not what X sends.
    """
    payload = load(raw)
    if "event_type" in payload.part("data"):
        return [Arrival(_newer_name(payload.part("data"), raw), raw)]
    if not ({"for_user_id", "user_event", "replay_job_status"} & set(payload.fields)):
        raise Quarantine(_NOT_OURS)
    found = [(kind, one) for kind in _LISTS if kind in payload for one in payload.parts(kind)]
    if not found:
        return [Arrival(f"other:{hashlib.sha256(raw).hexdigest()}", raw)]
    rest = {name: value for name, value in payload.fields.items() if name not in _LISTS}
    if len(found) == 1:
        return [Arrival(_older_name(*found[0]), raw)]
    return [Arrival(_older_name(kind, one), packed({**rest, kind: [one.fields]})) for kind, one in found]


def post_name(number: str) -> str:
    """What a version of a post arrives under."""
    return f"post:{number}"


def direct_name(number: str) -> str:
    return f"dm:{number}"


def packed(fields: dict[str, Any]) -> bytes:
    return json.dumps(fields, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _post(told: Payload, included: Payload, ours: str) -> Envelope:
    return posts.read(_numbered(_numbered(told, "id"), "author_id"), included, ours)


def _newer(event: Payload) -> Envelope:
    kind, told, ours = event.text("event_type"), event.part("payload"), event.part("filter").text("user_id")
    if kind in {"post.create", "post.mention.create"}:
        return _post(told, event.part("includes"), ours)
    if kind == "post.delete":
        return posts.deleted(_number(told, "id"), told.text("author_id"))
    if kind in {"dm.received", "dm.sent"}:
        return _older(_DIRECTS, _only(told.parts(_DIRECTS)), told, ours)
    if kind == "dm.read" and _READ in told:
        return _older(_READ, _only(told.parts(_READ)), told, ours)
    if kind == "chat.received":
        return directs.read_encrypted(told, ours)
    return _nothing(_NOT_ASKED)


def _older(kind: str, told: Payload, payload: Payload, ours: str) -> Envelope:
    if kind == _POSTS:
        return posts.read_older(_numbered(told, "id_str"), ours)
    if kind == _DELETED:
        status = told.part("status")
        return posts.deleted(_number(status, "id"), status.text("user_id"))
    if kind == _READ:
        return directs.was_read(told, ours)
    if told.text("type") != "message_create":
        return _nothing(_NOT_ASKED)
    made = told.part("message_create")
    _numbered(made, "sender_id")
    _numbered(made.part("target"), "recipient_id")
    return directs.read_older(_numbered(told, "id"), payload.part("users"), ours)


def _newer_name(event: Payload, raw: bytes) -> str:
    kind, told = event.text("event_type"), event.part("payload")
    if kind in {"post.create", "post.mention.create"}:
        return post_name(_number(told, "id"))
    if kind == "post.delete":
        return f"delete:{_number(told, 'id')}"
    if kind in {"dm.received", "dm.sent"}:
        return direct_name(_number(_only(told.parts(_DIRECTS)), "id"))
    if kind.startswith("chat."):
        return f"chat:{told.text('id')[:100]}"
    return f"event:{event.text('event_uuid')[:100] or hashlib.sha256(raw).hexdigest()}"


def _older_name(kind: str, told: Payload) -> str:
    if kind == _POSTS:
        return post_name(_number(told, "id_str"))
    if kind == _DIRECTS:
        return direct_name(_number(told, "id"))
    if kind == _DELETED:
        return f"delete:{_number(told.part('status'), 'id')}"
    return f"read:{told.text('sender_id')[:20]}:{told.text('last_read_event_id')[:20]}"


def _only(told: list[Payload]) -> Payload:
    if len(told) != 1:
        raise Quarantine(_NOT_OURS)
    return told[0]


def _number(told: Payload, name: str) -> str:
    """One of X's numbers, which come as text.

    Raises:
        Quarantine: it is none.
    """
    found = told.text(name)
    if not (found.isascii() and found.isdigit() and len(found) <= 20):
        raise Quarantine(_NOT_OURS)
    return found


def _numbered(told: Payload, name: str) -> Payload:
    _number(told, name)
    return told


def _nothing(why: str) -> Envelope:
    return Envelope("", Party(""), kind=Kind.NOTHING, suspicion=why)
