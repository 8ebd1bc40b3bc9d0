"""Calendars with their dated versions: the opening hours a promise is counted in."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.db import Base, Json


class Calendar(Base):
    """Opening hours by name; what they were at any time is in its versions. Never deleted, only set aside."""

    __tablename__ = "calendar"
    __table_args__ = (Index("uq_calendar_name", text("lower(name)"), unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    feed_url: Mapped[str] = mapped_column(default="")
    """An iCal feed its holidays are taken from, after a look at what would move."""
    created_at: Mapped[datetime]
    archived_at: Mapped[datetime | None]

    versions: Mapped[list[CalendarVersion]] = relationship(
        back_populates="calendar", lazy="raise", order_by="CalendarVersion.valid_from"
    )


class CalendarVersion(Base):
    """What a calendar says from one instant on, until the next version. Never changed once written."""

    __tablename__ = "calendar_version"
    __table_args__ = (UniqueConstraint("calendar_id", "valid_from"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    calendar_id: Mapped[int] = mapped_column(ForeignKey("calendar.id"))
    valid_from: Mapped[datetime]
    """UTC; the first version of a calendar also holds for all time before it."""
    rules: Mapped[Json]
    """{"zone", "hours", "holidays", "overrides", "breaks"} as `sla.calendars.reading.rules` reads them."""
    names: Mapped[Json] = mapped_column(default=dict)
    """"YYYY-MM-DD" or "MM-DD" -> the holiday's name; "YYYY-MM-DD HH:MM" -> that of the break which begins then."""
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id"))
    created_at: Mapped[datetime]

    calendar: Mapped[Calendar] = relationship(back_populates="versions", lazy="raise")
