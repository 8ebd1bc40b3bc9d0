"""Two contacts are one person, by proof: what the one has goes to the other; and the way back, as it was.

A name never joins anybody. The callers hold the proof, and let nothing be filed meanwhile. Whoever is joined keeps
their row; `ContactJoin` says what went over, and taking apart gives back what is still where the join put it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, Select, and_, delete, exists, func, literal, or_, select, update

from helpdesk import events
from helpdesk.db import among, db
from helpdesk.errors import Conflict
from helpdesk.now import now
from helpdesk.people.models import Address, Agent, Contact
from helpdesk.tickets.models import ContactJoin, JoinedTicket, Message, Status, Ticket

_MOST = 5000
"""Tickets that go over in one transaction; no person has more, a machine may."""
_TOLD = 50
"""Open tickets of theirs besides, that say so in their history."""


def obstacle(one: Contact, other: Contact) -> str:
    """Why these two cannot be one person, for an agent; empty when they can."""
    if one.id == other.id:
        return "They have this address already."
    if "device" in {one.kind, other.kind}:
        return "A machine is nobody's other address."
    customers = {one.organization_id, other.organization_id} - {None}
    if len(customers) > 1:
        return "These two belong to two customers. Joined, one would see to the other's promises and answers."
    return ""


def join(one: Contact, other: Contact, *, proven: Address, asked_by: Agent | None = None) -> ContactJoin:
    """Make them one person: the first goes over to the other, or the other way where only the first has a customer.

    `proven` is the address they showed to be theirs. Open tickets that were no customer's get the person's, and are
    judged by it as of their arrival; whoever wrote them, and what was promised on others, stays.

    Raises:
        Conflict: they cannot be joined, or one of them went over to somebody else meanwhile.
    """
    _hold(one.id, other.id)
    words = obstacle(one, other)
    if words:
        raise Conflict(words)
    if _went(one.id, other.id):
        raise Conflict("One of the two was joined with somebody else meanwhile.")
    gone, into = (other, one) if other.organization_id is None and one.organization_id is not None else (one, other)
    made = ContactJoin(
        contact_id=gone.id,
        into_id=into.id,
        asked_by_id=asked_by.id if asked_by is not None else None,
        joined_at=now(),
        address_ids=_give(Address, gone.id, into.id),
        message_ids=_give(Message, gone.id, into.id),
        verified_id=_verify(proven),
    )
    db.session.add(made)
    db.session.flush()
    tickets = _held(Ticket.contact_id == gone.id)
    given = [ticket for ticket in tickets if _take_over(ticket, made, into)]
    db.session.flush()
    kinds = _kinds(made.address_ids)
    for ticket in _told_on(tickets, into.id):
        events.record(ticket, "contact.joined", by=into, join=made.id, kinds=kinds, **_says(ticket in given))
    return made


def part(join: ContactJoin, *, by: Agent) -> ContactJoin:
    """Give each address, message and ticket back that went over, and those that came by these addresses since.

    Raises:
        Conflict: they were taken apart already.
    """
    join = db.session.scalars(_again(join)).one()
    if join.parted_at is not None:
        raise Conflict("These two were taken apart already.")
    line = _line(join.into_id)
    holder = line[-1]
    _hold(join.contact_id, holder)
    back = db.session.get_one(Contact, join.contact_id)
    messages = [*join.message_ids, *_came_since(join, holder)]
    addresses = [*join.address_ids, *_learnt(join, line)]
    _return(Address, addresses, holder, back.id)
    _return(Message, messages, holder, back.id)
    if join.verified_id is not None:
        db.session.get_one(Address, join.verified_id).verified_at = None
    tickets = _theirs(join, holder, back)
    over, given = _over(join), _given(join)
    moved = [ticket for ticket in tickets if _give_back(ticket, back, given if ticket.id in over else None)]
    _forget_later(join, addresses, messages, [ticket.id for ticket in tickets])
    join.parted_at, join.parted_by_id = now(), by.id
    db.session.flush()
    kinds = _kinds(join.address_ids)
    for ticket in _told_on(tickets, holder):
        events.record(ticket, "contact.parted", by=by, join=join.id, kinds=kinds, **_says(ticket in moved))
    return join


def standing(contact_id: int) -> Sequence[ContactJoin]:
    """Those who are this person too, the newest first: joined with them, or with somebody who was."""
    found: list[ContactJoin] = []
    asked = [contact_id]
    while asked:
        rows = select(ContactJoin).where(among(ContactJoin.into_id, asked), ContactJoin.parted_at.is_(None))
        new = list(db.session.scalars(rows))
        found += new
        asked = [one.contact_id for one in new]
    return sorted(found, key=lambda one: one.id, reverse=True)


def made_to(tickets: dict[int, int]) -> dict[int, int]:
    """By ticket, the contact that what was promised on it was promised to; given the contact each has now."""
    rows = (
        select(JoinedTicket.ticket_id, ContactJoin.contact_id)
        .join(ContactJoin, ContactJoin.id == JoinedTicket.join_id)
        .where(among(JoinedTicket.ticket_id, tickets), ContactJoin.parted_at.is_(None))
        .order_by(ContactJoin.id.desc())
    )
    promised: dict[int, int] = dict(db.session.execute(rows).all())
    return tickets | promised


def _again(join: ContactJoin) -> Select[ContactJoin]:
    rows = select(ContactJoin).where(ContactJoin.id == join.id).with_for_update()
    return rows.execution_options(populate_existing=True)


def _hold(*contact_ids: int) -> None:
    """Lock the contacts, in the order of their ids as everybody does; who only names them need not wait."""
    rows = select(Contact).where(among(Contact.id, contact_ids)).order_by(Contact.id).with_for_update(key_share=True)
    db.session.scalars(rows.execution_options(populate_existing=True)).all()


def _held(*which: ColumnElement[bool]) -> list[Ticket]:
    rows = select(Ticket).where(*which).order_by(Ticket.id).with_for_update().limit(_MOST + 1)
    found = list(db.session.scalars(rows.execution_options(populate_existing=True)))
    if len(found) > _MOST:
        raise Conflict(f"More than {_MOST} tickets would go over, which is no person's.")
    return found


def _went(*contact_ids: int) -> bool:
    """Whether one of them is joined with somebody already, and so has nothing that could go over."""
    rows = select(ContactJoin.id).where(among(ContactJoin.contact_id, contact_ids), ContactJoin.parted_at.is_(None))
    return db.session.scalars(rows.limit(1)).one_or_none() is not None


def _line(contact_id: int) -> list[int]:
    """The contact, and whom they were joined with since, in turn; the last has what they had."""
    line = [contact_id]
    on = select(ContactJoin.into_id).where(ContactJoin.parted_at.is_(None))
    while (further := db.session.scalars(on.where(ContactJoin.contact_id == line[-1])).one_or_none()) is not None:
        line.append(further)
    return line


def _give(of: type[Address | Message], before: int, after: int) -> list[int]:
    moved = update(of).where(of.contact_id == before).values(contact_id=after).returning(of.id)
    return sorted(db.session.scalars(moved))


def _return(of: type[Address | Message], ids: Collection[int], before: int, after: int) -> None:
    """Those that are still where the join put them: a number may have been given to somebody else since."""
    db.session.execute(update(of).where(among(of.id, ids), of.contact_id == before).values(contact_id=after))


def _verify(proven: Address) -> int | None:
    if proven.verified_at is not None:
        return None
    proven.verified_at = now()
    return proven.id


def _take_over(ticket: Ticket, join: ContactJoin, into: Contact) -> bool:
    """Whether it has a customer by that now."""
    gives = ticket.organization_id is None and into.organization_id is not None and _is_open(ticket)
    ticket.contact_id = into.id
    if gives:
        ticket.organization_id = into.organization_id
    db.session.add(JoinedTicket(join_id=join.id, ticket_id=ticket.id, given_organization=gives))
    return gives


def _came_since(join: ContactJoin, holder: int) -> list[int]:
    """What was written since from the addresses that go back."""
    by_mail = Address.kind == "email"  # a form's words come by mail's addresses too
    written = exists().where(
        among(Address.id, join.address_ids),
        Address.value == Message.author_address,
        or_(by_mail, Address.kind == Message.channel_kind),
    )
    rows = select(Message.id).where(Message.contact_id == holder, Message.direction == "in", written)
    return list(db.session.scalars(rows))


def _learnt(join: ContactJoin, line: Sequence[int]) -> list[int]:
    """Addresses that came since, of kinds that only the one who goes back had: another number of theirs.

    What came by a proof of its own stays: that goes back when it is taken apart itself.
    """
    holder = line[-1]
    proven = select(func.unnest(ContactJoin.address_ids)).where(
        ContactJoin.id > join.id, ContactJoin.parted_at.is_(None), ~among(ContactJoin.contact_id, line)
    )
    theirs = select(Address.kind).where(among(Address.id, join.address_ids))
    before = select(Address.kind).where(
        Address.contact_id == holder, ~among(Address.id, join.address_ids), Address.created_at <= join.joined_at
    )
    rows = select(Address.id).where(Address.contact_id == holder, Address.created_at > join.joined_at)
    rows = rows.where(Address.kind.in_(theirs), Address.kind.not_in(before), Address.id.not_in(proven))
    return list(db.session.scalars(rows))


def _theirs(join: ContactJoin, holder: int, back: Contact) -> list[Ticket]:
    """The tickets that went over, and those since that begin with words that went back."""
    over = select(JoinedTicket.ticket_id).where(JoinedTicket.join_id == join.id)
    first = select(Message.contact_id).where(Message.ticket_id == Ticket.id, Message.direction == "in")
    began = first.order_by(Message.id).limit(1).scalar_subquery() == back.id
    since = or_(Ticket.created_at > join.joined_at, Ticket.split_from_id.in_(over))
    return _held(Ticket.contact_id == holder, or_(Ticket.id.in_(over), and_(began, since)))


def _over(join: ContactJoin) -> set[int]:
    return set(db.session.scalars(select(JoinedTicket.ticket_id).where(JoinedTicket.join_id == join.id)))


def _given(join: ContactJoin) -> set[int]:
    """The tickets that have their customer by this join, or by a later one that took them on."""
    later = select(ContactJoin.id).where(ContactJoin.id >= join.id, ContactJoin.parted_at.is_(None))
    rows = select(JoinedTicket.ticket_id).where(JoinedTicket.join_id.in_(later), JoinedTicket.given_organization)
    mine = select(JoinedTicket.ticket_id).where(JoinedTicket.join_id == join.id)
    return set(db.session.scalars(rows.where(JoinedTicket.ticket_id.in_(mine))))


def _give_back(ticket: Ticket, back: Contact, given: set[int] | None) -> bool:
    """Whether another customer's promises count on it by that now. `given` is None for what came since."""
    before = ticket.organization_id
    ticket.contact_id = back.id
    if given is None:
        ticket.organization_id = back.organization_id
    elif ticket.id in given:
        ticket.organization_id = None
    return ticket.organization_id != before and _is_open(ticket)


def _forget_later(join: ContactJoin, addresses: list[int], messages: list[int], tickets: list[int]) -> None:
    """A join made later took these over as well; they are no longer its to give back."""
    rows = select(ContactJoin).where(ContactJoin.id > join.id, ContactJoin.parted_at.is_(None))
    took = ContactJoin.address_ids.bool_op("&&")(literal(addresses, ContactJoin.address_ids.type))
    for later in db.session.scalars(rows.where(took).order_by(ContactJoin.id).with_for_update()):
        later.address_ids = [one for one in later.address_ids if one not in addresses]
        later.message_ids = sorted(set(later.message_ids) - set(messages))
        over = JoinedTicket.join_id == later.id, among(JoinedTicket.ticket_id, tickets)
        db.session.execute(delete(JoinedTicket).where(*over))


def _told_on(tickets: Sequence[Ticket], contact_id: int) -> list[Ticket]:
    """These, and what else is open of the person."""
    rows = select(Ticket).where(Ticket.contact_id == contact_id, Ticket.status < Status.RESOLVED)
    others = db.session.scalars(rows.where(Ticket.spam_at.is_(None)).order_by(Ticket.id.desc()).limit(_TOLD)).all()
    return [*tickets, *(ticket for ticket in others if ticket not in tickets)]


def _kinds(address_ids: Collection[int]) -> list[str]:
    rows = select(Address.kind).where(among(Address.id, address_ids)).distinct().order_by(Address.kind)
    return list(db.session.scalars(rows))


def _says(moved: bool) -> dict[str, bool]:  # noqa: FBT001 - it is the value
    """Its customer is another one by it, so what covers it is looked at again."""
    return {"customer": True} if moved else {}


def _is_open(ticket: Ticket) -> bool:
    return ticket.is_active and ticket.spam_at is None
