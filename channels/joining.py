"""Operations on channels connected by a form: connect, change, rotate secrets, pause, resume. They flush only."""

from __future__ import annotations

import secrets as random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import select, update

from channels import logbook, registry, sealing
from channels.adapter import AuthExpired
from channels.doors import Connectable, Embedded, Field, Hooked, Snippet
from channels.models import Channel
from helpdesk import jobs
from helpdesk.db import db, locked
from helpdesk.errors import Invalid, NotFound
from helpdesk.now import now
from helpdesk.outbox import Delivery, State
from helpdesk.people.models import Brand, Team

HOOK_SECRET = "hook_secret"  # noqa: S105 - its name
"""Made here for providers that send back what they were given; no field of a form."""
_NOTHING = "Nothing was saved. Look at the fields marked below."
_ANOTHER = "This is another one. Connect it as a channel of its own, so that their conversations stay apart."
_AGAIN = "This would go to another place than before. Type it again."


@dataclass(frozen=True, slots=True)
class Wanted:
    """A channel as an administrator wants it. `values` by field, `secrets` as typed: empty ones keep what is stored."""

    kind: str
    name: str
    address: str
    team_id: int | None = None
    acknowledges: bool = False
    values: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)


def kinds() -> list[tuple[str, Connectable]]:
    """Every kind that can be connected here."""
    return registry.kinds_with(Connectable)  # type: ignore[type-abstract]


def form_of(kind: str) -> Connectable:
    """What a kind asks for.

    Raises:
        NotFound: it is not connected here.
    """
    found = registry.offered(kind, Connectable)  # type: ignore[type-abstract]
    if found is None:
        raise NotFound("There is no such page here.")
    return found


def find(channel_id: int) -> Channel:
    """A channel that is connected here.

    Raises:
        NotFound: there is none of this number.
    """
    channel = db.session.get(Channel, channel_id)
    if channel is None or registry.offered(channel.kind, Connectable) is None:  # type: ignore[type-abstract]
        raise NotFound("There is no such channel here.")
    return channel


def connect(wanted: Wanted) -> Channel:
    """A new one; it is at work within seconds of the commit.

    Raises:
        Invalid: by field, what is missing or wrong.
    """
    _refuse(wanted, None)
    brand_id = db.session.scalars(select(Brand.id).order_by(Brand.id).limit(1)).one()
    channel = Channel(
        kind=wanted.kind, brand_id=brand_id, created_at=now(), secrets={}, cursor={}, hook_key=random.token_hex(16)
    )
    _write(channel, wanted)
    logbook.write(channel, _taken())
    sealing.seal(channel, {**wanted.secrets, HOOK_SECRET: random.token_urlsafe(32)})
    logbook.note(channel, "new", "Connected.")
    return channel


def change(channel_id: int, wanted: Wanted) -> Channel:
    """As wanted from now on; a secret that would go to another place is forgotten unless typed again.

    What could not be sent meanwhile is tried at once.

    Raises:
        NotFound, Invalid: as in `find` and `connect`.
    """
    channel = _locked(channel_id)
    _refuse(wanted, channel)
    if any(wanted.secrets.values()):
        sealing.seal(channel, {HOOK_SECRET: random.token_urlsafe(32)})
    _write(channel, wanted)
    logbook.write(channel, _taken())
    sealing.seal(channel, dict(wanted.secrets))
    channel.held_until = None
    logbook.note(channel, "off" if channel.is_paused else "new", "The settings were changed.")
    _send_again(channel)
    return channel


def pause(channel_id: int, by: str) -> Channel:
    """Take in and send nothing until it is resumed; `by` is a name for the log. Twice is harmless."""
    return logbook.pause(_locked(channel_id), by)


def resume(channel_id: int, by: str) -> Channel:
    """Be at work again. Twice is harmless."""
    channel = _locked(channel_id)
    if channel.paused_at is not None:
        channel.paused_at, channel.held_until = None, None
        logbook.note(channel, "new", f"Resumed by {by}.")
        _send_again(channel)
    return channel


def usable(wanted: Wanted, channel: Channel | None) -> dict[str, str]:
    """The secrets a connection as wanted has: typed now, or stored and still going where they went."""
    typed = {name: value for name, value in wanted.secrets.items() if value}
    if channel is None or _goes_elsewhere(wanted, channel):
        return typed
    return {**sealing.opened(channel), **typed}


def is_called(channel: Channel) -> bool:
    """Whether its provider may call us."""
    return registry.offered(channel.kind, Hooked) is not None  # type: ignore[type-abstract]


def snippets(channel: Channel) -> Sequence[Snippet]:
    """What puts it on somebody's site; nothing where it stands on none, or its secret cannot be opened."""
    embedded = registry.offered(channel.kind, Embedded)  # type: ignore[type-abstract]
    if embedded is None:
        return ()
    try:
        return embedded.embed(registry.adapter(channel.kind).connect(channel))
    except AuthExpired:
        return ()


def fields_of(kind: str) -> tuple[Field, ...]:
    return form_of(kind).form.fields


def _locked(channel_id: int) -> Channel:
    find(channel_id)
    return locked(select(Channel).where(Channel.id == channel_id), what="channel")


def _refuse(wanted: Wanted, channel: Channel | None) -> None:
    """Refuse what cannot work.

    Raises:
        Invalid: by field.
    """
    kept = set(channel.secrets) if channel is not None and not _goes_elsewhere(wanted, channel) else set()
    errors: dict[str, str] = {}
    for one in fields_of(wanted.kind):
        given = wanted.secrets.get(one.name) if one.secret else wanted.values.get(one.name)
        if not given and one.name not in kept and _is_needed(one, wanted.values):
            had = channel is not None and one.name in channel.secrets
            errors[one.name] = _AGAIN if had else f"{one.label} is missing."
    errors |= form_of(wanted.kind).check_form({**wanted.values, "address": wanted.address}, wanted.secrets)
    if channel is not None and wanted.address.lower() != channel.address.lower():
        errors["address"] = _ANOTHER
    if wanted.team_id is not None and db.session.get(Team, wanted.team_id) is None:
        errors["team_id"] = "There is no such team."
    if errors:
        raise Invalid(_NOTHING, errors)


def _is_needed(one: Field, values: Mapping[str, str]) -> bool:
    other, value = one.needed_with
    return not one.optional or (bool(other) and values.get(other) == value)


def _goes_elsewhere(wanted: Wanted, channel: Channel) -> bool:
    """Whether its secrets would be sent to another place than the one they were typed for."""
    places = form_of(wanted.kind).form.elsewhere
    return any(str(channel.config.get(name, "")) != wanted.values.get(name, "") for name in places)


def _write(channel: Channel, wanted: Wanted) -> None:
    if channel.secrets and _goes_elsewhere(wanted, channel):
        sealing.forget(channel, *(one.name for one in fields_of(wanted.kind) if one.secret))
    channel.name, channel.address, channel.team_id = wanted.name, wanted.address, wanted.team_id
    channel.acknowledges = wanted.acknowledges
    channel.config = dict(wanted.values)


def _taken() -> Invalid:
    return Invalid(_NOTHING, {"address": "This one is connected already. Change it instead."})


def _send_again(channel: Channel) -> None:
    """What waits for this channel need not wait for its next turn."""
    waiting = update(Delivery).where(
        Delivery.channel_id == channel.id, Delivery.state == State.QUEUED, Delivery.attempts > 0
    )
    for delivery_id in db.session.scalars(waiting.values(not_before=now()).returning(Delivery.id)):
        jobs.defer("deliver", at=now() + timedelta(seconds=1), delivery_id=delivery_id)
