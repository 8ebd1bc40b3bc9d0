"""Settings, Channels: all of them and how they are; connect, change, test, pause and resume one by a form."""

from __future__ import annotations

import re
from datetime import date, timedelta
from itertools import islice

from flask import Blueprint, redirect, request
from sqlalchemy import select
from werkzeug.wrappers import Response

from channels import accounting, joining, overview, registry, spending
from channels.adapter import SendError
from channels.doors import Field, Step
from channels.joining import Wanted
from channels.models import Channel, ChannelLog
from channels.web.reader import Reader
from channels.web.standing import Standing
from helpdesk.access.guards import admins_only, current_agent
from helpdesk.db import db
from helpdesk.errors import Invalid
from helpdesk.people.models import Team
from helpdesk.settings import settings
from helpdesk.web.rendering import page

bp = Blueprint("joined", __name__, url_prefix="/settings/channels")

HERE = "/settings/channels"
_LOG_LINES = 50
_STEPS = 10
_URL = re.compile(r"https?://[^\s/?#@]+(/[^\s?#]*)?\Z")
_PLACES = {"email": "/settings/mailboxes"}
"""Kinds with pages of their own."""
_SAID = {
    "connected": "Connected. It is at work within seconds; test it to be sure.",
    "changed": "Saved.",
    "paused": "Paused. Nothing is taken in or sent until you resume it.",
    "resumed": "Resumed.",
}


@bp.get("")
@admins_only
def front() -> str:
    rows = [(one, Standing.of(one.channel), _place(one.channel)) for one in overview.glances()]
    return _page("list.html", rows=rows, forms=[(kind, one.form) for kind, one in joining.kinds()])


@bp.get("/accounting")
@admins_only
def account() -> str:
    """Where everything of a day ended; `day` is in UTC."""
    day = _day(request.args.get("day", ""))
    return _page(
        "accounting.html",
        day=day,
        before=day - timedelta(days=1),
        after=day + timedelta(days=1) if day < accounting.today() else None,
        tallies=accounting.tallies(day),
        strays=accounting.strays(day),
        ends=accounting.ENDS,
    )


@bp.get("/new/<kind>")
@admins_only
def new(kind: str) -> str:
    return _form(None, kind, {one.name: one.preset for one in joining.fields_of(kind) if one.preset})


@bp.post("/new/<kind>")
@admins_only
def connect(kind: str) -> Response | tuple[str, int]:
    try:
        channel = joining.connect(_wanted(kind))
    except Invalid as error:
        return _again(None, kind, error)
    db.session.commit()
    return _said(channel, "connected")


@bp.get("/<int:channel_id>")
@admins_only
def show(channel_id: int) -> str:
    return _shown(joining.find(channel_id))


def show_page(channel_id: int) -> str:
    """The same page for forms of one kind of channel, which put their answer on it."""
    return _shown(joining.find(channel_id))


@bp.get("/<int:channel_id>/edit")
@admins_only
def edit(channel_id: int) -> str:
    channel = joining.find(channel_id)
    return _form(channel, channel.kind, _values(channel))


@bp.post("/<int:channel_id>")
@admins_only
def change(channel_id: int) -> Response | tuple[str, int]:
    channel = joining.find(channel_id)
    try:
        channel = joining.change(channel_id, _wanted(channel.kind))
    except Invalid as error:
        return _again(channel_id, channel.kind, error)
    db.session.commit()
    return _said(channel, "changed")


@bp.post("/<int:channel_id>/test")
@admins_only
def test(channel_id: int) -> tuple[str, int]:
    """Each step with what happened; nobody is written to."""
    channel = joining.find(channel_id)
    kind = channel.kind
    try:
        connection = registry.adapter(kind).connect(channel)
        db.session.rollback()  # the provider takes its time, and no connection waits for it
        steps = list(islice(joining.form_of(kind).test(connection), _STEPS))
    except SendError as error:
        steps = [Step("Stored secrets", ok=False, sentence=error.reason)]
    works = all(step.ok for step in steps)
    return _shown(joining.find(channel_id), steps), 200 if works else 422


@bp.post("/<int:channel_id>/pause")
@admins_only
def pause(channel_id: int) -> Response:
    channel = joining.pause(channel_id, current_agent().name)
    db.session.commit()
    return _said(channel, "paused")


@bp.post("/<int:channel_id>/resume")
@admins_only
def resume(channel_id: int) -> Response:
    channel = joining.resume(channel_id, current_agent().name)
    db.session.commit()
    return _said(channel, "resumed")


def _wanted(kind: str) -> Wanted:
    """What the form asks for.

    Raises:
        Invalid: with the fields named.
    """
    form = joining.form_of(kind).form
    known = {"csrf_token", "name", "address", "team_id", "acknowledges", *(one.name for one in form.fields)}
    reader = Reader(request.form, known)
    wanted = Wanted(
        kind,
        name=reader.text("name", "Enter the name customers see."),
        address=reader.text("address", f"{form.address_label} is missing."),
        team_id=reader.number("team_id", 1, 2**62, "Choose one of these.") if reader.text("team_id") else None,
        acknowledges=reader.is_on("acknowledges"),
        values={one.name: _value(reader, one) for one in form.fields if not one.secret},
        secrets={one.name: reader.secret(one.name).strip() for one in form.fields if one.secret},
    )
    reader.done()
    return wanted


def _value(reader: Reader, field: Field) -> str:
    if field.choices:
        return reader.one_of(field.name, [value for value, _ in field.choices])
    typed = reader.text(field.name, most=300).rstrip("/") or field.preset
    if field.is_url and typed and not _URL.match(typed):
        reader.errors[field.name] = "Enter the address alone, such as https://api.example.com."
    return typed


def _values(channel: Channel) -> dict[str, str]:
    kept = {name: str(value) for name, value in channel.config.items()}
    team = str(channel.team_id or "")
    on = "on" if channel.acknowledges else ""
    return {**kept, "name": channel.name, "address": channel.address, "team_id": team, "acknowledges": on}


def _again(channel_id: int | None, kind: str, error: Invalid) -> tuple[str, int]:
    """The form as it was sent, but for the secrets."""
    db.session.rollback()
    hidden = {one.name for one in joining.fields_of(kind) if one.secret}
    typed = {name: value[:300] for name, value in request.form.items() if name not in hidden}
    return _form(joining.find(channel_id) if channel_id else None, kind, typed, error), error.status


def _form(channel: Channel | None, kind: str, values: dict[str, str], error: Invalid | None = None) -> str:
    return _page(
        "edit.html",
        channel=channel,
        kind=kind,
        form=joining.form_of(kind).form,
        values=values,
        message=error.message if error is not None else "",
        errors=error.fields if error is not None else {},
        stored=frozenset(channel.secrets) if channel is not None else frozenset(),
        teams=[(str(id_), name) for id_, name in db.session.execute(select(Team.id, Team.name).order_by(Team.name))],
    )


def _shown(channel: Channel, steps: list[Step] | None = None) -> str:
    log = select(ChannelLog).where(ChannelLog.channel_id == channel.id).order_by(ChannelLog.id.desc())
    hook = f"{settings().base_url.rstrip('/')}/hooks/{channel.kind}/{channel.hook_key}"
    return _page(
        "show.html",
        channel=channel,
        form=joining.form_of(channel.kind).form,
        standing=Standing.of(channel),
        glance=overview.glance(channel),
        steps=steps,
        hook=hook if joining.is_called(channel) else "",
        snippets=joining.snippets(channel),
        spent=spending.told(channel),
        log=list(db.session.scalars(log.limit(_LOG_LINES))),
    )


def _place(channel: Channel) -> str:
    return f"{_PLACES.get(channel.kind, HERE)}/{channel.id}"


def _day(typed: str) -> date:
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return accounting.today()


def _page(template: str, **context: object) -> str:
    said = _SAID.get(request.args.get("said", ""), "")
    return page(f"settings/channels/{template}", section="settings", here=HERE, said=said, **context)


def _said(channel: Channel, what: str) -> Response:
    return redirect(f"{HERE}/{channel.id}?said={what}", 303)
