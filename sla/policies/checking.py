"""Whether what a draft says can be put in force: its own fields, and whether what it names exists."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import BigInteger, ColumnElement, column, select, table
from sqlalchemy.orm import InstrumentedAttribute

from helpdesk.db import db
from helpdesk.errors import Invalid
from helpdesk.people.models import Organization, Team
from sla.calendars.models import Calendar
from sla.policies.drafting import Draft
from sla.policies.inputs import Mistakes
from sla.policies.matching import FIELDS

NOTHING_SAVED = "That does not fit yet. Nothing was saved."

Key = ColumnElement[int] | InstrumentedAttribute[int]

# Sites are declared a layer above.
_KEYS: Mapping[str, Key] = {
    "organization": Organization.id,
    "team": Team.id,
    "site": table("site", column("id", BigInteger)).c.id,
}


def check(draft: Draft) -> None:
    """Everything in it fits, and everything it names exists.

    Raises:
        Invalid: by field, what does not.
    """
    wrong = draft.mistakes() or _unknown(draft)
    if wrong:
        raise Invalid(NOTHING_SAVED, wrong)


def _unknown(draft: Draft) -> Mistakes:
    wrong: Mistakes = {}
    wanted = {one.calendar_id for one in draft.promises if one.calendar_id is not None}
    calendars = _existing(Calendar.id, wanted)
    for place, promise in enumerate(draft.promises):
        if promise.calendar_id is not None and promise.calendar_id not in calendars:
            wrong[f"promises-{place}-calendar_id"] = "There is no such calendar. Choose one of the list."
    for place, condition in enumerate(draft.conditions):
        key = _KEYS.get(FIELDS[condition.field].kind)
        ids = {int(one) for one in condition.values} if key is not None else set()
        if key is not None and ids - _existing(key, ids):
            wrong[f"conditions-{place}"] = "There is no such entry any more. Choose from the list."
    return wrong


def _existing(key: Key, ids: set[int]) -> set[int]:
    return set(db.session.scalars(select(key).where(key.in_(ids)))) if ids else set()
