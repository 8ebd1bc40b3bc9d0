"""Commitment rows beside the cycles of the fold: found by clause and cycle, their instants to the microsecond."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from helpdesk.db import among, db
from sla.commitments.models import Commitment


def by_cycle(ticket_ids: Collection[int]) -> dict[int, dict[tuple[int, int], Commitment]]:
    """The rows of tickets: by ticket, then by clause and cycle; one query."""
    found: dict[int, dict[tuple[int, int], Commitment]] = {}
    if not ticket_ids:
        return found
    for row in db.session.scalars(select(Commitment).where(among(Commitment.ticket_id, ticket_ids))):
        found.setdefault(row.ticket_id, {})[row.clause_id, row.cycle] = row
    return found


def instant(seconds: float) -> datetime:
    """POSIX seconds as a UTC time, to the microsecond; one rounding, so that equal instants stay equal."""
    return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=round(seconds * 1e6))


def instant_or_none(seconds: float | None) -> datetime | None:
    return None if seconds is None else instant(seconds)
