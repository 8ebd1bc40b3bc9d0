"""Devices by web: the keys of a channel with an example to copy, a test report, and faults where they are looked at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, g, redirect, render_template, request
from sqlalchemy import select
from werkzeug.wrappers import Response

from channels import intake, joining, registry
from channels.adapter import Arrival
from channels.device import keys, receiving
from channels.device.models import DeviceFault, DeviceKey
from channels.models import Channel, Inbound
from channels.web import joined
from helpdesk.access.guards import admins_only, current_agent
from helpdesk.db import db
from helpdesk.errors import Conflict, Invalid, NotFound
from helpdesk.now import now
from helpdesk.tickets.models import Ticket
from helpdesk.web.rendering import zone_of

bp = Blueprint("devices", __name__, url_prefix="/settings/channels/<int:channel_id>")

_ARRIVALS = 10
_FAULTS = 20
_STATES = {"waiting": "waits", "firing": "there", "settling": "over, if it stays so", "over": "over"}
_ENDS = {
    "waiting": "is being filed",
    "early": "waits whether it lasts",
    "done": "counted",
    "duplicate": "came before",
    "quarantined": "kept aside",
    "discarded": "discarded",
}


@dataclass(frozen=True, slots=True)
class Heard:
    """One report that came in, and where it ended."""

    at: datetime
    words: str
    number: int | None


@bp.post("/keys")
@admins_only
def make(channel_id: int) -> str | tuple[str, int]:
    """A new key. It is shown on this page, and never again."""
    channel = _find(channel_id)
    try:
        made = keys.make(channel, request.form.get("name", ""), by=current_agent().name)
    except Invalid as error:
        db.session.rollback()
        return _shown(channel_id, errors=error.fields, typed=request.form.get("name", "")[:200]), error.status
    return _made(channel_id, made)


@bp.post("/keys/<int:key_id>/rotate")
@admins_only
def rotate(channel_id: int, key_id: int) -> str:
    """Another key in the place of one that goes on for a day."""
    return _made(channel_id, keys.rotate(_find(channel_id), key_id, by=current_agent().name))


@bp.post("/keys/<int:key_id>/revoke")
@admins_only
def revoke(channel_id: int, key_id: int) -> Response:
    keys.revoke(_find(channel_id), key_id, by=current_agent().name)
    db.session.commit()
    return redirect(f"{joined.HERE}/{channel_id}#keys", 303)


@bp.post("/test-report")
@admins_only
def report(channel_id: int) -> Response:
    """Send one through everything a machine's goes through; nobody is told.

    Raises:
        Conflict: the channel is paused.
    """
    channel = _find(channel_id)
    if channel.is_paused:
        raise Conflict("This channel is paused. Resume it first.")
    raw = receiving.stored("plain", {"device": "Test", "fault": "test", "test": True})
    intake.accept(channel, [Arrival(receiving.digest(""), raw)])
    registry.arrived.set()
    return redirect(f"{joined.HERE}/{channel_id}#arrivals", 303)


def of_channel(channel: Channel, hook: str) -> str:
    """On the page of a channel: its keys, an example, and what came in last."""
    if channel.kind != "device":
        return ""
    context: dict[str, Any] = g.get("devices", {})
    return _rendered("channel", channel=channel, hook=hook, keys=keys.of(channel), heard=_heard(channel), **context)


def of_ticket(ticket: Ticket) -> str:
    """Beside a ticket: the faults it is about."""
    if ticket.channel_kind != "device" and not ticket.times:
        return ""
    rows = select(DeviceFault).where(DeviceFault.ticket_id == ticket.id).order_by(DeviceFault.first_at)
    found = list(db.session.scalars(rows.limit(_FAULTS)))
    return _rendered("ticket", faults=found, states=_STATES) if found else ""


def of_unit(unit: Any) -> str:
    """On the page of a unit: what it reported, and what nobody was told for a visit."""
    rows = (
        select(DeviceFault, Ticket.number)
        .outerjoin(Ticket, Ticket.id == DeviceFault.ticket_id)
        .where(DeviceFault.unit_id == unit.id)
        .order_by(DeviceFault.last_at.desc())
    )
    return _rendered("unit", faults=db.session.execute(rows.limit(_FAULTS)).all(), states=_STATES)


def _find(channel_id: int) -> Channel:
    channel = joining.find(channel_id)
    if channel.kind != "device":
        raise NotFound("There is no such page here.")
    return channel


def _made(channel_id: int, made: tuple[DeviceKey, str]) -> str:
    key, plain = made
    name = key.name
    db.session.commit()
    return _shown(channel_id, plain=plain, named=name)


def _shown(channel_id: int, **context: Any) -> str:
    g.devices = context
    return joined.show_page(channel_id)


def _heard(channel: Channel) -> list[Heard]:
    columns = Inbound.received_at, Inbound.state, Inbound.reason, Ticket.number
    rows = select(*columns).outerjoin(Ticket, Ticket.id == Inbound.ticket_id).where(Inbound.channel_id == channel.id)
    found = db.session.execute(rows.order_by(Inbound.id.desc()).limit(_ARRIVALS)).all()
    return [Heard(at, reason or _ENDS.get(state, state), number) for at, state, reason, number in found]


def _rendered(name: str, **context: Any) -> str:
    return render_template(f"settings/devices/_{name}.html", zone=zone_of(current_agent()), now=now(), **context)
