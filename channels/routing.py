"""Whose words these are and which ticket they belong to: signed token, then references; never a subject number."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from channels.adapter import Envelope, Kind
from channels.known import Known
from channels.models import Channel
from helpdesk.db import db
from helpdesk.now import now
from helpdesk.people.models import Address
from helpdesk.tickets.models import Follower, Status, Ticket

REOPEN_WINDOW = timedelta(days=7)
"""A reply to a ticket closed longer ago than this begins a new one that follows it."""

_SUBJECT_NUMBER = re.compile(r"#(\d{1,12})\b")


@dataclass(frozen=True)
class Route:
    """Where a message goes. `refusal` says why it may not join anything yet and waits in quarantine.

    A `guest` takes part, while the ticket is answered where it was before.
    """

    address: Address | None = None
    ticket: Ticket | None = None
    follows: Ticket | None = None
    stranger: bool = False
    guest: bool = False
    suggested_number: int | None = None
    refusal: str = ""


def route(envelope: Envelope, own_addresses: frozenset[str], known: Known, *, released: bool = False) -> Route:
    """Decide for one message. `released` means an agent took it out of quarantine by hand."""
    ticket = known.ticket(envelope)
    refusal = "" if released else _refusal(envelope, own_addresses, ticket, known)
    if refusal:
        return Route(refusal=refusal)
    if envelope.kind is Kind.BOUNCE:
        return Route(ticket=ticket)
    address = known.address(envelope.author)
    if ticket is None:
        return Route(address=address, suggested_number=_suggestion(envelope.subject))
    if envelope.kind is Kind.MESSAGE and _closed_for_good(ticket):
        return Route(address=address, follows=ticket)
    if envelope.conversation_key:
        return Route(address=address, ticket=ticket)  # whoever is in a conversation reads what is answered there
    return Route(address=address, ticket=ticket, stranger=not _takes_part(address, ticket))


def own_addresses() -> frozenset[str]:
    """Every address that is ours: mail from one of them is a loop or a forgery."""
    rows = db.session.execute(select(Channel.address, Channel.aliases).where(Channel.kind == "email"))
    return frozenset(
        address.lower() for own, aliases in rows for address in (own, *aliases.get("addresses", ())) if address
    )


def _refusal(envelope: Envelope, own: frozenset[str], ticket: Ticket | None, known: Known) -> str:
    by_mail = envelope.author.kind == "email"
    if envelope.kind is Kind.LOOP or (by_mail and envelope.author.address.lower() in own):
        return "It comes from one of our own addresses: a loop, or somebody pretending to be us."
    if envelope.kind is Kind.BOUNCE:
        return "" if ticket else "A delivery report about a message we did not send."
    if not envelope.author.address:
        return envelope.suspicion or "It does not say who wrote it."
    if ticket is not None and known.is_agent(envelope.author):
        return "It says it comes from an agent. Agents answer here, not by mail."
    return ""


def _closed_for_good(ticket: Ticket) -> bool:
    return (
        ticket.status >= Status.RESOLVED
        and ticket.resolved_at is not None
        and now() - ticket.resolved_at > REOPEN_WINDOW
    )


def _takes_part(address: Address | None, ticket: Ticket) -> bool:
    if address is None:
        return False
    if address.contact_id == ticket.contact_id:
        return True
    let_in = select(Follower).where(
        Follower.ticket_id == ticket.id, Follower.address_id == address.id, Follower.state == "approved"
    )
    return db.session.scalars(let_in).one_or_none() is not None


def _suggestion(subject: str) -> int | None:
    named = _SUBJECT_NUMBER.search(subject)
    if named is None:
        return None
    return db.session.scalars(select(Ticket.number).where(Ticket.number == int(named.group(1)))).one_or_none()
