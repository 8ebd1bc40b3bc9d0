"""Channels, what came in through them raw, and which thread belongs to which ticket."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, deferred, mapped_column, relationship

from helpdesk.db import Base, Json
from helpdesk.tickets.models import Message


class Channel(Base):
    """One connected endpoint: the support@ mailbox, a Slack workspace."""

    __tablename__ = "channel"
    __table_args__ = (
        CheckConstraint("state IN ('new', 'working', 'slowed', 'needs_sign_in', 'off')", name="state"),
        UniqueConstraint("kind", "address"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    brand_id: Mapped[int] = mapped_column(ForeignKey("brand.id"))
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    name: Mapped[str]
    """The sender's name customers see."""
    address: Mapped[str]
    """Where customers write; normalised."""
    aliases: Mapped[Json] = mapped_column(default=dict)
    """{"addresses": [...]}: further addresses that are ours."""
    config: Mapped[Json] = mapped_column(default=dict)
    """Everything about the connection that is not secret."""
    secrets: Mapped[Json] = mapped_column(default=dict)
    """Name -> sealed text; write-only for every face of the product."""
    cursor: Mapped[Json] = mapped_column(default=dict)
    """Where reading goes on: {"folder", "uidvalidity", "last_uid"}."""
    state: Mapped[str] = mapped_column(default="new")
    state_text: Mapped[str] = mapped_column(default="")
    paused_at: Mapped[datetime | None]
    acknowledges: Mapped[bool] = mapped_column(default=False)
    """Whether a first message gets an automatic "we have it"."""
    created_at: Mapped[datetime]
    last_success_at: Mapped[datetime | None]
    last_inbound_at: Mapped[datetime | None]
    hook_key: Mapped[str | None] = mapped_column(unique=True)
    """What names it in the address its provider calls; 128 random bits."""
    held_until: Mapped[datetime | None]
    """The provider asked us to send nothing before this."""
    silent_since: Mapped[datetime | None]
    """Since when nothing came in, where that is longer than usual; `channels.silence` says what is."""

    @property
    def is_paused(self) -> bool:
        return self.paused_at is not None


INBOUND_STATES = "waiting", "done", "duplicate", "quarantined", "discarded", "ignored", "early"
"""waiting and early are on the way; each of the others is where one thing that came in ends.

ignored: understood, and nothing to do. early: it speaks of a message that has not come in yet.
"""


class Inbound(Base):
    """One raw thing received, stored once and before anything on the other side is touched."""

    __tablename__ = "inbound"
    __table_args__ = (
        UniqueConstraint("channel_id", "external_id"),
        CheckConstraint(f"state IN ({', '.join(repr(one) for one in INBOUND_STATES)})", name="state"),
        Index("ix_inbound_early", "channel_id", "about", postgresql_where=text("state = 'early'")),
        Index("ix_inbound_waiting", "id", postgresql_where=text("state = 'waiting'")),
        Index("ix_inbound_quarantined", "id", postgresql_where=text("state = 'quarantined'")),
        Index("ix_inbound_channel_id_id", "channel_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id"))
    external_id: Mapped[str]
    """What names it in its source: "folder:uidvalidity:uid", or the listener's own key."""
    recipient: Mapped[str] = mapped_column(default="")
    """The envelope recipient when it came by SMTP."""
    received_at: Mapped[datetime]
    size: Mapped[int]
    sha256: Mapped[str]
    state: Mapped[str] = mapped_column(default="waiting")
    reason: Mapped[str] = mapped_column(default="")
    """Why it stands in quarantine, or was ignored, for the agent."""
    about: Mapped[str] = mapped_column(default="", server_default="")
    """The message an early one speaks of, as the source names it."""
    attempts: Mapped[int] = mapped_column(default=0)
    ticket_id: Mapped[int | None]
    message_id: Mapped[int | None]
    raw: Mapped[bytes] = deferred(mapped_column(LargeBinary))

    channel: Mapped[Channel] = relationship(lazy="raise")


class Seen(Base):
    """Which message ids came in with which content: the same again is a duplicate, other content is kept."""

    __tablename__ = "seen"

    key: Mapped[str] = mapped_column(primary_key=True)
    """SHA-256 of message id and content digest."""
    message_id: Mapped[int]
    at: Mapped[datetime]


class Thread(Base):
    """A message id of a mail, ours or theirs, and the ticket it belongs to."""

    __tablename__ = "thread"

    key: Mapped[str] = mapped_column(primary_key=True)
    """For e-mail the Message-ID with its angle brackets; elsewhere as `channels.naming` writes it."""
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    message_id: Mapped[int | None]


class Conversation(Base):
    """One place on a channel where words are exchanged (a chat, a thread), and the ticket they go to now."""

    __tablename__ = "conversation"
    __table_args__ = (UniqueConstraint("channel_id", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id"))
    key: Mapped[str]
    """What names it in its source: a chat's id."""
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    facts: Mapped[Json] = mapped_column(default=dict)
    """What its adapter must know to say what it can: {"type": "group"}."""
    created_at: Mapped[datetime]
    last_inbound_at: Mapped[datetime]
    """When the customer last wrote here, by the source's clock."""


class Visit(Base):
    """A visitor of a web chat: who they say they are, whether they look at it now, and what they have read.

    Its conversation has the same key; it begins with the first words.
    """

    __tablename__ = "visit"
    __table_args__ = (
        UniqueConstraint("channel_id", "key"),
        Index("ix_visit_unread_since", "unread_since", postgresql_where=text("unread_since IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id"))
    key: Mapped[str]
    """128 random bits; who holds it signed is the visitor."""
    name: Mapped[str] = mapped_column(default="")
    email: Mapped[str] = mapped_column(default="")
    """Where unread answers go; theirs for sure only with `verified_at` or `proven_at`."""
    zone: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    """When they were last known to look at it."""
    left_at: Mapped[datetime | None]
    """When their last page closed; None while one may be open."""
    verified_at: Mapped[datetime | None]
    """When the site's own server signed who they are."""
    proven_at: Mapped[datetime | None]
    """When they showed that mail to `email` reaches them."""
    unread_since: Mapped[datetime | None]
    """When the first answer they have not read was said; None when they have read all."""
    mailed_at: Mapped[datetime | None]
    mailed_upto: Mapped[int] = mapped_column(default=0)
    """The newest message that went to them by mail too."""

    @property
    def is_known(self) -> bool:
        """Whether `email` is theirs for sure."""
        return bool(self.email) and (self.verified_at is not None or self.proven_at is not None)


class Fetch(Base):
    """A file that came as a name only and is fetched after its message was filed."""

    __tablename__ = "channel_fetch"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'done', 'failed')", name="state"),
        Index("ix_channel_fetch_waiting", "not_before", "id", postgresql_where=text("state = 'waiting'")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id"))
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id"), index=True)
    reference: Mapped[str]
    """What the source calls the file."""
    filename: Mapped[str]
    content_type: Mapped[str]
    state: Mapped[str] = mapped_column(default="waiting")
    attempts: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[datetime]
    reason: Mapped[str] = mapped_column(default="")


class Spending(Base):
    """What a channel cost in a month, by our own count."""

    __tablename__ = "channel_spending"

    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id"), primary_key=True)
    month: Mapped[str] = mapped_column(primary_key=True)
    """Such as 2026-11, in UTC."""
    micros: Mapped[int] = mapped_column(default=0)
    """Millionths of a dollar."""


class PhoneCall(Base):
    """A call that came in, as far as news of it tell: `message` is what the ticket says of it."""

    __tablename__ = "phone_call"
    __table_args__ = (
        UniqueConstraint("message_id"),
        Index("ix_phone_call_due", "message_id", postgresql_where=text("returned_at IS NULL AND NOT answered")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id"), index=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id"))
    number: Mapped[str]
    """Theirs, in E.164; empty when they withheld it."""
    began_at: Mapped[datetime]
    answered: Mapped[bool] = mapped_column(default=False)
    """Somebody of ours spoke with them."""
    ended: Mapped[bool] = mapped_column(default=False)
    seconds: Mapped[int | None]
    spoken: Mapped[int | None]
    """Seconds somebody of ours spoke with them."""
    recording: Mapped[str] = mapped_column(default="")
    """The source's name of what they left."""
    recorded: Mapped[int | None]
    """Seconds of it."""
    transcript: Mapped[str] = mapped_column(default="")
    returned_at: Mapped[datetime | None]
    """When somebody called back, or it was no longer needed."""

    message: Mapped[Message] = relationship(lazy="raise")

    @property
    def is_due(self) -> bool:
        """They wait to be called back."""
        return not self.answered and self.returned_at is None and bool(self.number)


class Proof(Base):
    """A mail that asks whoever reads it to show that a contact is them: its link works once, for a while.

    Neither the link nor the code is stored. Both are made of `nonce` with a key of the vault whenever they are sent.
    """

    __tablename__ = "contact_proof"
    __table_args__ = (
        Index("ix_contact_proof_contact_id", "contact_id", postgresql_where=text("closed_at IS NULL")),
        CheckConstraint("tries >= 0", name="tries"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id"))
    """Who gets the code, where they write."""
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("contact.id"))
    """Whose the mail address was when it was asked for; None where nobody had it."""
    email: Mapped[str]
    kind: Mapped[str]
    """The kind of channel the code went by."""
    language: Mapped[str]
    nonce: Mapped[str]
    """128 random bits."""
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id"))
    """None where the person asked for it themselves."""
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    """When it was used, withdrawn, or replaced by another."""
    tries: Mapped[int] = mapped_column(default=0)
    """Wrong codes so far."""


class AutomaticMail(Base):
    """How many automatic mails an address got on a day (UTC): the breaker of loops."""

    __tablename__ = "automatic_mail"
    __table_args__ = (Index("ix_automatic_mail_day", "day"),)

    address: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int] = mapped_column(default=0)


class ChannelLog(Base):
    """What happened to a channel's connection, newest last, for its page."""

    __tablename__ = "channel_log"
    __table_args__ = (Index("ix_channel_log_channel_id_id", "channel_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id"))
    at: Mapped[datetime]
    state: Mapped[str]
    sentence: Mapped[str]
