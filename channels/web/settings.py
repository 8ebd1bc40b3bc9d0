"""Settings, Mailboxes: which there are and how they stand; connect, change, pause and resume one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, current_app, redirect, request
from sqlalchemy import select
from werkzeug.wrappers import Response

from channels import connecting, secrecy, trying
from channels.adapter import AuthExpired, SendError
from channels.email.mailbox import Cursor
from channels.models import Channel, ChannelLog
from channels.wanted import Wanted
from channels.web import filled, forms, providers, signingin, testing
from channels.web.filled import Values
from channels.web.standing import Standing, checks
from helpdesk.access.guards import admins_only, current_agent
from helpdesk.db import db
from helpdesk.errors import Invalid
from helpdesk.people.models import Team
from helpdesk.settings import settings
from helpdesk.web.rendering import page

bp = Blueprint("mailboxes", __name__, url_prefix="/settings/mailboxes")
bp.register_blueprint(testing.bp)
bp.register_blueprint(signingin.bp)

HERE = "/settings/mailboxes"
_LOG_LINES = 50
_SAID = {
    "connected": "Connected. Mail comes in within seconds.",
    "sign-in": "Saved. One step is left: sign in, so that mail can be read.",
    "changed": "Saved.",
    "paused": "Paused. Nothing is read or sent until you resume it.",
    "resumed": "Resumed. Mail comes in within seconds.",
    "signed-in": "Signed in. Mail comes in within seconds.",
}
"""What the page says after a form that led to it; the address only names the sentence."""


@dataclass(frozen=True, slots=True)
class Row:
    """One mailbox of the list."""

    id: int
    name: str
    address: str
    standing: Standing
    is_paused: bool
    last_inbound_at: datetime | None


@bp.get("")
@admins_only
def front() -> str:
    channels = list(db.session.scalars(select(Channel).where(Channel.kind == "email").order_by(Channel.id)))
    rows = [Row(c.id, c.name, c.address, Standing.of(c), c.is_paused, c.last_inbound_at) for c in channels]
    shown = [(channel, row) for channel, row in zip(channels, rows, strict=True) if row.standing.trouble]
    troubles = [(row, checks(channel), bool(channel.config.get("oauth"))) for channel, row in shown]
    return _page("list.html", rows=rows, troubles=troubles)


@bp.get("/new")
@admins_only
def new() -> str:
    return _page("new.html", providers=providers.PROVIDERS, errors={}, values={})


@bp.post("/new")
@admins_only
def begin() -> Response | tuple[str, int]:
    """The address alone, from which the rest is filled in as far as it is known. Nothing is saved yet."""
    address = request.form.get("address", "").strip()[:320]
    if "@" not in address:
        values, errors = {"address": address}, {"address": "Enter the address customers write to."}
        return _page("new.html", providers=providers.PROVIDERS, errors=errors, values=values), 422
    provider = providers.of(request.form.get("provider", ""), address)
    values = filled.blank(request.form.get("name", "").strip()[:200], address, provider)
    return _form(None, values, note=provider.note if provider else ""), 200


@bp.post("")
@admins_only
def connect() -> Response | tuple[str, int]:
    try:
        wanted = forms.read(request.form)
        channel = connecting.connect_mailbox(wanted, _cursor(wanted, None))
    except Invalid as error:
        return _again(None, error)
    db.session.commit()
    return _said(channel, "connected")


@bp.get("/<int:channel_id>")
@admins_only
def show(channel_id: int) -> str:
    channel = connecting.find(channel_id)
    log = select(ChannelLog).where(ChannelLog.channel_id == channel_id).order_by(ChannelLog.id.desc())
    return _page(
        "show.html",
        channel=channel,
        standing=Standing.of(channel),
        checks=checks(channel),
        endpoints=secrecy.stored(channel),
        listener=_listener(),
        log=list(db.session.scalars(log.limit(_LOG_LINES))),
    )


@bp.get("/<int:channel_id>/edit")
@admins_only
def edit(channel_id: int) -> str:
    channel = connecting.find(channel_id)
    return _form(channel, filled.stored(channel))


@bp.post("/<int:channel_id>")
@admins_only
def change(channel_id: int) -> Response | tuple[str, int]:
    channel = connecting.find(channel_id)
    try:
        wanted = forms.read(request.form, secrecy.stored(channel))
        channel = connecting.change(channel_id, wanted, _cursor(wanted, channel))
    except Invalid as error:
        return _again(channel_id, error)
    db.session.commit()
    return _said(channel, "changed")


@bp.post("/<int:channel_id>/pause")
@admins_only
def pause(channel_id: int) -> Response:
    channel = connecting.pause(channel_id, current_agent().name)
    db.session.commit()
    return _said(channel, "paused")


@bp.post("/<int:channel_id>/resume")
@admins_only
def resume(channel_id: int) -> Response:
    channel = connecting.resume(channel_id, current_agent().name)
    db.session.commit()
    return _said(channel, "resumed")


def _cursor(wanted: Wanted, channel: Channel | None) -> Cursor | None:
    """Where new mail begins, asked of the server before anything is written.

    Raises:
        Invalid: the mailbox cannot be opened, so it is not known; nothing was saved.
    """
    try:
        connection = trying.prepare(wanted, channel)
        if not trying.opening(wanted, channel):
            return None
        db.session.rollback()  # the server takes its time, and no connection waits for it
        return trying.end_of(connection, current_app._get_current_object())  # type: ignore[attr-defined]  # noqa: SLF001
    except SendError as error:
        blamed = "imap_password" if isinstance(error, AuthExpired) else "imap_host"
        raise Invalid("The mailbox could not be opened. Nothing was saved.", {blamed: error.reason}) from error


def _again(channel_id: int | None, error: Invalid) -> tuple[str, int]:
    """The form as it was sent, but for the secrets."""
    db.session.rollback()
    channel = connecting.find(channel_id) if channel_id is not None else None
    return _form(channel, filled.typed(request.form), error=error), error.status


def _form(channel: Channel | None, values: Values, *, note: str = "", error: Invalid | None = None) -> str:
    return _page(
        "edit.html",
        channel=channel,
        values=values,
        note=note,
        message=error.message if error is not None else "",
        errors=error.fields if error is not None else {},
        stored=frozenset(channel.secrets) if channel is not None else frozenset(),
        custom=channel is not None and channel.config.get("oauth", {}).get("provider") == "custom",
        teams=[(str(id_), name) for id_, name in db.session.execute(select(Team.id, Team.name).order_by(Team.name))],
        listener=_listener(),
        callback=f"{settings().base_url.rstrip('/')}/settings/mailboxes/oauth",
    )


def _listener() -> str:
    own = settings()
    return f"{own.mail_host}:{own.mail_port}" if own.mail_port else ""


def _page(template: str, **context: object) -> str:
    said = _SAID.get(request.args.get("said", ""), "")
    return page(f"settings/mailboxes/{template}", section="settings", here=HERE, said=said, **context)


def _said(channel: Channel, what: str) -> Response:
    if channel.state == "needs_sign_in" and what in {"connected", "changed"}:
        what = "sign-in"
    return redirect(f"{HERE}/{channel.id}?said={what}", 303)
