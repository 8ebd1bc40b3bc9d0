"""One ticket of the story, told step by step through the operations an agent's own clicks use.

What waits for a commit is done after each step, at its instant, so that whoever judges tickets sees them as they were.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from helpdesk import blobs, events
from helpdesk.db import db, settle
from helpdesk.demo.mailbox import thread
from helpdesk.demo.people import Cast
from helpdesk.demo.sent import deliver
from helpdesk.demo.story import Opened, Step, Told, picture
from helpdesk.demo.times import Shift
from helpdesk.now import travel
from helpdesk.people.models import Agent
from helpdesk.plugins import Meanwhile
from helpdesk.tickets import conversing, drafts, lifecycle, triage
from helpdesk.tickets.inputs import Answer, File, Incoming
from helpdesk.tickets.models import Message, Status, Tag, Ticket, TicketRead, TicketTag


@dataclass(frozen=True)
class Stage:
    """What all tickets are told with; `now` is the story's (UTC)."""

    cast: Cast
    shift: Shift
    now: datetime
    mailbox: str
    channel_id: int
    meanwhile: Sequence[Meanwhile]


@dataclass(frozen=True)
class Scene:
    """What a step needs to know beside itself."""

    told: Told
    ticket: Ticket
    stage: Stage

    @property
    def cast(self) -> Cast:
        return self.stage.cast

    @property
    def shift(self) -> Shift:
        return self.stage.shift

    def agent(self, key: str) -> Agent:
        return self.cast.agents[key]

    def said(self, step: Step) -> str:
        return self.shift.spoken(step.text, said=step.at)

    def wait(self, until: datetime) -> None:
        """Have what happens by itself happen."""
        for passes in self.stage.meanwhile:
            passes(self.ticket, until)


def tell(told: Told, stage: Stage) -> Ticket:
    """Open the ticket, let everybody do their step at its instant, and time pass between them up to now."""
    scene = Scene(told, _open(told, stage), stage)
    for step in told.steps:
        at = stage.shift.moment(step.at)
        scene.wait(at)
        with travel(to=at):
            _DOES[step.does](scene, step)
            settle()
    _end(scene)
    scene.wait(stage.now)
    _read(scene)
    db.session.flush()
    return scene.ticket


def _open(told: Told, stage: Stage) -> Ticket:
    began = told.opened.at if told.opened else told.steps[0].at
    channel_id, contact = stage.channel_id, stage.cast.contacts[told.contact]
    opening = Incoming(subject=told.subject, text="", reply_text="", channel_id=channel_id, channel_kind=told.channel)
    follows = db.session.scalars(select(Ticket).where(Ticket.number == told.follows)).one_or_none()
    with travel(to=stage.shift.moment(began)):
        ticket = conversing.open_ticket(contact, opening, follows=follows)
        ticket.number = told.number
        db.session.flush()
        _tag(told, ticket)
        if told.opened:
            _opened_by_device(ticket, told.opened, stage.cast)
    return ticket


def _writes(scene: Scene, step: Step) -> None:
    ticket, told = scene.ticket, scene.told
    contact = scene.cast.contacts[step.who]
    address = scene.cast.addresses[step.who, ticket.channel_kind]
    by_mail = ticket.channel_kind == "email"
    words = scene.said(step)
    first = ticket.message_count == 0
    incoming = Incoming(
        subject=told.subject if first or not by_mail else f"Re: {told.subject.removeprefix('Re: ')}",
        text=words,
        reply_text=words,
        channel_id=scene.stage.channel_id,
        channel_kind=ticket.channel_kind,
        author_name=contact.name,
        author_address=address,
        to={"to": [[scene.cast.brand.name, scene.stage.mailbox]]} if by_mail else {},
        files=tuple(_stored(name) for name in step.files),
        external_id=f"<{told.number}.{ticket.message_count + 1}@{address.partition('@')[2]}>" if by_mail else "",
        sent_at=scene.shift.moment(step.at),
    )
    message = conversing.receive(ticket, contact, incoming)
    if by_mail:
        thread(message.external_id, ticket_id=ticket.id, message_id=message.id)


def _opened_by_device(ticket: Ticket, opened: Opened, cast: Cast) -> None:
    """The first words will not open this ticket: a device does, and its report is an event, not a message."""
    events.record(ticket, "ticket.opened", by=cast.contacts[opened.by], report=opened.report)
    settle()


def _replies(scene: Scene, step: Step) -> None:
    answer = Answer(body=scene.said(step), waits_for=step.waits_for, resolves=step.resolves)
    message = conversing.reply(scene.ticket, answer, by=scene.agent(step.who))
    external_id = f"<{scene.told.number}.{scene.ticket.message_count}@{scene.stage.mailbox.partition('@')[2]}>"
    deliver(scene.ticket, message, external_id=external_id)
    thread(external_id, ticket_id=scene.ticket.id, message_id=message.id)


def _notes(scene: Scene, step: Step) -> None:
    conversing.note(scene.ticket, Answer(body=scene.said(step)), by=scene.agent(step.who))


def _drafts(scene: Scene, step: Step) -> None:
    drafts.save(drafts.take(scene.agent(step.who), scene.ticket, "reply"), scene.said(step))


def _moves(scene: Scene, step: Step) -> None:
    scene.ticket.channel_kind = step.to
    events.record(scene.ticket, "ticket.moved", by=scene.cast.contacts[step.who], to=step.to)


def _assigns(scene: Scene, step: Step) -> None:
    triage.assign(scene.ticket, to=scene.agent(step.to), by=scene.agent(step.who))


def _snoozes(scene: Scene, step: Step) -> None:
    until = scene.shift.wall(step.until) if step.until else lifecycle.UNTIL_REPLY
    scene.ticket.assignee_id = scene.agent(step.who).id
    lifecycle.snooze(scene.ticket, by=scene.agent(step.who), until=until)


def _resolves(scene: Scene, step: Step) -> None:
    lifecycle.resolve(scene.ticket, by=scene.agent(step.who))


_DOES: dict[str, Callable[[Scene, Step], None]] = {
    "writes": _writes,
    "replies": _replies,
    "notes": _notes,
    "drafts": _drafts,
    "moves": _moves,
    "assigns": _assigns,
    "snoozes": _snoozes,
    "resolves": _resolves,
}


def _stored(name: str) -> File:
    content = picture(name)
    return File(blobs.put(content), name, "image/jpeg", len(content))


def _tag(told: Told, ticket: Ticket) -> None:
    """Tags are there from the start, so no line of the timeline tells of them."""
    for name in told.tags:
        tag = db.session.scalars(select(Tag).where(Tag.name == name)).one_or_none()
        if tag is None:
            tag = Tag(name=name)
            db.session.add(tag)
            db.session.flush()
        db.session.add(TicketTag(ticket_id=ticket.id, tag_id=tag.id))
        ticket.tag_ids = [*ticket.tag_ids, tag.id]


def _end(scene: Scene) -> None:
    told = scene.told
    if told.closed:
        scene.ticket.status = Status.CLOSED
    if told.spam:
        with travel(to=scene.shift.moment(told.steps[-1].at)):
            lifecycle.mark_spam(scene.ticket, by=next(iter(scene.cast.agents.values())))
            settle()


def _read(scene: Scene) -> None:
    """Everybody has read everything, but for the newest words of an unread ticket."""
    newest = select(Message.id).where(Message.ticket_id == scene.ticket.id).order_by(Message.id.desc()).limit(2)
    seen = db.session.scalars(newest).all()[1 if scene.told.unread else 0 :]
    if seen:
        db.session.add_all(
            TicketRead(agent_id=agent.id, ticket_id=scene.ticket.id, message_id=seen[0])
            for agent in scene.cast.agents.values()
        )
