"""Machines on the conformance bench: they tell, and nobody answers them."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from channels.device import keys
from channels.device.models import DeviceKey
from channels.models import Channel
from helpdesk.db import db
from helpdesk.now import now
from tests.channels.contract.bench import Bench, Said
from tests.channels.planting import planted

HOOK = "hookkeyofdevices"
PLAIN = "kept_a-key-of-the-bench_0123456789"


def connected(**config: str) -> Channel:
    """A channel of machines with one key, committed."""
    channel = planted("device", "Cold rooms", {"incoming": "webhook", **config}, {}, key=HOOK)
    db.session.add(
        DeviceKey(
            channel_id=channel.id,
            name="The bench",
            hash=keys.digest(PLAIN),
            tail=PLAIN[-4:],
            made_by="Ada Berg",
            created_at=now(),
        )
    )
    db.session.commit()
    return channel


def message(said: Said) -> bytes:
    told = {"device": f"unit-{said.chat}", "fault": "E17", "id": f"{said.number}", "title": said.text}
    return json.dumps(told, ensure_ascii=False).encode()


def signed(_: bytes = b"") -> dict[str, str]:
    return {"Authorization": f"Bearer {PLAIN}"}


@dataclass
class _Peer:
    """A machine only calls: there is nothing to turn."""

    def channel(self) -> Channel:
        return connected()

    def accept(self) -> None: ...

    def refuse_for_now(self, seconds: int) -> None: ...

    def break_down(self) -> None: ...

    def hang_up(self) -> None: ...

    def forget_us(self) -> None: ...

    def lose_the_customer(self) -> None: ...

    def taken(self) -> list[str]:
        return []


@contextmanager
def peer() -> Iterator[_Peer]:
    yield _Peer()


BENCH = Bench(
    kind="device",
    peer=peer,
    message=message,
    sign=signed,
    forge={
        "missing": lambda _: {},
        "wrong": lambda _: {"Authorization": f"Bearer {PLAIN[:-1]}x"},
        "empty": lambda _: {"Authorization": "Bearer "},
        "not ASCII": lambda _: {"Authorization": "Bearer \xe9\xe9"},
        "broken": lambda _: {"Authorization": "Basic %%%"},
        "as a name": lambda _: {"Authorization": f"Basic {b64encode(PLAIN.encode() + b':').decode()}"},
    },
    answers=None,
)
