"""The policies in force at an instant."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from sla import kept
from sla.kept import Asked, Card, Kept
from sla.policies.models import PolicyVersion, SLAPolicy

SHELF = "policies"
_MOST = 500


def _index() -> Asked:
    asked = kept.cards(
        SHELF,
        PolicyVersion,
        PolicyVersion.policy_id,
        number=PolicyVersion.number,
        more=SLAPolicy.rank,
        written_with=[SLAPolicy],
    )
    return asked.join(SLAPolicy, SLAPolicy.id == PolicyVersion.policy_id).where(
        SLAPolicy.archived_at.is_(None), PolicyVersion.valid_from.is_not(None)
    )


INDEX = _index()
"""Asks for every version of every policy that was not set aside and is no draft."""


class Shelf:
    """Versions of policies, by their cards, for any number of questions."""

    def __init__(self, cards: Collection[Card]) -> None:
        self._cards = sorted(cards, key=lambda card: (card.since, card.number))

    def in_force(self, at: datetime) -> list[PolicyVersion]:
        """For each policy the newest version that counted at `at`, by rank."""
        newest = {card.of: card for card in self._cards if card.since <= at}
        found = _kept.of(newest.values())
        return [found[card.id] for card in sorted(newest.values(), key=lambda card: card.more)]


def in_force(at: datetime) -> list[PolicyVersion]:
    """For each policy that is not set aside the newest version that counted at `at`, by rank."""
    return Shelf(kept.ask(INDEX).get(SHELF, [])).in_force(at)


def _load(session: Session, ids: Collection[int]) -> dict[int, PolicyVersion]:
    rows = (
        select(PolicyVersion)
        .where(PolicyVersion.id.in_(ids))
        .options(joinedload(PolicyVersion.policy), selectinload(PolicyVersion.clauses))
    )
    return {one.id: one for one in session.scalars(rows).unique()}


_kept = Kept(_load, most=_MOST)
