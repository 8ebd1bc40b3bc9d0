"""Policies in words: the sentence of their conditions, what a promise counts, and which place they have."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from helpdesk.db import db
from helpdesk.people.models import Organization, Team
from sla.assets.models import Site
from sla.calendars.models import Calendar
from sla.policies.drafting import COVERS
from sla.policies.inputs import Promise
from sla.policies.matching import FIELDS, Condition, Names
from sla.web.amounts import length

LEVELS = {
    "agreement": "For agreements",
    "warranty": "For warranties",
    "customer": "For a customer or a site",
    "team": "For a team",
    "default": "For everything else",
}
"""In the order they are tried."""
PAUSES = {"customer": "we wait for them", "part": "a part is on order", "someone": "we wait for somebody else"}
STARTS = {
    "next_response": "they write again",
    "update": "we answer",
    "ownership": "a team gets it",
    "on_site": "a visit is sent out",
}
KEPT = {
    "first_response": ("a person answers",),
    "next_response": ("a person answers",),
    "update": ("we write again",),
    "wait": ("marked done",),
    "work": ("marked done",),
    "resolution": ("marked done", "plan agreed"),
    "restore": ("running again", "marked done"),
    "ownership": ("somebody takes it",),
    "on_site": ("the engineer arrives",),
}
_AGAIN = {"update", "next_response"}
_ORDINALS = "First Second Third Fourth Fifth Sixth Seventh Eighth Ninth Tenth".split()
_NUMBERS = "no one two three four five six seven eight nine ten".split()


@dataclass(frozen=True, slots=True)
class Chip:
    """A condition as a part of the sentence."""

    place: int
    lead: str
    value: str
    whole: str


def names(conditions: Iterable[Condition]) -> Names:
    """What the ids in conditions are called, in a query for each kind."""
    found: dict[tuple[str, str], str] = {("cover", key): words for key, words in COVERS.items()}
    for field, row in (("customer", Organization), ("team", Team), ("site", Site)):
        asked = [one for one in conditions if one.field == field]
        ids = {int(value) for one in asked for value in one.values if value.isdecimal()}
        if ids:
            rows = db.session.execute(select(row.id, row.name).where(row.id.in_(ids)))
            found |= {(field, str(id_)): name for id_, name in rows}
    return found


def chips(conditions: Sequence[Condition], known: Names) -> list[Chip]:
    found = []
    for place, one in enumerate(conditions):
        value = " or ".join(known.get((one.field, value), value) for value in one.values)
        lead = f"{FIELDS[one.field].label} is{' not' if one.negated else ''}"
        found.append(Chip(place, lead, value, one.words(known)))
    return found


def when(conditions: Sequence[Condition], known: Names) -> str:
    """The whole sentence: "When the agreement is Silver and the request is not quote"."""
    if not conditions:
        return "For every request that no policy before takes"
    return f"When {' and '.join(one.words(known) for one in conditions)}"


def summary(promise: Promise, hours: dict[int, str]) -> list[str]:
    """What is counted: "2 h", "Chicago office hours", "starts when they write", "never pauses"."""
    again = ", again and again" if promise.metric in _AGAIN else ""
    pauses = [PAUSES[one] for one in promise.pauses if one in PAUSES]
    return [
        f"{length(promise.target_seconds)}{again}",
        hours.get(promise.calendar_id, "its calendar") if promise.calendar_id else "around the clock",
        f"starts when {starts(promise.metric)}",
        f"pauses while {' or '.join(pauses)}" if pauses else "never pauses",
        *(f"{name} {length(seconds)}" for name, seconds in promise.targets.items()),
    ]


def starts(metric: str) -> str:
    return STARTS.get(metric, "they write")


def place(position: int, count: int) -> str:
    """Third of five policies."""
    ordinal = _ORDINALS[position] if position < len(_ORDINALS) else f"{position + 1}th"
    return f"{ordinal} of {number(count)} {'policy' if count == 1 else 'policies'}"


def number(count: int) -> str:
    return _NUMBERS[count] if count < len(_NUMBERS) else str(count)


def counted(count: int, one: str, many: str = "") -> str:
    return f"{count} {one if count == 1 else many or one + 's'}"


def calendars() -> dict[int, str]:
    """What each is called, those set aside last."""
    rows = select(Calendar.id, Calendar.name).order_by(Calendar.archived_at.is_not(None), Calendar.name)
    return dict(db.session.execute(rows).all())
