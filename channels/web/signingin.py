"""Sign in to a mailbox at Google or Microsoft: out to them with the browser, and back with a lasting permission."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, current_app, redirect, request
from werkzeug.wrappers import Response

from channels import connecting, trying
from channels.adapter import SendError
from channels.email import connection as connections
from channels.email import oauth
from channels.email.configs import Password
from channels.email.connection import Connection
from channels.email.mailbox import Cursor
from channels.email.oauth import OAuthConfig, Token
from channels.models import Channel
from channels.web import begun
from channels.web.begun import Begun
from helpdesk.access.guards import admins_only, current_agent
from helpdesk.db import db
from helpdesk.errors import Conflict, Invalid
from helpdesk.settings import settings

bp = Blueprint("signing_in", __name__)

_STALE = "This sign-in was begun elsewhere or too long ago. Nothing was changed. Begin it again from the mailbox."
_REFUSED = "The provider did not give permission. Nothing was changed. Begin again from the mailbox."


@bp.get("/<int:channel_id>/sign-in")
@admins_only
def begin(channel_id: int) -> Response:
    """A link, not a form: our content policy keeps forms from leading anywhere else."""
    channel = connecting.find(channel_id)
    config = _config(channel)
    hint = str(channel.config.get("imap", {}).get("username", "")) or channel.address
    try:
        start = oauth.start(config, f"{settings().base_url.rstrip('/')}{begun.PATH}", login_hint=hint)
    except SendError as error:
        raise Invalid(error.reason) from error
    response = current_app.make_response(redirect(start.url, 302))
    begun.hand_over(response, Begun(channel_id, start))
    return response


@bp.get("/oauth")
@admins_only
def finish() -> Response:
    """Where the provider sends the browser; the state in the sealed cookie stands for the form token."""
    kept = begun.take_up(request)
    if kept is None:
        raise Conflict(_STALE)
    if not request.args.get("code"):
        raise Conflict(_REFUSED)
    by, channel_id = current_agent().name, kept.channel_id
    channel = connecting.find(channel_id)
    try:
        config, before = _config(channel), channel.config
        connection, needs_start = connections.read(channel), _needs_start(channel)
        db.session.rollback()  # the provider takes its time, and no connection waits for it
        token = oauth.finish(config, kept.start, state=request.args.get("state", ""), code=request.args["code"])
        cursor = _beginning(connection, token) if needs_start else None
    except SendError as error:
        raise Conflict(f"{error.reason} Nothing was changed.") from error
    if connecting.find(channel_id).config != before:
        raise Conflict("The mailbox was changed meanwhile. Sign in again.")
    connecting.signed_in(channel_id, token.refresh_token, cursor, by)
    db.session.commit()
    response = current_app.make_response(redirect(f"/settings/mailboxes/{channel_id}?said=signed-in", 303))
    begun.take_back(response)
    return response


def _config(channel: Channel) -> OAuthConfig:
    if not channel.config.get("oauth"):
        raise Conflict("This mailbox is opened with a password. Choose another sign-in in its settings first.")
    try:
        secret = connections.client_secret(channel)
    except SendError as error:
        raise Conflict(error.reason) from error
    return OAuthConfig(**channel.config["oauth"], client_secret=secret)


def _needs_start(channel: Channel) -> bool:
    """Never read before, and only new mail is wanted."""
    return channel.config.get("incoming") == "imap" and channel.config.get("from_now_on", True) and not channel.cursor


def _beginning(connection: Connection, token: Token) -> Cursor:
    opened = replace(connection, imap_secret=Password(token.value))
    return trying.end_of(opened, current_app._get_current_object())  # type: ignore[attr-defined]  # noqa: SLF001
