"""Filing: one parsed message becomes words on a ticket, a bounce on a delivery, or a place in quarantine."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from channels import (
    acknowledging,
    alarming,
    answering,
    bouncing,
    calling,
    continuing,
    handing,
    heeding,
    introducing,
    missing,
    overhearing,
    registry,
    stating,
    visiting,
)
from channels.adapter import Direction, Envelope, Kind, Party, Quarantine, with_content_key
from channels.doors import Aware, Choosing
from channels.known import Known
from channels.models import Channel, Inbound
from channels.naming import bare, qualified
from channels.routing import Route, route
from helpdesk import live
from helpdesk.db import before_commit, db, reserve
from helpdesk.now import now
from helpdesk.people import contacts
from helpdesk.people.models import Contact
from helpdesk.plugins import installed
from helpdesk.tickets import conversing, following
from helpdesk.tickets.models import Message, Ticket


@dataclass(frozen=True)
class _Batch:
    """What holds for all that is filed together: what is known of it, our own addresses, whether by hand."""

    known: Known
    own: frozenset[str]
    released: bool


@dataclass(frozen=True)
class Filed:
    """A mail and the message it became, or repeats; the message's keys are noted when its row is written."""

    inbound: Inbound
    message: Message
    state: str


def file_all(
    batch: Sequence[tuple[Inbound, Envelope | Quarantine]], own: frozenset[str], *, released: bool = False
) -> None:
    """Put each message where it belongs, in the caller's transaction and in few statements for all of them."""
    readable = [_as_delivered(inbound, one) for inbound, one in batch if isinstance(one, Envelope)]
    for inbound, one in batch:
        if isinstance(one, Quarantine):
            quarantine(inbound, one.reason)
    reports = [(inbound, one) for inbound, one in readable if one.kind is Kind.DEVICE]
    posts = [(inbound, one) for inbound, one in readable if one.kind is Kind.POST]
    words = [(inbound, one) for inbound, one in readable if one.kind not in {Kind.DEVICE, Kind.POST}]
    if words:
        _file_words_of(_without_answers(words), own, released)
    if reports:
        alarming.take(reports)
    if posts:
        overhearing.take(posts)


def _file_words_of(readable: Sequence[tuple[Inbound, Envelope]], own: frozenset[str], released: bool) -> None:  # noqa: FBT001
    known = Known([envelope for _, envelope in readable], own)
    batch = _Batch(known, own, released)
    count, talks = len(readable), known.new_conversations
    reserve(**installed().keys(count, ticket=count, message=count, event=2 * count, conversation=talks))
    with db.session.no_autoflush:
        filed = [done for inbound, envelope in readable if (done := _file(inbound, envelope, batch))]
    conversing.number_new_tickets()
    db.session.flush()
    known.save()
    for done in filed:
        _note(done)
    heeding.wake_early(filed_names(readable))
    missing.ask_for(readable)
    introducing.ask_for(readable)


def filed_names(readable: Sequence[tuple[Inbound, Envelope]]) -> dict[int, list[str]]:
    """What the messages of conversations that were filed now are called, by channel: others may have waited."""
    names: dict[int, list[str]] = {}
    for inbound, envelope in readable:
        if envelope.is_chat and envelope.kind in {Kind.MESSAGE, Kind.CALL} and inbound.state == "done":
            names.setdefault(inbound.channel_id, []).append(envelope.message_id)
    return names


def quarantine(inbound: Inbound, reason: str) -> None:
    """Keep it in sight, with the reason and the raw mail, and go on."""
    inbound.state = "quarantined"
    inbound.reason = reason
    live.announce(kind="inbound.quarantined")


def _file(inbound: Inbound, envelope: Envelope, batch: _Batch) -> Filed | None:
    """One message; None when it ends without one."""
    known = batch.known
    if envelope.joins_only and envelope.kind in {Kind.MESSAGE, Kind.EDIT} and known.ticket(envelope) is None:
        heeding.stand_by(inbound, envelope)
        return None
    if envelope.is_chat and (envelope.kind in heeding.ABOUT_ANOTHER or envelope.direction is Direction.AGENT_ECHO):
        heard = heeding.heed(inbound, envelope, known)
        if heard is not heeding.AS_MESSAGE:
            return Filed(inbound, heard, "done") if isinstance(heard, Message) else None
        envelope = replace(envelope, kind=Kind.MESSAGE)
    if envelope.call is not None:
        return _file_call(inbound, envelope, batch)
    twin = known.twin(envelope) or heeding.said_before(inbound, envelope, known)
    if twin is not None:
        return Filed(inbound, twin, "duplicate")
    return _file_words(inbound, envelope, batch)


def _file_call(inbound: Inbound, envelope: Envelope, batch: _Batch) -> Filed | None:
    """News of a call: the first is filed as words about it, the others change these words."""
    heard = calling.hear(inbound, envelope, batch.known)
    if heard is None:
        return None
    if not isinstance(heard, Envelope):
        return Filed(inbound, heard.message, "done" if heard.is_news else "duplicate")
    filed = _file_words(inbound, heard, batch)
    if filed is not None:
        calling.begin(inbound, envelope, filed.message)
    return filed


def _file_words(inbound: Inbound, envelope: Envelope, batch: _Batch) -> Filed | None:
    found = route(envelope, batch.own, batch.known, released=batch.released)
    if found.refusal:
        quarantine(inbound, found.refusal)
        return None
    found = continuing.recognise(envelope, found)
    by = handing.answering(inbound.channel)
    ticket, message = _join(inbound, envelope, found, by)
    message.conversation_id = batch.known.conversation(envelope, ticket)
    visiting.repeat(inbound.channel, bare(envelope.conversation_key))
    reused = batch.known.remember(envelope, ticket, message)
    message.warning = " ".join(filter(None, [message.warning, reused]))
    _copies(ticket, envelope, found, batch.own)
    if envelope.kind is Kind.BOUNCE:
        bouncing.mark(ticket, envelope.bounces)
    elif not message.warning and envelope.call is None:  # a caller is greeted while they call
        if found.ticket is None:
            talk, language = bare(envelope.conversation_key), envelope.language
            acknowledging.acknowledge(ticket, message, inbound.channel, by=by, declared=language, conversation=talk)
        elif inbound.channel.acknowledges:
            before_commit(acknowledging.acknowledge_asleep, message.id)
    return Filed(inbound, message, "done")


def _without_answers(readable: Sequence[tuple[Inbound, Envelope]]) -> list[tuple[Inbound, Envelope]]:
    """What is left to file once answers to pages have gone to whoever takes them."""
    known = answering.answered([envelope for _, envelope in readable])
    left = []
    for inbound, envelope in readable:
        delivery = answering.named_by(envelope, known) if known else None
        if delivery is None:
            left.append((inbound, envelope))
        elif refusal := answering.by_mail(envelope, delivery, inbound.channel):
            quarantine(inbound, refusal)
        else:
            inbound.state, inbound.reason = "done", ""
    return left


def _as_delivered(inbound: Inbound, envelope: Envelope) -> tuple[Inbound, Envelope]:
    """With the recipient that only the SMTP envelope named, or with names that are unique here."""
    if envelope.is_chat:
        aware = registry.offered(inbound.channel.kind, Aware)  # type: ignore[type-abstract]
        envelope = aware.seen_from(envelope, inbound.channel.address) if aware is not None else envelope
        choosing = registry.offered(inbound.channel.kind, Choosing)  # type: ignore[type-abstract]
        envelope = choosing.choose(envelope, inbound.channel.config) if choosing is not None else envelope
        envelope = _named_apart(inbound.channel_id, envelope)
    if inbound.recipient:
        envelope = replace(envelope, delivered_to=(inbound.recipient, *envelope.delivered_to))
    return inbound, envelope


def _named_apart(channel_id: int, envelope: Envelope) -> Envelope:
    """A source's names are its own: here the channel is part of them, before anything is compared by them."""
    named = replace(
        envelope,
        message_id=qualified(channel_id, envelope.message_id),
        in_reply_to=qualified(channel_id, envelope.in_reply_to),
        conversation_key=qualified(channel_id, envelope.conversation_key),
        conversation_before=tuple(qualified(channel_id, key) for key in envelope.conversation_before),
    )
    return named if named.content_key else with_content_key(named)


def _note(done: Filed) -> None:
    inbound, message = done.inbound, done.message
    inbound.state, inbound.reason, inbound.about = done.state, "", ""
    inbound.ticket_id, inbound.message_id = message.ticket_id, message.id
    if done.state == "duplicate":
        _note_other_way(inbound, message)


def _join(inbound: Inbound, envelope: Envelope, found: Route, by: Channel) -> tuple[Ticket, Message]:
    """Its words on the ticket they belong to, which is answered `by` this channel from now on."""
    contact = found.address.contact if found.address else _unknown(envelope, found.ticket)
    incoming = stating.incoming(inbound, envelope, found)
    opening = replace(incoming, channel_id=by.id, channel_kind=by.kind)
    ticket = found.ticket or conversing.open_ticket(contact, opening, follows=found.follows)
    if found.ticket is not None and not (found.stranger or found.guest):
        ticket.channel_id, ticket.channel_kind = by.id, by.kind
    return ticket, conversing.receive(ticket, contact, incoming)


def _unknown(envelope: Envelope, ticket: Ticket | None) -> Contact:
    """Who a bounce or a released mail without a readable sender stands for."""
    if ticket is not None:
        return db.session.get_one(Contact, ticket.contact_id)
    contact = Contact(name=envelope.author.name or "Unknown sender", created_at=now())
    db.session.add(contact)
    db.session.flush()
    return contact


def _copies(ticket: Ticket, envelope: Envelope, found: Route, own: frozenset[str]) -> None:
    """People in copy, and a stranger who wrote, ask to follow; a message that may be forged brings nobody in."""
    if envelope.kind is not Kind.MESSAGE or envelope.authentication.failed or envelope.suspicion or envelope.is_chat:
        return
    others = list(_others(envelope, own))
    if found.stranger or others:
        db.session.flush()  # who follows names the ticket's row
    if found.stranger and found.address is not None:
        following.ask(ticket, found.address)
    for party in others:
        address = contacts.find_or_create(party.address, name=party.name)
        if address.contact_id != ticket.contact_id:
            following.ask(ticket, address)


def _others(envelope: Envelope, own: frozenset[str]) -> Iterable[Party]:
    authors = {envelope.author.address.lower()}
    for party in (*envelope.to, *envelope.cc)[:50]:
        plain = _without_token(party.address.lower())
        if party.address and plain not in own and plain not in authors:
            authors.add(plain)
            yield party


def _without_token(address: str) -> str:
    local, _, domain = address.rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


def _note_other_way(inbound: Inbound, twin: Message) -> None:
    """The same mail reached two of our mailboxes: its one message says both."""
    first = db.session.get(Inbound, twin.inbound_id) if twin.inbound_id else None
    if first is not None and first.channel_id != inbound.channel_id:
        also = sorted({*twin.to.get("also", []), db.session.get_one(Channel, inbound.channel_id).address})
        twin.to = {**twin.to, "also": also}
