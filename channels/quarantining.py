"""The quarantine: what stands in it, newest first, how many, and what leaves it. Verbs flush; whoever calls commits."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, ScalarSelect, Select, delete, func, literal_column, select
from sqlalchemy.orm.interfaces import ORMOption

from channels import intake, registry
from channels.email import addresses, headers
from channels.models import Channel, Inbound
from helpdesk import live
from helpdesk.db import db
from helpdesk.now import now
from helpdesk.pagination import Slice, cut, decode

PAGE = 50
KEPT_FOR = timedelta(days=14)
_HEAD_BYTES = 16 * 1024
_FIELD = re.compile(r"^(from|subject):([^\r\n]*(?:\r?\n[ \t][^\r\n]*)*)", re.IGNORECASE | re.MULTILINE)
_LONGEST = 1000
_HELD: ColumnElement[bool] = literal_column("state = 'quarantined'")
"""The state is spelled out: with a parameter the database would look for the partial index anew on every page."""


@dataclass(frozen=True, slots=True)
class Held:
    """One mail in quarantine. `sender` and `subject` are guesses, plain text, empty when they cannot be read."""

    id: int
    received_at: datetime
    size: int
    reason: str
    mailbox: str
    sender: str
    subject: str


def listed(state: str, after: str = "") -> Slice[Held]:
    """A page of what is "quarantined" or "discarded", newest first; `after` is the cursor of the page before.

    Raises:
        Invalid: the cursor is not one of ours.
    """
    head = func.substr(Inbound.raw, 1, _HEAD_BYTES)
    rows = (
        select(Inbound.id, Inbound.received_at, Inbound.size, Inbound.reason, Channel.address, head)
        .join(Channel, Channel.id == Inbound.channel_id)
        .where(Inbound.state == state)
        .order_by(Inbound.id.desc())
        .limit(PAGE + 1)
    )
    if after:
        rows = rows.where(Inbound.id < decode(after, int)[0])
    found = [_held(*row) for row in db.session.execute(rows)]
    return cut(found, PAGE, lambda held: (held.id,))


def waiting() -> ScalarSelect[int]:
    """How many mails wait for somebody's decision; a small partial index answers."""
    return select(func.count()).select_from(Inbound).where(_HELD).scalar_subquery()


def hold(inbound_id: int, state: str, *options: ORMOption) -> Inbound | None:
    """The mail, locked, as long as it is still in `state`: two agents may click at once."""
    wanted: Select[Inbound] = select(Inbound).where(Inbound.id == inbound_id, Inbound.state == state)
    return db.session.scalars(wanted.options(*options).with_for_update(of=Inbound)).one_or_none()


def move(inbound_id: int, before: str, after: str) -> bool:
    """From one state to another; False when it is not in `before` any more."""
    inbound = hold(inbound_id, before)
    if inbound is None:
        return False
    if after == "discarded":
        intake.discard(inbound)
    else:
        inbound.state = after
    if after == "waiting":
        inbound.attempts = 0
        registry.arrived.set()
    announce()
    db.session.flush()
    return True


def explain(inbound_id: int, reason: str) -> None:
    """Write down why it could not be read this time."""
    inbound = hold(inbound_id, "quarantined")
    if inbound is not None:
        inbound.reason = reason


def announce() -> None:
    """The number of mails in quarantine changed."""
    live.announce(kind="inbound.quarantined")


def forget_discarded() -> int:
    """Delete what was discarded and came in more than 14 days ago, and commit; how many. A tick of the scheduler."""
    old = select(Inbound.id).where(Inbound.state == "discarded", Inbound.received_at < now() - KEPT_FOR).limit(500)
    gone = db.session.execute(delete(Inbound).where(Inbound.id.in_(old)).returning(Inbound.id)).all()
    db.session.commit()
    return len(gone)


def _held(inbound_id: int, at: datetime, size: int, reason: str, mailbox: str, head: bytes) -> Held:  # noqa: PLR0913, PLR0917
    sender, subject = _guessed(bytes(head))
    return Held(inbound_id, at, size, reason, mailbox, sender, subject)


def _guessed(head: bytes) -> tuple[str, str]:
    """Who may have written about what, from the first 16 kB, each field cut short before it is decoded."""
    top = re.split(rb"\r?\n\r?\n", head, maxsplit=1)[0].decode("ascii", "surrogateescape")
    fields: dict[str, str] = {}
    for match in _FIELD.finditer(top):
        fields.setdefault(match[1].lower(), match[2][:_LONGEST])
    author = addresses.author([fields["from"]]) if "from" in fields else None
    sender = author.party.address or author.party.name if author is not None else ""
    return sender[:200], " ".join(headers.name(fields.get("subject", "")).split())[:200]
