"""A reply taken back inside its undo window: words and files are a draft again, the ticket stands where it stood."""

from __future__ import annotations

from sqlalchemy import select

from helpdesk import events, outbox
from helpdesk.db import Json, db
from helpdesk.errors import Conflict
from helpdesk.events import Event
from helpdesk.now import now
from helpdesk.outbox import Delivery
from helpdesk.people.models import Agent
from helpdesk.tickets import recounting
from helpdesk.tickets.drafts import take
from helpdesk.tickets.models import Attachment, Draft, Message, Ticket
from helpdesk.tickets.undoing import put_back
from helpdesk.tickets.withdrawing import fields_of, is_only, withdraw


def unsend(message: Message, delivery: Delivery, *, by: Agent) -> Draft:
    """Take a reply back inside its undo window: words and files return to the draft, the ticket to where it stood.

    A ticket that began with these words, and holds nothing else, goes with them: they are a new ticket's draft again.

    Raises:
        Conflict: it has left.
    """
    if delivery.state != outbox.State.QUEUED or delivery.attempts or not outbox.cancel(delivery):
        raise Conflict("This message has left already. Write again to correct it.")
    ticket = db.session.get_one(Ticket, message.ticket_id)
    if is_only(message, ticket):
        draft = take(by, None, "new")
        draft.fields = fields_of(ticket, delivery)
        _move(message, delivery, draft)
        withdraw(ticket, by=by)
        return draft
    events.record(ticket, "message.unsent", by=by, message_id=message.id)
    draft = take(by, ticket, "reply")
    put_back(ticket, _standing_before(message), by=by)
    _move(message, delivery, draft)
    ticket.message_count -= 1
    recounting.last(ticket)
    recounting.waiting(ticket)
    return draft


def _move(message: Message, delivery: Delivery, draft: Draft) -> None:
    """Words and files of a message become the draft's, before what is there; the message and its sending are gone."""
    draft.body = message.body_text + ("\n\n" + draft.body if draft.body else "")
    draft.updated_at = now()
    db.session.flush()
    for attachment in db.session.scalars(select(Attachment).where(Attachment.message_id == message.id)):
        attachment.message_id, attachment.draft_id = None, draft.id
    db.session.delete(delivery)
    db.session.flush()  # the message goes only after what points at it
    db.session.delete(message)


def _standing_before(message: Message) -> Json:
    sent = select(Event).where(
        Event.ticket_id == message.ticket_id, Event.kind == "message.sent", Event.message_id == message.id
    )
    before: Json = db.session.scalars(sent).one().data["before"]
    return before
