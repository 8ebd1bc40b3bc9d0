"""Messenger, Instagram and WhatsApp on the conformance bench: one peer, three ways to be called."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import update

from channels.models import Channel, Conversation
from helpdesk.db import db
from helpdesk.now import now
from helpdesk.tickets.models import Ticket
from tests.channels.contract.bench import Bench, Said, Turned
from tests.channels.planting import planted
from tests.fakes import graph as graphs
from tests.fakes.graph import Graph, Refusal

ADDRESSES = {"messenger": graphs.PAGE, "instagram": graphs.INSTAGRAM, "whatsapp": graphs.NUMBER}


def connected(graph: Graph, kind: str, **more: Any) -> Channel:
    address = more.pop("address", ADDRESSES[kind])
    config = {"base_url": graph.url}
    if kind == "whatsapp":
        config |= {"number_id": graphs.NUMBER_ID, "business": graphs.BUSINESS}
    secret = more.pop("app_secret", graphs.APP_SECRET)
    secrets = {"token": graphs.TOKEN, "app_secret": secret, "verify_token": graphs.VERIFY_TOKEN}
    return planted(kind, address, config, secrets, key=f"hookkeyof{kind}{address.lstrip('+')[-4:]}")


def seconds(said: Said) -> int:
    """By a clock that stands near ours: these providers count the hours since somebody wrote."""
    return int(now().timestamp()) + said.at - Said().at


def person(said: Said) -> str:
    return str(7_000_000_000_000 + said.chat)


def call(about: str, account: str, *events: dict[str, Any]) -> bytes:
    """A call about one page or account."""
    entry = {"id": account, "time": 1_790_000_000_000, "messaging": list(events)}
    return json.dumps({"object": about, "entry": [entry]}, ensure_ascii=False).encode()


def event(account: str, said: Said, **what: Any) -> dict[str, Any]:
    at = seconds(said) * 1000
    return {"sender": {"id": person(said)}, "recipient": {"id": account}, "timestamp": at, **what}


def echo(account: str, said: Said, **message: Any) -> dict[str, Any]:
    """What was said by our own side."""
    told = event(account, said, message={"is_echo": True, **message})
    return {**told, "sender": {"id": account}, "recipient": {"id": person(said)}}


def mid(said: Said) -> str:
    return f"m_{said.chat}_{said.number}"


def wamid(said: Said) -> str:
    return f"wamid.{said.chat}.{said.number}"


def number(said: Said) -> str:
    return f"49151{said.chat:08d}"


def change(field: str = "messages", *, display: str = graphs.NUMBER[1:], **value: Any) -> bytes:
    """A call about the WhatsApp number."""
    metadata = {"display_phone_number": display, "phone_number_id": graphs.NUMBER_ID}
    whole = {"messaging_product": "whatsapp", "metadata": metadata, **value}
    entry = {"id": graphs.BUSINESS, "changes": [{"value": whole, "field": field}]}
    return json.dumps({"object": "whatsapp_business_account", "entry": [entry]}, ensure_ascii=False).encode()


def contact(said: Said, **more: Any) -> dict[str, Any]:
    return {"profile": {"name": said.author}, "wa_id": number(said), **more}


def written(said: Said, **more: Any) -> dict[str, Any]:
    text = {"type": "text", "text": {"body": said.text}}
    return {"from": number(said), "id": wamid(said), "timestamp": str(seconds(said)), **text, **more}


def whatsapp_message(said: Said) -> bytes:
    return change(contacts=[contact(said)], messages=[written(said)])


def whatsapp_edit(said: Said) -> bytes:
    changed = {"original_message_id": wamid(said), "message": {"type": "text", "text": {"body": said.text}}}
    told = written(said, id=f"wamid.edit.{said.number}.{said.at}", type="edit", edit=changed)
    return change(contacts=[contact(said)], messages=[told])


def whatsapp_delete(said: Said) -> bytes:
    gone = {"original_message_id": wamid(said)}
    told = written(said, id=f"wamid.revoke.{said.number}", type="revoke", revoke=gone)
    return change(contacts=[contact(said)], messages=[told])


def whatsapp_status(name: str, status: str, **more: Any) -> bytes:
    told = {"id": name, "status": status, "timestamp": str(int(now().timestamp())), "recipient_id": "x", **more}
    return change(statuses=[told])


def _page_message(about: str, account: str) -> Callable[[Said], bytes]:
    return lambda said: call(about, account, event(account, said, message={"mid": mid(said), "text": said.text}))


def _page_edit(about: str, account: str) -> Callable[[Said], bytes]:
    def edit(said: Said) -> bytes:
        changed = {"mid": mid(said), "text": said.text, "num_edit": said.at % 100_000}
        return call(about, account, event(account, said, message_edit=changed))

    return edit


def _instagram_delete(said: Said) -> bytes:
    gone = {"mid": mid(said), "is_deleted": True}
    return call("instagram", graphs.INSTAGRAM, event(graphs.INSTAGRAM, said, message=gone))


@dataclass
class Peer(Turned):
    there: Graph
    kind: str

    def channel(self) -> Channel:
        return connected(self.there, self.kind)

    def refuse_for_now(self, seconds: int) -> None:
        self.there.refusals.append(Refusal(429, 613, 0, "(#613) Calls have exceeded", {"Retry-After": str(seconds)}))

    def break_down(self) -> None:
        self.there.refusals.append(Refusal(500, 2, 0, "(#2) Service temporarily unavailable"))

    def forget_us(self) -> None:
        self.there.token = "another"

    def lose_the_customer(self) -> None:
        self.there.refusals.append(Refusal(400, 131026 if self.kind == "whatsapp" else 551, 0, "(#551) Unavailable"))

    def taken(self) -> list[str]:
        return [words(one) for one in self.there.sent]


def words(sent: dict[str, Any]) -> str:
    if "message" in sent:
        return str(sent["message"].get("text", ""))
    return str(sent.get("text", {}).get("body", ""))


def close(ticket: Ticket) -> None:
    """They wrote eight days ago."""
    long_ago = now() - timedelta(days=8)
    db.session.execute(update(Conversation).where(Conversation.ticket_id == ticket.id).values(last_inbound_at=long_ago))
    db.session.commit()
    db.session.expire_all()


def _peer(kind: str) -> Callable[[], Any]:
    @contextmanager
    def there() -> Iterator[Peer]:
        with Graph() as graph:
            yield Peer(graph, kind)

    return there


def sign(raw: bytes, secret: str = graphs.APP_SECRET) -> dict[str, str]:
    with_secret = Graph.__new__(Graph)
    with_secret.app_secret = secret
    return with_secret.sign(raw)


_FORGE: dict[str, Callable[[bytes], dict[str, str]]] = {
    "missing": lambda _: {},
    "wrong": lambda raw: sign(raw, "f" * 32),
    "altered": lambda raw: sign(raw + b" "),
    "the old algorithm": lambda raw: {"X-Hub-Signature": sign(raw)["X-Hub-Signature-256"]},
    "not ASCII": lambda _: {"X-Hub-Signature-256": "sha256=\xe9"},
    "without its name": lambda raw: {"X-Hub-Signature-256": sign(raw)["X-Hub-Signature-256"][7:]},
}

MESSENGER = Bench(
    kind="messenger",
    peer=_peer("messenger"),
    message=_page_message("page", graphs.PAGE),
    edit=_page_edit("page", graphs.PAGE),
    sign=sign,
    forge=_FORGE,
    window=close,
)
INSTAGRAM = Bench(
    kind="instagram",
    peer=_peer("instagram"),
    message=_page_message("instagram", graphs.INSTAGRAM),
    edit=_page_edit("instagram", graphs.INSTAGRAM),
    delete=_instagram_delete,
    sign=sign,
    forge=_FORGE,
    window=close,
)
WHATSAPP = Bench(
    kind="whatsapp",
    peer=_peer("whatsapp"),
    message=whatsapp_message,
    edit=whatsapp_edit,
    delete=whatsapp_delete,
    sign=sign,
    forge=_FORGE,
    window=close,
)
