"""Proving: who writes by one channel shows that a mail address is theirs too, and both contacts become one person.

Two things are needed at once. The link goes to the mail address, the code to where they write; so neither somebody who
claims another's address, nor somebody whose address was mistyped, nor a program that opens links joins anybody.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import BigInteger, BindParameter, Select, bindparam, case, exists, or_, select, update
from sqlalchemy.orm import aliased

from channels import handing, intake, prooflinks, reach, routing, speaking
from channels.capabilities import Capabilities
from channels.email.machines import is_unread
from channels.models import Channel, Conversation, Proof, Visit
from channels.proofwords import WORDS
from channels.transcript import KIND
from helpdesk import events, outbox
from helpdesk.access import throttle
from helpdesk.access.throttle import Bucket
from helpdesk.db import among, db
from helpdesk.errors import Conflict, Gone, Invalid
from helpdesk.now import now
from helpdesk.outbox import Delivery, DeliveryRecipient
from helpdesk.people import agents, contacts
from helpdesk.people.addresses import normalised
from helpdesk.people.models import Address, Agent, Contact
from helpdesk.tickets import joining
from helpdesk.tickets.models import ContactJoin, Message, Ticket

LASTS = timedelta(hours=24)
TRIES = 5
"""So many wrong codes, and the link is spent: one in two hundred thousand guesses right."""
_PER_CONTACT = Bucket("proof-contact", 5, timedelta(days=1))
_PER_MAILBOX = Bucket("proof-mail", 3, timedelta(days=1))
"""For each address: somebody may have named another's."""
_NOTHING = "Nothing was sent. Look at the field marked below."
_MACHINE = "A machine is nobody's other address."
_SILENT = "They have not written to us yet, so there is no place to send them the code."
_OVERHEARD = "Others read what is said there, and the code is for them alone. Ask them to write to you privately first."
_LATE = "They wrote too long ago for the code to go there. Answer them yourself, and ask again once they have written."
_NO_MAILBOX = "No mailbox is connected that could send the mail."

_CONTACT: BindParameter[int] = bindparam("contact", type_=BigInteger())
_CONCERNS = select(
    or_(
        exists().where(ContactJoin.into_id == _CONTACT, ContactJoin.parted_at.is_(None)),
        exists().where(Proof.contact_id == _CONTACT, Proof.closed_at.is_(None)),
    )
)


class WrongCode(Invalid):
    """It is not the code; the try counts, so what was asked must be committed all the same."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the code goes: as an answer to their last words."""

    channel: Channel
    message: Message
    conversation: Conversation | None


def ask(ticket: Ticket, typed: str, *, by: Agent | None) -> Proof:
    """Send the link to a mail address and the code to where they write; what was asked before is withdrawn.

    `by` is None where the person asks for it themselves.

    Raises:
        Invalid: at "email", why this cannot be asked or sent.
        TooMany: somebody was asked too often.
    """
    contact = db.session.get_one(Contact, ticket.contact_id)
    email = normalised(typed)
    words = refusal(contact, email) if email else "Add a whole address, like olive@orchard.example."
    place = _place(ticket)
    mailbox = handing.mailbox(place.channel.address if place is not None and place.channel.kind == "email" else "")
    words = words or _unreachable(ticket, place) or ("" if mailbox is not None else _NO_MAILBOX)
    if words or place is None or mailbox is None:
        raise Invalid(_NOTHING, {"email": words})
    throttle.take(_PER_MAILBOX, email)
    throttle.take(_PER_CONTACT, str(contact.id))
    withdraw(contact.id)
    known = contacts.find(email)
    proof = Proof(
        contact_id=contact.id,
        owner_id=known.contact_id if known is not None else None,
        email=email,
        kind=place.channel.kind,
        language=speaking.language_of(contact.id),
        nonce=secrets.token_hex(16),
        asked_by_id=by.id if by is not None else None,
        created_at=now(),
        expires_at=now() + LASTS,
    )
    db.session.add(proof)
    db.session.flush()
    _mail(proof, mailbox)
    _tell_code(proof, place, ticket)
    events.record(ticket, "contact.asked", by=by or contact, proof=proof.id)
    return proof


def withdraw(contact_id: int) -> None:
    """No link that was asked for this contact works any more. Twice is harmless."""
    mine = update(Proof).where(Proof.contact_id == contact_id, Proof.closed_at.is_(None))
    db.session.execute(mine.values(closed_at=now()))


def waiting(contact_id: int) -> Proof | None:
    """What was asked and can still be answered."""
    rows = select(Proof).where(Proof.contact_id == contact_id, Proof.closed_at.is_(None))
    found = db.session.scalars(rows.order_by(Proof.id.desc()).limit(1)).one_or_none()
    return found if found is not None and is_open(found) else None


def concerns(contact_id: int) -> bool:
    """Whether anything is joined with this contact, or asked: by one query, as every ticket's page asks."""
    return bool(db.session.scalar(_CONCERNS, {"contact": contact_id}))


def find(token: str) -> Proof | None:
    """What a link is for, used or not; None when it is not ours."""
    named = prooflinks.named(token)
    proof = db.session.get(Proof, named[0]) if named is not None else None
    return proof if proof is not None and named is not None and proof.nonce == named[1] else None


def is_open(proof: Proof) -> bool:
    return proof.closed_at is None and proof.expires_at > now() and proof.tries < TRIES


def confirm(proof: Proof, code: str) -> ContactJoin:
    """Join the two, once, by the code that went to where they write.

    Raises:
        WrongCode: it is not the code.
        Gone: the link was used, is too old, or one of the two is somebody else by now.
    """
    intake.one_at_a_time()  # nothing of either is filed with the contact it had
    again = select(Proof).where(Proof.id == proof.id).with_for_update().execution_options(populate_existing=True)
    proof = db.session.scalars(again).one()
    if not is_open(proof):
        raise Gone("This link is spent.")
    if not prooflinks.fits(proof, code):
        proof.tries += 1
        raise WrongCode("It is not the code.", {"code": "It is not the code."})
    contact = db.session.get_one(Contact, proof.contact_id)
    if refusal(contact, proof.email):
        raise Gone("The two cannot be joined any more.")
    address = contacts.find_or_create(proof.email, name=contact.name)
    if proof.owner_id is not None and address.contact_id != proof.owner_id:
        raise Gone("The address is somebody else's by now.")
    by = db.session.get(Agent, proof.asked_by_id) if proof.asked_by_id is not None else None
    try:
        made = joining.join(contact, address.contact, proven=address, asked_by=by)
    except Conflict as error:
        raise Gone(error.message) from error
    proof.closed_at = now()
    _recognise(made, proof.email)
    return made


def part(join: ContactJoin, *, by: Agent) -> ContactJoin:
    """Take two apart again.

    Raises:
        Conflict: they are apart already.
    """
    intake.one_at_a_time()
    joining.part(join, by=by)
    _forget_visits(join)
    return join


def refusal(contact: Contact, email: str) -> str:
    """Why nobody may be joined by this address; empty when they may."""
    if contact.kind == "device":
        return _MACHINE
    if email in routing.own_addresses():
        return "That is one of our own addresses."
    if agents.find_by_email(email) is not None:
        return "That is a colleague’s address."
    if is_unread(email):
        return "Nobody reads what comes to this address."
    known = contacts.find(email)
    return joining.obstacle(contact, known.contact) if known is not None else ""


def _recognise(join: ContactJoin, email: str) -> None:
    """A chat of theirs for which they typed this address is known to be theirs."""
    mine = update(Visit).where(Visit.key.in_(_values(join, KIND)), Visit.email == email)
    unknown = Visit.verified_at.is_(None), Visit.proven_at.is_(None)
    db.session.execute(mine.where(*unknown).values(proven_at=join.joined_at))


def _forget_visits(join: ContactJoin) -> None:
    """A chat whose address and mail address are two people's now is nobody's for sure.

    An address that its site signed, and they did not type, is written to no more.
    """
    chat, mail = aliased(Address), aliased(Address)
    still = (
        exists()
        .where(chat.kind == KIND, chat.value == Visit.key)
        .where(mail.kind == "email", mail.value == Visit.email, mail.contact_id == chat.contact_id)
    )
    concerned = or_(Visit.key.in_(_values(join, KIND)), Visit.email.in_(_values(join, "email")))
    known = or_(Visit.verified_at.is_not(None), Visit.proven_at.is_not(None))
    typed = case((Visit.verified_at.is_(None), Visit.email), else_="")
    forgotten = update(Visit).where(concerned, known, ~still)
    forgotten = forgotten.values(verified_at=None, proven_at=None, email=typed)
    db.session.execute(forgotten, execution_options={"synchronize_session": "fetch"})


def _values(join: ContactJoin, kind: str) -> Select[str]:
    return select(Address.value).where(Address.kind == kind, among(Address.id, join.address_ids))


def _place(ticket: Ticket) -> _Place | None:
    channel = db.session.get(Channel, ticket.channel_id) if ticket.channel_id is not None else None
    last = select(Message).where(
        Message.ticket_id == ticket.id,
        Message.direction == "in",
        Message.contact_id == ticket.contact_id,
        Message.warning == "",
        Message.author_address != "",
    )
    message = db.session.scalars(last.order_by(Message.id.desc()).limit(1)).one_or_none()
    if channel is None or message is None:
        return None
    named = message.conversation_id
    return _Place(channel, message, db.session.get(Conversation, named) if named is not None else None)


def _unreachable(ticket: Ticket, place: _Place | None) -> str:
    """Why the code cannot go there, and to them alone."""
    if place is None:
        return _SILENT
    told = reach.of(ticket)
    if told is not None and told.closed:
        return told.closed
    if place.conversation is None:
        return ""
    able = reach.capabilities(place.channel, place.conversation)
    if reach.closed_to_machines(place.channel, place.conversation):
        return _LATE
    return _OVERHEARD if _is_overheard(place, place.conversation, able) else ""


def _is_overheard(place: _Place, talk: Conversation, able: Capabilities) -> bool:
    if able.public or able.shared:
        return True
    others = exists().where(
        Message.conversation_id == talk.id, Message.direction == "in", Message.contact_id != place.message.contact_id
    )
    return bool(db.session.scalar(select(others)))


def _mail(proof: Proof, mailbox: Channel) -> None:
    """Of no ticket, so that an answer to it comes into none; no word in it is the customer's."""
    words = WORDS[proof.language]
    content = {
        "subject": words.subject,
        "text": f"{words.hello}\n\n{words.mail}\n\n{prooflinks.HERE}\n\n{words.mail_after}\n\n{mailbox.name}\n",
        "html": "",
        **prooflinks.sends_link(proof),
    }
    recipient = DeliveryRecipient(address=proof.email, name="")
    outbox.enqueue(Delivery(purpose="proof", channel_id=mailbox.id, content=content, recipients=[recipient]))


def _tell_code(proof: Proof, place: _Place, ticket: Ticket) -> None:
    words = WORDS[proof.language]
    content = {
        "subject": words.code_subject,
        "text": f"{words.code.format(code=prooflinks.HERE)}\n",
        "html": "",
        "in_reply_to": place.message.external_id,
        "conversation": place.conversation.key if place.conversation is not None else "",
        **prooflinks.sends_code(proof),
    }
    to = DeliveryRecipient(address=place.message.author_address, name="", role="to")
    outbox.enqueue(
        Delivery(
            purpose="proof",
            kind=place.channel.kind,
            channel_id=place.channel.id,
            ticket_id=ticket.id,
            content=content,
            recipients=[to],
        )
    )
