"""Calendars made, revised, renamed and set aside: each edit adds a version and changes none."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Select, select

from helpdesk.db import db, locked, one
from helpdesk.errors import Conflict, Invalid
from helpdesk.now import now
from helpdesk.people.models import Agent
from sla.calendars import names
from sla.calendars.drafts import NOTHING_SAVED, Draft, checked
from sla.calendars.models import Calendar, CalendarVersion

_FURTHEST = timedelta(days=5 * 366)


def find(calendar_id: int) -> Calendar:
    """The calendar, unlocked.

    Raises:
        NotFound: there is none.
    """
    return one(_rows(calendar_id), what="calendar")


def create(name: str, draft: Draft, *, by: Agent | None) -> Calendar:
    """A new calendar; its first version holds for all time.

    Raises:
        Invalid: by field, what does not fit; nothing is saved.
    """
    named = names.checked(name, Calendar, "calendar")
    checked(draft)
    calendar = Calendar(name=named, created_at=now())
    names.store(calendar, "calendar")
    _add_version(calendar, draft, by=by, valid_from=None)
    return calendar


def revise(
    calendar: Calendar, draft: Draft, *, by: Agent | None, valid_from: datetime | None = None, after: int | None = None
) -> CalendarVersion:
    """What the calendar says from now on, or from `valid_from`; a draft that says the same adds no version.

    `after` is the newest version the editor had seen.

    Raises:
        Invalid: by field, what does not fit. Conflict: somebody else changed it meanwhile. Nothing is saved.
    """
    checked(draft)
    locked(_rows(calendar.id), what="calendar")
    known = list(versions(calendar))
    if after is not None and after != max(one.id for one in known):
        raise Conflict("Somebody else changed this calendar meanwhile. Load the page again and repeat your change.")
    _check_start(valid_from, known[-1].valid_from)
    before = known[-1]
    if before.rules == draft.rules and before.names == dict(draft.names):
        return before
    return _add_version(calendar, draft, by=by, valid_from=valid_from)


def withdraw(calendar: Calendar) -> None:
    """Take back the changes that are planned and not in force yet; nothing was counted by them.

    Raises:
        Conflict: none is planned.
    """
    locked(_rows(calendar.id), what="calendar")
    planned = [one for one in versions(calendar)[1:] if one.valid_from > now()]
    if not planned:
        raise Conflict("No change of this calendar is planned. Load the page again.")
    for version in planned:
        db.session.delete(version)
    db.session.flush()


def rename(calendar: Calendar, name: str) -> None:
    """Give it another name.

    Raises:
        Invalid: there is one of that name.
    """
    names.rename(calendar, name, Calendar, "calendar")


def archive(calendar: Calendar) -> None:
    """Set it aside: nobody can choose it any more. What counts in it goes on."""
    calendar.archived_at = calendar.archived_at or now()


def unarchive(calendar: Calendar) -> None:
    calendar.archived_at = None


def versions(calendar: Calendar) -> list[CalendarVersion]:
    """All of them, the oldest first."""
    rows = select(CalendarVersion).where(CalendarVersion.calendar_id == calendar.id)
    return list(db.session.scalars(rows.order_by(CalendarVersion.valid_from)))


def in_force(known: Sequence[CalendarVersion], at: datetime) -> CalendarVersion:
    """The version that holds at an instant; `known` is sorted, and its first also holds before."""
    return next((one for one in reversed(known) if one.valid_from <= at), known[0])


def _rows(calendar_id: int) -> Select[Calendar]:
    return select(Calendar).where(Calendar.id == calendar_id)


def _add_version(calendar: Calendar, draft: Draft, *, by: Agent | None, valid_from: datetime | None) -> CalendarVersion:
    at = now()
    version = CalendarVersion(
        calendar_id=calendar.id,
        valid_from=valid_from or at,
        rules=draft.rules,
        names=dict(draft.names),
        created_by_id=by.id if by is not None else None,
        created_at=at,
    )
    db.session.add(version)
    db.session.flush()
    return version


def _check_start(valid_from: datetime | None, newest: datetime) -> None:
    """Versions follow each other: an earlier one would change what people know is coming."""
    if valid_from is not None and valid_from <= now():
        wrong = "This lies in the past, and what was counted stays counted. Choose a later moment, or from now on."
    elif valid_from is not None and valid_from > now() + _FURTHEST:
        wrong = "This is more than five years ahead."
    elif (valid_from or now()) <= newest:
        wrong = "A change is planned already. Withdraw it first, or choose a moment after it."
    else:
        return
    raise Invalid(NOTHING_SAVED, {"valid_from": wrong})
