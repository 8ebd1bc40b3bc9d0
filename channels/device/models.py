"""The keys machines sign in with, and each fault of each device with how often it was told."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.db import Base
from helpdesk.tickets.models import Ticket

STATES = "waiting", "firing", "settling", "over"


class DeviceKey(Base):
    """A key of a channel, as its SHA-256; the key itself is shown once, when it is made."""

    __tablename__ = "device_key"
    __table_args__ = (Index("ix_device_key_channel_id", "channel_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id"))
    name: Mapped[str]
    """Whose it is: "Gateway in the east wing"."""
    hash: Mapped[str] = mapped_column(unique=True)
    tail: Mapped[str]
    """Its last four characters, by which people know it again."""
    made_by: Mapped[str]
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    """From then on it opens nothing: it was revoked, or a newer one takes its place."""


class DeviceFault(Base):
    """One fault of one device: what names it, whether it is there, and the ticket it has now.

    waiting: told, but not for long enough yet, or a visit is planned. firing: it has a ticket. settling: told over, but
    not for long enough yet. over: it is not there.
    """

    __tablename__ = "device_fault"
    __table_args__ = (
        CheckConstraint(f"state IN {STATES}", name="state"),
        CheckConstraint("(state IN ('waiting', 'settling')) = (turns_at IS NOT NULL)", name="turns_at"),
        UniqueConstraint("channel_id", "device", "fault"),
        Index("ix_device_fault_turns_at", "turns_at", "id", postgresql_where=text("turns_at IS NOT NULL")),
        Index("ix_device_fault_ticket_id", "ticket_id"),
        Index("ix_device_fault_unit_id", "unit_id", text("last_at DESC")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id"))
    device: Mapped[str]
    fault: Mapped[str]
    serial: Mapped[str]
    title: Mapped[str]
    details: Mapped[str]
    severity: Mapped[int] = mapped_column(SmallInteger)
    """As a ticket's priority."""
    unit_id: Mapped[int | None]
    """The equipment with this serial, as whoever keeps the equipment numbers it."""
    state: Mapped[str]
    turns_at: Mapped[datetime | None]
    """When the waiting or settling is over."""
    quiet: Mapped[str] = mapped_column(default="", server_default="")
    """Why nobody was told: a sentence about the visit that was planned."""
    count: Mapped[int]
    """How often it was told to be there since `first_at`; recoveries are not counted."""
    first_at: Mapped[datetime]
    """Its first report since it was new, or was gone for long."""
    began_at: Mapped[datetime]
    """Since when it is there this time."""
    last_at: Mapped[datetime]
    told_at: Mapped[datetime | None]
    """By the machine's clock: the newest of what is known; what is older changes nothing."""
    over_at: Mapped[datetime | None]
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"))

    ticket: Mapped[Ticket | None] = relationship(lazy="raise")
    """Only says that a ticket's row is written before its fault's."""
