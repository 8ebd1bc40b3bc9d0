"""Which units a ticket is about: serials found in any message are guesses until an agent confirms them.

Only the customer's own units are looked for, so another customer's serial tells nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from sqlalchemy import ARRAY, BigInteger, Select, any_, bindparam, exists, select

from helpdesk import events
from helpdesk.db import before_commit, db, in_hand
from helpdesk.errors import Invalid
from helpdesk.events import Event
from helpdesk.now import now
from helpdesk.people.models import Agent
from helpdesk.tickets.models import Message, Ticket
from sla.assets import serials
from sla.assets.models import Asset
from sla.entitlements import resolving, units
from sla.entitlements.models import Entitlement, TicketAsset
from sla.entitlements.units import About, Name

WORDS = frozenset({"ticket.opened", "message.received"})
"""Events that bring a customer's words."""


def heard(event: Event) -> None:
    """Words joined a ticket. Those of a ticket of which nothing is decided yet are read with that: see `first`."""
    if event.message_id is not None and _is_decided(events.opened_now([event.ticket_id]).get(event.ticket_id)):
        before_commit(read, event.message_id)


def read(message_ids: list[int]) -> None:
    """Remember the units these messages name, and have their tickets' coverage looked at again where there are new."""
    said = _asked(message_ids)
    names = _names(said)
    found = units.named(names, (), now())[1] if names else ()
    for ticket_id in {one.ticket_id for one in said if one.decided and one.ticket_id in found}:
        before_commit(resolving.review_all, ticket_id)


def first(ticket_ids: Sequence[int]) -> dict[int, About]:
    """The units of tickets of which nothing is decided; what they were opened with just now is remembered before."""
    opened = events.opened_now(ticket_ids)
    told = [one for each in opened.values() for one in each if one.kind in WORDS]
    said = _said({one.message_id for one in told if one.message_id is not None})
    names = _names(said)
    return units.named(names, ticket_ids, now())[0] if names else units.of(ticket_ids)


def reported(event: Event) -> None:
    """A machine said which unit it is, so this is no guess."""
    if event.data.get("unit") is not None:
        db.session.add(
            TicketAsset(
                ticket_id=event.ticket_id, asset_id=int(event.data["unit"]), state="confirmed",
                message_id=event.message_id, created_at=now(),
            )
        )  # fmt: skip


def confirm(ticket: Ticket, serial: str, *, by: Agent) -> TicketAsset:
    """Say that the ticket is about the customer's unit with this serial.

    Raises:
        Invalid: the customer has no such unit.
    """
    key = serials.key(serial)
    owned = select(Asset).where(Asset.serial_key == key, Asset.organization_id == ticket.organization_id)
    unit = db.session.scalars(owned).one_or_none() if key and ticket.organization_id is not None else None
    if unit is None:
        raise Invalid("This customer has no equipment with that serial.", {"serial": "Check it, or add the unit."})
    return _decide(ticket, unit.id, "confirmed", by)


def dismiss(ticket: Ticket, asset_id: int, *, by: Agent) -> TicketAsset:
    """Say that the ticket is not about this unit."""
    return _decide(ticket, asset_id, "dismissed", by)


def _decide(ticket: Ticket, asset_id: int, state: str, by: Agent) -> TicketAsset:
    row = db.session.get(TicketAsset, (ticket.id, asset_id))
    if row is None:
        row = TicketAsset(ticket_id=ticket.id, asset_id=asset_id, created_at=now())
        db.session.add(row)
    row.state, row.decided_by_id = state, by.id
    db.session.flush()
    before_commit(resolving.review_all, ticket.id)
    return row


class Said(NamedTuple):
    """A customer's words, whose they are, and whether their ticket's coverage was decided before."""

    id: int
    ticket_id: int
    subject: str
    body_text: str
    organization_id: int | None
    decided: bool


def _said(ids: Collection[int]) -> list[Said]:
    """What of these messages are customers' words; those in hand are not asked for."""
    messages = in_hand(Message, ids)
    tickets = in_hand(Ticket, {one.ticket_id for one in messages.values()})
    known = {key: one for key, one in messages.items() if one.ticket_id in tickets}
    said = [
        Said(one.id, one.ticket_id, one.subject, one.body_text, tickets[one.ticket_id].organization_id, decided=False)
        for one in known.values()
        if one.direction == "in" and one.kind == "message"
    ]
    return [*said, *_asked({*ids}.difference(known))]


def _asked(ids: Collection[int]) -> Sequence[Said]:
    return [Said._make(row) for row in db.session.execute(_SAID, {"messages": list(ids)})] if ids else ()


def _names(said: Sequence[Said]) -> list[Name]:
    """What looks like a serial in words of somebody whose customer is known."""
    return [
        Name(one.id, one.ticket_id, one.organization_id, key)
        for one in said
        if one.organization_id is not None
        for key in serials.candidates(f"{one.subject}\n{one.body_text}")
    ]


def _is_decided(told: Sequence[Event] | None) -> bool:
    """Or may be: of a ticket that was there before the question is open."""
    return told is None or any(one.kind == "entitlement.decided" for one in told)


def _reads() -> Select[int, int, str, str, int | None, bool]:
    decided = exists().where(Entitlement.ticket_id == Ticket.id, Entitlement.replaced_at.is_(None))
    columns = Message.id, Message.ticket_id, Message.subject, Message.body_text, Ticket.organization_id
    return (
        select(*columns, decided.label("decided"))
        .join(Ticket, Ticket.id == Message.ticket_id)
        .where(
            Message.id == any_(bindparam("messages", type_=ARRAY(BigInteger))),
            Message.direction == "in",
            Message.kind == "message",
        )
        .order_by(Message.id)
    )


_SAID = _reads()
