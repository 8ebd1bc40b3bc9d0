"""The spine: what happened, in the past tense; the timeline, live updates, undo and every reaction read it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, Protocol

from sqlalchemy import ForeignKey, Index, update
from sqlalchemy import event as sa_event
from sqlalchemy.orm import Mapped, Session, SessionTransaction, mapped_column, relationship
from sqlalchemy.orm.attributes import set_committed_value

from helpdesk.db import Base, Json, db, new_id
from helpdesk.live import announce
from helpdesk.now import now
from helpdesk.plugins import installed
from helpdesk.rows import insert_later
from helpdesk.session import around, inside

KINDS = {
    "ticket.opened": "a ticket began, by a customer's message or an agent",
    "message.received": "a customer's words joined a ticket",
    "message.sent": "an agent's reply was handed to the outbox",
    "message.unsent": "a reply was taken back inside its undo window",
    "message.edited": "its author changed a message in the channel it came by",
    "message.deleted": "its author took a message back in the channel it came by",
    "message.reacted": "somebody put a sign such as a thumb at a message, or took it away",
    "message.completed": "a file of a message was fetched, or cannot be",
    "message.overheard": "somebody of ours answered in the channel itself, not here",
    "note.added": "a note to the team was written",
    "delivery.sent": "a message left for everyone it was meant for",
    "delivery.failed": "a message did not reach somebody",
    "delivery.changed": "the state of a sending changed on the way",
    "delivery.bounced": "a receiving server returned a message",
    "ticket.assigned": "somebody owns the ticket now, or nobody",
    "ticket.prioritised": "the priority changed",
    "ticket.tagged": "tags changed",
    "ticket.waiting": "we wait for somebody, or no longer",
    "ticket.resolved": "an agent is done",
    "ticket.reopened": "it needs us again",
    "ticket.snoozed": "it sleeps until a time or a reply",
    "ticket.woken": "it came back from sleep",
    "ticket.moved": "the customer went on in another channel",
    "contact.moved": "the customer has another number or id in the channel, as its provider says",
    "contact.asked": "somebody was asked by mail to show that the customer is them",
    "contact.joined": "the customer showed that another contact is them; both are one person from now on",
    "contact.parted": "an agent took the two contacts apart again",
    "ticket.withdrawn": "its first words were taken back before they left; every row of it goes in this transaction",
    "ticket.handed": "another team owns the ticket now, or none",
    "ticket.merged": "its messages went into another ticket, which gets its mail from now on",
    "ticket.absorbed": "another ticket was merged into it",
    "ticket.unmerged": "merging was taken back, told on both tickets",
    "ticket.split": "some of its messages became a ticket of their own",
    "ticket.parted": "it was made of messages of another ticket, whose events were told again on it",
    "ticket.promoted": "an agent made the ticket of a post that was said elsewhere",
    "ticket.restored": "the customer's equipment runs again, if only for now, or no longer",
    "ticket.planned": "the customer agreed with a plan, or no longer",
    "fault.reported": "a machine reported a fault, and the ticket began with it",
    "fault.returned": "the machine reports the same fault again, after it was over or the ticket was closed",
    "fault.recovered": "the machine reports that the fault is over",
    "visit.dispatched": "an engineer was sent, or called back",
    "visit.arrived": "the engineer is on site, or was not after all",
    "visit.refused": "the engineer is not let in, or is again",
    "time.noted": "working time was noted, and drawn from what was bought ahead",
    "time.returned": "noted time was taken back",
    "entitlement.decided": "what covers the ticket was decided, or corrected",
    "agreement.suspended": "the agreement that covers it was suspended, and its promises stand still",
    "agreement.resumed": "that agreement goes on, or is over, and its promises run again",
    "commitment.warned": "a promise is near its end",
    "commitment.broken": "a promise was not kept in time",
    "commitment.excused": "a manager excused a broken promise",
    "commitment.left": "a manager leaves a promise at risk alone on purpose",
    "commitment.promised": "a manager promised again, and the customer was told",
    "commitment.reconsidered": "what a manager decided about a promise was taken back",
    "escalation.started": "somebody is about to be woken for it",
    "escalation.paged": "a step rang somebody, or found nobody",
    "escalation.acknowledged": "somebody said they are on it",
    "escalation.passed": "somebody passed it on to the next",
    "escalation.reapplied": "it was begun again with the policy as it is now",
    "escalation.lapsed": "whoever was on it did not say that they still are",
    "ticket.delayed": "the customer is told that we are late",
    "escalation.ended": "nobody more is woken for it",
    "ticket.spammed": "it was set aside as unwanted, or taken back",
    "follower.added": "somebody in copy asks to follow",
    "follower.decided": "an agent let a follower in or kept them out",
}


class Subject(Protocol):
    """What events happen to: a ticket, named by row id and public number."""

    @property
    def id(self) -> int: ...

    @property
    def number(self) -> int: ...


class Actor(Protocol):
    """Who did it: an agent or a contact."""

    @property
    def id(self) -> int: ...

    @property
    def actor_kind(self) -> str: ...


class Event(Base):
    """One fact about one ticket. Append-only."""

    __tablename__ = "event"
    __table_args__ = (Index("ix_event_ticket_id_id", "ticket_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    kind: Mapped[str]
    at: Mapped[datetime]
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id"))
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contact.id"))
    message_id: Mapped[int | None]
    data: Mapped[Json] = mapped_column(default=dict)

    ticket: Mapped[Any] = relationship("Ticket", lazy="raise")
    """At hand for whoever reacts."""


def record(
    ticket: Subject, kind: str, /, *, by: Actor | None = None, message_id: int | None = None, **data: Any
) -> Event:
    """Write down what happened, announce it with the commit and let every plugin react in this transaction."""
    if kind not in KINDS:
        raise ValueError(f"unknown event kind {kind}")
    event = Event(
        id=new_id("event"), ticket_id=ticket.id, kind=kind, at=now(), message_id=message_id, data=data,
        agent_id=by.id if by is not None and by.actor_kind == "agent" else None,
        contact_id=by.id if by is not None and by.actor_kind == "contact" else None,
    )  # fmt: skip
    return _tell(event, ticket)


def retell(ticket: Subject, event: Event, **data: Any) -> Event:
    """Tell on a ticket what was told on another, at its own instant and of the same people; `data` adds to it."""
    again = Event(
        id=new_id("event"), ticket_id=ticket.id, kind=event.kind, at=event.at,
        agent_id=event.agent_id, contact_id=event.contact_id, message_id=event.message_id, data={**event.data, **data},
    )  # fmt: skip
    return _tell(again, ticket)


def add(event: Event, **data: Any) -> None:
    """Say more of what was told in this transaction, once who reacts to it knows."""
    event.data = {**event.data, **data}
    db.session.execute(update(Event).where(Event.id == event.id).values(data=event.data))


def opened_now(ticket_ids: Iterable[int]) -> dict[int, Sequence[Event]]:
    """All that ever happened to those tickets that were opened in this transaction, by ticket.

    In the order of their ids; it asks nothing.
    """
    known: dict[int, list[_Told]] = db.session().info.get("opened", {})
    told = {one: [event for _, event in known[one]] for one in ticket_ids if one in known}
    return {one: sorted(each, key=attrgetter("id")) for one, each in told.items()}


_Told = tuple[SessionTransaction | None, Event]
"""An event, and the savepoint or transaction it was told in."""


def _tell(event: Event, ticket: Subject) -> Event:
    set_committed_value(event, "ticket", ticket)
    insert_later(event)
    _keep(event)
    announce(kind=event.kind, ticket=ticket, id=event.id, message=event.message_id or 0)
    for handler in installed().handlers(event.kind):
        handler(event)
    return event


def _keep(event: Event) -> None:
    """With what else was told of a ticket that this transaction opened."""
    session = db.session()
    known: dict[int, list[_Told]] = session.info.setdefault("opened", {})
    if event.kind == "ticket.opened":
        known[event.ticket_id] = []
    if event.ticket_id in known:
        known[event.ticket_id].append((inside(session), event))


@sa_event.listens_for(Session, "after_soft_rollback")
def _take_back(session: Session, undone: SessionTransaction) -> None:
    """What was told inside a savepoint that is rolled back."""
    for told in session.info.get("opened", {}).values():
        told[:] = [(within, event) for within, event in told if undone not in around(within)]


@sa_event.listens_for(Session, "after_transaction_end")
def _forget(session: Session, ended: SessionTransaction) -> None:
    if ended.parent is None:
        session.info.pop("opened", None)
