"""The zone in which days of reports begin; every outcome moves to its new day in the transaction that changes it."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import CursorResult, func, select, text

from helpdesk.db import db
from helpdesk.errors import Invalid
from helpdesk.people.models import Brand
from helpdesk.text.zones import zones
from sla.reports import counting
from sla.reports.models import PromiseOutcome

_BATCH = 50_000
_MOVE = text("""
    UPDATE promise_outcome SET day = CAST(moved.here AS date), hour = moved.hour, is_tallied = false
    FROM (SELECT commitment_id, here, (EXTRACT(isodow FROM here) - 1) * 24 + EXTRACT(hour FROM here) AS hour
        FROM (SELECT commitment_id, settled_at AT TIME ZONE :zone AS here FROM promise_outcome
            WHERE commitment_id > :after AND commitment_id <= :until) there) moved
    WHERE moved.commitment_id = promise_outcome.commitment_id
        AND (promise_outcome.day, promise_outcome.hour) IS DISTINCT FROM (CAST(moved.here AS date), moved.hour)
""")


def change(zone: str) -> int:
    """Days begin there from now on, those of the past too; how many outcomes moved. It flushes only.

    Raises:
        Invalid: there is no such IANA zone.
    """
    if zone not in zones():
        raise Invalid("There is no such zone.", {"zone": "Choose a zone of the list, such as Europe/Oslo."})
    counting.hold()
    brand = db.session.scalars(select(Brand).order_by(Brand.id).limit(1)).one()
    if brand.zone == zone:
        return 0
    brand.zone = zone
    db.session.flush()
    last = db.session.scalar(select(func.max(PromiseOutcome.commitment_id))) or 0
    return sum(_move(zone, after) for after in range(0, last, _BATCH))


def _move(zone: str, after: int) -> int:
    moved = db.session.execute(_MOVE, {"zone": zone, "after": after, "until": after + _BATCH})
    return cast(CursorResult[Any], moved).rowcount
