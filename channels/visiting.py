"""Visitors of a chat: who they are, what they say and read, and whether they look at it. Operations flush only."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, and_, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from channels import transcript
from channels.adapter import Arrival
from channels.chat import reading
from channels.models import Channel, Conversation, Visit
from channels.transcript import KIND
from helpdesk import live
from helpdesk.db import among, db
from helpdesk.events import Event
from helpdesk.now import now
from helpdesk.outbox import DeliveryRecipient
from helpdesk.tickets.models import Ticket

AWAY_AFTER = timedelta(seconds=90)
"""A page that was not heard of for so long is closed, whatever it said."""
_MOST_TOLD = 200
"""A site that comes back brings everybody at once; agents' pages look again by themselves."""


def topic(channel_id: int, key: str) -> str:
    """What a page of this visit listens to."""
    return f"visit:{channel_id}:{key}"


def find(channel_id: int, key: str) -> Visit | None:
    return db.session.scalars(_visit(channel_id, key)).one_or_none()


def arrive(channel: Channel, key: str, *, zone: str = "") -> Visit:
    """The visit of this key, made when it is new; they are here now."""
    values = {"channel_id": channel.id, "key": key, "zone": zone, "created_at": now(), "seen_at": now()}
    db.session.execute(insert(Visit).values(name="", email="", mailed_upto=0, **values).on_conflict_do_nothing())
    visit = db.session.scalars(_visit(channel.id, key).with_for_update()).one()
    visit.seen_at, visit.zone = now(), zone or visit.zone
    return visit


def introduce(visit: Visit, *, name: str, email: str) -> None:
    """What they say of themselves; what was proven stays."""
    visit.name = name or visit.name
    if email and not visit.is_known:
        visit.email = email


def said(visit: Visit, name: str, text: str, files: Sequence[dict[str, Any]], *, site: str = "") -> Arrival:
    """What is told of new words; `name` is their page's own for them, so that twice is once."""
    event = {
        "kind": reading.MESSAGE,
        "visit": visit.key,
        "id": name,
        "name": visit.name or "Visitor",
        "text": text,
        "at": int(now().timestamp() * 1000),
        "files": list(files),
        "site": site,
    }
    return Arrival(f"{visit.key}:{name}", json.dumps(event, ensure_ascii=False).encode())


def shown(visit: Visit, names: Sequence[str], state: str) -> list[Arrival]:
    """What is told when answers were shown or read; `names` as they were said, others count for nothing."""
    mine = [name for name in names if f"{visit.channel_id}/{name}" in _answers(visit, names)]
    events = [{"kind": reading.SHOWN, "visit": visit.key, "message": name, "state": state} for name in mine]
    return [Arrival(f"{state}:{one['message']}", json.dumps(one).encode()) for one in events]


def read_all(visit: Visit) -> None:
    """They look at it, and nothing waits to be read."""
    visit.unread_since = None


def here(ticket: Ticket) -> Visit | None:
    """The visitor who last wrote on this ticket by chat."""
    rows = (
        select(Visit)
        .join(Conversation, and_(Conversation.channel_id == Visit.channel_id, Conversation.key == Visit.key))
        .where(Conversation.ticket_id == ticket.id)
        .order_by(Conversation.last_inbound_at.desc())
    )
    return db.session.scalars(rows.limit(1)).one_or_none()


def is_here(visit: Visit) -> bool:
    """Whether a page of theirs is open now."""
    return visit.left_at is None and now() - visit.seen_at < AWAY_AFTER


def ticket_of(visit: Visit) -> Ticket | None:
    conversation = transcript.conversation_of(visit)
    return db.session.get(Ticket, conversation.ticket_id) if conversation is not None else None


def note_presence(present: set[str], left: set[str]) -> None:
    """Write down which topics are listened to and which no more; agents hear of what changed."""
    changed: list[str] = []
    for channel_id, keys in _by_channel(present).items():
        mine = Visit.channel_id == channel_id, among(Visit.key, keys)
        was_away = or_(Visit.left_at.is_not(None), Visit.seen_at < now() - AWAY_AFTER)
        changed += db.session.scalars(select(Visit.key).where(*mine, was_away)).all()
        db.session.execute(update(Visit).where(*mine).values(seen_at=now(), left_at=None))
    for channel_id, keys in _by_channel(left).items():
        gone = update(Visit).where(Visit.channel_id == channel_id, among(Visit.key, keys), Visit.left_at.is_(None))
        changed += db.session.scalars(gone.values(seen_at=now(), left_at=now()).returning(Visit.key)).all()
    _announce(changed)


def hear(event: Event) -> None:
    """An answer was said: the pages of the visitor look, and until they say so it is not read."""
    ticket = db.session.get_one(Ticket, event.ticket_id)
    if ticket.channel_kind != KIND:
        return
    pages = select(Conversation.channel_id, Conversation.key).join(Channel).where(Conversation.ticket_id == ticket.id)
    for channel_id, key in db.session.execute(pages.where(Channel.kind == KIND)):
        live.whisper(to=topic(channel_id, key), kind="look")
        unread = update(Visit).where(Visit.channel_id == channel_id, Visit.key == key)
        db.session.execute(unread.where(Visit.unread_since.is_(None)).values(unread_since=now()))


def repeat(channel: Channel, key: str) -> None:
    """The visitor's words were filed: their other pages look too."""
    if channel.kind == KIND:
        live.whisper(to=topic(channel.id, key), kind="look")


def _visit(channel_id: int, key: str) -> Select[Visit]:
    rows = select(Visit).where(Visit.channel_id == channel_id, Visit.key == key)
    return rows.execution_options(populate_existing=True)


def _answers(visit: Visit, names: Sequence[str]) -> set[str]:
    """Which of these names are of answers to this visitor that are not known to be read."""
    qualified = [f"{visit.channel_id}/{name}" for name in names]
    rows = select(DeliveryRecipient.external_id).where(
        among(DeliveryRecipient.external_id, qualified),
        DeliveryRecipient.address == visit.key,
        DeliveryRecipient.progress != "read",
    )
    return {name for name in db.session.scalars(rows) if name}


def _announce(keys: Sequence[str]) -> None:
    rows = select(Ticket).join(Conversation, Conversation.ticket_id == Ticket.id).where(among(Conversation.key, keys))
    for ticket in db.session.scalars(rows.limit(_MOST_TOLD)) if keys else ():
        live.announce(kind="chat.presence", id=ticket.number)


def _by_channel(topics: set[str]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for _, channel_id, key in (one.split(":", 2) for one in topics if one.startswith("visit:")):
        found.setdefault(int(channel_id), []).append(key)
    return found
