"""Every way words enter a ticket: received from a customer, replied, noted, written first by an agent."""

from __future__ import annotations

import secrets
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm.attributes import set_committed_value

from helpdesk import events, outbox
from helpdesk.db import db, new_id, next_values, reserve
from helpdesk.errors import Conflict, Invalid
from helpdesk.events import Event
from helpdesk.now import now
from helpdesk.outbox import Delivery
from helpdesk.people import contacts
from helpdesk.people.models import Agent, Contact
from helpdesk.rows import keep
from helpdesk.text.plain import snippet
from helpdesk.tickets import addressing, reach, search
from helpdesk.tickets.dues import place
from helpdesk.tickets.inputs import Answer, File, Incoming, NewTicket
from helpdesk.tickets.lifecycle import reopen, resolve, standing, wake
from helpdesk.tickets.models import Attachment, Draft, Message, Priority, Status, Ticket
from helpdesk.tickets.timeline import WHOLE
from helpdesk.tickets.triage import wait_for

_SUBJECT_LIMIT = 300
_BODY_LIMIT = 200_000

_OF_FORM = select(Message).where(Message.client_id == bindparam("form")).options(*WHOLE)
_IS_SENT = _OF_FORM.with_only_columns(Message.id)


def open_ticket(contact: Contact, incoming: Incoming, *, follows: Ticket | None = None) -> Ticket:
    """Begin a ticket that holds no message yet; `receive` brings the first."""
    at = now()
    ticket = Ticket(
        id=new_id("ticket"),
        subject=_subject(incoming.subject),
        status=Status.OPEN,
        priority=Priority.NORMAL,
        contact_id=contact.id,
        organization_id=contact.organization_id,
        team_id=incoming.team_id,
        channel_id=incoming.channel_id,
        channel_kind=incoming.channel_kind,
        created_at=at,
        last_message_at=at,
        queue_at=at,
        queue_rank=2,
        message_count=0,
        times=0,
        tag_ids=[],
        next_due_words="",
        next_due_asleep={},
        follows_id=follows.id if follows else None,
        suggested_number=incoming.suggested_number,
    )
    db.session.add(ticket)
    return ticket


def number_new_tickets() -> None:
    """Give the tickets of this transaction that have no row yet their numbers at once.

    The database would number each by itself; a row that brings its number need not be read back.
    """
    new = [row for row in db.session.new if isinstance(row, Ticket)]
    for ticket, number in zip(new, next_values("ticket_number_seq", len(new)), strict=True):
        ticket.number = number


def receive(ticket: Ticket, contact: Contact, incoming: Incoming) -> Message:
    """Add a customer's words. A person's words reopen and wake the ticket; a machine's are only kept."""
    first = ticket.message_count == 0 and not _was_opened(ticket)
    message = _arrived(
        ticket,
        incoming,
        direction="in",
        kind=incoming.kind,
        contact_id=contact.id,
        subject=_subject(incoming.subject),
        body_html=incoming.html,
        source_html=incoming.source_html,
        remote_images=list(incoming.remote_images),
        to=incoming.to,
        warning=incoming.warning,
    )
    if not message.from_machine:
        _customer_spoke(ticket, message, contact)
    place(ticket)  # before the first event: recording one writes the ticket's row
    arrival = {"received": incoming.received_at.isoformat()} if incoming.received_at else {}
    automatic = message.from_machine
    if first:
        opening = {"team": ticket.team_id, **({"automatic": True} if automatic else {}), **arrival}
        events.record(ticket, "ticket.opened", by=contact, message_id=message.id, **opening)
    events.record(ticket, "message.received", by=contact, message_id=message.id, automatic=automatic, **arrival)
    return message


def overhear(ticket: Ticket, incoming: Incoming, *, by: Agent | None = None) -> Message:
    """Add what somebody of ours answered in the channel itself: nothing of it is sent, and nobody waits any more.

    `by` is known where they say so themselves, as of a call.
    """
    message = _arrived(ticket, incoming, direction="out", agent_id=by.id if by else None, subject=ticket.subject)
    ticket.waiting_since = None
    place(ticket)
    events.record(ticket, "message.overheard", by=by, message_id=message.id)
    return message


def reply(ticket: Ticket, answer: Answer, *, by: Agent, draft: Draft | None = None) -> Message:
    """Answer the customer. The message waits in the outbox for the agent's undo window.

    Raises:
        Invalid: there is nothing to send, or nobody it could go to.
    """
    known = written_already(answer.client_id, ticket, by)
    if known is not None:
        return known
    before = standing(ticket)
    recipients = addressing.recipients(ticket)
    told = reach.of(ticket)
    reach.check(told, answer.body.strip(), _files_of(draft), prepared=answer.prepared is not None)
    reserve(
        message=1, delivery=1, delivery_recipient=len(recipients), event=2
    )  # all is written at once: rows that name each other know their keys before
    message, files = _write(ticket, answer, by=by, direction="out", draft=draft)
    ticket.waiting_since = None
    if ticket.assignee_id is None:
        ticket.assignee_id = by.id
    place(ticket)
    _keep(ticket, message, files, by=by, draft=draft)
    delivery = Delivery(
        id=new_id("delivery"),
        purpose="reply",
        kind=ticket.channel_kind,
        channel_id=ticket.channel_id,
        ticket_id=ticket.id,
        message=message,
        message_id=message.id,
        recipients=recipients,
        content={"prepared": asdict(answer.prepared)} if answer.prepared is not None else {},
    )
    outbox.enqueue(delivery, after=timedelta(seconds=0 if told.immediate else by.undo_seconds))
    set_committed_value(message, "delivery", delivery)
    events.record(ticket, "message.sent", by=by, message_id=message.id, delivery=delivery.id, before=before)
    db.session.flush()
    if answer.resolves:
        resolve(ticket, by=by)
    elif answer.waits_for:
        wait_for(ticket, answer.waits_for, by=by)
    return message


def note(ticket: Ticket, answer: Answer, *, by: Agent, draft: Draft | None = None) -> Message:
    """Add words for the team; no channel ever sees them.

    Raises:
        Invalid: there is nothing to add.
    """
    known = written_already(answer.client_id, ticket, by)
    if known is not None:
        return known
    reserve(message=1, event=1)
    message, files = _write(ticket, answer, by=by, direction="note", draft=draft)
    _keep(ticket, message, files, by=by, draft=draft)
    events.record(ticket, "note.added", by=by, message_id=message.id)
    db.session.flush()
    return message


def write_first(new: NewTicket, *, by: Agent, draft: Draft | None = None) -> Ticket:
    """An agent begins a ticket by writing to a customer.

    Raises:
        Invalid: by field, what is missing.
    """
    if not new.subject.strip():
        raise Invalid("Add a subject, so that they know what it is about.", {"subject": "A subject is missing."})
    answer = Answer(body=new.body, client_id=new.client_id, waits_for="customer")
    known = written_already(answer.client_id, None, by)
    if known is not None:
        return db.session.get_one(Ticket, known.ticket_id)
    address = contacts.find_or_create(new.address, name=new.name)
    opening = Incoming(subject=new.subject, text="", reply_text="", channel_id=new.channel_id)
    ticket = open_ticket(address.contact, opening)
    ticket.assignee_id = by.id
    events.record(ticket, "ticket.opened", by=by)
    reply(ticket, answer, by=by, draft=draft)
    return ticket


def written_already(client_id: str | None, ticket: Ticket | None, by: Agent) -> Message | None:
    """What the same form brought before; `ticket` is None for a form that begins one.

    Raises:
        Conflict: somebody else sent that form, or on another ticket.
    """
    if not client_id or db.session.scalar(_IS_SENT, {"form": client_id}) is None:
        return None
    known = db.session.scalars(_OF_FORM, {"form": client_id}).one()
    if known.agent_id != by.id or (ticket is not None and known.ticket_id != ticket.id):
        raise Conflict("This form was sent from another page already. Load the page again.")
    return known


def _arrived(ticket: Ticket, incoming: Incoming, **others: Any) -> Message:
    """The message of what came in, with its files; `others` are columns that depend on whose words it holds."""
    message = Message(
        id=new_id("message"),
        ticket=ticket,
        ticket_id=ticket.id,
        channel_kind=incoming.channel_kind,
        author_name=incoming.author_name,
        author_address=incoming.author_address,
        body_text=incoming.text,
        reply_text=incoming.reply_text,
        external_id=incoming.external_id,
        inbound_id=incoming.inbound_id,
        created_at=now(),
        sent_at=incoming.sent_at,
        missing_files=list(incoming.missing_files),
        **others,
    )
    db.session.add(message)
    _add(ticket, message, incoming.files)
    return message


def _customer_spoke(ticket: Ticket, message: Message, contact: Contact) -> None:
    """Whomever the ticket waited for: with these words the next step is ours."""
    was_theirs = ticket.status >= Status.RESOLVED or ticket.status == Status.PENDING
    if ticket.waiting_since is None or was_theirs:
        ticket.waiting_since = message.created_at
    reopen(ticket, by=contact)
    if ticket.is_snoozed and ticket.wake_on_reply:
        wake(ticket, by=contact)


def _write(
    ticket: Ticket, answer: Answer, *, by: Agent, direction: str, draft: Draft | None
) -> tuple[Message, list[Attachment]]:
    """The message, not written down yet, and the files that go with it."""
    body = answer.body.replace("\r\n", "\n").replace("\0", "").strip()
    files = _files_of(draft)
    if not body and not files:
        raise Invalid("Write something first.", {"body": "There is nothing to send yet."})
    if len(body) > _BODY_LIMIT:
        raise Invalid("That is too long for one message.", {"body": "Send it as a file instead."})
    message = Message(
        id=new_id("message"),
        ticket_id=ticket.id,
        direction=direction,
        channel_kind=ticket.channel_kind,
        agent_id=by.id,
        author_name=by.name,
        subject=ticket.subject,
        body_text=body,
        reply_text=body,
        client_id=answer.client_id or secrets.token_hex(16),
        created_at=now(),
    )
    _add(ticket, message, ())
    return message, files


def _files_of(draft: Draft | None) -> list[Attachment]:
    return list(db.session.scalars(select(Attachment).where(Attachment.draft_id == draft.id))) if draft else []


def _keep(ticket: Ticket, message: Message, files: list[Attachment], *, by: Agent, draft: Draft | None) -> None:
    """Write it down and keep what shows it at hand; the files are its own and the draft is gone."""
    if ticket in db.session.new:
        db.session.flush()
    keep(message)
    if draft is not None:
        for file in files:
            file.draft_id, file.message_id = None, message.id
        db.session.flush()
        db.session.delete(draft)
    for name, value in {"ticket": ticket, "agent": by, "contact": None, "attachments": files, "delivery": None}.items():
        set_committed_value(message, name, value)


def _add(ticket: Ticket, message: Message, files: tuple[File, ...]) -> None:
    search.index(ticket.id, subject=message.subject, body=message.reply_text, note=message.is_note)
    message.attachments = [
        Attachment(
            key=file.key,
            sha256=file.sha256,
            filename=file.filename,
            content_type=file.content_type,
            size=file.size,
            inline=file.inline,
            cid=file.cid,
        )
        for file in files
    ]
    ticket.message_count += 1
    if not message.is_note:
        ticket.last_message_at = message.created_at
        ticket.preview = snippet(message.reply_text or message.body_text, 140)


def _was_opened(ticket: Ticket) -> bool:
    """An agent began it and took their first words back."""
    if ticket in db.session.new:
        return False
    opened = select(Event.id).where(Event.ticket_id == ticket.id, Event.kind == "ticket.opened").limit(1)
    return db.session.scalars(opened).one_or_none() is not None


def _subject(said: str) -> str:
    plain = " ".join(said.replace("\0", "").split())
    return plain[:_SUBJECT_LIMIT] or "(no subject)"
