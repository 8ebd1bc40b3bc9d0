"""A promise in danger, or a ticket that arrives at night, starts the run of the first policy that fits.

1. `warned`, `broken` and `arrived` hear the event and remember what it is about.
2. Once before the commit `_begin` asks every policy for all of them together and writes a row each, once for its key.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from helpdesk import events
from helpdesk.db import before_commit, db, reserve
from helpdesk.events import Event
from helpdesk.now import now
from helpdesk.tickets.models import Ticket
from sla.commitments.models import Commitment
from sla.contracts.models import ContractVersion
from sla.entitlements.models import Entitlement
from sla.escalations import ending, plans, policies
from sla.escalations.choosing import Asked, Chosen, choose
from sla.escalations.fitting import Facts
from sla.escalations.models import Escalation
from sla.policies.models import Clause, PolicyVersion

_STALE = timedelta(minutes=15)
"""What is told later than this of an arrival is an import, which wakes nobody."""


@dataclass(frozen=True, slots=True)
class _Cause:
    """One thing that may start a run."""

    asked: Asked
    ticket: Ticket
    commitment_id: int | None = None


def warned(event: Event) -> None:
    """A promise is near its end."""
    before_commit(_begin_warned, int(event.data["commitment"]))


def broken(event: Event) -> None:
    """A promise was not kept in time."""
    before_commit(_begin_broken, int(event.data["commitment"]))


def arrived(event: Event) -> None:
    """A ticket is there. A machine's is first of all an alarm, and an arrival where no policy is for alarms."""
    if now() - event.at < _STALE:
        is_alarm = event.ticket.channel_kind == "device"
        before_commit(_begin_alarmed if is_alarm else _begin_arrived, event.ticket_id)


def returned(event: Event) -> None:
    """A machine reports a fault again whose ticket was done."""
    if event.data.get("reopened"):
        before_commit(_begin_returned, event.id)


def _begin_warned(ids: list[int]) -> None:
    _begin("warning", lambda: _promised("warning", ids))


def _begin_broken(ids: list[int]) -> None:
    _begin("break", lambda: _promised("break", ids))


def _begin_arrived(ids: list[int]) -> None:
    _begin("arrival", lambda: _arrivals(ids))


def _begin_alarmed(ids: list[int]) -> None:
    """The key is that of an arrival, so that one ticket begins one run by one of the two."""
    taken = _begin("device", lambda: _arrivals(ids, "device"))
    rest = [one for one in ids if f"ticket:{one}:arrival" not in taken]
    if rest:
        _begin_arrived(rest)


def _begin_returned(event_ids: list[int]) -> None:
    told = dict(db.session.execute(select(Event.ticket_id, Event.id).where(Event.id.in_(event_ids))).all())

    def again() -> list[_Cause]:
        found = _arrivals(list(told), "device")
        return [replace(one, asked=replace(one.asked, key=f"fault:{told[one.ticket.id]}")) for one in found]

    _begin("device", again)


def _begin(cause: str, causes: Callable[[], list[_Cause]]) -> frozenset[str]:
    """The keys of those that a policy took."""
    if not policies.begin_with(cause):
        return frozenset()
    found, at = causes(), now()
    chosen = choose([one.asked for one in found], at)
    taken = [one for one in found if one.asked.key in chosen]
    if cause == "break":
        ending.overtake([one.commitment_id for one in taken if one.commitment_id is not None], at)
    _write(taken, chosen, at)
    return frozenset(chosen)


def _write(taken: Sequence[_Cause], chosen: Mapping[str, Chosen], at: datetime) -> None:
    """A row for each that has none yet."""
    if not taken:
        return
    rows = [_row(one, chosen[one.asked.key], at) for one in taken]
    made = insert(Escalation).on_conflict_do_nothing().returning(Escalation.key, Escalation.id)
    new = dict(db.session.execute(made, rows).all())
    reserve(event=len(new))
    for one in taken:
        key = one.asked.key
        if key in new:
            cause, held = one.asked.facts.cause, chosen[key].held
            events.record(one.ticket, "escalation.started", escalation=new[key], cause=cause, held=held)


def _row(one: _Cause, chosen: Chosen, at: datetime) -> dict[str, Any]:
    return {
        "key": one.asked.key,
        "ticket_id": one.ticket.id,
        "commitment_id": one.commitment_id,
        "cause": one.asked.facts.cause,
        "policy_id": chosen.policy.id,
        "plan": plans.as_json(chosen.plan),
        "calendar_id": chosen.calendar_id,
        "state": "holding" if chosen.held else "running",
        "started_at": at,
        "round_started_at": at,
        "next_at": chosen.begins,
    }


def _promised(cause: str, ids: Sequence[int]) -> list[_Cause]:
    rows = db.session.execute(
        select(Commitment, Ticket, Entitlement.source, Clause.calendar_id, ContractVersion.contract_id)
        .add_columns(PolicyVersion.policy_id)
        .join(Ticket, Ticket.id == Commitment.ticket_id)
        .join(Entitlement, Entitlement.id == Commitment.entitlement_id)
        .join(Clause, Clause.id == Commitment.clause_id)
        .outerjoin(ContractVersion, ContractVersion.id == Entitlement.contract_version_id)
        .outerjoin(PolicyVersion, PolicyVersion.id == Entitlement.policy_version_id)
        .where(Commitment.id.in_(ids), Commitment.ended_at.is_(None), Ticket.spam_at.is_(None))
        .order_by(Commitment.id)
    )
    return [
        _Cause(
            Asked(
                f"commitment:{commitment.id}:{cause}",
                Facts(cause, ticket.priority, commitment.metric, source, policy_id, contract_id, ticket.team_id),
                calendar_id,
            ),
            ticket,
            commitment.id,
        )
        for commitment, ticket, source, calendar_id, contract_id, policy_id in rows
    ]


def _arrivals(ids: Sequence[int], cause: str = "arrival") -> list[_Cause]:
    """Only what a customer began: an agent who opens a ticket at night is awake."""
    rows = db.session.execute(
        select(Ticket, Entitlement.source, ContractVersion.contract_id, PolicyVersion.policy_id)
        .outerjoin(Entitlement, (Entitlement.ticket_id == Ticket.id) & Entitlement.replaced_at.is_(None))
        .outerjoin(ContractVersion, ContractVersion.id == Entitlement.contract_version_id)
        .outerjoin(PolicyVersion, PolicyVersion.id == Entitlement.policy_version_id)
        .where(Ticket.id.in_(ids), Ticket.spam_at.is_(None))
        .order_by(Ticket.id)
    )
    return [
        _Cause(
            Asked(
                f"ticket:{ticket.id}:arrival",
                Facts(cause, ticket.priority, "", source or "none", policy_id, contract_id, ticket.team_id),
                None,
            ),
            ticket,
        )
        for ticket, source, contract_id, policy_id in rows
    ]
