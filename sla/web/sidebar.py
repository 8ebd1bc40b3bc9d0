"""What the promises put on a ticket's page: each promise as a line, what covers it and why, the equipment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from flask import g, render_template
from sqlalchemy import BigInteger, BindParameter, bindparam, exists, select
from sqlalchemy.orm import joinedload, selectinload

from helpdesk.access.guards import current_agent
from helpdesk.db import db
from helpdesk.now import now
from helpdesk.text.promised import Promised, State
from helpdesk.tickets.models import Ticket
from helpdesk.web.promises import next_promise
from helpdesk.web.rendering import zone_of
from helpdesk.web.shown import Shown, show
from sla.assets import covered
from sla.assets.models import Asset, Warranty
from sla.assets.warranties import Cover
from sla.commitments import milestones
from sla.commitments.models import Commitment
from sla.contracts import consumption, terms
from sla.contracts.models import ContractVersion, TimeEntry
from sla.entitlements.models import Entitlement, TicketAsset
from sla.escalations.models import Escalation
from sla.reports import figures
from sla.web.amounts import length
from sla.web.kit import icon_of

_WHAT = {"first_response": "reply", "next_response": "reply", "update": "update", "on_site": "on site"}
_WHAT |= {"restore": "restore", "ownership": "reply"}

_SHORT = {
    "first_response": "An answer in {}",
    "next_response": "The next answer in {}",
    "update": "News every {}",
    "wait": "Done in {}",
    "work": "Done in {}",
    "resolution": "Fixed in {}",
    "restore": "Running again in {}",
    "ownership": "Taken on in {}",
    "on_site": "Engineer on site in {}",
}
"""A promise in a few words; the customer's own are longer, and stand where one is explained."""

_TICKET: BindParameter[int] = bindparam("ticket", type_=BigInteger())
_SAID = select(Entitlement).where(Entitlement.ticket_id == _TICKET).order_by(Entitlement.id)
_PROMISED = (
    select(Commitment)
    .where(Commitment.ticket_id == _TICKET)
    .order_by(Commitment.id)
    .options(joinedload(Commitment.clause))
)
_UNITS = (
    select(TicketAsset)
    .where(TicketAsset.ticket_id == _TICKET, TicketAsset.state != "dismissed")
    .order_by(TicketAsset.state, TicketAsset.created_at)
    .options(joinedload(TicketAsset.asset).options(selectinload(Asset.warranties), joinedload(Asset.site)))
)
_HOLDS = select(
    exists().where(Escalation.ticket_id == _TICKET),
    exists().where(TimeEntry.ticket_id == _TICKET, TimeEntry.returned_at.is_(None)),
    exists().where(TicketAsset.ticket_id == _TICKET, TicketAsset.state != "dismissed"),
)
"""Put together once: every ticket's page asks them."""


@dataclass(frozen=True, slots=True)
class Holds:
    """Which of the things there is on a ticket that most have none of: one question instead of one for each."""

    runs: bool
    time: bool
    units: bool


@dataclass(frozen=True)
class Line:
    """A promise on the ticket and how it is drawn."""

    commitment: Commitment
    shown: Shown | None
    """None while it stands still before it is due."""

    @property
    def short(self) -> str:
        """Such as "Engineer on site in 4 h"; an hour of a calendar is a working one."""
        owed = length(self.commitment.target_seconds)
        is_open_always = self.commitment.clause.calendar_id is None
        return _SHORT[self.commitment.metric].format(owed if is_open_always else f"{owed} of open time")


class _Page:
    """What the panels of one ticket's page share, each asked for once."""

    def __init__(self, ticket_id: int) -> None:
        self._ticket_id = ticket_id

    @cached_property
    def holds(self) -> Holds:
        return Holds(*db.session.execute(_HOLDS, {"ticket": self._ticket_id}).one())

    @cached_property
    def said(self) -> list[Entitlement]:
        """What was ever said to cover it, in the order it was decided."""
        return list(db.session.scalars(_SAID, {"ticket": self._ticket_id}))

    @cached_property
    def decided(self) -> Entitlement | None:
        """What covers it; without it nothing was promised."""
        return next((one for one in self.said if one.replaced_at is None), None)

    @cached_property
    def contract(self) -> ContractVersion | None:
        if self.decided is None or self.decided.contract_version_id is None:
            return None
        rows = select(ContractVersion).where(ContractVersion.id == self.decided.contract_version_id)
        return db.session.scalars(rows.options(joinedload(ContractVersion.contract))).one()

    @cached_property
    def newest(self) -> list[Commitment]:
        """The last cycle of each clause that counts, in the order the agreement or policy says them."""
        if self.decided is None:
            return []
        newest = {row.clause_id: row for row in db.session.scalars(_PROMISED, {"ticket": self._ticket_id})}
        return sorted((row for row in newest.values() if row.outcome != "void"), key=lambda row: row.clause.position)


def holds(ticket: Ticket) -> Holds:
    """What there is to show on this page, which its panels ask for once."""
    return _page_of(ticket).holds


def decided(ticket: Ticket) -> Entitlement | None:
    """What covers the ticket of this page, which its panels ask for once."""
    return _page_of(ticket).decided


def chip(ticket: Ticket) -> str:
    """What covers it, beside its number: the agreement by its name, or a warranty."""
    shared = _page_of(ticket)
    if shared.decided is None or (shared.contract is None and shared.decided.source != "warranty"):
        return ""
    words = shared.contract.name if shared.contract is not None else "Under warranty"
    return render_template("sla/tickets/_chip.html", words=words)


def source(ticket: Ticket) -> str:
    """Under the nearest promise: which agreement says so, and the way to its ledger."""
    shared = _page_of(ticket)
    waiting = [one for one in shared.newest if one.is_open and one.due_at == ticket.next_due_at]
    if not waiting or ticket.next_due_at is None:
        return ""
    return render_template(
        "sla/tickets/_source.html",
        ticket=ticket,
        nearest=waiting[0],
        named=shared.contract.name if shared.contract is not None else "",
        zone=zone_of(current_agent()),
    )


def promises(ticket: Ticket) -> str:
    nearest = next_promise(ticket)
    lines = [Line(one, _shown(one, nearest)) for one in _page_of(ticket).newest]
    if not lines:
        return ""
    return render_template(
        "sla/tickets/_promises.html",
        ticket=ticket,
        lines=lines,
        said=milestones.standing(ticket),
        zone=zone_of(current_agent()),
    )


def cover(ticket: Ticket) -> str:
    """What covers it, what of it was kept this year and what is left, why, what lost, and the way to say otherwise."""
    shared = _page_of(ticket)
    if shared.decided is None:
        return ""
    contract = shared.contract
    return render_template(
        "sla/tickets/_cover.html",
        ticket=ticket,
        decided=shared.decided,
        contract=contract,
        kept=figures.this_year({"agreement": str(contract.contract_id)}, now()) if contract is not None else None,
        balances=consumption.left(contract.contract_id, terms.day(contract, now())) if contract is not None else [],
        earlier=[one for one in shared.said if one.replaced_at is not None],
        length=length,
        zone=zone_of(current_agent()),
    )


def units(ticket: Ticket) -> str:
    """The equipment it is about, with its cover today; guesses are marked as such."""
    if ticket.organization_id is None or not holds(ticket).units:
        return ""
    rows = db.session.scalars(_UNITS, {"ticket": ticket.id}).all()
    covers: dict[int, list[tuple[Warranty, Cover]]] = covered.covers([row.asset for row in rows])
    return render_template(
        "sla/tickets/_units.html", ticket=ticket, units=rows, covers=covers, today=now().date(), icon_of=icon_of
    )


def _page_of(ticket: Ticket) -> _Page:
    """One for each ticket and request."""
    known: dict[int, _Page] = g.setdefault("promises_of_tickets", {})
    return known.setdefault(ticket.id, _Page(ticket.id))


def _shown(one: Commitment, nearest: Promised | None) -> Shown | None:
    """As the head of the page draws it where it is the nearest: of that one the hours asleep are known."""
    if one.due_at is None:
        return None
    if nearest is not None and one.is_open and one.due_at == nearest.due:
        return show(nearest, now(), zone_of(current_agent()))
    state, finished = _state(one)
    promised = Promised(
        start=one.started_at,
        due=one.due_at,
        state=state,
        what=_WHAT.get(one.metric, "solve"),
        finished=finished,
        warn_at=one.warns_at,
    )
    return show(promised, now(), zone_of(current_agent()))


def _state(one: Commitment) -> tuple[State, datetime | None]:
    if one.outcome == "kept":
        return State.KEPT, one.ended_at
    if one.outcome == "broken" and one.ended_at is not None:
        return State.BROKEN, one.ended_at
    return State.RUNNING, None
