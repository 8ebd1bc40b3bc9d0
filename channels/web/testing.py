"""Test a mailbox step by step: each step reaches the browser as it is done, with script or without."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Blueprint, Response, current_app, request

from channels import connecting, secrecy, trying
from channels.adapter import SendError
from channels.email import connection as connections
from channels.email.checking import Step
from channels.email.connection import Connection
from channels.models import Channel
from channels.web import forms
from helpdesk.access.guards import admins_only, current_agent
from helpdesk.db import db
from helpdesk.errors import Invalid
from helpdesk.web.headers import POLICY

bp = Blueprint("testing", __name__)

_TEMPLATE = "settings/mailboxes/test.html"
_FRAMED = POLICY.replace("frame-ancestors 'none'", "frame-ancestors 'self'")
"""The steps stand in a frame inside the form, so that what was typed stays where it is."""


@bp.get("/test")
@admins_only
def waiting() -> Response:
    """The frame before anything was tested."""
    return _streamed(iter(()), began=False)


@bp.post("/test")
@admins_only
def test_new() -> Response:
    """The form's values, before they are saved."""
    return _test(None, from_form=True)


@bp.post("/<int:channel_id>/test")
@admins_only
def test(channel_id: int) -> Response:
    """A saved mailbox: as it is, or as the form would have it."""
    return _test(connecting.find(channel_id), from_form="address" in request.form)


def _test(channel: Channel | None, *, from_form: bool) -> Response:
    back = f"/settings/mailboxes/{channel.id}" if channel is not None else "/settings/mailboxes"
    try:
        connection = _connection(channel, from_form=from_form)
    except Invalid as error:
        return _streamed(iter(()), refusals=list(error.fields.values()) or [error.message], back=back)
    except SendError as error:
        return _streamed(iter(()), refusals=[error.reason], back=back)
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 - threads need the app itself
    return _streamed(trying.test(connection, app), back=back)


def _connection(channel: Channel | None, *, from_form: bool) -> Connection:
    if not from_form and channel is not None:
        return connections.read(channel)
    before = secrecy.stored(channel) if channel is not None else None
    return trying.prepare(forms.read(request.form, before), channel)


def _streamed(
    steps: Iterator[Step], *, refusals: list[str] | None = None, back: str = "", began: bool = True
) -> Response:
    theme = current_agent().theme
    framed = request.headers.get("Sec-Fetch-Dest") in {"iframe", "frame"}
    db.session.rollback()  # a test may take a minute; it holds no database connection
    page = current_app.jinja_env.get_template(_TEMPLATE)
    parts = page.generate(steps=steps, refusals=refusals or [], back=back, framed=framed, began=began, theme=theme)
    response = Response(_whole(parts), 422 if refusals else 200, mimetype="text/html")
    response.headers["Content-Security-Policy"] = _FRAMED
    response.headers["X-Accel-Buffering"] = "no"  # proxies of the nginx kind keep answers back otherwise
    return response


def _whole(parts: Iterator[str]) -> Iterator[bytes]:
    """The pieces as they come, without the empty ones, which would end a chunked answer."""
    return (part.encode() for part in parts if part)
