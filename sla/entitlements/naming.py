"""Which units a ticket is about: serials found in any message are guesses until an agent confirms them.

Only the customer's own units are looked for, so another customer's serial tells nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple, cast

from sqlalchemy import (
    ARRAY,
    BigInteger,
    BindParameter,
    Select,
    String,
    Table,
    and_,
    any_,
    bindparam,
    exists,
    func,
    literal,
    select,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.sql.dml import ReturningInsert

from helpdesk import events
from helpdesk.db import before_commit, db, in_hand
from helpdesk.errors import Invalid
from helpdesk.events import Event
from helpdesk.now import now
from helpdesk.people.models import Agent
from helpdesk.tickets.models import Message, Ticket
from sla.assets import serials
from sla.assets.models import Asset
from sla.entitlements import resolving
from sla.entitlements.models import Entitlement, TicketAsset


def read(message_ids: list[int]) -> None:
    """Remember the units these messages name, and have their tickets' coverage looked at again where there are new."""
    said = _said(message_ids)
    named = {one.id: serials.candidates(f"{one.subject}\n{one.body_text}") for one in said if one.organization_id}
    found = _guess([(one, key) for one in said for key in named.get(one.id, ())])
    for ticket_id in {one.ticket_id for one in said if one.decided and one.ticket_id in found}:
        before_commit(resolving.review_all, ticket_id)


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
    """What of these messages are customers' words; those in hand that opened a ticket are not asked for."""
    messages = in_hand(Message, ids)
    tickets = in_hand(Ticket, {one.ticket_id for one in messages.values()})
    opened = events.opened_now(tickets)
    new = [one for one in messages.values() if not _is_decided(opened.get(one.ticket_id))]
    said = [
        Said(one.id, one.ticket_id, one.subject, one.body_text, tickets[one.ticket_id].organization_id, decided=False)
        for one in new
        if one.direction == "in" and one.kind == "message"
    ]
    others = [*{*ids}.difference(one.id for one in new)]
    return [*said, *map(Said._make, db.session.execute(_SAID, {"messages": others}) if others else ())]


def _is_decided(told: Sequence[Event] | None) -> bool:
    """Or may be: of a ticket that was there before the question is open."""
    return told is None or any(one.kind == "entitlement.decided" for one in told)


def _guess(named: Sequence[tuple[Said, str]]) -> set[int]:
    """Write down which message names which of its customer's units; the tickets on which one was not known yet."""
    if not named:
        return set()
    values = {
        "messages": [one.id for one, _ in named],
        "tickets": [one.ticket_id for one, _ in named],
        "owners": [one.organization_id for one, _ in named],
        "keys": [key for _, key in named],
        "at": now(),
    }
    return set(db.session.scalars(_GUESS, values))


def _reads() -> Select[int, int, str, str, int | None, bool]:
    decided = exists().where(Entitlement.ticket_id == Ticket.id, Entitlement.replaced_at.is_(None))
    columns = Message.id, Message.ticket_id, Message.subject, Message.body_text, Ticket.organization_id
    return (
        select(*columns, decided.label("decided"))
        .join(Ticket, Ticket.id == Message.ticket_id)
        .where(Message.id == any_(_each("messages")), Message.direction == "in", Message.kind == "message")
        .order_by(Message.id)
    )


def _guesses() -> ReturningInsert[int]:
    """Of several messages that name a unit the first is written down. In terms of tables: no row objects are made."""
    table = cast("Table", TicketAsset.__table__)
    parts = [_each("messages"), _each("tickets"), _each("owners"), bindparam("keys", type_=ARRAY(String))]
    named = func.unnest(*parts).table_valued("message", "ticket", "owner", "serial", name="named").render_derived()
    at = bindparam("at", type_=table.c.created_at.type)
    rows = (
        select(named.c.ticket, Asset.id, literal("guess"), named.c.message, at)
        .join(Asset, and_(Asset.serial_key == named.c.serial, Asset.organization_id == named.c.owner))
        .order_by(named.c.message)
    )
    made = insert(table).from_select(["ticket_id", "asset_id", "state", "message_id", "created_at"], rows)
    return made.on_conflict_do_nothing().returning(table.c.ticket_id)


def _each(name: str) -> BindParameter[Sequence[int]]:
    return bindparam(name, type_=ARRAY(BigInteger))


_SAID, _GUESS = _reads(), _guesses()
