"""`flask reports verify` for service: every ticket folded again beside its rows, the days added up beside theirs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select, text

from helpdesk.db import db
from sla.volume import counting, reading, tallying
from sla.volume.models import VolumeMark
from sla.volume.tallying import NAMES

_DAYS = text(f"""
    WITH added AS ({tallying.ADDED_UP.format(days="true")})
    SELECT dimension, CAST(day AS text) AS day, key,
        CAST(({", ".join(f"stored.{name}" for name in NAMES)}) AS text) AS stored,
        CAST(({", ".join(f"added.{name}" for name in NAMES)}) AS text) AS counted
    FROM volume_day stored FULL JOIN added USING (dimension, day, key)
    WHERE ({", ".join(f"stored.{name}" for name in NAMES)})
        IS DISTINCT FROM ({", ".join(f"added.{name}" for name in NAMES)})
    ORDER BY day, dimension, key
""")  # noqa: S608 - names of our own columns


def verify() -> Iterator[dict[str, Any]]:
    """Every row that differs, as what is stored beside what it should be; what is marked is being counted."""
    last = 0
    while ids := counting.after(last):
        marked = set(db.session.scalars(select(VolumeMark.ticket_id).where(VolumeMark.ticket_id.in_(ids))))
        mine = [one for one in ids if one not in marked]
        due, known = reading.rows(mine), counting.stored(mine)
        for stored, counted in ((known.facts - due.facts, "stored"), (due.facts - known.facts, "counted")):
            yield from ({counted: "fact", **one._asdict()} for one in sorted(stored))
        for rows, counted in (
            (known.stretches - due.stretches, "stored"),
            (due.stretches - known.stretches, "counted"),
        ):
            yield from ({counted: "stretch", **one._asdict()} for one in rows)
        last = ids[-1]
    for row in db.session.execute(_DAYS).mappings():
        yield dict(row)
