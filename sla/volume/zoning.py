"""When the zone in which days begin changes, every fact finds its new day and hour in the same transaction."""

from __future__ import annotations

from sqlalchemy import func, select, text

from helpdesk.db import db
from sla.reports import periods
from sla.volume import counting, tallying
from sla.volume.models import VolumeFact

_BATCH = 20_000
_MOVE = text("""
    UPDATE volume_fact SET day = CAST(at AT TIME ZONE :zone AS date),
        hour = (EXTRACT(isodow FROM at AT TIME ZONE :zone) - 1) * 24 + EXTRACT(hour FROM at AT TIME ZONE :zone)
    WHERE ticket_id > :after AND ticket_id <= :until
""")


def follow() -> None:
    """Move every fact to the day it is of in the zone there is now. It flushes only."""
    counting.hold()
    zone = periods.zone().key
    last = db.session.scalar(select(func.max(VolumeFact.ticket_id))) or 0
    for after in range(0, last, _BATCH):
        db.session.execute(_MOVE, {"zone": zone, "after": after, "until": after + _BATCH})
    tallying.again()
