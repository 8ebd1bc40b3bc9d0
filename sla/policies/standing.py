"""Where a policy stands: which of its versions is a draft, waits or counts, and the order policies are tried in."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload, selectinload

from helpdesk.db import db, locked, one
from helpdesk.now import now
from sla.policies import matching
from sla.policies.models import Clause, PolicyVersion, SLAPolicy


def find(policy_id: int) -> SLAPolicy:
    """The policy.

    Raises:
        NotFound: there is none.
    """
    return one(_rows(policy_id), what="policy")


def held(policy_id: int) -> SLAPolicy:
    """The policy, locked, so that two who edit it do so one after the other.

    Raises:
        NotFound: there is none.
    """
    return locked(_rows(policy_id), what="policy")


def versions(policy: SLAPolicy) -> list[PolicyVersion]:
    """All of them with their clauses, the oldest first; a draft is the last."""
    rows = (
        select(PolicyVersion)
        .where(PolicyVersion.policy_id == policy.id)
        .order_by(PolicyVersion.number)
        .options(joinedload(PolicyVersion.policy), selectinload(PolicyVersion.clauses).joinedload(Clause.calendar))
        .execution_options(populate_existing=True)
    )
    return list(db.session.scalars(rows).unique())


def draft_in(known: Sequence[PolicyVersion]) -> PolicyVersion | None:
    return next((one for one in known if one.valid_from is None), None)


def pending_in(known: Sequence[PolicyVersion]) -> PolicyVersion | None:
    """The one that begins later."""
    return next((one for one in known if one.valid_from is not None and one.valid_from > now()), None)


def in_force_in(known: Sequence[PolicyVersion]) -> PolicyVersion | None:
    began = [one for one in known if one.valid_from is not None and one.valid_from <= now()]
    return max(began, key=lambda one: (one.valid_from, one.number), default=None)


def shown_in(known: Sequence[PolicyVersion]) -> PolicyVersion:
    """What the next edit begins with: the draft, else what begins later, else what is in force."""
    return draft_in(known) or pending_in(known) or in_force_in(known) or known[-1]


def everything() -> list[PolicyVersion]:
    """For each policy that is not set aside what it says (in force, else to be), in the order they are tried."""
    rows = (
        select(PolicyVersion)
        .join(SLAPolicy, SLAPolicy.id == PolicyVersion.policy_id)
        .where(SLAPolicy.archived_at.is_(None))
        .order_by(PolicyVersion.policy_id, PolicyVersion.number)
        .options(joinedload(PolicyVersion.policy), selectinload(PolicyVersion.clauses).joinedload(Clause.calendar))
    )
    found: dict[int, list[PolicyVersion]] = {}
    for version in db.session.scalars(rows).unique():
        found.setdefault(version.policy_id, []).append(version)
    return matching.in_order([in_force_in(known) or shown_in(known) for known in found.values()])


def _rows(policy_id: int) -> Select[SLAPolicy]:
    return select(SLAPolicy).where(SLAPolicy.id == policy_id)
