"""A calendar's holidays from an iCal feed: looked at first, with the promises that would move, then taken over."""

from __future__ import annotations

from datetime import date, timedelta

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from helpdesk.access.guards import current_agent
from helpdesk.db import Json, db
from helpdesk.errors import DomainError, Invalid
from helpdesk.web.rendering import page
from sla.calendars import drafts, editing, feeds, holidays, reading
from sla.calendars.drafts import NOTHING_SAVED, Draft
from sla.calendars.feeds import Feed
from sla.calendars.models import Calendar, CalendarVersion
from sla.commitments import moving
from sla.web import calendarforms, calendarpages
from sla.web.managers import managers_only

bp = Blueprint("feeds", __name__)

_HERE = "/<int:calendar_id>/feed"


@bp.post(_HERE)
@managers_only
def look(calendar_id: int) -> str | tuple[str, int]:
    """What the feed would change; nothing is saved."""
    try:
        feed, url = _feed(_newest(editing.find(calendar_id)))
    except Invalid as error:
        return _refused(calendar_id, error)
    calendar = editing.find(calendar_id)
    version = _newest(calendar)
    before = _draft(version)
    difference = feeds.compare(before, feed, since=_today(version))
    after = _taken(before, difference.new, set())
    return page(
        "sla/calendars/feed.html",
        section="calendars",
        calendar=calendar,
        difference=difference,
        left_out=feed.left_out,
        url=url,
        after=version.id,
        moves=moving.preview(calendar.id, drafts.checked(after)) if difference.new else None,
        as_date=date.fromisoformat,
    )


@bp.post(f"{_HERE}/holidays")
@managers_only
def take(calendar_id: int) -> Response | tuple[str, int]:
    """Take over the days that were ticked, as a version from now on."""
    try:
        calendar = editing.find(calendar_id)
        new = dict(_named(text) for text in request.form.getlist("add"))
        wanted = _taken(_draft(_newest(calendar)), new, set(request.form.getlist("drop")))
        after = request.form.get("after", type=int)
        editing.revise(calendar, wanted, by=current_agent(), after=after)
        calendar.feed_url = request.form.get("feed_url", "").strip()[:2000] or calendar.feed_url
        moving.recount(calendar.id)
    except DomainError as error:
        return _refused(calendar_id, error)
    db.session.commit()
    return redirect(f"/calendars/{calendar_id}?said=feed", 303)


def _feed(version: CalendarVersion) -> tuple[Feed, str]:
    """From the file where one was sent, else from the address.

    Raises:
        Invalid: at "feed_file" or "feed_url".
    """
    today = _today(version)
    first, last = today - timedelta(days=366), date(today.year + holidays.YEARS_AHEAD, 12, 31)
    sent = request.files.get("feed_file")
    if sent is not None and sent.filename:
        return feeds.read(sent.read(feeds.LARGEST + 1), first=first, last=last, field="feed_file"), ""
    url = request.form.get("feed_url", "").strip()[:2000]
    if not url:
        raise Invalid(NOTHING_SAVED, {"feed_url": "Enter the address of a feed, or choose a file."})
    db.session.rollback()  # no connection is held while somebody's server takes its time
    return feeds.read(feeds.fetch(url), first=first, last=last), url


def _taken(before: Draft, new: dict[str, str], drop: set[str]) -> Draft:
    kept = [key for key in before.rules.get("holidays", []) if key not in drop]
    rules: Json = {**before.rules, "holidays": sorted({*kept, *new})}
    names = {key: name for key, name in before.names.items() if key not in drop}
    return Draft(rules, {**names, **{key: name for key, name in new.items() if name}})


def _named(text: str) -> tuple[str, str]:
    key, _, name = text.partition(" ")
    return key, name


def _refused(calendar_id: int, error: DomainError) -> tuple[str, int]:
    db.session.rollback()
    calendar = editing.find(calendar_id)
    version = _newest(calendar)
    values = calendarforms.stored(calendar.name, _draft(version), after=str(version.id))
    fields = error.fields if isinstance(error, Invalid) else {}
    feed_url = request.form.get("feed_url", "")
    shown = calendarpages.editor(values, calendar=calendar, errors=fields, message=error.message, feed_url=feed_url)
    return shown, error.status


def _today(version: CalendarVersion) -> date:
    return calendarpages.today_in(reading.rules(version.rules).zone)


def _newest(calendar: Calendar) -> CalendarVersion:
    return editing.versions(calendar)[-1]


def _draft(version: CalendarVersion) -> Draft:
    return Draft(version.rules, version.names)
