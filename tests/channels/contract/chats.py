"""Web chat on the conformance bench: the calls are those of the visitor's own page, and the peer is what it shows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import select

from channels import transcript
from channels.chat import tokens
from channels.models import Channel, Visit
from helpdesk.db import db
from tests.channels.contract.bench import Bench, Said
from tests.channels.planting import planted

KEY = "hookkeyofchat"
SITE = "https://www.orchard-dairy.example"
SECRET = "a secret of the site that is long enough"


def connected(**config: str) -> Channel:
    settled = {"accent": "#1853a5", "side": "right", "fallback_minutes": "10", **config}
    return planted("chat", SITE, settled, {"identity_secret": SECRET}, key=KEY)


def key_of(chat: int) -> str:
    return f"visitor{chat}"


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens.mint(KEY, key)}"}


def message(said: Said) -> bytes:
    """What the page posts; it names its conversation, and the header proves it."""
    words = {"visit": key_of(said.chat), "id": f"m{said.number}", "text": said.text, "name": said.author}
    return json.dumps(words, ensure_ascii=False).encode()


def sign(raw: bytes) -> dict[str, str]:
    try:
        visit = json.loads(raw).get("visit", "")
    except ValueError:
        return {}
    return bearer(visit) if visit else {}


@dataclass
class _Peer:
    def channel(self) -> Channel:
        return connected()

    def accept(self) -> None:
        """It always does."""

    def taken(self) -> list[str]:
        """What the visitors' pages show of ours."""
        visits = db.session.scalars(select(Visit).order_by(Visit.id))
        return [one.text for visit in visits for one in transcript.told(visit) if not one.mine]


@contextmanager
def peer() -> Iterator[_Peer]:
    yield _Peer()


BENCH = Bench(
    kind="chat",
    peer=peer,  # type: ignore[arg-type]
    message=message,
    sign=sign,
    forge={
        "missing": lambda _: {},
        "wrong": lambda raw: {"Authorization": sign(raw).get("Authorization", "Bearer x.y")[:-1] + "!"},
        "not ASCII": lambda _: {"Authorization": "Bearer \xe9" * 20},
        "another chat's": lambda raw: {"Authorization": "Bearer " + tokens.mint("another", "visitor501")},
    },
    door="/chat/{key}/messages",
    elsewhere=None,
    garbage=None,
)
