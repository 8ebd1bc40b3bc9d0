"""Moving: somebody has another number or id at a provider; their contact and their conversation follow, and it is told.

The provider's own word is the proof. What they are called by now is theirs from now on, whoever had it before: numbers
are given to others.
"""

from __future__ import annotations

from channels.adapter import Envelope
from channels.known import Known
from helpdesk import events
from helpdesk.db import db
from helpdesk.people import contacts
from helpdesk.people.models import Address
from helpdesk.tickets.models import Ticket


def follow(envelope: Envelope, known: Known) -> str:
    """Have the contact go by the new address as well; a sentence for the record. Twice is harmless."""
    kind = envelope.author.kind
    before = known.address_before(kind, envelope.author_before)
    if before is None:
        return "They have another address, and never wrote to us."
    named = (envelope.author.address, *envelope.author.also)
    is_news = any(not _is_of(one, before) for one in named)
    for one in named:
        contacts.hand_over(before.contact, one, kind=kind)
    ticket = known.here(envelope)
    if ticket is not None and is_news:
        _tell(ticket, before.id, envelope)
    return "They have another address, and are followed there."


def _is_of(value: str, before: Address) -> bool:
    found = contacts.find(value, kind=before.kind)
    return found is not None and found.contact_id == before.contact_id


def _tell(ticket: Ticket, address_id: int, envelope: Envelope) -> None:
    """The event names rows, so that an erased person's number is not in it."""
    now_at = contacts.find(envelope.author.address, kind=envelope.author.kind)
    assert now_at is not None  # handed over just now
    db.session.flush()
    events.record(
        ticket, "contact.moved", by=now_at.contact, kind=envelope.author.kind, before=address_id, address=now_at.id
    )
