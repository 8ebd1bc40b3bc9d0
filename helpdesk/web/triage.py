"""Sorting by one click or key: each form changes one thing and offers the way back."""

from __future__ import annotations

import re

from flask import Blueprint, g, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response

from helpdesk.access.guards import agents_only, current_agent
from helpdesk.access.permissions import visible_tickets
from helpdesk.db import db, locked
from helpdesk.errors import Invalid, NotFound
from helpdesk.events import Event
from helpdesk.now import now
from helpdesk.people.models import Agent, Team
from helpdesk.text.numbers import whole
from helpdesk.tickets import lifecycle, triage
from helpdesk.tickets.models import Priority, Ticket
from helpdesk.tickets.undoing import undo
from helpdesk.tickets.views import view_of
from helpdesk.web.inbox import listing_of
from helpdesk.web.rendering import back_to, fragment, lead_to, wants_fragment, zone_of
from helpdesk.web.snoozing import read
from helpdesk.web.ticket import head, held, in_list, load
from helpdesk.web.toasts import of_event

bp = Blueprint("triage", __name__)


@bp.post("/tickets/<int:number>/assignment")
@agents_only
def assign(number: int) -> Response | str:
    agent = current_agent()
    ticket = _ticket(agent, number)
    triage.assign(ticket, to=_assignee(agent, request.form.get("agent", "")), by=agent)
    return _changed(ticket, agent)


@bp.post("/tickets/<int:number>/team")
@agents_only
def hand_over(number: int) -> Response | str:
    agent = current_agent()
    ticket = _ticket(agent, number)
    triage.hand_over(ticket, to=_team(request.form.get("team", "")), by=agent)
    return _changed(ticket, agent)


@bp.post("/tickets/<int:number>/priority")
@agents_only
def prioritise(number: int) -> Response | str:
    agent = current_agent()
    ticket = _ticket(agent, number)
    named = {priority.name.lower(): priority for priority in Priority}
    chosen = named.get(request.form.get("priority", ""))
    if chosen is None:
        raise Invalid("Choose low, normal, high or urgent.", {"priority": "Choose one of the four."})
    triage.prioritise(ticket, chosen, by=agent)
    return _changed(ticket, agent)


@bp.post("/tickets/<int:number>/tags")
@agents_only
def tag(number: int) -> Response | str:
    agent = current_agent()
    ticket = _ticket(agent, number)
    triage.tag(ticket, request.form.get("tags", "").split(","), by=agent)
    return _changed(ticket, agent)


@bp.post("/tickets/<int:number>/waiting")
@agents_only
def wait(number: int) -> Response | str:
    agent = current_agent()
    ticket = _ticket(agent, number)
    triage.wait_for(ticket, request.form.get("for", ""), by=agent)
    return _changed(ticket, agent)


@bp.post("/tickets/<int:number>/snooze")
@agents_only
def snooze(number: int) -> Response | str:
    agent = current_agent()
    ticket = _ticket(agent, number)
    until = read(request.form.get("until", ""), now(), zone_of(agent))
    below = _below(ticket, agent)
    lifecycle.snooze(ticket, by=agent, until=until, wake_on_reply=request.form.get("even") != "yes")
    return _gone_on(ticket, agent, below)


@bp.post("/tickets/<int:number>/waking")
@agents_only
def wake(number: int) -> Response | str:
    agent = current_agent()
    ticket = _ticket(agent, number)
    lifecycle.wake(ticket, by=agent)
    return _changed(ticket, agent)


@bp.post("/tickets/<int:number>/resolution")
@agents_only
def resolve(number: int) -> Response | str:
    """Done. The key says whether to go on to the next ticket."""
    agent = current_agent()
    ticket = _ticket(agent, number)
    below = _below(ticket, agent)
    lifecycle.resolve(ticket, by=agent)
    return _changed(ticket, agent) if request.form.get("stay") == "yes" else _gone_on(ticket, agent, below)


@bp.post("/tickets/<int:number>/reopening")
@agents_only
def reopen(number: int) -> Response | str:
    agent = current_agent()
    ticket = _ticket(agent, number)
    lifecycle.reopen(ticket, by=agent)
    return _changed(ticket, agent)


@bp.post("/tickets/<int:number>/spam")
@agents_only
def spam(number: int) -> Response | str:
    agent = current_agent()
    ticket = _ticket(agent, number)
    if request.form.get("spam") == "no":
        lifecycle.unmark_spam(ticket, by=agent)
        return _changed(ticket, agent)
    below = _below(ticket, agent)
    lifecycle.mark_spam(ticket, by=agent)
    return _gone_on(ticket, agent, below)


@bp.post("/undo/<int:event_id>")
@agents_only
def take_back(event_id: int) -> Response:
    """Undo the agent's own last thing, and show the ticket it was done to."""
    agent = current_agent()
    event = db.session.get(Event, event_id)
    if event is None:
        raise NotFound("There is nothing to undo here.")
    ticket = locked(visible_tickets(agent).where(Ticket.id == event.ticket_id))
    undo(event, ticket, by=agent)
    db.session.commit()
    return lead_to(url_for("ticket.show", number=ticket.number))


def _ticket(agent: Agent, number: int) -> Ticket:
    ticket = held(agent, number)
    g.locked_at = now()
    return ticket


def _assignee(agent: Agent, value: str) -> Agent | None:
    if value == "me":
        return agent
    if value == "":
        return None
    number = whole(value)
    chosen = db.session.get(Agent, number) if number is not None else None
    if chosen is None:
        raise Invalid("Choose somebody from the list.", {"agent": "There is nobody like that."})
    return chosen


def _team(value: str) -> Team | None:
    if value == "":
        return None
    chosen = db.session.get(Team, int(value)) if re.fullmatch(r"\d{1,17}", value, re.ASCII) else None
    if chosen is None:
        raise Invalid("Choose a team from the list.", {"team": "There is no such team."})
    return chosen


def _changed(ticket: Ticket, agent: Agent) -> Response | str:
    """Commit; then the header again with the way back."""
    view_key = request.form.get("view", "next-up")
    db.session.commit()
    event = _last_event(ticket, agent)
    if not wants_fragment():
        return back_to(url_for("ticket.show", number=ticket.number, view=view_key), undo=event)
    toast = of_event(event) if event else None
    fresh = load(agent, ticket.number)
    return fragment("tickets/_changed.html", **head(fresh, agent), **in_list(fresh, agent, view_key), toast=toast)


def _gone_on(ticket: Ticket, agent: Agent, below: int | None) -> Response:
    """Commit; then the next ticket of the list, or the list when this was the last, with the way back."""
    view_key = request.form.get("view", "next-up")
    db.session.commit()
    event = _last_event(ticket, agent)
    place = url_for("ticket.show", number=below, view=view_key) if below else f"/inbox/{view_key}"
    return lead_to(f"{place}{'&' if '?' in place else '?'}undo={event.id}" if event else place)


def _below(ticket: Ticket, agent: Agent) -> int | None:
    """The ticket below this one in the list, else the first other one; asked before this one leaves the list."""
    view = view_of(request.form.get("view", "next-up"))
    numbers = [line.number for group in listing_of(view, agent).groups for line in group.lines]
    at = numbers.index(ticket.number) if ticket.number in numbers else -1
    rest = [*numbers[at + 1 :], *numbers[: max(at, 0)]]
    return next((number for number in rest if number != ticket.number), None)


def _last_event(ticket: Ticket, agent: Agent) -> Event | None:
    """What this request did; None when everything was so already, for then there is nothing to undo."""
    asked = select(Event).where(Event.ticket_id == ticket.id, Event.agent_id == agent.id, Event.at >= g.locked_at)
    return db.session.scalars(asked.order_by(Event.id.desc()).limit(1)).one_or_none()
