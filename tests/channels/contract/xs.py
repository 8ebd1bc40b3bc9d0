"""X on the conformance bench, twice: posts that name us, by the X Activity API; direct messages, by the older one."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from channels.models import Channel, Conversation
from helpdesk.db import db
from tests.channels.contract.bench import Bench, Said, Turned
from tests.channels.planting import planted
from tests.fakes import x as xs
from tests.fakes.x import ME, USERNAME, Refusal, X, signed

KEY = "hookkeyofx"
HEADER = "X-Twitter-Webhooks-Signature"
_FIRST = 2_080_000_000_000_000_000


def connected(x: X, **config: str) -> Channel:
    settled = {"incoming": "poll", "reads": "both", "base_url": x.url, **config}
    keys = {"api_key": xs.API_KEY, "api_secret": xs.API_SECRET}
    secrets = {**keys, "access_token": xs.ACCESS_TOKEN, "access_secret": xs.ACCESS_SECRET}
    return planted("x", f"@{USERNAME}", settled, secrets, key=KEY)


def number(said: Said) -> str:
    return str(_FIRST + said.number * 1000)


def stamp(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def person(said: Said) -> dict[str, Any]:
    return {"id": str(said.chat), "name": said.author, "username": f"{said.author.split()[0].lower()}{said.chat}"}


def post(said: Said, **more: Any) -> dict[str, Any]:
    """A Post of v2 that names us at its beginning, in a thread of its author's own."""
    name = {"start": 0, "end": len(USERNAME) + 1, "username": "MeridianService", "id": ME}
    return {
        "id": number(said), "text": f"@MeridianService {said.text}", "author_id": str(said.chat),
        "conversation_id": str(9000 + said.chat), "created_at": stamp(said.at),
        "edit_history_tweet_ids": [number(said)], "entities": {"mentions": [name]}, **more,
    }  # fmt: skip


def told(kind: str, payload: dict[str, Any], *users: dict[str, Any]) -> bytes:
    """An event of the X Activity API."""
    data = {"event_uuid": "208076", "filter": {"user_id": ME}, "event_type": kind, "tag": "kept", "payload": payload}
    return json.dumps({"data": {**data, "includes": {"users": list(users)}}}, ensure_ascii=False).encode()


def mention(said: Said) -> bytes:
    return told("post.mention.create", post(said), person(said))


def edited(said: Said) -> bytes:
    version = str(int(number(said)) + said.at % 1000 + 1)
    versions = [number(said), version]
    return told("post.mention.create", post(said, id=version, edit_history_tweet_ids=versions), person(said))


def direct(said: Said, **more: Any) -> dict[str, Any]:
    """A message_create event."""
    made = {"target": {"recipient_id": ME}, "sender_id": str(said.chat), "message_data": {"text": said.text, **more}}
    return {
        "type": "message_create", "id": number(said), "created_timestamp": str(said.at * 1000), "message_create": made,
    }  # fmt: skip


def directs(*said: Said) -> bytes:
    """A call of the Account Activity API."""
    people = {
        str(one.chat): {"id": str(one.chat), "name": one.author, "screen_name": person(one)["username"]} for one in said
    }
    events = [direct(one) for one in said]
    return json.dumps(
        {"for_user_id": ME, "direct_message_events": events, "users": people}, ensure_ascii=False
    ).encode()


def headers(raw: bytes) -> dict[str, str]:
    return {HEADER: signed(raw)}


@dataclass
class Peer(Turned):
    there: X

    def channel(self) -> Channel:
        return connected(self.there)

    def refuse_for_now(self, seconds: int) -> None:
        reset = str(int(time.time()) + seconds)
        self.there.refusals.append(
            Refusal(429, "Too Many Requests", {"x-rate-limit-remaining": "0", "x-rate-limit-reset": reset})
        )

    def break_down(self) -> None:
        self.there.refusals.append(Refusal(503, "Service Unavailable"))

    def forget_us(self) -> None:
        self.there.access_secret = "another"

    def lose_the_customer(self) -> None:
        self.there.refusals.append(Refusal(403, xs.NOT_MENTIONED))

    def taken(self) -> list[str]:
        return [one.get("text", "") for one in self.there.sent]


@contextmanager
def peer() -> Iterator[Peer]:
    with X() as x:
        yield Peer(x)


def unsummoned(ticket: Any) -> None:
    """As if they had written again without naming us."""
    talk = db.session.scalars(select(Conversation).where(Conversation.ticket_id == ticket.id)).one()
    talk.facts = {**talk.facts, "summoned": "no"}
    db.session.commit()


FORGE = {
    "missing": lambda _: {},
    "wrong": lambda raw: {HEADER: signed(raw, "another secret")},
    "altered": lambda raw: {HEADER: signed(raw + b" ")},
    "without its form": lambda raw: {HEADER: signed(raw).removeprefix("sha256=")},
    "not ASCII": lambda _: {HEADER: "sha256=\xe9"},
}
MENTIONS = Bench(kind="x", peer=peer, message=mention, edit=edited, sign=headers, forge=dict(FORGE), window=unsummoned)
DIRECTS = Bench(kind="x", peer=peer, message=directs, sign=headers, forge=dict(FORGE))
