"""Each promise that is decided is counted in the transaction that decides it: once, and anew when that changes.

1. A commitment that is written is remembered, whoever writes it.
2. `count`, once before the commit, writes what became of all of them, with whom and what they are counted for then.
3. What a day adds up to is written later, by `sla.reports.tallying`; until then its outcomes are read themselves.
"""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import CursorResult, inspect, select, text, update
from sqlalchemy import event as sa_event

from helpdesk.db import before_commit, db
from helpdesk.events import Event
from sla.commitments.models import DECIDED, Commitment
from sla.reports.models import PromiseOutcome

_SAYS = ("outcome", "ended_at", "broken_at", "excused_at")

_IDS = select(Commitment.id).order_by(Commitment.id).limit(10_000)

_WRITE = """
    INSERT INTO promise_outcome AS was (commitment_id, ticket_id, outcome, is_excused, settled_at, day, hour, metric,
        promise, priority, organization_id, contract_id, team_id, agent_id, channel_kind, product, left_seconds,
        is_tallied)
    SELECT one.id, one.ticket_id, CASE WHEN one.outcome IN ('kept', 'broken') THEN one.outcome ELSE 'void' END,
        one.excused_at IS NOT NULL, settled.at, CAST(settled.at AT TIME ZONE house.zone AS date),
        (EXTRACT(isodow FROM settled.at AT TIME ZONE house.zone) - 1) * 24
            + EXTRACT(hour FROM settled.at AT TIME ZONE house.zone), one.metric,
        CASE WHEN agreed.id IS NULL THEN 'p' || said.policy_id ELSE 'c' || agreed.contract_id END
            || ':' || COALESCE(NULLIF(clause.number, ''), clause.metric),
        ticket.priority, ticket.organization_id, agreed.contract_id, ticket.team_id, ticket.assignee_id,
        ticket.channel_kind, COALESCE(unit.model, ''),
        CASE WHEN one.ended_at IS NULL THEN 0 ELSE one.target_seconds - one.elapsed_seconds END, false
    FROM commitment one
    JOIN ticket ON ticket.id = one.ticket_id
    JOIN clause ON clause.id = one.clause_id
    LEFT JOIN contract_version agreed ON agreed.id = clause.contract_version_id
    LEFT JOIN policy_version said ON said.id = clause.policy_version_id
    LEFT JOIN LATERAL (
        SELECT asset.model FROM ticket_asset JOIN asset ON asset.id = ticket_asset.asset_id
        WHERE ticket_asset.ticket_id = one.ticket_id AND ticket_asset.state = 'confirmed' ORDER BY asset.id LIMIT 1
    ) unit ON true
    CROSS JOIN LATERAL (
        SELECT COALESCE(CASE WHEN one.outcome = 'broken' THEN one.broken_at END, one.ended_at, one.started_at) AS at
    ) settled
    CROSS JOIN (SELECT zone FROM brand ORDER BY id LIMIT 1) house
    WHERE one.id = {these} AND (one.outcome IN ('kept', 'broken')
        OR EXISTS (SELECT FROM promise_outcome known WHERE known.commitment_id = one.id))
    ON CONFLICT (commitment_id) DO UPDATE SET
        outcome = excluded.outcome, is_excused = excluded.is_excused, left_seconds = excluded.left_seconds,
        is_tallied = false, {kept}
    WHERE (was.outcome, was.is_excused, was.left_seconds)
            IS DISTINCT FROM (excluded.outcome, excluded.is_excused, excluded.left_seconds)
        OR NOT {stays}
"""
_STAYS = "(excluded.outcome = 'void' OR was.settled_at = excluded.settled_at)"
"""When and for whom it was decided stays while that is taken back: it may be decided at the same instant again."""
_KEPT = ", ".join(
    f"{name} = CASE WHEN {_STAYS} THEN was.{name} ELSE excluded.{name} END"
    for name in ("settled_at", "day", "hour", "priority", "organization_id", "team_id", "agent_id", "channel_kind",
                 "product")
)  # fmt: skip
_COUNT, _COUNT_ONE = (
    text(_WRITE.format(these=these, kept=_KEPT, stays=_STAYS)) for these in ("ANY(:ids)", "CAST(:id AS bigint)")
)
"""By one key PostgreSQL keeps its plan; for a list it plans anew each time, which takes longer than the work."""
_FEW = 10

_SHARED, _ALONE = (text(f"SELECT pg_advisory_xact_lock{how}(7210012)") for how in ("_shared", ""))


def count(commitment_ids: list[int]) -> None:
    """Write what became of them; one that was never decided has no row, one taken back is void."""
    db.session.execute(_SHARED)
    if len(commitment_ids) <= _FEW:
        db.session.execute(_COUNT_ONE, [{"id": one} for one in commitment_ids])
    else:
        db.session.execute(_COUNT, {"ids": commitment_ids})


def count_everything() -> int:
    """Every commitment there is, ten thousand at a time; how many outcomes were missing or said something else."""
    last, changed = 0, 0
    while ids := list(db.session.scalars(_IDS.where(Commitment.id > last))):
        changed += cast(CursorResult[Any], db.session.execute(_COUNT, {"ids": ids})).rowcount
        last = ids[-1]
    return changed


def hold() -> None:
    """Until this transaction ends nothing is counted by others: the zone of the days may change."""
    db.session.execute(_ALONE)


def forget(event: Event) -> None:
    """A ticket is withdrawn: nothing of it counts any more."""
    mine = update(PromiseOutcome).where(PromiseOutcome.ticket_id == event.ticket_id)
    db.session.execute(mine.values(outcome="void", is_tallied=False))


@sa_event.listens_for(Commitment, "after_insert")
def _added(_mapper: Any, _connection: Any, row: Commitment) -> None:
    if row.outcome in DECIDED:
        before_commit(count, row.id)


@sa_event.listens_for(Commitment, "after_update")
def _changed(_mapper: Any, _connection: Any, row: Commitment) -> None:
    said = inspect(row)
    if any(said.attrs[name].history.has_changes() for name in _SAYS):
        before_commit(count, row.id)
