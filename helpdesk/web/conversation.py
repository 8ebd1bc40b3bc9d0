"""Writing: replies, notes, drafts and their files, taking a sending back, people in copy, new tickets."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response

from helpdesk import outbox
from helpdesk.access.guards import agents_only, current_agent
from helpdesk.access.permissions import visible_tickets
from helpdesk.db import db, locked
from helpdesk.errors import Conflict, Invalid, NotFound
from helpdesk.events import Event
from helpdesk.outbox import Delivery
from helpdesk.people.models import Address, Agent
from helpdesk.tickets import conversing, drafts, following, unsending
from helpdesk.tickets.inputs import Answer
from helpdesk.tickets.models import Draft, Follower, Message, Ticket
from helpdesk.web.files import sent_files, take_files
from helpdesk.web.rendering import back_to, fragment, page, wants_fragment
from helpdesk.web.ticket import held, load, load_message, own_drafts, whole
from helpdesk.web.toasts import of_event, of_sending

bp = Blueprint("conversation", __name__)


@bp.post("/tickets/<int:number>/replies")
@agents_only
def reply(number: int) -> Response | str | tuple[str, int]:
    """Send the words of the form; a button may also say done, or whom we wait for then."""
    agent = current_agent()
    ticket = held(agent, number, "reply")
    begun = own_drafts(ticket, agent)
    draft = _draft(agent, ticket, "reply", begun)
    collisions = drafts.answered_since(draft) if draft and not request.form.get("anyway") else []
    if collisions:
        return _stopped(ticket, agent, collisions)
    try:
        message = conversing.reply(ticket, _answer(), by=agent, draft=draft)
    except Invalid as error:
        return _refused(ticket, agent, "reply", error)
    return _said(ticket, message, begun.get("note"))


@bp.post("/tickets/<int:number>/notes")
@agents_only
def note(number: int) -> Response | str | tuple[str, int]:
    agent = current_agent()
    ticket = held(agent, number, "note")
    begun = own_drafts(ticket, agent)
    try:
        message = conversing.note(ticket, _answer(), by=agent, draft=_draft(agent, ticket, "note", begun))
    except Invalid as error:
        return _refused(ticket, agent, "note", error)
    return _said(ticket, message, begun.get("reply"))


@bp.post("/tickets/<int:number>/drafts/<kind>")
@agents_only
def save_draft(number: int, kind: str) -> Response | tuple[str, int]:
    agent = current_agent()
    ticket = held(agent, number, "note")
    drafts.save(drafts.take(agent, ticket, _kind(kind)), request.form.get("body", ""))
    db.session.commit()
    if wants_fragment():
        return "", 204
    return back_to(url_for("ticket.show", number=number))


@bp.post("/messages/<int:message_id>/unsending")
@agents_only
def unsend(message_id: int) -> Response | tuple[str, int]:
    """Take a reply back inside its undo window; its words are in the composer again."""
    agent = current_agent()
    message = load_message(agent, message_id)
    ticket = locked(visible_tickets(agent).where(Ticket.id == message.ticket_id))
    delivery = db.session.scalars(select(Delivery).where(Delivery.message_id == message_id).with_for_update()).first()
    if delivery is None or message.agent_id != agent.id:
        raise NotFound("There is nothing of yours to take back here.")
    number = ticket.number
    draft = unsending.unsend(message, delivery, by=agent)
    to = url_for("newticket.form") if draft.kind == "new" else url_for("ticket.show", number=number)
    db.session.commit()
    return _load(to)


@bp.post("/messages/<int:message_id>/retry")
@agents_only
def retry(message_id: int) -> Response | str:
    """Send again what did not go out, to those who have not had it."""
    agent = current_agent()
    message = load_message(agent, message_id)
    ticket = held(agent, message.ticket.number, "reply")
    delivery = db.session.scalars(select(Delivery).where(Delivery.message_id == message_id).with_for_update()).first()
    if delivery is None or delivery.state not in {outbox.State.FAILED, outbox.State.UNCERTAIN}:
        raise Conflict("This message is on its way or has arrived.")
    outbox.retry(delivery)
    db.session.commit()
    if wants_fragment():
        return fragment("tickets/_message.html", message=load_message(agent, message_id), ticket=ticket)
    return back_to(url_for("ticket.show", number=ticket.number))


@bp.post("/tickets/<int:number>/followers/<int:address_id>")
@agents_only
def decide(number: int, address_id: int) -> Response | str:
    """Let somebody in copy follow, or keep them out."""
    agent = current_agent()
    ticket = held(agent, number, "reply")
    follower = db.session.scalars(
        select(Follower)
        .where(Follower.ticket_id == ticket.id, Follower.address_id == address_id)
        .options(joinedload(Follower.address).joinedload(Address.contact))
    ).one_or_none()
    if follower is None:
        raise NotFound("Nobody like that is in copy here.")
    following.decide(ticket, follower, approve=request.form.get("approve") == "yes", by=agent)
    db.session.commit()
    if wants_fragment():
        return fragment("tickets/_followers.html", **whole(load(agent, number), agent))
    return back_to(url_for("ticket.show", number=number))


def _draft(agent: Agent, ticket: Ticket, kind: str, begun: dict[str, Draft]) -> Draft | None:
    """The draft that is sent; files that come with the form itself, without script, are put on it first."""
    if not sent_files():
        return begun.get(kind)
    draft = drafts.take(agent, ticket, kind)
    take_files(agent, draft)
    return draft


def _answer() -> Answer:
    form = request.form
    return Answer(
        body=form.get("body", ""),
        client_id=form.get("client_id") or None,
        waits_for="customer" if form.get("then") == "wait" else "",
        resolves=form.get("then") == "done",
    )


def _kind(kind: str) -> str:
    if kind not in {"reply", "note"}:
        raise NotFound("There is no such draft.")
    return kind


def _said(ticket: Ticket, message: Message, other: Draft | None) -> Response | str:
    """Commit; then the new message where it belongs, an empty composer and the way back.

    `other` is what the agent has begun to write in the composer's other half. The fragment is drawn before the
    commit, after which everything in it would be loaded a second time.
    """
    if not wants_fragment():
        event = _event_of(message)
        db.session.commit()
        return back_to(url_for("ticket.show", number=ticket.number), undo=event)
    html = fragment(
        "tickets/_said.html",
        ticket=ticket,
        drafts={other.kind: other} if other is not None else {},
        message=message,
        toast=of_sending(message) if message.delivery is not None else of_event(_event_of(message)),
    )
    db.session.commit()
    return html


def _event_of(message: Message) -> Event:
    """The one its writing recorded."""
    found = select(Event).where(
        Event.ticket_id == message.ticket_id, Event.message_id == message.id, Event.agent_id == message.agent_id
    )
    return db.session.scalars(found.order_by(Event.id.desc()).limit(1)).one()


def _stopped(ticket: Ticket, agent: Agent, collisions: Sequence[Message]) -> tuple[str, int]:
    """Somebody else answered first: nothing is sent until the agent has seen it."""
    drafts.save(drafts.take(agent, ticket, "reply"), request.form.get("body", ""))
    names = sorted({message.author_name for message in collisions})
    db.session.commit()
    return _composer(ticket, agent, {"reply": "", "collision": " and ".join(names)}), 409


def _refused(ticket: Ticket, agent: Agent, kind: str, error: Invalid) -> tuple[str, int]:
    db.session.rollback()
    typed = {kind: request.form.get("body", "")}
    return _composer(ticket, agent, {kind: error.fields.get("body", error.message)}, typed), 422


def _composer(ticket: Ticket, agent: Agent, problems: dict[str, str], typed: dict[str, str] | None = None) -> str:
    context = whole(load(agent, ticket.number), agent) | {"problems": problems, "typed": typed}
    if wants_fragment():
        return fragment("tickets/_composer.html", **context)
    return page("tickets/composing.html", **context, view_key="")


def _load(address: str) -> Response | tuple[str, int]:
    if wants_fragment():
        response = Response(status=204)
        response.headers["HX-Redirect"] = address
        return response
    return back_to(address)
