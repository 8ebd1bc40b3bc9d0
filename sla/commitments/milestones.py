"""What agents say of the work itself: it runs again, a plan was agreed, an engineer was sent and came; and not so."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from helpdesk import events
from helpdesk.db import db
from helpdesk.errors import Conflict
from helpdesk.events import Actor, Event
from helpdesk.tickets.models import Ticket

_SAYS = ("ticket.restored", "ticket.planned", "visit.dispatched", "visit.arrived", "visit.refused")


@dataclass(frozen=True, slots=True)
class Standing:
    """What was said of a ticket and holds, each with since when."""

    restored: datetime | None = None
    planned: datetime | None = None
    visit: str = ""
    """The newest visit that was not called back."""
    dispatched: datetime | None = None
    arrived: datetime | None = None
    refused: datetime | None = None

    @property
    def on_the_way(self) -> bool:
        return self.dispatched is not None and self.arrived is None


def restore(ticket: Ticket, *, by: Actor, on: bool = True) -> None:
    """The equipment runs again, if only for now; with `on` false, no longer. Twice is harmless."""
    if (standing(ticket).restored is not None) is not on:
        events.record(ticket, "ticket.restored", by=by, on=on)


def plan(ticket: Ticket, *, by: Actor, on: bool = True) -> None:
    """The customer agreed with a plan; with `on` false, no longer. Twice is harmless."""
    if (standing(ticket).planned is not None) is not on:
        events.record(ticket, "ticket.planned", by=by, on=on)


def dispatch(ticket: Ticket, *, by: Actor) -> str:
    """Send an engineer; the new visit's name.

    Raises:
        Conflict: one is on the way already.
    """
    if standing(ticket).on_the_way:
        raise Conflict("An engineer is on the way already. Say when they have arrived.")
    visit = secrets.token_hex(4)
    events.record(ticket, "visit.dispatched", by=by, visit=visit)
    return visit


def call_back(ticket: Ticket, *, by: Actor) -> None:
    """The engineer on the way does not go; the promise of this visit is void.

    Raises:
        Conflict: nobody is on the way.
    """
    events.record(ticket, "visit.dispatched", by=by, visit=_on_the_way(ticket), on=False)


def arrive(ticket: Ticket, *, by: Actor) -> None:
    """The engineer on the way is on site.

    Raises:
        Conflict: nobody is on the way.
    """
    events.record(ticket, "visit.arrived", by=by, visit=_on_the_way(ticket))


def not_arrived(ticket: Ticket, *, by: Actor) -> None:
    """The engineer is not on site after all; the clock never stopped.

    Raises:
        Conflict: nobody has arrived.
    """
    known = standing(ticket)
    if known.arrived is None:
        raise Conflict("No engineer is on site.")
    events.record(ticket, "visit.arrived", by=by, visit=known.visit, on=False)


def refuse(ticket: Ticket, *, by: Actor, on: bool = True) -> None:
    """The engineer is not let in, or with `on` false is again. Twice is harmless.

    Raises:
        Conflict: nobody is on the way.
    """
    visit = _on_the_way(ticket)
    if (standing(ticket).refused is not None) is not on:
        events.record(ticket, "visit.refused", by=by, visit=visit, on=on)


def standing(ticket: Ticket) -> Standing:
    rows = select(Event).where(Event.ticket_id == ticket.id, Event.kind.in_(_SAYS)).order_by(Event.id)
    said: dict[str, datetime | None] = {}
    visit = ""
    for event in db.session.scalars(rows):
        on, word = bool(event.data.get("on", True)), event.kind.partition(".")[2]
        if word == "dispatched":
            said |= {"arrived": None, "refused": None}
            visit = event.data["visit"] if on else ""
        said[word] = event.at if on else None
    return Standing(visit=visit, **said)


def _on_the_way(ticket: Ticket) -> str:
    known = standing(ticket)
    if not known.on_the_way:
        raise Conflict("No engineer is on the way. Send one first.")
    return known.visit
