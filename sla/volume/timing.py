"""Working hours as a ticket's own promise counts them, at each instant by what was decided and known then.

1. The decision in force when something happened says what is promised; the first one also counts for what was before.
2. Of its promises the one about an answer counts, else the first; its calendar is read in the calendar's own zone.
3. A change of hours that was written later changes nothing that was counted. Without a calendar no hour is closed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select

from helpdesk.db import among, db
from sla.calendars.loading import always, versions_of
from sla.calendars.timeline import Timeline
from sla.entitlements.models import Entitlement
from sla.policies.models import Clause

_FIRST = ("first_response", "next_response", "update")


class _Decided(NamedTuple):
    at: datetime
    calendar_id: int | None


class Times:
    """The hours of some tickets."""

    def __init__(self, ticket_ids: Collection[int]) -> None:
        decided = list(_decisions(ticket_ids))
        clauses = _clauses({one for _, _, ids in decided for one in ids})
        self._decided: dict[int, list[_Decided]] = {}
        for ticket_id, at, ids in decided:
            calendar_id = _calendar([clauses[one] for one in ids if one in clauses])
            self._decided.setdefault(ticket_id, []).append(_Decided(at, calendar_id))
        used = {one.calendar_id for each in self._decided.values() for one in each}
        self._calendars = versions_of({one for one in used if one is not None})
        self._always = always()

    def timeline(self, ticket_id: int, at: datetime) -> Timeline:
        """As it was decided and known at an instant."""
        decided = self._decided.get(ticket_id, [])
        in_force = next((one for one in reversed(decided) if one.at <= at), decided[0] if decided else None)
        versions = self._calendars.get(in_force.calendar_id or 0) if in_force is not None else None
        return versions.timeline(at.timestamp()) if versions is not None else self._always


def _decisions(ticket_ids: Collection[int]) -> Iterable[tuple[int, datetime, Sequence[int]]]:
    rows = select(Entitlement.ticket_id, Entitlement.decided_at, Entitlement.clause_ids)
    for ticket_id, at, clauses in db.session.execute(
        rows.where(among(Entitlement.ticket_id, ticket_ids)).order_by(Entitlement.id)
    ):
        yield ticket_id, at, clauses.get("ids", ())


def _clauses(ids: Collection[int]) -> Mapping[int, tuple[str, int | None]]:
    rows = select(Clause.id, Clause.metric, Clause.calendar_id).where(among(Clause.id, ids))
    return {key: (metric, calendar_id) for key, metric, calendar_id in db.session.execute(rows)} if ids else {}


def _calendar(clauses: Sequence[tuple[str, int | None]]) -> int | None:
    for metric in _FIRST:
        for each, calendar_id in clauses:
            if each == metric:
                return calendar_id
    return clauses[0][1] if clauses else None
