"""Rotas made, edited and set aside: an edit adds a version from an instant on, and a running turn goes on."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from helpdesk.db import Json, among, db, locked
from helpdesk.errors import Conflict, Invalid
from helpdesk.now import now
from helpdesk.people.models import Agent, Team
from helpdesk.text import telephone
from sla.calendars.models import Calendar
from sla.calendars.reading import Unreadable
from sla.oncall import loading, reading, resting
from sla.oncall.models import OnCallSchedule, ScheduleVersion
from sla.oncall.roster import Entry, Schedule
from sla.oncall.succeeding import carried

NOTHING_SAVED = "Nothing was saved. Look at the fields that are marked."
FALLBACKS = ("", "call", "sms", "email")
_LONGEST_NAME = 100
_FURTHEST = timedelta(days=5 * 366)
_PLACE = re.compile(r"\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Details:
    """What a rota says besides its turns; it has no versions."""

    name: str
    team_id: int | None = None
    calendar_id: int | None = None
    fallback_name: str = ""
    fallback_kind: str = ""
    fallback_address: str = ""


def create(details: Details, spec: Json, *, by: Agent | None) -> OnCallSchedule:
    """A new rota, in force from now on.

    Raises:
        Invalid: by field, what does not fit; the caller rolls back.
    """
    _check(details)
    checked(spec)
    at = now()
    schedule = OnCallSchedule(created_at=at, feed_token=secrets.token_urlsafe(24), **_columns(details))
    try:
        with db.session.begin_nested():
            db.session.add(schedule)
    except IntegrityError as error:
        raise _taken(details.name) from error
    start = int(at.timestamp())
    with resting.kept(schedule, start, start + 62 * 86_400, field="nights_running"):
        _add_version(schedule, spec, number=1, valid_from=at, by=by)
    return schedule


def revise(
    schedule: OnCallSchedule,
    spec: Json,
    *,
    by: Agent | None,
    valid_from: datetime | None = None,
    after: int | None = None,
) -> ScheduleVersion:
    """What the rota says from now on, or from `valid_from`; a spec that says the same adds no version.

    Whoever has the running turn keeps it, and somebody taken out is followed by the next. `after` is the number of
    the newest version the editor had seen.

    Raises:
        Invalid: by field, what does not fit. Conflict: somebody else changed it meanwhile. The caller rolls back.
    """
    wanted = checked(spec)
    locked(select(OnCallSchedule).where(OnCallSchedule.id == schedule.id), what="rota")
    newest = versions(schedule)[-1]
    if after is not None and after != newest.number:
        raise Conflict("Somebody else changed this rota meanwhile. Load the page again and repeat your change.")
    if newest.spec == spec:
        return newest
    start = _start(valid_from, newest.valid_from)
    found = _succeeding(schedule, reading.schedule(newest.spec), wanted, spec, int(start.timestamp()))
    first = int(start.timestamp())
    with resting.kept(schedule, first, first + 62 * 86_400, field="nights_running"):
        return _add_version(schedule, found, number=newest.number + 1, valid_from=start, by=by)


def settle(schedule: OnCallSchedule, details: Details) -> None:
    """Give it other details.

    Raises:
        Invalid: by field, what does not fit; the caller rolls back.
    """
    _check(details)
    try:
        with db.session.begin_nested():
            for name, value in _columns(details).items():
                setattr(schedule, name, value)
    except IntegrityError as error:
        raise _taken(details.name) from error


def archive(schedule: OnCallSchedule) -> None:
    """Nobody is rung by it any more; what was stays on record."""
    schedule.archived_at = schedule.archived_at or now()
    db.session.flush()


def unarchive(schedule: OnCallSchedule) -> None:
    schedule.archived_at = None
    db.session.flush()


def versions(schedule: OnCallSchedule) -> Sequence[ScheduleVersion]:
    """Oldest first."""
    rows = select(ScheduleVersion).where(ScheduleVersion.schedule_id == schedule.id)
    return db.session.scalars(rows.order_by(ScheduleVersion.number)).all()


def details(schedule: OnCallSchedule) -> Details:
    return Details(**{name: getattr(schedule, name) for name in Details.__slots__})


def checked(spec: Json) -> Schedule:
    """The roster of a spec whose people are agents who are active.

    Raises:
        Invalid: one field, counted from 1: "layers.2.participants".
    """
    try:
        found = reading.schedule(spec)
    except Unreadable as error:
        field, _, sentence = str(error).partition(": ")
        named = _PLACE.sub(r".\1", field) if sentence else "spec"
        raise Invalid(NOTHING_SAVED, {named: _capital(sentence or str(error))}) from error
    if {"overrides", "swaps", "plans", "absences", "office"} & set(spec):
        raise Invalid(NOTHING_SAVED, {"spec": "What differs from the turns is agreed on its own."})
    if not found.layers:
        raise Invalid(NOTHING_SAVED, {"layers": "Add a rotation: somebody has to ring."})
    _check_layers(found)
    return found


def _check_layers(found: Schedule) -> None:
    names = [layer.name for layer in found.layers]
    people = {person for layer in found.layers for entry in layer.participants for person in entry}
    active = set(
        db.session.scalars(
            select(Agent.id).where(
                among(Agent.id, [one for one in people if isinstance(one, int)]), Agent.deactivated_at.is_(None)
            )
        )
    )
    for place, layer in enumerate(found.layers, 1):
        if names.index(layer.name) != place - 1:
            raise Invalid(NOTHING_SAVED, {f"layers.{place}.name": "There is a rotation of this name already."})
        if not layer.participants:
            raise Invalid(NOTHING_SAVED, {f"layers.{place}.participants": "Say who takes turns."})
        if any(person not in active for entry in layer.participants for person in entry):
            raise Invalid(NOTHING_SAVED, {f"layers.{place}.participants": "Choose people who work here."})


def _succeeding(schedule: OnCallSchedule, old: Schedule, new: Schedule, spec: Json, at: int) -> Json:
    """The spec with its participants in the order in which they now follow."""
    office = loading.office(schedule)
    kept = carried(replace(old, office=office), replace(new, office=office), at)
    found = deepcopy(spec)
    for said, layer in zip(found["layers"], kept.layers, strict=True):
        said["participants"] = [_entry(one) for one in layer.participants]
    return found


def _entry(entry: Entry) -> object:
    return entry[0] if len(entry) == 1 else list(entry)


def _start(valid_from: datetime | None, newest: datetime) -> datetime:
    at = now()
    start = (valid_from or at).astimezone(UTC)
    if start < at:
        raise Invalid(NOTHING_SAVED, {"valid_from": "The past stays as it was. Choose a time to come."})
    if start > at + _FURTHEST:
        raise Invalid(NOTHING_SAVED, {"valid_from": "This is more than five years ahead."})
    if start <= newest:
        raise Invalid(NOTHING_SAVED, {"valid_from": "A change is planned for later than this. Choose a time after it."})
    return start


def _add_version(
    schedule: OnCallSchedule, spec: Json, *, number: int, valid_from: datetime, by: Agent | None
) -> ScheduleVersion:
    made = ScheduleVersion(
        schedule_id=schedule.id,
        number=number,
        valid_from=valid_from,
        spec=spec,
        created_by_id=by.id if by is not None else None,
        created_at=now(),
    )
    db.session.add(made)
    db.session.flush()
    return made


def _columns(details: Details) -> Json:
    return {name: getattr(details, name) for name in Details.__slots__} | {"name": details.name.strip()}


def _check(details: Details) -> None:
    wrong = _fallback_mistakes(details)
    if not details.name.strip() or len(details.name) > _LONGEST_NAME:
        wrong["name"] = f"Give a name of at most {_LONGEST_NAME} characters."
    if details.team_id is not None and db.session.get(Team, details.team_id) is None:
        wrong["team_id"] = "There is no such team."
    if details.calendar_id is not None and db.session.get(Calendar, details.calendar_id) is None:
        wrong["calendar_id"] = "There is no such calendar."
    if wrong:
        raise Invalid(NOTHING_SAVED, wrong)


def _fallback_mistakes(details: Details) -> dict[str, str]:
    kind, address = details.fallback_kind, details.fallback_address
    if kind not in FALLBACKS:
        return {"fallback_kind": "Choose call, sms or email."}
    if len({bool(kind), bool(address), bool(details.fallback_name)}) > 1:
        return {"fallback_address": "Give its name, how it is reached, and where; or leave all three empty."}
    if kind == "email" and "@" not in address:
        return {"fallback_address": "This is no mail address."}
    if kind in {"call", "sms"} and not telephone.e164(address):
        return {"fallback_address": "Write the number with its country, like +1 312 555 0100."}
    return {}


def _taken(name: str) -> Invalid:
    return Invalid(NOTHING_SAVED, {"name": f"There is a rota called {name.strip()} already."})


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
