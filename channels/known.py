"""What is known of the messages of one batch, asked of the database at once and kept true while they are filed.

Only one process files at a time (`intake` holds the lock), so nothing of this
changes under us but the tickets, and those are locked here, in the order of their ids.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import String, func, or_, select
from sqlalchemy.dialects.postgresql import insert

from channels.adapter import Direction, Envelope, Kind, Party
from channels.email.threading import read_token
from channels.models import Seen, Thread
from channels.talks import Talks
from helpdesk.db import among, db
from helpdesk.now import now
from helpdesk.people import contacts
from helpdesk.people.models import Address, Agent
from helpdesk.tickets.models import Message, Ticket
from helpdesk.vault import vault

_NAMED = 50
"""So many references of one mail are remembered, the newest."""


class Known:
    """Messages seen before, threads, senders and agents, by what names them in a mail."""

    def __init__(self, envelopes: Sequence[Envelope], own_addresses: frozenset[str]) -> None:
        self._reply_keys = vault().derive("reply-token")
        self._agents = _agents(envelopes)
        self._seen: dict[str, Message] = _seen([one.content_key for one in envelopes])
        self._claimed: dict[str, Message | None] = {}
        """Message ids with the message that carries them; None where one was only named so far."""
        self._threads: dict[str, Ticket] = {}
        self._numbers: dict[int, Ticket] = {}
        self._talks = Talks()
        self.new_conversations = 0
        """So many of those these messages name may begin with them."""
        self._load_tickets(envelopes)
        self._addresses = self._known_addresses(envelopes, own_addresses)
        self._new_seen: list[tuple[str, Message]] = []
        self._new_threads: dict[str, tuple[Ticket, Message | None]] = {}

    def twin(self, envelope: Envelope) -> Message | None:
        """The message this one repeats, id and content both; None when it is new."""
        return self._seen.get(envelope.content_key)

    def ticket(self, envelope: Envelope) -> Ticket | None:
        """The ticket it belongs to: by the signed reply address, then by the ids it names, its own last.

        A message that was made a ticket of its own has its answers there, though it was written to the first address.
        In a conversation it is the one that goes on there now, unless it answers a message of another open one.
        """
        if envelope.begins:
            return None
        if envelope.conversation_key:
            answered, here = self._threads.get(envelope.in_reply_to), self._talks.ticket(envelope.conversation_key)
            return answered if answered is not None and (answered.is_active or here is None) else here
        named = next((self._threads[key] for key in ids_of(envelope) if key in self._threads), None)
        signed = next((self._numbers[number] for number in self._tokens(envelope) if number in self._numbers), None)
        if signed is None or (named is not None and named.split_from_id == signed.id):
            return named
        return signed

    def address(self, party: Party) -> Address | None:
        """The sender's row with its contact, made when they were new; None when no address could be read."""
        if not party.address:
            return None
        known = self._addresses.get((party.kind, party.address))
        if known is None:
            earlier = self.address_before(party.kind, party.also)
            if earlier is not None:
                known = contacts.add_address(earlier.contact, party.address, kind=party.kind)
            else:
                known = contacts.find_or_create(party.address, name=party.name, kind=party.kind)
            self._addresses[party.kind, party.address] = known
        for other in party.also:
            if (party.kind, other) not in self._addresses:
                self._addresses[party.kind, other] = contacts.add_address(known.contact, other, kind=party.kind)
        return known

    def address_before(self, kind: str, values: Sequence[str]) -> Address | None:
        """The first of these addresses that somebody is known by."""
        for value in values:
            known = self._addresses.get((kind, value)) or contacts.find(value, kind=kind)
            if known is not None:
                return known
        return None

    def here(self, envelope: Envelope) -> Ticket | None:
        """The ticket its conversation goes on in."""
        return self._talks.ticket(envelope.conversation_key)

    def is_agent(self, party: Party) -> bool:
        return party.kind == "email" and party.address.lower() in self._agents

    def message(self, name: str) -> Message | None:
        """The message that carries this id, in a channel that has conversations."""
        return self._claimed.get(name)

    def conversation(self, envelope: Envelope, ticket: Ticket) -> int | None:
        """The id of the conversation it was said in, which goes on in this ticket from now on."""
        return self._talks.go_on(envelope, ticket) if envelope.conversation_key else None

    def remember(self, envelope: Envelope, ticket: Ticket, message: Message) -> str:
        """Claim its ids: its own for answers, those it names for mails that come late.

        The warning that its own id was another message's already, or nothing.
        """
        key = envelope.content_key
        self._seen[key] = message
        self._new_seen.append((key, message))
        reused = self._claimed.get(envelope.message_id) is not None
        if not reused:
            self._claim(envelope.message_id, ticket, message)
        if envelope.kind is not Kind.BOUNCE:
            for name in (*envelope.references[-_NAMED:], envelope.in_reply_to):
                if name and name not in self._threads:
                    self._claim(name, ticket, None)
        return "Another message with other content carries the same id. One of them may be forged." if reused else ""

    def save(self) -> None:
        """Write down what was remembered; the messages have their rows by now."""
        if self._new_seen:
            rows = [{"key": key, "message_id": message.id, "at": now()} for key, message in self._new_seen]
            db.session.connection().execute(insert(Seen).on_conflict_do_nothing(), rows)
        if self._new_threads:
            named = [
                {"key": key, "ticket_id": ticket.id, "message_id": message.id if message else None}
                for key, (ticket, message) in self._new_threads.items()
            ]
            added = insert(Thread)
            owned = added.on_conflict_do_update(
                index_elements=["key"],
                set_={"message_id": added.excluded.message_id},
                where=Thread.message_id.is_(None),
            )
            db.session.connection().execute(owned, named)
        self._talks.save()
        self._new_seen, self._new_threads = [], {}

    def _claim(self, key: str, ticket: Ticket, message: Message | None) -> None:
        self._threads.setdefault(key, ticket)
        self._claimed[key] = message
        self._new_threads[key] = (self._threads[key], message)

    def _tokens(self, envelope: Envelope) -> list[int]:
        numbers = (read_token(address, self._reply_keys) for address in envelope.delivered_to)
        return [number for number in numbers if number is not None]

    def _load_tickets(self, envelopes: Sequence[Envelope]) -> None:
        keys = {key for envelope in envelopes for key in ids_of(envelope)}
        numbers = {number for envelope in envelopes for number in self._tokens(envelope)}
        threads = db.session.execute(
            select(Thread.key, func.coalesce(Message.ticket_id, Thread.ticket_id), Message)
            .outerjoin(Message, Message.id == Thread.message_id)
            .where(among(Thread.key, keys))
        ).all()
        wanted = {ticket_id for _, ticket_id, _ in threads} | self._talks.load(envelopes)
        self.new_conversations = self._talks.unknown(envelopes)
        if not wanted and not numbers:
            return
        locked = (
            select(Ticket)
            .where(or_(among(Ticket.id, wanted), among(Ticket.number, numbers)))
            .order_by(Ticket.id)
            .with_for_update()
        )
        by_id = {ticket.id: ticket for ticket in db.session.scalars(locked)}
        self._numbers = {ticket.number: ticket for ticket in by_id.values()}
        _forward(self._numbers, by_id)
        self._threads = {key: by_id[ticket_id] for key, ticket_id, _ in threads}
        self._talks.place(by_id)
        self._claimed = {key: message for key, _, message in threads}

    def _known_addresses(self, envelopes: Sequence[Envelope], own: frozenset[str]) -> dict[tuple[str, str], Address]:
        """Of those whose messages will be filed, as far as that is plain before; by kind and address."""
        people: dict[str, dict[str, str]] = {}
        for one in envelopes:
            if self._will_be_filed(one, own):
                people.setdefault(one.author.kind, {})[one.author.address] = one.author.name
        perhaps = _perhaps_known(envelopes)
        return {
            (kind, value): address
            for kind, named in people.items()
            for value, address in contacts.find_or_create_all(named, kind=kind, but=perhaps).items()
        }

    def _will_be_filed(self, one: Envelope, own: frozenset[str]) -> bool:
        if not one.author.address or one.kind not in {Kind.MESSAGE, Kind.AUTO_REPLY, Kind.LIST}:
            return False
        if one.direction is Direction.AGENT_ECHO or self.is_agent(one.author) or self.twin(one) is not None:
            return False
        return one.author.kind != "email" or one.author.address.lower() not in own


def _perhaps_known(envelopes: Sequence[Envelope]) -> set[str]:
    """Addresses one of these says are somebody's who has another; and of those whose words may come to nothing."""
    told = [one.author for one in envelopes if one.author.also or one.joins_only]
    return {address for author in told for address in (author.address, *author.also)}


def _forward(numbers: dict[int, Ticket], by_id: dict[int, Ticket]) -> None:
    """Mail for a ticket that was merged is for the one that took its messages."""
    while away := {ticket.merged_into_id for ticket in by_id.values() if ticket.merged_into_id is not None}:
        rows = select(Ticket).where(among(Ticket.id, away)).order_by(Ticket.id).with_for_update()
        found = {ticket.id: ticket for ticket in db.session.scalars(rows)}
        for known in (numbers, by_id):
            for key, ticket in known.items():
                if ticket.merged_into_id is not None:
                    known[key] = found[ticket.merged_into_id]


def ids_of(envelope: Envelope) -> list[str]:
    """Message ids that may name the thread, the best first; its own last, for when a reply overtook it."""
    bounced = [bounce.original_id for bounce in envelope.bounces if bounce.original_id]
    named = [*bounced, envelope.in_reply_to, *reversed(envelope.references), envelope.message_id]
    return list(dict.fromkeys(name for name in named if name))


def _agents(envelopes: Sequence[Envelope]) -> frozenset[str]:
    authors = {one.author.address.lower() for one in envelopes if one.author.kind == "email"}
    email = func.lower(Agent.email, type_=String())
    return frozenset(db.session.scalars(select(email).where(among(email, authors))))


def _seen(keys: Sequence[str]) -> dict[str, Message]:
    rows = select(Seen.key, Message).join(Message, Message.id == Seen.message_id).where(among(Seen.key, keys))
    return {key: message for key, message in db.session.execute(rows)}  # noqa: C416 - a Row is no pair for mypy
