"""The tickets around one: what its customer asked before, what it came from, and what went into it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from sqlalchemy import ARRAY, BigInteger, CompoundSelect, Row, Select, any_, bindparam, literal, union_all

from helpdesk.db import db
from helpdesk.tickets.models import Ticket

_EARLIER = 5
_JOINED = 20

Near = Row[str, int, int, str, datetime, int | None]
"""Where it stands, then id, number, subject, last_message_at and merged_into_id."""


@dataclass(frozen=True, slots=True)
class Kin:
    """Tickets a reader may see, around one."""

    earlier: Sequence[Near]
    """What this contact asked before, the newest first."""
    joined: Sequence[Near]
    """What was merged into it, or made of its messages."""
    related: dict[str, Near]
    """follows: the one it continues; split: the one it was made of; suggested: the one its subject names."""


def around(visible: Select[Ticket], ticket: Ticket) -> Kin:
    """All of them by one statement."""
    whence = {ticket.follows_id: "follows", ticket.split_from_id: "split"}
    found = db.session.execute(
        _around(visible),
        {
            "ticket": ticket.id,
            "contact": ticket.contact_id,
            "whence": [one for one in whence if one],
            "suggested": ticket.suggested_number,
        },
    ).all()
    return Kin(
        earlier=sorted(_of(found, "earlier"), key=lambda one: one.last_message_at, reverse=True),
        joined=sorted(_of(found, "joined"), key=lambda one: one.id),
        related={whence.get(one.id, "suggested"): one for one in _of(found, "related")},
    )


def _of(found: Sequence[Near], place: str) -> list[Near]:
    return [one for one in found if one.place == place]


@lru_cache
def _around(visible: Select[Ticket]) -> CompoundSelect[str, int, int, str, datetime, int | None]:
    """Put together once."""
    here = bindparam("ticket", type_=BigInteger())
    earlier = visible.where(Ticket.contact_id == bindparam("contact"), Ticket.id != here)
    joined = visible.where((Ticket.merged_into_id == here) | (Ticket.split_from_id == here))
    related = visible.where(
        (Ticket.id == any_(bindparam("whence", type_=ARRAY(BigInteger)))) | (Ticket.number == bindparam("suggested"))
    )
    return union_all(
        _placed("earlier", earlier.order_by(Ticket.last_message_at.desc()).limit(_EARLIER)),
        _placed("joined", joined.order_by(Ticket.id).limit(_JOINED)),
        _placed("related", related),
    )


def _placed(place: str, tickets: Select[Ticket]) -> Select[str, int, int, str, datetime, int | None]:
    return tickets.with_only_columns(
        literal(place).label("place"),
        Ticket.id,
        Ticket.number,
        Ticket.subject,
        Ticket.last_message_at,
        Ticket.merged_into_id,
    )
