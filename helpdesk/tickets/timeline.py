"""The conversation of a ticket: its messages with everything they show, and the events between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby

from sqlalchemy import ARRAY, BigInteger, BindParameter, DateTime, any_, bindparam, exists, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased, joinedload, selectinload
from sqlalchemy.orm.attributes import set_committed_value

from helpdesk.db import among, by_id, db
from helpdesk.events import Event
from helpdesk.people.models import Agent, Contact
from helpdesk.tickets.models import UNCONFIRMED, Attachment, Message, Ticket, TicketRead

FIRST_PAGE = 30
LATER_PAGES = 50

SHOWN_EVENTS = (
    "ticket.opened",
    "ticket.moved",
    "ticket.assigned",
    "ticket.resolved",
    "ticket.reopened",
    "ticket.waiting",
    "ticket.snoozed",
    "ticket.woken",
    "ticket.spammed",
    "ticket.prioritised",
    "follower.decided",
    "ticket.handed",
    "ticket.merged",
    "ticket.absorbed",
    "ticket.unmerged",
    "ticket.split",
    "ticket.parted",
    "ticket.restored",
    "ticket.planned",
    "ticket.promoted",
    "fault.returned",
    "fault.recovered",
    "visit.dispatched",
    "visit.arrived",
    "visit.refused",
    "agreement.suspended",
    "agreement.resumed",
    "time.noted",
    "time.returned",
    "escalation.started",
    "escalation.paged",
    "escalation.acknowledged",
    "escalation.passed",
    "escalation.reapplied",
    "escalation.lapsed",
    "escalation.ended",
    "ticket.delayed",
    "message.reacted",
    "contact.moved",
    "contact.asked",
    "contact.joined",
    "contact.parted",
)


@dataclass(frozen=True)
class Happening:
    """An event with the people it names."""

    event: Event
    agent: Agent | None
    contact: Contact | None
    to: Agent | None

    @property
    def at(self) -> datetime:
        return self.event.at


@dataclass(frozen=True)
class _People:
    """Everybody a page names, by id."""

    agents: dict[int | None, Agent]
    contacts: dict[int | None, Contact]


@dataclass(frozen=True)
class Timeline:
    """Messages and events in the order they happened; `older` is the id to ask for what came before."""

    entries: list[Message | Happening]
    older: int | None
    newest: int
    seen: int
    """The newest message the reader had seen, 0 for none or without a reader."""
    unconfirmed: frozenset[str]
    """Addresses that were only typed on this ticket: no words that can be believed came from them since."""


WHOLE = (
    joinedload(Message.contact),
    joinedload(Message.agent),
    joinedload(Message.delivery),
    selectinload(Message.attachments),
)
"""What a message is shown with: its files, its author and how its sending went."""

_TICKET: BindParameter[int] = bindparam("ticket", type_=BigInteger())
_BEFORE: BindParameter[int] = bindparam("before", type_=BigInteger())
_SEEN = (
    select(TicketRead.message_id)
    .where(TicketRead.ticket_id == _TICKET)
    .where(TicketRead.agent_id == bindparam("reader", type_=BigInteger()))
    .scalar_subquery()
)
_ANSWER = aliased(Message)
_CONFIRMED = exists().where(
    _ANSWER.ticket_id == _TICKET,
    _ANSWER.author_address == Message.author_address,
    _ANSWER.channel_kind.not_in(UNCONFIRMED),
    _ANSWER.direction == "in",
    _ANSWER.kind == "message",
    _ANSWER.warning == "",
)
_UNCONFIRMED = (
    select(func.array_agg(Message.author_address))
    .where(Message.ticket_id == _TICKET, Message.direction == "in", Message.channel_kind.in_(UNCONFIRMED))
    .where(~_CONFIRMED)
    .scalar_subquery()
)
_MESSAGES = select(Message).where(Message.ticket_id == _TICKET).options(joinedload(Message.delivery))
_LAST = _MESSAGES.add_columns(_SEEN, _UNCONFIRMED).order_by(Message.id.desc())
_NEWEST = _LAST.limit(FIRST_PAGE + 1)
_OLDER = _LAST.where(Message.id < _BEFORE).limit(LATER_PAGES + 1)
_SINCE = _MESSAGES.where(Message.id > bindparam("after", type_=BigInteger())).order_by(Message.id).limit(LATER_PAGES)
_FILES = (
    select(Attachment)
    .where(Attachment.message_id == any_(bindparam("messages", type_=ARRAY(BigInteger))))
    .order_by(Attachment.message_id, Attachment.id)
)
_EVENTS = (
    select(Event)
    .where(Event.ticket_id == _TICKET, among(Event.kind, SHOWN_EVENTS))
    .where(Event.at >= bindparam("since", type_=DateTime(timezone=True)))
    .order_by(Event.id.desc())
    .limit(100)
)
_EVENTS_BEFORE = _EVENTS.where(
    Event.at < select(Message.created_at).where(Message.id == _BEFORE, Message.ticket_id == _TICKET).scalar_subquery()
)
"""Statements are put together once: doing it for each page takes longer than the database needs to answer."""
_EVER = datetime.min.replace(tzinfo=UTC)


def page(ticket: Ticket, *, before: int | None = None, reader: Agent | None = None) -> Timeline:
    """The last thirty messages, or fifty before an id, with what happened between them."""
    size = LATER_PAGES if before else FIRST_PAGE
    asked: dict[str, object] = {"ticket": ticket.id, "before": before, "reader": reader.id if reader else None}
    found = db.session.execute(_OLDER if before else _NEWEST, asked).all()
    messages = [message for message, _, _ in found[:size]][::-1]
    older = messages[0].id if len(found) > size else None
    asked["since"] = messages[0].created_at if older else _EVER
    happened = db.session.scalars(_EVENTS_BEFORE if before else _EVENTS, asked).all()
    people = _people(messages, happened)
    _complete(messages, people)
    entries: list[Message | Happening] = sorted(
        [*messages, *_told(happened, people)],
        key=lambda entry: (entry.at, 1) if isinstance(entry, Happening) else (entry.created_at, 0),
    )
    seen = next((seen for _, seen, _ in found if seen), 0)
    typed = next((typed for _, _, typed in found if typed), ())
    return Timeline(entries, older, messages[-1].id if messages else 0, seen, frozenset(typed))


def unconfirmed(ticket: Ticket) -> frozenset[str]:
    """The addresses `Timeline.unconfirmed` tells, by themselves."""
    return frozenset(db.session.scalar(select(_UNCONFIRMED), {"ticket": ticket.id}) or ())


def since(ticket: Ticket, message_id: int) -> Sequence[Message]:
    """Messages that came after one."""
    found = db.session.scalars(_SINCE, {"ticket": ticket.id, "after": message_id}).all()
    _complete(found, _people(found, ()))
    return found


def mark_read(ticket: Ticket, agent: Agent, newest: int) -> bool:
    """Remember how far an agent has read; False when they had read that far."""
    if not newest:
        return False
    written = insert(TicketRead).values(agent_id=agent.id, ticket_id=ticket.id, message_id=newest)
    moved = db.session.execute(
        written.on_conflict_do_update(
            index_elements=["agent_id", "ticket_id"],
            set_={"message_id": newest},
            where=TicketRead.message_id < newest,
        ).returning(TicketRead.message_id)
    ).scalar_one_or_none()
    return moved is not None


def _people(messages: Sequence[Message], happened: Sequence[Event]) -> _People:
    """Everybody these name."""
    agents = {one.agent_id for one in messages} | {one.agent_id for one in happened} | {*map(_assigned, happened)}
    contacts = {one.contact_id for one in messages} | {one.contact_id for one in happened}
    return _People(by_id(Agent, agents), by_id(Contact, contacts))


def _complete(messages: Sequence[Message], people: _People) -> None:
    """Give messages what they are shown with: their authors and their files."""
    files = db.session.scalars(_FILES, {"messages": [message.id for message in messages]}).all()
    of_message = {key: list(group) for key, group in groupby(files, key=lambda file: file.message_id)}
    for message in messages:
        set_committed_value(message, "agent", people.agents.get(message.agent_id))
        set_committed_value(message, "contact", people.contacts.get(message.contact_id))
        set_committed_value(message, "attachments", of_message.get(message.id, []))


def _told(happened: Sequence[Event], people: _People) -> list[Happening]:
    """What of it is a line of its own: that the ticket was opened is one only where a machine says why."""
    return [
        Happening(
            event,
            people.agents.get(event.agent_id),
            people.contacts.get(event.contact_id),
            people.agents.get(_assigned(event)),
        )
        for event in happened
        if event.kind != "ticket.opened" or event.data.get("report")
    ]


def _assigned(event: Event) -> int | None:
    """Who got the ticket with this."""
    after: int | None = event.data.get("after") if event.kind == "ticket.assigned" else None
    return after
