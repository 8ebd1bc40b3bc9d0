"""/f/<key>: a form anybody may send, without account or script; what is sent is stored before it is answered.

Against machines: a field nobody sees, a signed token that says when the page was made, and counters for address, place
and form. None of them loses what a person wrote: it is shown again, or waits in quarantine for an agent.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from flask import Blueprint, g, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from channels import called, intake, registry, signing, uploads
from channels.adapter import Arrival
from channels.email.limits import RAW_BYTES
from channels.form import connecting
from channels.form.connecting import Connection
from channels.models import Channel
from channels.sites import policy
from helpdesk.access import clients, throttle
from helpdesk.access.guards import public, signed
from helpdesk.access.throttle import Bucket
from helpdesk.errors import DomainError, Invalid, NotFound, TooMany
from helpdesk.now import now
from helpdesk.people.addresses import normalised
from helpdesk.plugins import Asking, installed

bp = Blueprint("webform", __name__, url_prefix="/f")

TRAP = "website"
"""No person sees this field."""
_PURPOSE = "web-form"
_QUICKEST = timedelta(seconds=2)
_LASTS = timedelta(hours=24)
_PER_ADDRESS = Bucket("form-address", 5, timedelta(hours=1))
_PER_PLACE = Bucket("form-place", 20, timedelta(hours=1))
_PER_FORM = Bucket("form", 600, timedelta(hours=1))
_LONGEST = {"name": 120, "email": 320, "subject": 200, "text": 20_000, "serial": 80}
_NOT_SENT = "Nothing was sent yet, and nothing is lost. Look at the fields marked below."
_STALE = "This page was open for more than a day. Everything is still here: send it once more."
_QUICK = "That was quicker than anybody writes. Everything is still here: send it once more."
_MACHINE = "A field that people do not see was filled in: probably a machine sent it."


@dataclass(frozen=True, slots=True)
class Typed:
    """What the fields held, and what is wrong with them."""

    values: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    message: str = ""


def is_there(key: str) -> bool:
    """Whether there is such a form; its token is looked at with its fields, so that no words are lost with it."""
    request.max_content_length = RAW_BYTES
    channel = called.by_key("form", key)
    if channel is None:
        return False
    g.form_channel = channel
    return True


@bp.get("/<key>")
@public
def form(key: str) -> Response:
    channel = called.by_key("form", key)
    if channel is None:
        raise NotFound("There is no form here.")
    return _page(channel, Typed(), sent=request.args.get("sent") == "1")


@bp.post("/<key>")
@signed(is_there)
def send(key: str) -> Response:
    """Store what was sent, once however often it is pressed; else the form with everything in it."""
    channel: Channel = g.form_channel
    values = {name: request.form.get(name, "").replace("\0", "")[: most + 1] for name, most in _LONGEST.items()}
    try:
        name = _token(key)
        _check(values)
        _slow_down(key, normalised(values["email"]))
        files = uploads.take(request.files.getlist("file"))
    except Invalid as error:
        return _page(channel, Typed(values, error.fields, error.message), status=422)
    except TooMany as error:
        response = _page(channel, Typed(values, {}, f"{error.message} Everything is still here."), status=429)
        response.headers["Retry-After"] = str(error.retry_after)
        return response
    except DomainError as error:
        return _page(channel, Typed(values, {}, error.message), status=error.status)
    intake.accept(channel, [_arrival(name, values, files)])
    registry.arrived.set()
    return redirect(f"/f/{key}?sent=1", 303)


def _page(channel: Channel, typed: Typed, *, status: int = 200, sent: bool = False) -> Response:
    connection = connecting.read(channel)
    html = render_template(
        "form/show.html",
        form=connection,
        typed=typed,
        sent=sent,
        token=_made(connection),
        trap=TRAP,
        longest=_LONGEST,
        most=uploads.MOST,
        promise=installed().foretell(Asking("form", channel.team_id)),
        theme="",
        brand_name=channel.name,
    )
    response = make_response(html, status)
    response.headers["Content-Security-Policy"] = policy(connection.sites)
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def _made(connection: Connection) -> str:
    """When this page was made, and a name for what will be sent from it."""
    return signing.sign(_PURPOSE, connection.key, str(int(now().timestamp())), secrets.token_hex(16))


def _token(key: str) -> str:
    """The name of what is sent.

    Raises:
        Invalid: the page was made too long ago, just now, or not by us.
    """
    found = signing.read(_PURPOSE, request.form.get("token", ""), 3)
    age = now().timestamp() - int(found[1]) if found is not None and found[0] == key else None
    if age is None or age > _LASTS.total_seconds():
        raise Invalid(_STALE)
    if age < _QUICKEST.total_seconds():
        raise Invalid(_QUICK)
    return found[2] if found is not None else ""


def _check(values: dict[str, str]) -> None:
    """Raise what is missing or too long, by field.

    Raises:
        Invalid: something is.
    """
    errors = {name: f"{most} characters at most." for name, most in _LONGEST.items() if len(values[name]) > most}
    if not normalised(values["email"]):
        errors["email"] = "Enter the address we can answer to, such as olive@example.com."
    if not values["text"].strip():
        errors["text"] = "Write what you need."
    if errors:
        raise Invalid(_NOT_SENT, errors)


def _slow_down(key: str, email: str) -> None:
    throttle.take(_PER_FORM, key)
    throttle.take(_PER_PLACE, key, clients.network(clients.address(request)))
    throttle.take(_PER_ADDRESS, key, email)


def _arrival(name: str, values: dict[str, str], files: list[dict[str, Any]]) -> Arrival:
    one_line = {field_: " ".join(values[field_].split()) for field_ in ("name", "email", "subject", "serial")}
    event = {
        **one_line,
        "id": secrets.token_hex(16),  # not the page's own: who sent it shall not know what an answer to it names
        "text": values["text"].replace("\r\n", "\n").strip(),
        "at": int(now().timestamp() * 1000),
        "files": files,
    }
    refusal = _MACHINE if request.form.get(TRAP) else ""
    return Arrival(f"form:{name}", json.dumps(event, ensure_ascii=False).encode(), refusal=refusal)
