"""The conversations of one batch: which ticket each goes on in, read at once and written at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from channels.adapter import Envelope, Kind
from channels.models import Conversation
from helpdesk.db import db, new_id
from helpdesk.now import now
from helpdesk.tickets.models import Ticket


@dataclass
class _Talk:
    id: int
    ticket_id: int
    facts: dict[str, str]
    last_inbound_at: datetime
    created_at: datetime
    ticket: Ticket | None = None


@dataclass
class Talks:
    """By qualified key (`channels.naming`)."""

    _known: dict[str, _Talk] = field(default_factory=dict)
    _changed: set[str] = field(default_factory=set)

    def load(self, envelopes: Sequence[Envelope]) -> set[int]:
        """Read those these envelopes name; the ids of their tickets."""
        keys = {key for one in envelopes for key in (one.conversation_key, *one.conversation_before) if key}
        if not keys:
            return set()
        wanted = [(int(channel), key) for channel, _, key in (one.partition("/") for one in keys)]
        rows = select(Conversation).where(tuple_(Conversation.channel_id, Conversation.key).in_(wanted))
        for row in db.session.scalars(rows):
            self._known[f"{row.channel_id}/{row.key}"] = _Talk(
                row.id, row.ticket_id, dict(row.facts), row.last_inbound_at, row.created_at
            )
        for envelope in envelopes:
            self._go_by(envelope)
        return {talk.ticket_id for talk in self._known.values()}

    def unknown(self, envelopes: Sequence[Envelope]) -> int:
        """How many conversations these envelopes name that nothing is known of."""
        return len({one.conversation_key for one in envelopes} - self._known.keys() - {""})

    def place(self, tickets: Mapping[int, Ticket]) -> None:
        """Take the tickets, locked, those that took merged ones in their place."""
        for talk in self._known.values():
            talk.ticket = tickets.get(talk.ticket_id)

    def ticket(self, key: str) -> Ticket | None:
        talk = self._known.get(key)
        return talk.ticket if talk is not None else None

    def go_on(self, envelope: Envelope, ticket: Ticket) -> int:
        """The conversation goes on in `ticket`; its id, made when it is new."""
        key, at = envelope.conversation_key, now()
        said_at = min(envelope.date or at, at)
        talk = self._known.get(key)
        if talk is None:
            talk = self._known[key] = _Talk(new_id("conversation"), ticket.id, {}, said_at, at)
        talk.ticket, talk.ticket_id = ticket, ticket.id
        talk.facts |= dict(envelope.facts)
        talk.last_inbound_at = max(talk.last_inbound_at, said_at)
        self._changed.add(key)
        return talk.id

    def _go_by(self, envelope: Envelope) -> None:
        """What is known by a key from before goes by its own from now on; the row says so at once.

        Where the source says that somebody moved, what had their new key before is somebody else's, and over.
        """
        key = envelope.conversation_key
        before = next((one for one in envelope.conversation_before if one in self._known and one != key), None)
        if before is None or (key in self._known and envelope.kind is not Kind.MOVED):
            return
        over = self._known.pop(key, None)
        if over is not None:
            _rename(over.id, f"over:{over.id}")
        self._known[key] = self._known.pop(before)
        _rename(self._known[key].id, key.partition("/")[2])
        if envelope.kind is Kind.MOVED:
            self._known[key].facts |= dict(envelope.facts)
            self._changed.add(key)

    def save(self) -> None:
        """Write down what changed; the tickets have their rows by now."""
        if not self._changed:
            return
        rows = [_row(key, self._known[key]) for key in sorted(self._changed)]
        added = insert(Conversation)
        kept = added.on_conflict_do_update(
            index_elements=["channel_id", "key"],
            set_={
                "ticket_id": added.excluded.ticket_id,
                "facts": added.excluded.facts,
                "last_inbound_at": func.greatest(Conversation.last_inbound_at, added.excluded.last_inbound_at),
            },
        )
        db.session.connection().execute(kept, rows)
        self._changed = set()


def _rename(talk_id: int, key: str) -> None:
    db.session.execute(update(Conversation).where(Conversation.id == talk_id).values(key=key))


def _row(key: str, talk: _Talk) -> dict[str, object]:
    channel, _, name = key.partition("/")
    return {
        "id": talk.id,
        "channel_id": int(channel),
        "key": name,
        "ticket_id": talk.ticket_id,
        "facts": talk.facts,
        "created_at": talk.created_at,
        "last_inbound_at": talk.last_inbound_at,
    }
