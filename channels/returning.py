"""Calling back: who of a ticket waits for it, by which number, and the call that was made."""

from __future__ import annotations

from channels import calling
from helpdesk.now import now
from helpdesk.people.models import Agent
from helpdesk.text import telephone
from helpdesk.tickets import telephoning
from helpdesk.tickets.models import Message, Ticket
from helpdesk.tickets.telephoning import Called

_SETTLES = frozenset({"reached", "not needed"})


def log_call(ticket: Ticket, called: Called, *, by: Agent) -> Message:
    """Write a call of ours down; once we spoke, or need not, nobody of this ticket waits to be called back.

    Raises:
        Invalid, Conflict: as `helpdesk.tickets.telephoning` says.
    """
    message = telephoning.log_call(ticket, called, by=by)
    if called.outcome in _SETTLES:
        for call in calling.due_on(ticket):
            call.returned_at = now()
    return message


def numbers_of(ticket: Ticket) -> list[str]:
    """Telephone numbers of the customer, in E.164: those they called or wrote from, then what is known of them."""
    known = [one.value for one in ticket.contact.addresses if one.kind == "phone"]
    found = [telephone.e164(one) for one in (*known, ticket.contact.phone)]
    return [number for number in dict.fromkeys(found) if number]
