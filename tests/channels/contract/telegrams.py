"""Telegram on the conformance bench."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from channels.models import Channel
from tests.channels.contract.bench import Bench, Said, Turned
from tests.channels.planting import planted
from tests.fakes import telegram as telegrams
from tests.fakes.telegram import Telegram

SECRET = "a-secret-of-the-hook_0123456789"
KEY = "hookkeyoftelegram"


def connected(telegram: Telegram, incoming: str = "webhook") -> Channel:
    config = {"incoming": incoming, "base_url": telegram.url}
    secrets = {"token": telegrams.TOKEN, "hook_secret": SECRET}
    return planted("telegram", f"@{telegrams.USERNAME}", config, secrets, key=KEY)


def written(said: Said, **more: Any) -> dict[str, Any]:
    """A Message in a private chat (core.telegram.org/bots/api#message)."""
    first, _, last = said.author.partition(" ")
    sender = {"id": said.chat, "is_bot": False, "first_name": first, "last_name": last, "language_code": "en"}
    chat = {"id": said.chat, "first_name": first, "last_name": last, "type": "private"}
    return {"message_id": said.number, "from": sender, "chat": chat, "date": said.at, "text": said.text, **more}


def update(number: int, **what: Any) -> bytes:
    return json.dumps({"update_id": number, **what}, ensure_ascii=False).encode()


def message(said: Said) -> bytes:
    return update(10_000 + said.number, message=written(said))


def edit(said: Said) -> bytes:
    return update(20_000 + said.number + said.at % 1000, edited_message=written(said, edit_date=said.at))


@dataclass
class _Peer(Turned):
    there: Telegram

    def channel(self) -> Channel:
        return connected(self.there)

    def refuse_for_now(self, seconds: int) -> None:
        self.there.refusals.append((429, f"Too Many Requests: retry after {seconds}", seconds))

    def break_down(self) -> None:
        self.there.refusals.append((503, "Service Unavailable", 0))

    def forget_us(self) -> None:
        self.there.token = "another"

    def lose_the_customer(self) -> None:
        self.there.refusals.append((403, "Forbidden: bot was blocked by the user", 0))

    def taken(self) -> list[str]:
        return [one.get("text", "") for one in self.there.sent]


@contextmanager
def peer() -> Iterator[_Peer]:
    with Telegram() as telegram:
        yield _Peer(telegram)


BENCH = Bench(
    kind="telegram",
    peer=peer,
    message=message,
    edit=edit,
    sign=lambda _: {"X-Telegram-Bot-Api-Secret-Token": SECRET},
    forge={
        "missing": lambda _: {},
        "wrong": lambda _: {"X-Telegram-Bot-Api-Secret-Token": SECRET[:-1] + "x"},
        "not ASCII": lambda _: {"X-Telegram-Bot-Api-Secret-Token": "\xe9" * 20},
    },
)
