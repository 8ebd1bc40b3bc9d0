"""A draft of a policy tried on past tickets: whom it would be promised to, and how they would stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from helpdesk.db import Json, db
from helpdesk.tickets.models import Ticket
from sla.commitments.clock import fold
from sla.commitments.facts import Cycle
from sla.commitments.history import Past
from sla.commitments.models import WhatIf
from sla.commitments.telling import Decided
from sla.entitlements import deciding
from sla.entitlements.deciding import Decision
from sla.entitlements.library import Library, taken_over
from sla.entitlements.models import Entitlement
from sla.policies import drafting
from sla.policies.inputs import clause_of
from sla.policies.models import Clause, PolicyVersion, SLAPolicy


def is_for_others(run: WhatIf) -> bool:
    """Whether the draft asks something else than the policy in force, or none is."""
    return bool(run.draft["conditions"] != run.draft.get("asked", run.draft["conditions"]))


@dataclass(frozen=True, slots=True)
class Compared:
    """How a ticket stands, "kept", "late" or "" while it is open, and whether the policy promises it, now and then."""

    was: str
    would: str
    had: bool
    has: bool


class Judge:
    """Replays tickets twice: as they were promised, and with the draft in place of what the policy said."""

    def __init__(self, run: WhatIf) -> None:
        self._at: datetime = run.at
        promises = [drafting.promise_from_json(one) for one in run.draft["promises"]]
        self._draft = [clause_of(promise, place) for place, promise in enumerate(promises, 1)]
        for place, clause in enumerate(self._draft, 1):
            clause.id = -place
        of_policy = select(PolicyVersion.id).where(PolicyVersion.policy_id == run.policy_id)
        self._versions = set(db.session.scalars(of_policy))
        self._said = set(db.session.scalars(select(Clause.id).where(Clause.policy_version_id.in_(of_policy))))
        self._then: PolicyVersion | None = None
        self._now: PolicyVersion | None = None
        if is_for_others(run):
            policy = db.session.get_one(SLAPolicy, run.policy_id)
            self._then = self._version(policy, run.draft["conditions"])
            asked = run.draft["asked"]
            self._now = self._version(policy, asked) if asked is not None else None

    def compared(self, tickets: Sequence[Ticket]) -> dict[int, Compared]:
        """By ticket id; those the policy has and had nothing to do with are left out."""
        rows = select(Entitlement).where(Entitlement.ticket_id.in_([ticket.id for ticket in tickets]))
        decided = {one.ticket_id: one for one in db.session.scalars(rows.where(Entitlement.replaced_at.is_(None)))}
        had = {ticket_id for ticket_id, one in decided.items() if one.policy_version_id in self._versions}
        other = self._decided_otherwise(tickets, decided, had) if self._then is not None else {}
        concerned = [ticket for ticket in tickets if ticket.id in had or ticket.id in other]
        return {
            ticket_id: Compared(was, would, ticket_id in had, (ticket_id in had) is not (ticket_id in other))
            for ticket_id, (was, would) in self._replayed(concerned, other).items()
        }

    def _replayed(self, tickets: Sequence[Ticket], other: Mapping[int, Decision]) -> dict[int, tuple[str, str]]:
        past = Past(tickets)
        current = {each[-1].id for each in past.decided.values()}

        def instead(decided: Decided, promised: Sequence[Clause]) -> Sequence[Clause]:
            if decided.ticket_id not in other:
                return self._instead(promised)
            return other[decided.ticket_id].clauses if decided.id in current else promised

        was, would = past.histories(), past.histories(instead)
        at = self._at.timestamp()
        found = {}
        for ticket_id, history in was.items():
            before = fold(history.facts, history.timelines, at=at)
            after = fold(would[ticket_id].facts, would[ticket_id].timelines, at=at)
            if ticket_id not in other:
                before = [one for one in before if one.clause in self._said]
                after = [one for one in after if one.clause < 0]
            found[ticket_id] = _standing(before), _standing(after)
        return found

    def _decided_otherwise(
        self, tickets: Sequence[Ticket], decided: Mapping[int, Entitlement], had: set[int]
    ) -> dict[int, Decision]:
        """The decision with the draft on tickets that it would win, or lose; what an agent chose stays."""
        library = Library(tickets, taken_over([ticket.id for ticket in tickets]))
        found = {}
        for ticket in tickets:
            row = decided[ticket.id]
            if row.decided_by_id is not None:
                continue
            now_ = (self._now,) if self._now is not None else ()
            assert self._then is not None
            before = deciding.decide(*library.asked(ticket, row.judged_at, *now_))
            after = deciding.decide(*library.asked(ticket, row.judged_at, self._then))
            wins, loses = self._is_mine(after), self._is_mine(before)
            if wins is not loses and wins is not (ticket.id in had):
                found[ticket.id] = after
        return found

    def _version(self, policy: SLAPolicy, asked: Sequence[Json]) -> PolicyVersion:
        """The policy with these conditions, as a version that is not stored and does not know the one that is."""
        beside = SLAPolicy(id=policy.id, name=policy.name, rank=policy.rank)
        version = PolicyVersion(policy_id=policy.id, number=0, conditions={"all": list(asked)}, policy=beside)
        version.clauses = list(self._draft)
        return version

    def _is_mine(self, decision: Decision) -> bool:
        return any(clause.id < 0 for clause in decision.clauses)

    def _instead(self, promised: Sequence[Clause]) -> list[Clause]:
        """What others promise stays, and goes before the draft as it went before the policy."""
        others = [clause for clause in promised if clause.id not in self._said]
        if len(others) == len(promised):
            return others
        taken = {clause.metric for clause in others}
        return [*others, *(clause for clause in self._draft if clause.metric not in taken)]


def _standing(cycles: Sequence[Cycle]) -> str:
    outcomes = {cycle.outcome for cycle in cycles}
    if "broken" in outcomes:
        return "late"
    return "kept" if "kept" in outcomes else ""
