"""Introducing: people whose messages came with a number for a name get their name, asked of the provider by a job."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Select, select

from channels import registry
from channels.adapter import Direction, Envelope, Permanent, SendError
from channels.doors import Introducing
from channels.models import Channel, Inbound
from helpdesk import jobs, live
from helpdesk.db import among, db
from helpdesk.now import now
from helpdesk.people.models import Address, Contact
from helpdesk.tickets.models import Message, Ticket

_PAUSES = (30, 300, 3600, 14400)
"""Seconds between tries; behind the last one the number stays their name."""
_LONGEST = 200


def ask_for(filed: Sequence[tuple[Inbound, Envelope]]) -> None:
    """Have the nameless among them asked for, once this transaction has committed."""
    people: dict[tuple[str, str], int] = {}
    for inbound, envelope in filed:
        author, kind = envelope.author, inbound.channel.kind
        if inbound.state != "done" or not author.address or author.name or not _introduces(kind):
            continue
        if envelope.direction is Direction.AGENT_ECHO:
            _defer(inbound.channel_id, author.address, inbound.message_id or 0)
        else:
            people[author.kind, author.address] = inbound.channel_id
    for kind in {kind for kind, _ in people}:
        values = [value for of_kind, value in people if of_kind == kind]
        named = {contact.name: people[kind, contact.name] for contact in db.session.scalars(_nameless(kind, values))}
        jobs.defer_each(
            "introduce",
            {
                _key(channel_id, name): {"channel_id": channel_id, "address": name, "message_id": 0, "attempt": 0}
                for name, channel_id in named.items()
            },
        )


def introduce(channel_id: int, address: str, message_id: int = 0, attempt: int = 0) -> None:
    """Ask who this is, unless somebody gave them a name meanwhile; a job.

    `message_id` is that of a message somebody of ours wrote in the channel itself; 0 for a customer.
    """
    channel = db.session.get(Channel, channel_id)
    introducing = registry.offered(channel.kind, Introducing) if channel is not None else None  # type: ignore[type-abstract]
    if channel is None or introducing is None or channel.is_paused:
        return
    kind = channel.kind
    if not message_id and db.session.scalars(_nameless(kind, [address])).first() is None:
        return
    try:
        connection = registry.adapter(kind).connect(channel)
        db.session.rollback()  # the provider takes its time, and no connection waits for it
        name = " ".join(introducing.name_of(address, connection).split())[:_LONGEST]
    except Permanent:
        return
    except SendError:
        db.session.rollback()
        if attempt < len(_PAUSES):
            _defer(channel_id, address, message_id, attempt=attempt + 1, seconds=_PAUSES[attempt])
    else:
        _name(kind, address, message_id, name)
    db.session.commit()


def _introduces(kind: str) -> bool:
    return registry.offered(kind, Introducing) is not None  # type: ignore[type-abstract]


def _name(kind: str, address: str, message_id: int, name: str) -> None:
    if not name:
        return
    if message_id:
        message = db.session.get_one(Message, message_id)
        message.author_name = message.author_name or name
        live.announce(kind="contact.changed", ticket=db.session.get_one(Ticket, message.ticket_id))
        return
    for contact in db.session.scalars(_nameless(kind, [address]).with_for_update(of=Contact)):
        contact.name = name
        for ticket in db.session.scalars(select(Ticket).where(Ticket.contact_id == contact.id)):
            live.announce(kind="contact.changed", ticket=ticket)


def _nameless(kind: str, values: Sequence[str]) -> Select[Contact]:
    """The contacts of these addresses that are called as their address is."""
    rows = select(Contact).join(Address, Address.contact_id == Contact.id)
    return rows.where(Address.kind == kind, among(Address.value, values), Contact.name == Address.value)


def _defer(channel_id: int, address: str, message_id: int = 0, *, attempt: int = 0, seconds: float = 0) -> None:
    jobs.defer(
        "introduce",
        at=now() + timedelta(seconds=seconds) if seconds else None,
        key=_key(channel_id, address, message_id, attempt),
        channel_id=channel_id,
        address=address,
        message_id=message_id,
        attempt=attempt,
    )


def _key(channel_id: int, address: str, message_id: int = 0, attempt: int = 0) -> str:
    return f"introduce:{channel_id}:{address}:{message_id}:{attempt}"
