"""Calendars: which there are; make one, change it from now or from a date, set it aside."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from helpdesk.access.guards import agents_only, current_agent
from helpdesk.db import db
from helpdesk.errors import DomainError, Invalid
from helpdesk.text.numbers import whole
from helpdesk.web.rendering import page
from sla.calendars import drafts, editing, holidays
from sla.calendars.drafts import Draft
from sla.calendars.models import Calendar
from sla.commitments import moving
from sla.web import calendarfeeds, calendarforms, calendarpages
from sla.web.calendarforms import Values
from sla.web.managers import managers_only, manages

bp = Blueprint("calendars", __name__, url_prefix="/calendars")
bp.register_blueprint(calendarfeeds.bp)

_USUAL = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "09:00-17:00")
_SAID = {
    "made": "Saved. Policies and agreements can count in it now.",
    "changed": "Saved. Open promises are counted by it from then on; what was counted stays.",
    "same": "Nothing was changed, so nothing was saved.",
    "withdrawn": "Withdrawn. It goes on as it is now.",
    "archived": "Set aside. Nobody can choose it any more; what counts in it goes on.",
    "unarchived": "It can be chosen again.",
    "feed": "The holidays are taken over.",
}
"""What the page says after a form that led to it; the address only names the sentence."""


@bp.get("")
@agents_only
def front() -> str:
    rows = calendarpages.rows()
    return page("sla/calendars/list.html", section="calendars", rows=rows, may_edit=manages(current_agent()))


@bp.get("/new")
@managers_only
def new() -> str:
    return calendarpages.editor(Values(zone=current_agent().zone, hours=_USUAL))


@bp.post("")
@managers_only
def create() -> Response | tuple[str, int]:
    values = calendarforms.typed(request.form)
    try:
        wanted, values = _wanted(values)
        if request.form.get("do") != "save":
            return _looked(None, values, wanted), 200
        made = editing.create(values.name, wanted, by=current_agent())
    except DomainError as error:
        return _again(None, values, error)
    db.session.commit()
    return _said(made.id, "made")


@bp.get("/<int:calendar_id>")
@agents_only
def show(calendar_id: int) -> str:
    """`from` begins with an older version of it."""
    calendar = editing.find(calendar_id)
    known = editing.versions(calendar)
    asked = request.args.get("from", type=int)
    base = next((version for version in known if version.id == asked), known[-1])
    values = calendarforms.stored(calendar.name, Draft(base.rules, base.names), after=str(known[-1].id))
    return calendarpages.editor(values, calendar=calendar, said=_SAID.get(request.args.get("said", ""), ""))


@bp.post("/<int:calendar_id>")
@managers_only
def change(calendar_id: int) -> Response | tuple[str, int]:
    calendar = editing.find(calendar_id)
    values = calendarforms.typed(request.form)
    try:
        wanted, values = _wanted(values)
        if request.form.get("do") != "save":
            return _looked(calendar, values, wanted), 200
        said = save(calendar, values, wanted)
    except DomainError as error:
        return _again(calendar_id, values, error)
    db.session.commit()
    return _said(calendar_id, said)


@bp.post("/<int:calendar_id>/withdrawal")
@managers_only
def withdraw(calendar_id: int) -> Response:
    def withdrawn(calendar: Calendar) -> None:
        editing.withdraw(calendar)
        moving.recount(calendar.id)

    return _done(calendar_id, withdrawn, "withdrawn")


@bp.post("/<int:calendar_id>/archive")
@managers_only
def archive(calendar_id: int) -> Response:
    return _done(calendar_id, editing.archive, "archived")


@bp.post("/<int:calendar_id>/unarchive")
@managers_only
def unarchive(calendar_id: int) -> Response:
    return _done(calendar_id, editing.unarchive, "unarchived")


def save(calendar: Calendar, values: Values, wanted: Draft) -> str:
    """Write name and version, and have open promises judged by them; what was done, for the sentence."""
    before = len(editing.versions(calendar)), calendar.name
    editing.rename(calendar, values.name)
    start = calendarforms.start(values)
    editing.revise(calendar, wanted, by=current_agent(), valid_from=start, after=whole(values.after))
    if (len(editing.versions(calendar)), calendar.name) == before:
        return "same"
    moving.recount(calendar.id)
    return "changed"


def _wanted(values: Values) -> tuple[Draft, Values]:
    """The draft; with a country chosen and its button pressed, its holidays are in it."""
    wanted, values = calendarforms.draft(values)
    if request.form.get("do") == "country":
        years = holidays.years_around(calendarpages.today_in(drafts.checked(wanted).zone))
        values = values.with_holidays(holidays.public(values.country, values.region, years))
        wanted, values = calendarforms.draft(values)
    drafts.checked(wanted)
    return wanted, values


def _looked(calendar: Calendar | None, values: Values, wanted: Draft) -> str:
    """The form as it was sent with what it would mean; nothing is saved."""
    moves = None
    if calendar is not None and request.form.get("do") == "look":
        moves = moving.preview(calendar.id, drafts.checked(wanted), valid_from=calendarforms.start(values))
    return calendarpages.editor(
        values,
        calendar=calendar,
        shown=wanted,
        moves=moves,
        looked=request.form.get("do", "look"),
        draft_words=calendarpages.summary(wanted),
    )


def _again(calendar_id: int | None, values: Values, error: DomainError) -> tuple[str, int]:
    db.session.rollback()
    calendar = editing.find(calendar_id) if calendar_id is not None else None
    fields = error.fields if isinstance(error, Invalid) else {}
    return calendarpages.editor(values, calendar=calendar, errors=fields, message=error.message), error.status


def _done(calendar_id: int, how: Callable[[Calendar], None], said: str) -> Response:
    how(editing.find(calendar_id))
    db.session.commit()
    return _said(calendar_id, said)


def _said(calendar_id: int, what: str) -> Response:
    return redirect(f"/calendars/{calendar_id}?said={what}", 303)
