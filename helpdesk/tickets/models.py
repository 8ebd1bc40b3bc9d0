"""Tickets and what they are made of: columns and pure predicates."""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, ForeignKey, Identity, Index, SmallInteger, String, text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column, query_expression, relationship

from helpdesk.db import Base, Json
from helpdesk.outbox import Delivery
from helpdesk.people.models import Address, Agent, Contact, Organization, Team


class Status(IntEnum):
    """Whose turn it is. Active are those below RESOLVED."""

    OPEN = 1
    PENDING = 2
    ON_HOLD = 3
    RESOLVED = 4
    CLOSED = 5


class Priority(IntEnum):
    LOW = 1
    NORMAL = 2
    HIGH = 3
    URGENT = 4


class Rank(IntEnum):
    """The order of *Next up*: promises whose clock runs, then sleeping ones, then none at all."""

    RUNNING = 0
    ASLEEP = 1
    UNPROMISED = 2


NEXT_UP = text("status = 1 AND snoozed_until IS NULL AND spam_at IS NULL")
ACTIVE = text("status < 4 AND snoozed_until IS NULL AND spam_at IS NULL")
UNASSIGNED = text("status < 4 AND snoozed_until IS NULL AND spam_at IS NULL AND assignee_id IS NULL")
ASLEEP = text("snoozed_until IS NOT NULL AND status < 4 AND spam_at IS NULL")
SPAM = text("spam_at IS NOT NULL")
TURNING = text("next_due_turns_at IS NOT NULL")
MERGED = text("merged_into_id IS NOT NULL")
SPLIT = text("split_from_id IS NOT NULL")
NARROWING = "channel_kind", "priority", "team_id", "assignee_id", "organization_id"
"""What lists are filtered by, behind what sorts them: a filter is checked along the index, in the list's own order."""


class Ticket(Base):
    """One request from one contact, from first word to closed, whatever channels it crosses."""

    __tablename__ = "ticket"
    __table_args__ = (
        CheckConstraint("status BETWEEN 1 AND 5", name="status"),
        CheckConstraint("priority BETWEEN 1 AND 4", name="priority"),
        CheckConstraint("waiting_for IN ('', 'customer', 'part', 'someone')", name="waiting_for"),
        Index("ix_ticket_next_up", "queue_rank", "queue_at", "id", *NARROWING, postgresql_where=NEXT_UP),
        Index("ix_ticket_assignee", "assignee_id", "queue_rank", "queue_at", "id", postgresql_where=ACTIVE),
        Index("ix_ticket_unassigned", "queue_rank", "queue_at", "id", *NARROWING, postgresql_where=UNASSIGNED),
        Index("ix_ticket_asleep", text("last_message_at DESC"), text("id DESC"), postgresql_where=ASLEEP),
        Index("ix_ticket_spam", text("last_message_at DESC"), text("id DESC"), postgresql_where=SPAM),
        Index("ix_ticket_recent", "last_message_at", "id", "status", *NARROWING, postgresql_where=ACTIVE),
        Index("ix_ticket_snoozed", "snoozed_until", "id", postgresql_where=text("snoozed_until IS NOT NULL")),
        Index(
            "ix_ticket_done",
            text("last_message_at DESC"),
            text("id DESC"),
            *NARROWING,
            postgresql_where=text("status >= 4"),
        ),
        Index("ix_ticket_contact_id", "contact_id", text("last_message_at DESC")),
        Index("ix_ticket_organization_id", "organization_id", text("last_message_at DESC"), text("id DESC")),
        Index(
            "ix_ticket_counts",
            "status",
            "assignee_id",
            postgresql_where=text("status < 4"),
            postgresql_include=["snoozed_until", "spam_at"],
        ),
        Index("ix_ticket_next_due_turns_at", "next_due_turns_at", "id", postgresql_where=TURNING),
        Index("ix_ticket_merged_into_id", "merged_into_id", postgresql_where=MERGED),
        Index("ix_ticket_split_from_id", "split_from_id", postgresql_where=SPLIT),
        Index(
            "ix_ticket_created_at",
            "created_at",
            postgresql_include=["organization_id", "team_id", "assignee_id", "channel_kind", "spam_at"],
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(Identity(start=1001), unique=True)
    """What people say: "ticket 4812"."""
    subject: Mapped[str]
    status: Mapped[int] = mapped_column(SmallInteger, default=Status.OPEN)
    priority: Mapped[int] = mapped_column(SmallInteger, default=Priority.NORMAL)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id"))
    organization_id: Mapped[int | None] = mapped_column(ForeignKey("organization.id"))
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id"))
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    channel_id: Mapped[int | None]
    channel_kind: Mapped[str] = mapped_column(default="email")
    """How the customer last wrote; where the answer goes."""
    created_at: Mapped[datetime]
    last_message_at: Mapped[datetime]
    waiting_since: Mapped[datetime | None]
    """The oldest customer message nobody has answered."""
    waiting_for: Mapped[str] = mapped_column(default="")
    snoozed_until: Mapped[datetime | None]
    """Far in the future when it sleeps until a reply."""
    wake_on_reply: Mapped[bool] = mapped_column(default=True)
    spam_at: Mapped[datetime | None]
    resolved_at: Mapped[datetime | None]
    follows_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"))
    """The closed ticket this one continues."""
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"))
    """The ticket that took its messages and gets its mail; closed as long as it is set."""
    times: Mapped[int] = mapped_column(default=0, server_default="0")
    """How often a machine reported it; 0 where people wrote."""
    split_from_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"))
    """The ticket its first messages were taken from."""
    suggested_number: Mapped[int | None]
    """A ticket number the subject names: a hint for the agent, never a reason to join."""
    preview: Mapped[str] = mapped_column(default="")
    message_count: Mapped[int] = mapped_column(default=0)
    tag_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), default=list, server_default="{}")

    next_due_at: Mapped[datetime | None]
    next_due_since: Mapped[datetime | None]
    next_due_warn_at: Mapped[datetime | None]
    next_due_kind: Mapped[str] = mapped_column(default="")
    """reply, update, on_site, restore or resolve: what falls due."""
    next_due_words: Mapped[str] = mapped_column(default="", server_default="")
    """What was promised, in the customer's words."""
    next_due_asleep: Mapped[Json] = mapped_column(default=dict)
    """{"until": instant or null, "gaps": [[from, to], ...]}: when the clock does not run."""
    next_due_turns_at: Mapped[datetime | None]
    """When its clock next falls asleep or wakes: whoever promised places it anew then."""
    queue_rank: Mapped[int] = mapped_column(SmallInteger, default=Rank.UNPROMISED)
    queue_at: Mapped[datetime]
    """The sort key inside the rank: the due instant, or since when the customer waits."""

    began: Mapped[Json | None] = query_expression()
    """How it began, where a query asks for it: `helpdesk.tickets.opening` reads it."""
    contact: Mapped[Contact] = relationship(lazy="raise")
    organization: Mapped[Organization | None] = relationship(lazy="raise")
    assignee: Mapped[Agent | None] = relationship(lazy="raise")
    team: Mapped[Team | None] = relationship(lazy="raise")
    messages: Mapped[list[Message]] = relationship(back_populates="ticket", lazy="raise", order_by="Message.id")

    @property
    def is_active(self) -> bool:
        return self.status < Status.RESOLVED

    @property
    def is_snoozed(self) -> bool:
        return self.snoozed_until is not None

    @property
    def is_merged(self) -> bool:
        return self.merged_into_id is not None


UNCONFIRMED = ("form",)
"""Channels where whoever writes only types an address: nobody has confirmed that it is theirs."""


class Message(Base):
    """Words that entered a ticket: from a customer, to a customer, or a note to the team."""

    __tablename__ = "message"
    __table_args__ = (
        CheckConstraint("direction IN ('in', 'out', 'note')", name="direction"),
        Index("ix_message_ticket_id_id", "ticket_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    direction: Mapped[str]
    kind: Mapped[str] = mapped_column(default="message")
    """message, auto_reply, bounce, list or loop: what a machine sent never counts as the customer's words."""
    channel_kind: Mapped[str] = mapped_column(default="email")
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contact.id"))
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id"))
    author_name: Mapped[str] = mapped_column(default="")
    author_address: Mapped[str] = mapped_column(default="")
    subject: Mapped[str] = mapped_column(default="")
    body_text: Mapped[str] = mapped_column(default="")
    reply_text: Mapped[str] = mapped_column(default="")
    """The new words only; quoted history and signatures folded away."""
    body_html: Mapped[str] = mapped_column(default="")
    """Sanitised; remote images are blocked placeholders."""
    source_html: Mapped[str] = mapped_column(default="")
    """As it came, for "Original formatting"; never shown outside its own sandboxed document."""
    remote_images: Mapped[list[str]] = mapped_column(ARRAY(String), default=list, server_default="{}")
    to: Mapped[Json] = mapped_column(default=dict)
    """{"to": [[name, address], ...], "cc": [...], "reply_to": [...]}."""
    warning: Mapped[str] = mapped_column(default="")
    """What an agent must know before trusting it: a sender that may be forged, someone new to this ticket."""
    external_id: Mapped[str] = mapped_column(default="")
    inbound_id: Mapped[int | None]
    client_id: Mapped[str | None] = mapped_column(unique=True)
    """Made by the composer; a request sent twice adds one message."""
    conversation_id: Mapped[int | None]
    """Where it was said, on channels that have conversations; an answer goes there."""
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    edited_at: Mapped[datetime | None]
    """When its author last changed it, by the source's clock."""
    deleted_at: Mapped[datetime | None]
    """When its author took it back; its words are gone from here."""
    missing_files: Mapped[list[str]] = mapped_column(ARRAY(String), default=list, server_default="{}")
    """A sentence for each file that came with it and is not here, or not yet."""

    ticket: Mapped[Ticket] = relationship(back_populates="messages", lazy="raise")
    contact: Mapped[Contact | None] = relationship(lazy="raise")
    agent: Mapped[Agent | None] = relationship(lazy="raise")
    attachments: Mapped[list[Attachment]] = relationship(lazy="raise", order_by="Attachment.id")
    delivery: Mapped[Delivery | None] = relationship(lazy="raise", viewonly=True)

    @property
    def is_note(self) -> bool:
        return self.direction == "note"

    @property
    def from_machine(self) -> bool:
        return self.kind != "message"

    @property
    def is_unconfirmed(self) -> bool:
        """Whether its author only typed the address it is from."""
        return self.direction == "in" and self.channel_kind in UNCONFIRMED


class MessageVersion(Base):
    """The words of a message before its author changed them."""

    __tablename__ = "message_version"

    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id"), index=True)
    body_text: Mapped[str]
    written_at: Mapped[datetime]
    """By the source's clock."""
    inbound_id: Mapped[int | None]
    """What brought the words that took their place."""


class Attachment(Base):
    """A file on a message or, before it is sent, on a draft."""

    __tablename__ = "attachment"
    __table_args__ = (
        CheckConstraint("(message_id IS NULL) <> (draft_id IS NULL)", name="owner"),
        Index("ix_attachment_message_id", "message_id"),
        Index("ix_attachment_draft_id", "draft_id", postgresql_where=text("draft_id IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    """128 random bits in the URL, so that ids tell nothing."""
    message_id: Mapped[int | None] = mapped_column(ForeignKey("message.id"))
    draft_id: Mapped[int | None] = mapped_column(ForeignKey("draft.id"))
    sha256: Mapped[str]
    filename: Mapped[str]
    content_type: Mapped[str]
    size: Mapped[int]
    inline: Mapped[bool] = mapped_column(default=False)
    cid: Mapped[str] = mapped_column(default="")


class Draft(Base):
    """An agent's unsent words on a ticket, or for a new one; reply and note are never the same draft."""

    __tablename__ = "draft"
    __table_args__ = (
        CheckConstraint("kind IN ('reply', 'note', 'new')", name="kind"),
        Index("uq_draft_place", "agent_id", "ticket_id", "kind", unique=True, postgresql_nulls_not_distinct=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    agent_id: Mapped[int] = mapped_column(ForeignKey("agent.id"))
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"), index=True)
    kind: Mapped[str]
    body: Mapped[str] = mapped_column(default="")
    fields: Mapped[Json] = mapped_column(default=dict)
    """subject and to of a new ticket's draft."""
    seen_message_id: Mapped[int] = mapped_column(default=0)
    """The newest message when the writing began: a later answer by somebody else stops Send."""
    updated_at: Mapped[datetime]

    attachments: Mapped[list[Attachment]] = relationship(lazy="raise", order_by="Attachment.id")


class Follower(Base):
    """Somebody in copy. Nothing goes to them until an agent lets them in."""

    __tablename__ = "follower"
    __table_args__ = (CheckConstraint("state IN ('pending', 'approved', 'declined')", name="state"),)

    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True)
    address_id: Mapped[int] = mapped_column(ForeignKey("address.id"), primary_key=True)
    state: Mapped[str] = mapped_column(default="pending")
    created_at: Mapped[datetime]

    address: Mapped[Address] = relationship(lazy="raise")


class Tag(Base):
    """A word agents sort by."""

    __tablename__ = "tag"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)


class TicketTag(Base):
    """A tag on a ticket, by which lists are filtered; `Ticket.tag_ids` repeats it, written together."""

    __tablename__ = "ticket_tag"

    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True)
    tag_id: Mapped[int] = mapped_column(ForeignKey("tag.id"), primary_key=True, index=True)


class SavedView(Base):
    """A named filter in the sidebar, its owner's or a team's. Removed ones stay, so that removing can be undone."""

    __tablename__ = "saved_view"
    __table_args__ = (
        Index("ix_saved_view_owner_id", "owner_id", postgresql_where=text("removed_at IS NULL")),
        Index("ix_saved_view_team_id", "team_id", postgresql_where=text("removed_at IS NULL")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("agent.id"))
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    """Whose members see it too, and tend it."""
    name: Mapped[str]
    view: Mapped[str]
    """The key of a `helpdesk.tickets.views.View`: list, filter and order, as the address below /inbox/ says them."""
    created_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]


class TicketRead(Base):
    """How far an agent has read a ticket."""

    __tablename__ = "ticket_read"

    agent_id: Mapped[int] = mapped_column(ForeignKey("agent.id"), primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True)
    message_id: Mapped[int]
    """The newest message they have seen."""


class TicketSearch(Base):
    """The search document of a ticket: every word said in it, notes under a weight of their own."""

    __tablename__ = "ticket_search"
    __table_args__ = (Index("ix_ticket_search_words", "words", postgresql_using="gin"),)

    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True)
    words: Mapped[str] = mapped_column(TSVECTOR)


class ContactJoin(Base):
    """Two contacts that were proven to be one person: what went from the one to the other, so that it can go back."""

    __tablename__ = "contact_join"
    __table_args__ = (
        Index("uq_contact_join_standing", "contact_id", unique=True, postgresql_where=text("parted_at IS NULL")),
        Index("ix_contact_join_into_id", "into_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id"))
    """Whose addresses and tickets went over; it stays as a row without any."""
    into_id: Mapped[int] = mapped_column(ForeignKey("contact.id"))
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id"))
    """None where the person asked for it themselves."""
    joined_at: Mapped[datetime]
    parted_at: Mapped[datetime | None]
    parted_by_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id"))
    address_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    message_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    """What went over and belongs back; what another join took back since is in neither."""
    verified_id: Mapped[int | None] = mapped_column(ForeignKey("address.id"))
    """The address that this proof was the first to verify."""

    contact: Mapped[Contact] = relationship(foreign_keys=contact_id, lazy="raise")
    into: Mapped[Contact] = relationship(foreign_keys=into_id, lazy="raise")


class JoinedTicket(Base):
    """A ticket that went over with its contact."""

    __tablename__ = "joined_ticket"

    join_id: Mapped[int] = mapped_column(ForeignKey("contact_join.id"), primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True, index=True)
    given_organization: Mapped[bool] = mapped_column(default=False)
    """It was nobody's before, and open, so it has the organization of the person."""
