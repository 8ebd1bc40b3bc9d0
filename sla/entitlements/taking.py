"""Open tickets take over a version that was put in force: decided again as of their arrival, as if it had counted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, func, select

from helpdesk.db import among, db, reserve
from helpdesk.errors import Conflict
from helpdesk.people.models import Agent
from helpdesk.tickets.models import Status, Ticket
from sla.contracts.models import ContractVersion
from sla.entitlements import deciding
from sla.entitlements.deciding import Book, Decision, Request
from sla.entitlements.library import Library, Version, taken_over
from sla.entitlements.models import Entitlement
from sla.entitlements.writing import row_of, write
from sla.policies.models import PolicyVersion

Asked = tuple[Request, Book]

MOST = 2000
"""Open tickets that are decided again in one transaction; the manager waits for it."""
LATER_KEEPS = "Open tickets can take it over only from now on. For a later day, let them keep theirs."
_BATCH = 200
_NOTHING = Decision("none", "Nothing was promised for this request.")


@dataclass(frozen=True)
class Taking:
    """A ticket that is decided otherwise by a version. `current` is None where nothing was ever decided."""

    ticket: Ticket
    current: Entitlement | None
    decision: Decision
    at: datetime
    """The instant it is decided for: the arrival of the request."""


def take(version: Version, *, by: Agent) -> int:
    """Have the open tickets take it over, each with an event; how many did. They are judged by it with the commit.

    What an agent said covers a ticket stays; only what that says is the newer.

    Raises:
        Conflict: too many are open for one transaction; nothing is changed.
    """
    count = db.session.scalar(select(func.count()).select_from(Ticket).where(*_open(version))) or 0
    if count > MOST:
        raise Conflict(
            f"{count} tickets are open, and at most {MOST} can take over a promise at once. "
            "Let them keep what they were promised."
        )
    ids = db.session.scalars(select(Ticket.id).where(*_open(version)).order_by(Ticket.id)).all()
    taken = 0
    for start in range(0, len(ids), _BATCH):
        batch = ids[start : start + _BATCH]
        still_open = select(Ticket).where(Ticket.id.in_(batch), *_open(version)).order_by(Ticket.id).with_for_update()
        tickets = db.session.scalars(still_open).all()
        library = library_of(tickets)
        found = list(takings(version, tickets, library))
        reserve(entitlement=len(found), event=len(found))
        for one in found:
            _take(one, version, library, by)
        taken += len(found)
    db.session.flush()
    return taken


def open_tickets(version: Version, most: int) -> list[Ticket]:
    """Those it could concern, the soonest due first; nobody is kept from them."""
    rows = select(Ticket).where(*_open(version)).order_by(Ticket.next_due_at, Ticket.id).limit(most)
    return list(db.session.scalars(rows))


def library_of(tickets: Sequence[Ticket]) -> Library:
    """What could cover open tickets, what they took over before included."""
    return Library(tickets, taken_over([ticket.id for ticket in tickets]))


def takings(version: Version, tickets: Sequence[Ticket], library: Library) -> Iterator[Taking]:
    """Those of the tickets, all in the library, that the version decides otherwise than what it follows does."""
    mine = among(Entitlement.ticket_id, [ticket.id for ticket in tickets])
    decided = select(Entitlement).where(mine, Entitlement.replaced_at.is_(None))
    current = {one.ticket_id: one for one in db.session.scalars(decided)}
    for ticket in tickets:
        before = current.get(ticket.id)
        at = before.judged_at if before is not None else library.arrival(ticket)
        decision = _decided(before, library.asked(ticket, at, version))
        counted = version.valid_from is not None and version.valid_from <= at
        was = None if counted else _decided(before, library.asked(ticket, at))
        if decision is not None and _said(decision) != (_said(was) if was is not None else _stands(before)):
            yield Taking(ticket, before, decision, at)


def proposed(one: Taking) -> list[Entitlement]:
    """The rows that taking over would add, not stored; their ids are negative."""
    rows = [row_of(one.ticket.id, one.decision, at=one.at)]
    if one.current is None:
        rows.insert(0, row_of(one.ticket.id, _NOTHING, at=one.at))
    for place, row in enumerate(reversed(rows)):
        row.id = -2 * one.ticket.id - place
    return rows


def name(version: Version) -> str:
    return version.name if isinstance(version, ContractVersion) else version.policy.name


def _open(version: Version) -> tuple[ColumnElement[bool], ...]:
    """An agreement concerns the tickets of its customer."""
    of_customer: tuple[ColumnElement[bool], ...] = ()
    if isinstance(version, ContractVersion):
        of_customer = (Ticket.organization_id == version.contract.organization_id,)
    return Ticket.status < Status.RESOLVED, Ticket.spam_at.is_(None), *of_customer


def _decided(current: Entitlement | None, asked: Asked) -> Decision | None:
    """What is decided now; what an agent chose stays, and is None where that covers it no more."""
    if current is not None and current.decided_by_id is not None:
        return _alike(deciding.choices(*asked), current)
    return deciding.decide(*asked)


def _alike(choices: Sequence[Decision], current: Entitlement) -> Decision | None:
    """What an agent chose, as it would be now: from the same agreement, warranty or policy."""
    kin = (one for one in choices if one.source == current.source and _owner(one) == _owner_of(current))
    return next(kin, None)


def _take(one: Taking, version: Version, library: Library, by: Agent) -> None:
    current = one.current or write(one.ticket, _NOTHING, library, at=one.at, by=None)
    words = f"{one.decision.reason} Taken over while it was open, from version {version.number} of {name(version)}."
    kind = "agreement" if isinstance(version, ContractVersion) else "policy"
    decision = replace(one.decision, reason=words)
    write(
        one.ticket,
        decision,
        library,
        at=one.at,
        by=by,
        replaces=current,
        taken={"of": kind, "version": version.id},
    )


def _owner(decision: Decision) -> int | None:
    if decision.contract is not None:
        return decision.contract.contract_id
    if decision.warranty is not None:
        return decision.warranty.id
    return decision.policy.policy_id if decision.policy is not None else None


def _owner_of(current: Entitlement) -> int | None:
    asked = {
        "contract": select(ContractVersion.contract_id).where(ContractVersion.id == current.contract_version_id),
        "policy": select(PolicyVersion.policy_id).where(PolicyVersion.id == current.policy_version_id),
    }
    if current.source in asked:
        return db.session.scalar(asked[current.source])
    return current.warranty_id


def _said(decision: Decision) -> tuple[str, list[int]]:
    return decision.source, [clause.id for clause in decision.clauses]


def _stands(current: Entitlement | None) -> tuple[str, list[int]]:
    """What counts on a ticket, which a version that is to have counted before it arrived did not decide yet."""
    return (current.source, current.clause_ids.get("ids", [])) if current is not None else ("none", [])
