"""A telephone number on the conformance bench: text messages as Twilio tells of them, and sends ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from sqlalchemy import select

from channels.models import Channel, Conversation
from helpdesk.db import db
from helpdesk.settings import settings
from helpdesk.tickets.models import Ticket
from tests.channels import lines
from tests.channels.contract.bench import Bench, Said, Turned
from tests.fakes import twilio as twilios
from tests.fakes.twilio import Twilio

_SIGNING = Twilio()
"""Signs; nobody asks it anything."""


def number_of(said: Said) -> str:
    return f"+4915112300{said.chat}"


def fields(said: Said, **more: str) -> dict[str, str]:
    """A message that came in (twilio.com/docs/messaging/guides/webhook-request)."""
    sid = f"SM{said.number:032x}"
    who = {"From": number_of(said), "To": twilios.NUMBER, "FromCountry": "DE", "AccountSid": twilios.ACCOUNT}
    known = {"MessageSid": sid, "SmsSid": sid, "SmsMessageSid": sid, "SmsStatus": "received", "NumSegments": "1"}
    return {**known, **who, "Body": said.text, "NumMedia": "0", "ApiVersion": "2010-04-01", **more}


def message(said: Said) -> bytes:
    return urlencode(fields(said)).encode()


def signature(raw: bytes, *, query: str = "") -> str:
    form = dict(parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True))
    return _SIGNING.sign(f"{settings().base_url.rstrip('/')}{lines.HOOK}{query}", form)


def sign(raw: bytes) -> dict[str, str]:
    return {"X-Twilio-Signature": signature(raw)}


def stop(ticket: Ticket) -> None:
    """As if they had answered STOP."""
    rows = select(Conversation).where(Conversation.ticket_id == ticket.id)
    db.session.scalars(rows).one().facts = {"stopped": "yes"}
    db.session.commit()


@dataclass
class _Peer(Turned):
    there: Twilio

    def channel(self) -> Channel:
        channel = lines.number(self.there)
        channel.state = "working"
        db.session.commit()
        return channel

    def refuse_for_now(self, seconds: int) -> None:
        self.there.refusals.append((429, 20429, seconds))

    def break_down(self) -> None:
        self.there.refusals.append((503, 20503, 0))

    def forget_us(self) -> None:
        self.there.token = "another"

    def lose_the_customer(self) -> None:
        self.there.refusals.append((400, 21610, 0))

    def taken(self) -> list[str]:
        return [one.form["Body"] for one in self.there.sent]


@contextmanager
def peer() -> Iterator[_Peer]:
    with Twilio() as twilio:
        yield _Peer(twilio)


def _altered(raw: bytes) -> dict[str, str]:
    return sign(raw + b"&Extra=1")


BENCH = Bench(
    kind="phone",
    peer=peer,
    message=message,
    sign=sign,
    forge={
        "missing": lambda _: {},
        "wrong": lambda raw: {"X-Twilio-Signature": signature(raw)[:-4] + "AAA="},
        "altered": _altered,
        "for another address": lambda raw: {"X-Twilio-Signature": signature(raw, query="?delivery=1")},
        "not ASCII": lambda _: {"X-Twilio-Signature": "\xe9" * 20},
    },
    content_type="application/x-www-form-urlencoded",
    window=stop,
    garbage=(
        b"", b"\xff\xfe\x00", b"[]", b"{", b'{"MessageSid": 1}', b"[" * 5000, b"MessageSid=", b"CallSid=&From=x",
        b"MessageSid=SM1&From=%00%00&Body=x", b"RecordingSid=RE1&CallSid=CA1&RecordingUrl=javascript:1",
        b"&".join(b"%d=" % n for n in range(290)),
    ),
)  # fmt: skip


def told(**more: Any) -> bytes:
    """Any other call of the provider's."""
    return urlencode({"AccountSid": twilios.ACCOUNT, "ApiVersion": "2010-04-01", **more}).encode()
