"""The forms of a policy: a promise, a condition and the day it begins, as they are typed and as they are stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from sqlalchemy import func, select
from werkzeug.datastructures import MultiDict

from helpdesk.access.guards import current_agent
from helpdesk.db import db
from helpdesk.errors import Invalid
from helpdesk.people.models import Organization, Team
from helpdesk.tickets.models import Priority, Tag
from helpdesk.web.assets import CHANNEL_ICONS, CHANNEL_WORDS
from helpdesk.web.rendering import zone_of
from sla.assets.models import Asset, Site
from sla.contracts.models import ContractVersion
from sla.policies.checking import NOTHING_SAVED
from sla.policies.drafting import COVERS
from sla.policies.inputs import Promise
from sla.policies.matching import FIELDS, Condition
from sla.web.agreementform import promise as read_promise
from sla.web.agreementform import write_promise
from sla.web.typed import Typed

Values = MultiDict[str, str]
ROW = "p"
UNITS = {"h": 3600, "min": 60}
_MOST_OFFERED = 300


@dataclass(frozen=True, slots=True)
class Asked:
    """How the value of a condition is given: chosen among `options` (value, words), or typed with `options` offered."""

    field: str
    label: str
    chosen: bool
    options: tuple[tuple[str, str], ...]
    hint: str = ""


def promise(form: Values) -> Promise:
    """What was typed.

    Raises:
        Invalid: by field, as `p-words`.
    """
    typed = Typed(_joined(form))
    found = read_promise(typed, ROW)
    typed.done()
    return found


def written(one: Promise) -> Values:
    """The form of a promise."""
    values: Values = MultiDict()
    write_promise(values, ROW, one)
    unit = "h" if one.target_seconds % 900 == 0 and one.target_seconds >= 3600 else "min"
    values[f"{ROW}-within"], values[f"{ROW}-unit"] = f"{one.target_seconds / UNITS[unit]:g}", unit
    return values


def blank() -> Values:
    return MultiDict({f"{ROW}-unit": "h", f"{ROW}-warn_percent": "75", f"{ROW}-metric": "first_response"})


def errors(wrong: Mapping[str, str], place: int) -> dict[str, str]:
    """Those of the promise at a place of the draft, by the fields of its form."""
    start = f"promises-{place}-"
    return {
        name if name.startswith(f"{ROW}-") else f"{ROW}-{name.removeprefix(start)}": words
        for name, words in wrong.items()
        if name.startswith((start, f"{ROW}-"))
    }


def condition(form: Values) -> Condition:
    """What was chosen or typed.

    Raises:
        Invalid: at "value" or "field".
    """
    field, value = form.get("field", ""), form.get("value", "").strip()
    if field not in FIELDS:
        raise Invalid(NOTHING_SAVED, {"field": "Choose what the policy asks."})
    if not value:
        raise Invalid(NOTHING_SAVED, {"value": "Say which."})
    values: tuple[str, ...] = (value,)
    if FIELDS[field].kind == "text":
        values = tuple(dict.fromkeys(filter(None, (one.strip() for one in value.split(",")))))
    elif FIELDS[field].kind == "organization":
        values = (str(customer(value)),)
    return Condition(field, values, form.get("how") == "not")


def customer(name: str) -> int:
    """The id of the customer of a name.

    Raises:
        Invalid: there is none.
    """
    same = select(Organization.id).where(func.lower(Organization.name) == name.strip().lower()).limit(1)
    found = db.session.scalar(same)
    if found is None:
        raise Invalid(NOTHING_SAVED, {"value": "There is no customer of that name."})
    return found


def asked(field: str) -> Asked | None:
    """How to ask for the value of a field."""
    if field not in FIELDS:
        return None
    label = FIELDS[field].label
    if field in _CHOICES:
        return Asked(field, label, chosen=True, options=_CHOICES[field])
    if field == "team":
        return Asked(field, label, chosen=True, options=_pairs(select(Team.id, Team.name).order_by(Team.name)))
    if field == "site":
        rows = (
            select(Site.id, Organization.name + ", " + Site.name)
            .join(Organization, Organization.id == Site.organization_id)
            .where(Site.archived_at.is_(None))
            .order_by(Organization.name, Site.name)
        )
        return Asked(field, label, chosen=True, options=_pairs(rows))
    column = {"customer": Organization.name, "agreement": ContractVersion.name, "model": Asset.model, "tag": Tag.name}
    offered = db.session.scalars(select(column[field]).distinct().order_by(column[field]).limit(_MOST_OFFERED))
    hint = "" if field == "customer" else "Several with commas between: any of them."
    return Asked(field, label, chosen=False, options=tuple((one, "") for one in offered if one), hint=hint)


def begins(form: Values) -> datetime | None:
    """The instant it is to begin, read in the agent's zone; None for now.

    Raises:
        Invalid: at "valid_from".
    """
    if form.get("starts") != "later":
        return None
    try:
        day = date.fromisoformat(form.get("from_date", ""))
        at = time.fromisoformat(form.get("from_time") or "00:00")
        return datetime.combine(day, at.replace(tzinfo=None), zone_of(current_agent())).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Invalid(NOTHING_SAVED, {"valid_from": "Choose a day, like 2027-01-01."}) from error


_CHOICES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "cover": tuple(COVERS.items()),
    "priority": tuple((one.name.lower(), one.name.capitalize()) for one in Priority),
    "channel": tuple((kind, CHANNEL_WORDS.get(kind, kind).capitalize()) for kind in CHANNEL_ICONS),
}


def _pairs(rows: object) -> tuple[tuple[str, str], ...]:
    found = db.session.execute(rows.limit(_MOST_OFFERED))  # type: ignore[attr-defined]
    return tuple((str(id_), name) for id_, name in found)


def _joined(form: Values) -> Values:
    """The number and its unit as one length of time."""
    values: Values = MultiDict(form)
    within, unit = form.get(f"{ROW}-within", "").strip(), form.get(f"{ROW}-unit", "h")
    values[f"{ROW}-target"] = f"{within} {unit if unit in UNITS else 'h'}" if within else ""
    return values
