"""What happens to a ticket marks it; a moment later the scheduler folds its events anew and writes what differs.

1. `heard` marks the tickets of a transaction as part of it: one insert, however many there are.
2. `tick` takes marks, reads what happened to their tickets, and changes rows that say something else, with the days
   these rows are of. A ticket that changes meanwhile has a newer mark, and is counted again.
So what is counted is never later than a few seconds, costs those who write next to nothing, and is always a fold.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

from sqlalchemy import ARRAY, BigInteger, String, bindparam, delete, func, insert, inspect, select, text
from sqlalchemy import event as sa_event

from helpdesk import events
from helpdesk.db import among, db, last_before_commit
from helpdesk.events import Event
from helpdesk.rows import insert_later
from helpdesk.tickets.models import Ticket
from sla.volume import reading, tallying
from sla.volume.models import VolumeFact, VolumeMark, VolumeStretch
from sla.volume.reading import FactRow, Rows, StretchRow

_BATCH, _BATCHES, _NEWS = 500, 8, 50
_IDS = ARRAY(BigInteger)
_FACT, _STRETCH = VolumeFact.__table__, VolumeStretch.__table__
_LOCK = text("SELECT pg_advisory_xact_lock(7210021)")

_MARK = text("""
    WITH RECURSIVE marked AS (
        SELECT unnest(:tickets) AS id
        UNION SELECT ticket.id FROM ticket JOIN marked ON ticket.merged_into_id = marked.id
    )
    INSERT INTO volume_mark (ticket_id) SELECT id FROM marked
""").bindparams(bindparam("tickets", type_=_IDS))
"""Tickets with all that were merged into them: whose reply a message is may change with where it is."""

_TAKE = text("""
    DELETE FROM volume_mark WHERE id IN (SELECT id FROM volume_mark ORDER BY id LIMIT :most FOR UPDATE SKIP LOCKED)
    RETURNING ticket_id
""")

_FORGET_FACTS = text("""
    DELETE FROM volume_fact USING unnest(:tickets, :kinds, :numbers) AS gone (ticket_id, kind, number)
    WHERE (volume_fact.ticket_id, volume_fact.kind, volume_fact.number) = (gone.ticket_id, gone.kind, gone.number)
""").bindparams(
    bindparam("tickets", type_=_IDS), bindparam("kinds", type_=ARRAY(String)), bindparam("numbers", type_=_IDS)
)
_FORGET_STRETCHES = text("""
    DELETE FROM volume_stretch USING unnest(:tickets, :numbers) AS gone (ticket_id, number)
    WHERE (volume_stretch.ticket_id, volume_stretch.number) = (gone.ticket_id, gone.number)
""").bindparams(bindparam("tickets", type_=_IDS), bindparam("numbers", type_=_IDS))


def heard(event: Event) -> None:
    """Have this ticket counted anew."""
    last_before_commit(mark, event.ticket_id)


def mark(ticket_ids: list[int]) -> None:
    """Into tickets that were opened just now nothing was merged, unless they say so."""
    opened = events.opened_now(ticket_ids)
    alone = {key for key, told in opened.items() if not any(event.kind == "ticket.absorbed" for event in told)}
    insert_later(*(VolumeMark(ticket_id=one) for one in alone))
    if others := [one for one in ticket_ids if one not in alone]:
        db.session.execute(_MARK, {"tickets": others})


def tick() -> int:
    """Count what was marked; how many tickets. What is left after some batches waits for the next tick. Commits."""
    counted = 0
    for _ in range(_BATCHES):
        hold()
        ticket_ids = set(db.session.scalars(_TAKE, {"most": _BATCH}))
        if not ticket_ids:
            break
        tallying.add_up(count(ticket_ids)[1])
        db.session.commit()
        counted += len(ticket_ids)
    db.session.rollback()
    return counted


def count(ticket_ids: Collection[int]) -> tuple[int, set[date]]:
    """Write what differs; how many rows, and the days that are to be added up anew."""
    due, known = reading.rows(ticket_ids), stored(ticket_ids)
    _forget(Rows(known.facts - due.facts, known.stretches - due.stretches))
    new = Rows(due.facts - known.facts, due.stretches - known.stretches)
    if new.facts:
        db.session.execute(
            insert(VolumeFact), [one._asdict() | {"topics": list(one.topics)} for one in sorted(new.facts)]
        )
    if new.stretches:
        rows = [one._asdict() | {"topics": list(one.topics)} for one in new.stretches]
        db.session.execute(insert(VolumeStretch), rows)
    changed = known.facts ^ due.facts
    return len(changed) + len(known.stretches ^ due.stretches), {one.day for one in changed}


def waiting() -> int:
    """How many tickets wait to be counted, as after an upgrade; none where it is only what happened just now."""
    count = db.session.scalar(select(func.count()).select_from(VolumeMark)) or 0
    return count if count > _NEWS else 0


def hold() -> None:
    """Until this transaction ends nothing is counted by others."""
    db.session.execute(_LOCK)


def count_everything() -> int:
    """Every ticket there is, and what is left of those that are no more; how many rows changed. It flushes only."""
    hold()
    db.session.execute(delete(VolumeMark))
    last, changed = 0, 0
    while ids := _ids(last):
        changed += count(ids)[0]
        last = ids[-1]
    tallying.again()
    return changed


def stored(ticket_ids: Collection[int]) -> Rows:
    """What is written of them."""
    facts = db.session.execute(select(*_FACT.c).where(among(_FACT.c.ticket_id, ticket_ids)))
    stretches = db.session.execute(select(*_STRETCH.c).where(among(_STRETCH.c.ticket_id, ticket_ids)))
    return Rows(
        {FactRow._make([*row[:-1], tuple(row[-1])]) for row in facts},
        {StretchRow._make([*row[:-1], tuple(row[-1])]) for row in stretches},
    )


def after(last: int, most: int = _BATCH) -> list[int]:
    """The next tickets that are, or of which something is counted."""
    return _ids(last, most)


def _ids(last: int, most: int = _BATCH) -> list[int]:
    found: set[int] = set()
    for column in (Ticket.id, VolumeFact.ticket_id, VolumeStretch.ticket_id):
        found.update(db.session.scalars(select(column).where(column > last).distinct().order_by(column).limit(most)))
    return sorted(found)[:most]


def _forget(rows: Rows) -> None:
    if rows.facts:
        keys = zip(*((one.ticket_id, one.kind, one.number) for one in rows.facts), strict=True)
        db.session.execute(_FORGET_FACTS, dict(zip(("tickets", "kinds", "numbers"), map(list, keys), strict=True)))
    if rows.stretches:
        places = zip(*((one.ticket_id, one.number) for one in rows.stretches), strict=True)
        db.session.execute(_FORGET_STRETCHES, dict(zip(("tickets", "numbers"), map(list, places), strict=True)))


@sa_event.listens_for(Ticket.organization_id, "set")
def _changed(ticket: Ticket, _value: Any, _before: Any, _initiator: Any) -> None:
    """It belongs to another customer, which no event tells."""
    if inspect(ticket).persistent:
        last_before_commit(mark, ticket.id)
