"""Drafts: an agent's unsent words, kept on the server; reply and note never mix."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import selectinload

from helpdesk.db import db
from helpdesk.errors import Invalid, NotFound
from helpdesk.now import now
from helpdesk.people.models import Agent
from helpdesk.tickets.inputs import File
from helpdesk.tickets.models import Attachment, Draft, Message, Ticket

_FILES_PER_DRAFT = 20
_BYTES_PER_DRAFT = 25_000_000


_OWN = select(Draft).where(Draft.agent_id == bindparam("agent")).options(selectinload(Draft.attachments))
_OF_TICKET = _OWN.where(Draft.ticket_id == bindparam("ticket"))
_OF_NONE = _OWN.where(Draft.ticket_id.is_(None))


def drafts_of(agent: Agent, ticket: Ticket | None) -> Sequence[Draft]:
    """At most one of each kind."""
    if ticket is None:
        return db.session.scalars(_OF_NONE, {"agent": agent.id}).all()
    return db.session.scalars(_OF_TICKET, {"agent": agent.id, "ticket": ticket.id}).all()


def find(agent: Agent, ticket: Ticket | None, kind: str) -> Draft | None:
    return next((draft for draft in drafts_of(agent, ticket) if draft.kind == kind), None)


def take(agent: Agent, ticket: Ticket | None, kind: str) -> Draft:
    """The agent's draft of this kind, begun now if there is none."""
    values: dict[str, Any] = {
        "agent_id": agent.id,
        "ticket_id": ticket.id if ticket else None,
        "kind": kind,
        "seen_message_id": _newest(ticket),
        "updated_at": now(),
        "body": "",
        "fields": {},
    }
    db.session.execute(insert(Draft).values(**values).on_conflict_do_nothing())
    found = find(agent, ticket, kind)
    if found is None:
        raise LookupError("the draft vanished while it was being made")
    return found


def save(draft: Draft, body: str, **fields: str) -> Draft:
    draft.body = body.replace("\0", "")[:200_000]
    draft.fields = fields
    draft.updated_at = now()
    return draft


def attach(draft: Draft, file: File) -> Attachment:
    """Put a stored file on a draft.

    Raises:
        Invalid: there are too many, or they are too large together.
    """
    total, count = db.session.execute(
        select(func.coalesce(func.sum(Attachment.size), 0), func.count()).where(Attachment.draft_id == draft.id)
    ).one()
    if count >= _FILES_PER_DRAFT or total + file.size > _BYTES_PER_DRAFT:
        raise Invalid(
            "That is more than one message can carry: 20 files, 25 MB together.", {"file": "Too much for one message."}
        )
    attachment = Attachment(
        key=file.key,
        draft_id=draft.id,
        sha256=file.sha256,
        filename=file.filename,
        content_type=file.content_type,
        size=file.size,
    )
    db.session.add(attachment)
    db.session.flush()
    return attachment


def detach(agent: Agent, key: str) -> Draft:
    """Take a file off a draft of the agent's own; the draft.

    Raises:
        NotFound: there is none such on their drafts.
    """
    own = select(Attachment).join(Draft, Draft.id == Attachment.draft_id)
    found = db.session.scalars(own.where(Attachment.key == key, Draft.agent_id == agent.id)).one_or_none()
    if found is None:
        raise NotFound("This file is not on a draft of yours.")
    db.session.delete(found)
    return db.session.get_one(Draft, found.draft_id)


def answered_since(draft: Draft) -> Sequence[Message]:
    """Replies by others that went out after this draft was begun: a reason to stop before sending."""
    return db.session.scalars(
        select(Message).where(
            Message.ticket_id == draft.ticket_id,
            Message.id > draft.seen_message_id,
            Message.direction == "out",
            Message.agent_id != draft.agent_id,
        )
    ).all()


def _newest(ticket: Ticket | None) -> int:
    if ticket is None:
        return 0
    return db.session.scalar(select(func.max(Message.id)).where(Message.ticket_id == ticket.id)) or 0
