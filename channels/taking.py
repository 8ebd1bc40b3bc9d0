"""Taking: what one genuine call or frame of a provider holds is stored and heard, committed, and only then answered."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from channels import answering, intake, registry
from channels.adapter import Arrival, Quarantine
from channels.doors import Hooked, Press, Pressed, Reply, Replying
from channels.models import Channel
from helpdesk import outbox
from helpdesk.db import db
from helpdesk.outbox import Delivery, DeliveryRecipient

Others = Callable[[Channel, set[str]], Mapping[str, Channel]]
Split = Callable[[bytes], Iterable[Arrival]]
_NOTHING: Mapping[str, str] = MappingProxyType({})


def take(
    channel: Channel,
    raw: bytes,
    *,
    heeded: Mapping[str, str] = _NOTHING,
    others: Others | None = None,
    split: Split | None = None,
) -> Reply:
    """Store the events, hear the presses, and say what to answer; the same call again changes nothing.

    `heeded` says of an event, by its name, why nothing is left to do about it; `others` finds the channels of the
    addresses that a call of this one may also be for; `split` takes apart what its bytes alone do not say.

    Raises:
        NoRoom: nothing of it is kept; the provider must send it again.
    """
    kind = channel.kind
    _hear(channel, raw)
    arrivals = _events(kind, raw, split)
    heard = [replace(one, heeded=heeded.get(one.external_id, "")) for one in arrivals]
    for one, events in _shared_out(channel, heard, others):
        intake.accept(one, events)
    registry.arrived.set()
    replying = registry.offered(kind, Replying)  # type: ignore[type-abstract]
    return replying.reply(raw) if replying is not None else Reply()


def _events(kind: str, raw: bytes, split: Split | None) -> list[Arrival]:
    """What the call holds; one that cannot be taken apart is kept whole, for somebody to look at."""
    hooked = registry.offered(kind, Hooked)  # type: ignore[type-abstract]
    assert hooked is not None  # whoever checked the call asked it
    try:
        return list(hooked.split(raw) if split is None else split(raw))
    except Quarantine as error:
        name = f"unread:{hashlib.sha256(raw).hexdigest()}"
        return [Arrival(name, raw, refusal=error.reason)]


def _shared_out(
    called: Channel, events: Sequence[Arrival], others: Others | None
) -> list[tuple[Channel, list[Arrival]]]:
    """To each channel what is for it. What is for one that is not connected, or has another secret, stays here."""
    places = {one.address for one in events} - {"", called.address}
    found = others(called, places) if places and others is not None else {}
    shares: dict[int, tuple[Channel, list[Arrival]]] = {called.id: (called, [])}
    for event in events:
        channel = found.get(event.address, called)
        shares.setdefault(channel.id, (channel, []))[1].append(event)
    return list(shares.values())


def _hear(channel: Channel, raw: bytes) -> None:
    """Answers to pages, committed before anything else of the call can go wrong."""
    pressed = registry.offered(channel.kind, Pressed)  # type: ignore[type-abstract]
    presses = pressed.presses(raw) if pressed is not None else ()
    for press in presses:
        said = answering.take(
            press.delivery_id,
            key=press.key,
            address=press.address,
            words=press.words,
            how=pressed.how if pressed is not None else "",
            channel_id=channel.id,
        )
        if said is not None:
            _say_back(channel, press, said)
    if presses:
        db.session.commit()


def _say_back(channel: Channel, press: Press, said: str) -> None:
    """In place of the message with the button."""
    recipient = DeliveryRecipient(address=press.address, name="")
    content = {"text": said, "replaces": press.replaces}
    outbox.enqueue(
        Delivery(purpose="letter", kind=channel.kind, channel_id=channel.id, content=content, recipients=[recipient])
    )
