"""Slack on the conformance bench: direct messages to the app, as the Events API tells them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from channels.models import Channel
from helpdesk.now import now
from tests.channels.contract.bench import Bench, Said, Turned
from tests.channels.planting import planted
from tests.fakes import slack as slacks
from tests.fakes.slack import Slack

KEY = "hookkeyofslack"
WORKSPACE = "meridian.slack.com"


def connected(slack: Slack, **config: str) -> Channel:
    settled = {"incoming": "webhook", "takes": "direct", "members": "customers", "base_url": slack.url, **config}
    secrets = {"bot_token": slacks.BOT_TOKEN, "signing_secret": slacks.SIGNING_SECRET}
    return planted("slack", WORKSPACE, settled, secrets, key=KEY)


def stamp(said: Said) -> str:
    return f"{Said().at}.{said.number:06d}"


def written(said: Said, **more: Any) -> dict[str, Any]:
    """docs.slack.dev/reference/events/message.im"""
    return {
        "type": "message",
        "channel": f"D{said.chat}",
        "user": f"U{said.chat}",
        "team": slacks.TEAM,
        "text": said.text,
        "ts": stamp(said),
        "event_ts": stamp(said),
        "channel_type": "im",
        "client_msg_id": f"c-{said.number}",
        **more,
    }


def told(event: dict[str, Any], event_id: str, **more: Any) -> bytes:
    return json.dumps(slacks.outer(event, event_id, **more), ensure_ascii=False).encode()


def message(said: Said) -> bytes:
    return told(written(said), f"Ev{said.chat}X{said.number}")


def edit(said: Said) -> bytes:
    at = f"{said.at}.000500"
    now_says = {**written(said), "edited": {"user": f"U{said.chat}", "ts": at}}
    return told(changed(said, now_says, at), f"EvE{said.number}X{said.at}")


def changed(said: Said, now_says: dict[str, Any], at: str) -> dict[str, Any]:
    """docs.slack.dev/reference/events/message/message_changed"""
    return {
        "type": "message",
        "subtype": "message_changed",
        "hidden": True,
        "channel": f"D{said.chat}",
        "channel_type": "im",
        "ts": at,
        "event_ts": at,
        "message": now_says,
        "previous_message": written(said),
    }


def delete(said: Said) -> bytes:
    """docs.slack.dev/reference/events/message/message_deleted"""
    at = f"{said.at}.000900"
    gone = {
        "type": "message",
        "subtype": "message_deleted",
        "hidden": True,
        "channel": f"D{said.chat}",
        "channel_type": "im",
        "ts": at,
        "event_ts": at,
        "deleted_ts": stamp(said),
        "previous_message": written(said),
    }
    return told(gone, f"EvD{said.number}X{said.at}")


def sign(raw: bytes) -> dict[str, str]:
    return slacks.signed(raw, int(now().timestamp()))


@dataclass
class _Peer(Turned):
    there: Slack

    def channel(self) -> Channel:
        return connected(self.there)

    def refuse_for_now(self, seconds: int) -> None:
        self.there.refusals.append((429, "ratelimited", seconds))

    def break_down(self) -> None:
        self.there.refusals.append((503, "service_unavailable", 0))

    def forget_us(self) -> None:
        self.there.bot_token = "another"

    def lose_the_customer(self) -> None:
        self.there.refusals.append((200, "channel_not_found", 0))

    def taken(self) -> list[str]:
        return [one["text"] for one in self.there.posts]


@contextmanager
def peer() -> Iterator[_Peer]:
    with Slack() as slack:
        yield _Peer(slack)


BENCH = Bench(
    kind="slack",
    peer=peer,
    message=message,
    edit=edit,
    delete=delete,
    sign=sign,
    forge={
        "missing": lambda _: {},
        "wrong": lambda raw: slacks.signed(raw, int(now().timestamp()), "another secret"),
        "altered": lambda raw: slacks.signed(raw + b" ", int(now().timestamp())),
        "old": lambda raw: slacks.signed(raw, int(now().timestamp()) - 301),
        "not ASCII": lambda raw: {**sign(raw), "X-Slack-Signature": "\xe9" * 20},
    },
)
