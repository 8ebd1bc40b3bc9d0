"""The outbox: the only door out. A Delivery is one message on its way to everyone it is meant for."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, text, update
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk import jobs
from helpdesk.db import Base, Json, db, new_id
from helpdesk.now import now
from helpdesk.rows import keep


class State(StrEnum):
    """Where a delivery stands. It only moves forward; `channels.dispatch` says how."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    CANCELLED = "cancelled"


class Delivery(Base):
    """One message, tracked from the press of Send to the last recipient's answer."""

    __tablename__ = "delivery"
    __table_args__ = (
        CheckConstraint(f"state IN ({', '.join(repr(s.value) for s in State)})", name="state"),
        Index("ix_delivery_due", "not_before", "id", postgresql_where=text("state IN ('queued', 'sending')")),
        Index("ix_delivery_ticket_id_id", "ticket_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    purpose: Mapped[str]
    """reply, acknowledgement, letter (a mail of the product's own: a reset link, an invitation) or page."""
    kind: Mapped[str] = mapped_column(default="email", server_default="email")
    """The kind of channel it leaves by: email, slack, phone or push."""
    channel_id: Mapped[int | None]
    """The channel it leaves by; None lets dispatch take the first of its kind that can send."""
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"))
    message_id: Mapped[int | None] = mapped_column(ForeignKey("message.id"), unique=True)
    external_id: Mapped[str | None] = mapped_column(unique=True)
    """The id it carries in the channel (a Message-ID), fixed before the first try so that a resend is the same."""
    content: Mapped[Json] = mapped_column(default=dict)
    """subject, text, html, files of a letter or acknowledgement. A reply is its Message; one that was approved by its
    provider before says here as what: {"prepared": {"name", "language", "values"}}."""
    state: Mapped[str] = mapped_column(default=State.QUEUED)
    created_at: Mapped[datetime]
    not_before: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    claimed_at: Mapped[datetime | None]
    handed_over_at: Mapped[datetime | None]
    """When the last try began to hand over the content; None: nothing of that try can have gone out."""
    sent_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(default="")
    """Why it waits or failed, in words for the agent."""

    recipients: Mapped[list[DeliveryRecipient]] = relationship(
        back_populates="delivery", order_by="DeliveryRecipient.id", lazy="selectin", cascade="all, delete-orphan"
    )

    message: Mapped[Any] = relationship("Message", lazy="raise")
    """Only says that a message's row is written before its delivery's."""

    def may_be_undone(self, at: datetime) -> bool:
        return self.state == State.QUEUED and self.attempts == 0 and at < self.not_before

    @property
    def progress(self) -> str:
        """How far the provider says it got with everybody: delivered or read; empty when it does not say."""
        told = {recipient.progress for recipient in self.recipients}
        return "read" if told == {"read"} else "delivered" if told and told <= {"delivered", "read"} else ""

    @property
    def reached(self) -> bool:
        """Whether anybody has it, or may still get it."""
        return any(recipient.state not in {"refused", "bounced"} for recipient in self.recipients)


class DeliveryRecipient(Base):
    """What became of one address of a delivery."""

    __tablename__ = "delivery_recipient"

    id: Mapped[int] = mapped_column(primary_key=True)
    delivery_id: Mapped[int] = mapped_column(ForeignKey("delivery.id"), index=True)
    address: Mapped[str] = mapped_column(index=True)
    name: Mapped[str] = mapped_column(default="")
    role: Mapped[str] = mapped_column(default="to")
    state: Mapped[str] = mapped_column(default="queued")
    """queued, accepted, refused or bounced."""
    external_id: Mapped[str | None] = mapped_column(unique=True)
    """What the provider calls this sending, where it tells later what became of it."""
    progress: Mapped[str] = mapped_column(default="", server_default="")
    """What the provider said last of an accepted one, in its own word: "delivered", "no-answer"; "gone" of one that was
    refused because nobody is reached there any more."""
    reason: Mapped[str] = mapped_column(default="")

    delivery: Mapped[Delivery] = relationship(back_populates="recipients")


def enqueue(delivery: Delivery, *, after: timedelta = timedelta()) -> Delivery:
    """Put a delivery in the outbox and its job beside it; it may leave `after` the undo window."""
    delivery.created_at = now()
    delivery.not_before = delivery.created_at + after
    if delivery.id is None:
        db.session.add(delivery)
        db.session.flush()
    else:
        _write(delivery)
    jobs.defer("deliver", at=delivery.not_before if after else None, delivery_id=delivery.id)
    return delivery


def _write(delivery: Delivery) -> None:
    """One whose key is known; what it names is written already."""
    for one in delivery.recipients:
        one.id, one.delivery_id = new_id("delivery_recipient"), delivery.id
    keep(delivery, *delivery.recipients)


def cancel(delivery: Delivery) -> bool:
    """Take it back if nothing has left yet; False when it is too late."""
    taken = db.session.execute(
        update(Delivery)
        .where(Delivery.id == delivery.id, Delivery.state == State.QUEUED, Delivery.attempts == 0)
        .values(state=State.CANCELLED)
        .returning(Delivery.id)
    ).scalar_one_or_none()
    db.session.refresh(delivery)
    return taken is not None


def retry(delivery: Delivery) -> None:
    """An agent asks to try again: back into the queue, to those who have not had it, with two days from now."""
    for recipient in delivery.recipients:
        if recipient.state == "refused":
            recipient.state, recipient.reason = "queued", ""
    delivery.state, delivery.reason = State.QUEUED, ""
    delivery.created_at = delivery.not_before = now()
    delivery.attempts = 1  # the pauses begin anew, but it can never be taken back
    jobs.defer("deliver", delivery_id=delivery.id)
