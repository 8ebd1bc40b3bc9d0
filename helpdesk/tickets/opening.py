"""How a ticket began: whose words or report opened it, and by which channel; it may have gone on elsewhere since."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import with_expression

from helpdesk.events import Event
from helpdesk.people.models import Agent, Contact
from helpdesk.tickets.models import Message, Ticket

_OPENER = select(Contact.name, Contact.kind, Contact.id).subquery("opener")
_BEGAN = (
    select(
        func.jsonb_build_array(
            _OPENER.c.id,
            Event.agent_id,
            func.coalesce(Agent.name, _OPENER.c.name),
            _OPENER.c.kind,
            Message.channel_kind,
        ).cast(JSONB)
    )
    .select_from(Event)
    .outerjoin(_OPENER, _OPENER.c.id == Event.contact_id)
    .outerjoin(Agent, Agent.id == Event.agent_id)
    .outerjoin(Message, Message.id == Event.message_id)
    .where(Event.ticket_id == Ticket.id, Event.kind == "ticket.opened")
    .order_by(Event.id)
    .limit(1)
    .correlate(Ticket)
    .scalar_subquery()
)
LOADED = with_expression(Ticket.began, _BEGAN)
"""The option that has a query of tickets ask for it, so that a page needs no statement more."""


@dataclass(frozen=True, slots=True)
class Opening:
    """`by` is who opened it where that is not its contact, else empty; `channel` the kind it came by, where known."""

    by: str = ""
    by_device: bool = False
    channel: str = ""


def of(ticket: Ticket) -> Opening:
    """Of a ticket that was loaded with LOADED; of another one nothing is known."""
    if not ticket.began:
        return Opening()
    contact_id, agent_id, name, kind, channel = ticket.began
    is_device = agent_id is None and kind == "device"
    by = name if name and (agent_id is not None or contact_id != ticket.contact_id) else ""
    return Opening(by, is_device, channel or ("device" if is_device else ""))
