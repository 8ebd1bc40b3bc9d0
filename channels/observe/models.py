"""Posts that were read elsewhere: what they say now, and what an agent decided about each."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column, relationship

from channels.models import Channel
from helpdesk.db import Base

STATES = "new", "ignored", "ticket"


class ObservedPost(Base):
    """One post that was not said to us. It is no ticket and has no clock, until somebody makes a ticket of it."""

    __tablename__ = "observed_post"
    __table_args__ = (
        CheckConstraint(f"state IN {STATES}", name="state"),
        CheckConstraint("(state = 'ticket') = (ticket_id IS NOT NULL)", name="ticket_id"),
        UniqueConstraint("channel_id", "name"),
        Index("ix_observed_post_new", "id", postgresql_where=text("state = 'new' AND gone_at IS NULL")),
        Index("ix_observed_post_state_id", "state", "id"),
        Index("ix_observed_post_url", "url", postgresql_where=text("url <> ''")),
        Index("ix_observed_post_tags", "tags", postgresql_using="gin"),
        Index("ix_observed_post_words", "words", postgresql_using="gin"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id"))
    name: Mapped[str]
    """What its source calls it."""
    url: Mapped[str]
    """Where it can be read by anybody, http or https; empty when its source names no such place."""
    title: Mapped[str]
    """Empty where posts have none."""
    text: Mapped[str]
    html: Mapped[str] = mapped_column(deferred=True)
    """As it came, **not** sanitised; empty when it is plain text."""
    author_name: Mapped[str]
    author_address: Mapped[str]
    """What names its author among all of this kind; empty when the source names nobody."""
    digest: Mapped[str]
    """SHA-256 of what it says."""
    posted_at: Mapped[datetime | None]
    """By the source's clock."""
    heard_at: Mapped[datetime]
    changed_at: Mapped[datetime | None]
    """When we last read that its author changed it."""
    gone_at: Mapped[datetime | None]
    """When we read that its author took it back; its words are gone from here since."""
    state: Mapped[str] = mapped_column(default="new")
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("agent.id"))
    tags: Mapped[list[str]] = mapped_column(ARRAY(String), default=list, server_default="{}")
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"))
    message_id: Mapped[int | None]
    """What it says on that ticket."""
    inbound_id: Mapped[int]
    """What it says came with this; what came before it changes nothing any more."""
    words: Mapped[str] = mapped_column(TSVECTOR, deferred=True)
    """Title, text and author, for the search."""

    channel: Mapped[Channel] = relationship(lazy="raise")

    @property
    def is_new(self) -> bool:
        return self.state == "new" and self.gone_at is None
