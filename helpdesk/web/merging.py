"""Merging two tickets by page: find the other one, see what will happen, do it, and take them apart again."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response

from helpdesk.access.guards import agents_only, current_agent
from helpdesk.access.permissions import visible_tickets
from helpdesk.db import db, one
from helpdesk.errors import DomainError, Invalid, NotFound
from helpdesk.people.models import Agent
from helpdesk.text.numbers import whole
from helpdesk.tickets import merging, search
from helpdesk.tickets.models import Status, Ticket
from helpdesk.web.rendering import back_to, lead_to, page
from helpdesk.web.ticket import check

bp = Blueprint("merging", __name__)

_OFFERED = 12


@bp.get("/tickets/<int:number>/merge")
@agents_only
def form(number: int) -> str | tuple[str, int]:
    """Choose the other ticket; with `into`, what merging into it means."""
    source = _shown(number)
    into = request.args.get("into", "")
    if not into:
        return _page(source)
    target = _named(into)
    if target is None:
        return _page(source, error="There is no such ticket. Enter a number like 1042, or words of its subject."), 422
    try:
        merging.check(source, target)
    except DomainError as error:
        return _page(source, error=error.message), error.status
    return _page(source, target)


@bp.post("/tickets/<int:number>/merge")
@agents_only
def merge(number: int) -> Response | tuple[str, int]:
    agent = current_agent()
    target = _named(request.form.get("into", ""))
    if target is None:
        return _page(_shown(number), error="There is no such ticket. Choose one of the list, or look for it."), 422
    try:
        held = _held(agent, number, target.number)
        source, into = held[number], held[target.number]
        _warned(source, into)
        event = merging.merge(source, into=into, by=agent)
    except NotFound:
        raise
    except DomainError as error:
        db.session.rollback()
        fits = isinstance(error, Invalid) and "warned" in error.fields
        return _page(_shown(number), _named(str(target.number)) if fits else None, error=error.message), error.status
    to = into.number
    db.session.commit()
    return back_to(url_for("ticket.show", number=to), undo=event)


@bp.post("/tickets/<int:number>/parting")
@agents_only
def part(number: int) -> Response:
    """Take a merge back, for as long as nothing else happened to either."""
    agent = current_agent()
    source = one(visible_tickets(agent).where(Ticket.number == number))
    other = db.session.scalars(select(Ticket.number).where(Ticket.id == source.merged_into_id)).one_or_none()
    held = _held(agent, number, other or number)
    event = merging.part(held[number], target=held[other or number], by=agent)
    db.session.commit()
    return lead_to(url_for("ticket.show", number=number), undo=event)


def _shown(number: int) -> Ticket:
    people = joinedload(Ticket.contact), joinedload(Ticket.organization)
    source = one(visible_tickets(current_agent()).where(Ticket.number == number).options(*people))
    check(current_agent(), source)
    return source


def _named(said: str) -> Ticket | None:
    number = whole(said.strip().removeprefix("#"))
    if number is None:
        return None
    people = joinedload(Ticket.contact), joinedload(Ticket.organization)
    rows = visible_tickets(current_agent()).where(Ticket.number == number).options(*people)
    return db.session.scalars(rows).one_or_none()


def _held(agent: Agent, *numbers: int) -> dict[int, Ticket]:
    """Both, locked in the order of their ids as everybody locks them."""
    rows = visible_tickets(agent).where(Ticket.number.in_(numbers)).order_by(Ticket.id).with_for_update()
    held = {ticket.number: ticket for ticket in db.session.scalars(rows)}
    if set(numbers) - set(held):
        raise NotFound("There is no such ticket here.")
    for ticket in held.values():
        check(agent, ticket)
    return held


def _warned(source: Ticket, into: Ticket) -> None:
    if source.contact_id != into.contact_id and request.form.get("warned") != "yes":
        words = "These are two customers. Look at what will happen, then merge."
        raise Invalid(words, {"warned": words})


def _page(source: Ticket, target: Ticket | None = None, *, error: str = "") -> str:
    asked = request.args.get("q", "").strip()[:200]
    return page(
        "tickets/merge.html",
        ticket=source,
        target=target,
        asked=asked or request.args.get("into", "")[:200],
        error=error,
        found=[] if target else _found(source, asked),
        searched=bool(asked),
    )


def _found(source: Ticket, asked: str) -> Sequence[Ticket]:
    """Open tickets by number or words; without any, those of the same customer."""
    rows = (
        visible_tickets(current_agent())
        .where(Ticket.id != source.id, Ticket.status < Status.RESOLVED, Ticket.spam_at.is_(None))
        .options(joinedload(Ticket.contact), joinedload(Ticket.organization))
        .order_by((Ticket.contact_id == source.contact_id).desc(), Ticket.last_message_at.desc())
        .limit(_OFFERED)
    )
    if asked:
        return db.session.scalars(search.by_number_or_subject(rows, asked)).all()
    mine = Ticket.contact_id == source.contact_id
    if source.organization_id is not None:
        mine = mine | (Ticket.organization_id == source.organization_id)
    return db.session.scalars(rows.where(mine)).all()
