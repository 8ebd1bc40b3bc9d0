"""What happened to tickets and what was decided on them; read for fifty in as few queries as for one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Select, any_, bindparam, case, select

from helpdesk import events
from helpdesk.db import among, db
from helpdesk.events import Event
from sla.commitments.facts import Fact
from sla.commitments.grounds import Grounds, History, Subject, Zones
from sla.commitments.telling import READ, WORDLESS, Decided, Placed, Told, facts_of
from sla.entitlements import resolving
from sla.entitlements.models import Entitlement
from sla.kept import Card
from sla.policies.models import Clause

Instead = Callable[[Decided, Sequence[Clause]], Sequence[Clause]]
"""Given a decision and what it promised, what is to be judged in its place."""

Proposed = Mapping[int, Sequence[Entitlement]]
"""By ticket id, decisions that are not stored; their ids are negative, to tell them from those that are."""


def histories(tickets: Sequence[Subject]) -> dict[int, History]:
    """By ticket id; tickets on which nothing was ever promised are left out."""
    return Past(tickets).histories()


class Past:
    """What happened to some tickets and what was decided on them, read once for any number of judgements."""

    def __init__(self, tickets: Sequence[Subject], proposed: Proposed | None = None) -> None:
        """`proposed` is read as if it had been decided last."""
        self._tickets = tickets
        self._events = _events(tickets)
        told = {one.ticket_id for each in self._events.values() for one in each if one.kind == "entitlement.decided"}
        self.decided = _decisions(told)
        """Decisions by ticket; there is an event for each, so that tickets without one are not asked about."""
        for ticket_id, rows in (proposed or {}).items():
            found = self.decided.setdefault(ticket_id, [])
            found.extend(_light(row, proposed_at=row.decided_at) for row in rows)
        self._clauses: dict[int, Clause] = {}
        self._calendars: Sequence[Card] | None = None
        self._told: dict[int, tuple[float, list[Fact | Placed]]] = {}

    @property
    def received(self) -> dict[int, datetime]:
        """When the first words reached us, by ticket, where that was before they were filed."""
        opened = [one for each in self._events.values() for one in each if one.kind == "ticket.opened"]
        return {
            one.ticket_id: datetime.fromisoformat(one.data["received"]) for one in opened if one.data.get("received")
        }

    def add(self, decided: resolving.Decided) -> None:
        """What was decided meanwhile on tickets of which nothing was decided."""
        self._calendars = decided.calendars
        for one in decided.made:
            self._clauses |= {clause.id: clause for clause in one.clauses}
            self.decided[one.entitlement.ticket_id] = [_light(one.entitlement)]

    def histories(self, instead: Instead | None = None) -> dict[int, History]:
        """By ticket id, judged by what was promised on it or by what is given `instead`."""
        promises = self._promises()
        judged: dict[int, tuple[int, ...]] = {}
        if instead is not None:
            others = {one.id: instead(one, promises[one.clause_ids]) for each in self.decided.values() for one in each}
            judged = {key: tuple(clause.id for clause in each) for key, each in others.items()}
            promises = {judged[key]: each for key, each in others.items()}
        mine = [one for one in self._tickets if one.id in self.decided]
        clauses = {clause.id: clause for each in promises.values() for clause in each}
        grounds = Grounds(promises, judged, Zones(mine, clauses.values()), self._calendars)
        return {one.id: grounds.history(one, self.decided[one.id], *self._told_of(one.id)) for one in mine}

    def _promises(self) -> dict[tuple[int, ...], Sequence[Clause]]:
        """What was promised, by the ids of its clauses."""
        decided = {one.clause_ids for each in self.decided.values() for one in each}
        missing = {clause_id for ids in decided for clause_id in ids}.difference(self._clauses)
        if missing:
            rows = select(Clause).where(among(Clause.id, missing))
            self._clauses |= {one.id: one for one in db.session.scalars(rows)}
        return {ids: [self._clauses[one] for one in ids if one in self._clauses] for ids in decided}

    def _told_of(self, ticket_id: int) -> tuple[float, list[Fact | Placed]]:
        if ticket_id not in self._told:
            self._told[ticket_id] = facts_of(self.decided[ticket_id], self._events.get(ticket_id, []))
        return self._told[ticket_id]


def _decisions(ticket_ids: Collection[int]) -> dict[int, list[Decided]]:
    found: dict[int, list[Decided]] = {}
    if not ticket_ids:
        return found
    columns = Entitlement.id, Entitlement.ticket_id, Entitlement.contract_version_id, Entitlement.judged_at
    rows = select(*columns, Entitlement.clause_ids).where(among(Entitlement.ticket_id, ticket_ids))
    for key, ticket_id, contract, at, clauses in db.session.execute(rows.order_by(Entitlement.id)):
        one = Decided(key, ticket_id, contract, at, tuple(clauses.get("ids", ())))
        found.setdefault(ticket_id, []).append(one)
    return found


def _light(row: Entitlement, *, proposed_at: datetime | None = None) -> Decided:
    ids = tuple(row.clause_ids.get("ids", ()))
    return Decided(row.id, row.ticket_id, row.contract_version_id, row.judged_at, ids, proposed_at)


def _events(tickets: Sequence[Subject]) -> dict[int, list[Told]]:
    db.session.flush()  # a question about columns of a table does not flush by itself
    opened = events.opened_now(ticket.id for ticket in tickets)
    found: dict[int, list[Told]] = {
        key: [event for event in told if event.kind in READ] for key, told in opened.items()
    }
    older = [ticket.id for ticket in tickets if ticket.id not in found]
    for event in db.session.execute(_READ, {"tickets": older}) if older else ():
        found.setdefault(event.ticket_id, []).append(event)
    return found


def _read() -> Select[Any]:
    """The events of `tickets`; by columns of the table, which are fetched faster than attributes of its rows."""
    told = Event.__table__.c
    data = case((among(told.kind, WORDLESS), None), else_=told.data).label("data")
    columns = told.ticket_id, told.kind, told.at, told.agent_id, told.contact_id, told.message_id, data
    of_tickets = told.ticket_id == any_(bindparam("tickets", type_=ARRAY(BigInteger)))
    return select(*columns).where(of_tickets, among(told.kind, READ)).order_by(told.id)


_READ = _read()
