"""A merged ticket is no request of its own: its prepaid incident goes back until the two are taken apart."""

from __future__ import annotations

from sqlalchemy import select

from helpdesk.db import db
from helpdesk.events import Event
from helpdesk.people.models import Agent
from sla.contracts import consumption
from sla.contracts.models import ContractVersion
from sla.entitlements import resolving, writing


def give_back(event: Event) -> None:
    """With `ticket.merged`; time that was worked stays drawn."""
    by = db.session.get(Agent, event.agent_id)
    consumption.give_back(event.ticket_id, f"Merged into #{event.data['target']}.", unit="incidents", by=by)


def draw_again(event: Event) -> None:
    """With `ticket.unmerged`, which is told on both; a ticket that was billable before still is."""
    decided = resolving.current_of(event.ticket_id) if event.ticket.number == event.data["source"] else None
    if decided is None or decided.contract_version_id is None or decided.billable:
        return
    of = select(ContractVersion.contract_id).where(ContractVersion.id == decided.contract_version_id)
    writing.draw(decided, db.session.scalars(of).one())
