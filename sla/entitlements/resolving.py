"""Coverage of tickets: decided with their first message, looked at again when more is known, corrected by agents."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, select

from helpdesk.db import among, by_id, db, new_id, reserve
from helpdesk.errors import Invalid
from helpdesk.people.models import Agent
from helpdesk.rows import insert_later
from helpdesk.tickets.models import Ticket
from sla.assets.models import Warranty
from sla.calendars import loading as calendars
from sla.entitlements import deciding
from sla.entitlements.deciding import Decision, Request
from sla.entitlements.library import Library, book, cards_for, customers_of, taken_over
from sla.entitlements.models import Entitlement
from sla.entitlements.units import About
from sla.entitlements.writing import alternatives, drawn, record, row_of, write
from sla.kept import Card
from sla.policies.models import Clause

_ANY_WARRANTY = select(exists().where(Warranty.id.is_not(None)))


@dataclass(frozen=True)
class Made:
    """A decision that was written down."""

    entitlement: Entitlement
    clauses: tuple[Clause, ...]


@dataclass(frozen=True)
class Decided:
    """What was decided at once, and the cards of every calendar, which were asked for with it."""

    made: Sequence[Made]
    calendars: Sequence[Card]


def decide_all(tickets: Sequence[Ticket], received: Mapping[int, datetime], about: Mapping[int, About]) -> Decided:
    """Decide for tickets of which nothing is decided; where nothing could be promised, nothing is written.

    By ticket, `received`: when their first words reached us, where that was before they were filed; `about`: the unit.
    """
    cards = cards_for(customers_of(tickets))
    hours = cards.get(calendars.SHELF, [])
    if len(cards) == bool(hours) and not db.session.scalar(_ANY_WARRANTY):
        return Decided([], hours)
    library = Library(tickets, cards=cards, about=about)
    judged = []
    for ticket in tickets:
        at = received.get(ticket.id, ticket.created_at)
        request, known = library.asked(ticket, at)
        if known.contracts or known.policies or known.warranties:
            judged.append((ticket, deciding.decide(request, known), at))
    made = [(ticket, drawn(row_of(ticket.id, decision, at=at), decision, library)) for ticket, decision, at in judged]
    reserve(entitlement=len(made), event=len(made))
    with db.session.no_autoflush:
        for ticket, entitlement in made:
            entitlement.id = new_id("entitlement")
            insert_later(entitlement)
            record(ticket, entitlement, first=True, by=None)
    return Decided([Made(one, said.clauses) for (_, one), (_, said, _) in zip(made, judged, strict=True)], hours)


def review_all(ticket_ids: list[int]) -> None:
    """Decide again, as of their arrival, for tickets that nobody has corrected; a new answer replaces the old."""
    current = among(Entitlement.ticket_id, ticket_ids), Entitlement.replaced_at.is_(None)
    decided = db.session.scalars(select(Entitlement).where(*current, Entitlement.decided_by_id.is_(None))).all()
    if not decided:
        return
    tickets = {one.id: one for one in held([one.ticket_id for one in decided])}
    library = Library(list(tickets.values()), taken_over(tickets))
    for one in decided:
        ticket = tickets[one.ticket_id]
        decision = deciding.decide(*library.asked(ticket, one.judged_at))
        if not _same(one, decision):
            write(ticket, decision, library, at=one.judged_at, by=None, replaces=one)


def would_cover(request: Request) -> Decision:
    """What would cover a request that nobody made; writes nothing."""
    return deciding.decide(request, book(request.organization_id, request.at))


def choices(ticket: Ticket) -> list[Decision]:
    """What an agent may say covers the ticket."""
    library = Library([ticket], taken_over([ticket.id]))
    return deciding.choices(*library.asked(ticket, library.arrival(ticket)))


def correct(ticket: Ticket, key: str, *, by: Agent) -> Entitlement:
    """An agent says what covers the ticket; the decision before stays in the record.

    Raises:
        Invalid: it is none of `choices`.
    """
    library = Library([ticket], taken_over([ticket.id]))
    arrived = library.arrival(ticket)
    offered = deciding.choices(*library.asked(ticket, arrived))
    chosen = next((one for one in offered if one.key == key), None)
    if chosen is None:
        raise Invalid("Choose one of these.", {"cover": "This does not cover the ticket any more."})
    current = current_of(ticket.id)
    at = current.judged_at if current is not None else arrived
    return write(ticket, chosen, library, at=at, by=by, replaces=current)


def current_of(ticket_id: int) -> Entitlement | None:
    rows = select(Entitlement).where(Entitlement.ticket_id == ticket_id, Entitlement.replaced_at.is_(None))
    return db.session.scalars(rows).one_or_none()


def held(ids: Collection[int]) -> list[Ticket]:
    """Tickets by id; those this transaction has read or written already are not asked for again."""
    return sorted(by_id(Ticket, ids).values(), key=lambda ticket: ticket.id)


def _same(current: Entitlement, decision: Decision) -> bool:
    """Whether it would be written as it stands; what was drawn or taken over may have added to the row since."""
    return (
        current.source == decision.source
        and current.contract_version_id == (decision.contract.id if decision.contract else None)
        and current.coverage_line_id == decision.line_id
        and current.warranty_id == (decision.warranty.id if decision.warranty else None)
        and current.clause_ids.get("ids") == [clause.id for clause in decision.clauses]
        and current.reason.startswith(decision.reason)
        and current.alternatives == alternatives(decision)
        and (current.billable is decision.billable or decision.contract is not None)
    )
