"""One ticket: its page beside the list, and the pieces of it that live updates ask for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from flask import Blueprint, request
from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import joinedload, selectinload

from helpdesk.access.guards import agents_only, current_agent
from helpdesk.access.permissions import may, visible_tickets
from helpdesk.db import db, one
from helpdesk.errors import Conflict, NotAllowed, NotFound
from helpdesk.now import now
from helpdesk.people.choices import teams_and_agents
from helpdesk.people.models import Agent, Contact
from helpdesk.tickets import drafts, following, kin, merging, opening, timeline
from helpdesk.tickets.models import Draft, Message, MessageVersion, Priority, Ticket
from helpdesk.tickets.triage import tag_names
from helpdesk.tickets.views import view_of
from helpdesk.web.inbox import listing_of
from helpdesk.web.promises import listed
from helpdesk.web.rendering import fragment, page, zone_of
from helpdesk.web.snoozing import choices
from helpdesk.web.toasts import arrived, toast_for

bp = Blueprint("ticket", __name__)

_BESIDE = 25
"""Rows of the list beside a ticket: more than a screen is high, half of what the list alone shows."""


@bp.get("/tickets/<int:number>")
@agents_only
def show(number: int) -> str:
    """The ticket with the list it was opened from. Reading it marks it read; nothing else changes."""
    agent = current_agent()
    view_key = request.args.get("view", "next-up")
    ticket = load(agent, number)
    shown = timeline.page(ticket, reader=agent)
    context = whole(ticket, agent) | in_list(ticket, agent, view_key)
    context |= {"timeline": shown, "unconfirmed": shown.unconfirmed}
    context["compose"] = request.args.get("compose")
    context["pane"] = request.args.get("pane") or "ticket"
    context["toast"] = toast_for(agent, request.args.get("undo", ""))
    context["arrived"] = arrived(context["toast"], ticket, context["promise"])
    html = page("tickets/show.html", **context)
    if shown.newest > shown.seen and timeline.mark_read(ticket, agent, shown.newest):
        db.session.commit()
    return html


@bp.get("/tickets/<int:number>/sides")
@agents_only
def sides(number: int) -> str:
    """What stands around the conversation, anew: the header, the promise that falls due next, and who is asking."""
    agent = current_agent()
    ticket = load(agent, number)
    context = whole(ticket, agent) | in_list(ticket, agent, request.args.get("view", "next-up"))
    return fragment("tickets/_sides.html", **context, unconfirmed=timeline.unconfirmed(ticket))


@bp.get("/tickets/<int:number>/thread")
@agents_only
def thread(number: int) -> str:
    """The conversation anew, when messages came into its midst or left it."""
    ticket = load(current_agent(), number)
    return fragment("tickets/_thread.html", ticket=ticket, timeline=timeline.page(ticket))


@bp.get("/tickets/<int:number>/messages")
@agents_only
def messages(number: int) -> str:
    """What came after a message (`after`), or the fifty before one (`before`)."""
    agent = current_agent()
    ticket = load(agent, number)
    before = request.args.get("before", type=int)
    if before:
        return fragment("tickets/_older_page.html", ticket=ticket, timeline=timeline.page(ticket, before=before))
    found = timeline.since(ticket, request.args.get("after", 0, type=int))
    html = fragment("tickets/_newer.html", ticket=ticket, messages=found)
    if found and timeline.mark_read(ticket, agent, found[-1].id):
        db.session.commit()
    return html


@bp.get("/messages/<int:message_id>")
@agents_only
def message(message_id: int) -> str:
    agent = current_agent()
    found = load_message(agent, message_id)
    return fragment("tickets/_message.html", message=found, ticket=found.ticket)


@bp.get("/messages/<int:message_id>/earlier")
@agents_only
def earlier(message_id: int) -> str:
    """What a message said before its author changed it, newest first; what they took back is not shown again."""
    agent = current_agent()
    found = load_message(agent, message_id)
    if found.edited_at is None or found.deleted_at is not None:
        raise NotFound("There are no earlier words here.")
    versions = select(MessageVersion).where(MessageVersion.message_id == message_id)
    said = db.session.scalars(versions.order_by(MessageVersion.written_at.desc(), MessageVersion.id.desc())).all()
    return page("tickets/earlier.html", message=found, ticket=found.ticket, versions=said, view_key="")


def load(agent: Agent, number: int) -> Ticket:
    """The ticket with its people.

    Raises:
        NotFound: there is none, or none they may see.
    """
    return one(_with_people(visible_tickets(agent)), number=number)


def held(agent: Agent, number: int, verb: str = "triage") -> Ticket:
    """The ticket with its people, locked for what the agent wants to do to it until the transaction ends.

    Raises:
        NotFound: there is none, or none they may see. NotAllowed: they may only read it.
        Conflict: it was merged into another, where things go on.
    """
    ticket = one(_to_hold(visible_tickets(agent)), number=number)
    if ticket.is_merged:
        other = db.session.get_one(Ticket, ticket.merged_into_id)
        raise Conflict(f"#{number} was merged into #{other.number}. Go on there; nothing was changed.")
    check(agent, ticket, verb)
    return ticket


def check(agent: Agent, ticket: Ticket, verb: str = "triage") -> None:
    """Whether they may do this to a ticket they see.

    Raises:
        NotAllowed: they may not.
    """
    if not may(agent, verb, ticket):
        raise NotAllowed(f"You can read this ticket, not {'change' if verb == 'triage' else 'answer'} it.")


def load_message(agent: Agent, message_id: int) -> Message:
    """A message of a ticket they may see.

    Raises:
        NotFound: there is none.
    """
    mine = visible_tickets(agent).with_only_columns(Ticket.id)
    found = db.session.scalars(
        select(Message)
        .where(Message.id == message_id, Message.ticket_id.in_(mine))
        .options(
            joinedload(Message.ticket),
            joinedload(Message.contact),
            joinedload(Message.agent),
            joinedload(Message.delivery),
            selectinload(Message.attachments),
        )
    ).one_or_none()
    if found is None:
        raise NotFound("There is no such message here.")
    return found


def head(ticket: Ticket, agent: Agent) -> dict[str, Any]:
    """What the header shows and its menus offer."""
    teams, agents = teams_and_agents()
    return {
        "ticket": ticket,
        "teams": teams,
        "team": next((one.name for one in teams if one.id == ticket.team_id), ""),
        "merged": _merged(ticket),
        "opening": opening.of(ticket),
        "agents": agents,
        "tags": tag_names(ticket),
        "priorities": list(Priority),
        "snoozes": choices(now(), zone_of(agent)),
        "promise": listed(ticket, now(), zone_of(agent)),
    }


def in_list(ticket: Ticket, agent: Agent, view_key: str) -> dict[str, Any]:
    """The list it was opened from, and its place there."""
    listing = listing_of(view_of(view_key), agent, size=_BESIDE)
    return {"listing": listing, "around": listing.around(ticket.number), "view_key": view_key}


def whole(ticket: Ticket, agent: Agent) -> dict[str, Any]:
    return head(ticket, agent) | {
        "drafts": own_drafts(ticket, agent),
        "followers": following.followers(ticket),
        "kin": kin.around(visible_tickets(agent), ticket),
    }


@dataclass(frozen=True)
class Merged:
    """Where a merged ticket went on, and why it cannot be taken apart; empty while it can."""

    number: int
    subject: str
    obstacle: str


def own_drafts(ticket: Ticket, agent: Agent) -> dict[str, Draft]:
    """By kind, what the agent has begun to write here."""
    return {draft.kind: draft for draft in drafts.drafts_of(agent, ticket)}


@lru_cache
def _with_people(tickets: Select[Ticket]) -> Select[Ticket]:
    """One of them by its number, with its people. Put together once."""
    return tickets.where(Ticket.number == bindparam("number")).options(
        joinedload(Ticket.contact).joinedload(Contact.addresses),
        joinedload(Ticket.organization),
        joinedload(Ticket.assignee),
        opening.LOADED,
    )


@lru_cache
def _to_hold(tickets: Select[Ticket]) -> Select[Ticket]:
    """The same, locked; without the contact's addresses."""
    people = joinedload(Ticket.contact), joinedload(Ticket.organization), joinedload(Ticket.assignee)
    return tickets.where(Ticket.number == bindparam("number")).options(*people).with_for_update(of=Ticket)


def _merged(ticket: Ticket) -> Merged | None:
    if not ticket.is_merged:
        return None
    target = db.session.get_one(Ticket, ticket.merged_into_id)
    return Merged(target.number, target.subject, merging.obstacle(ticket))
