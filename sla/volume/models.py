"""What service is counted from: what happened on each ticket, since when it is open, what days add up to."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, Index, Integer, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.db import Base

KINDS = ("arrived", "machine", "replied", "done", "reopened")


class VolumeFact(Base):
    """One thing that counts on a ticket: a request, a reply, done, opened again; as its events say.

    Team, person and channel are those of that instant; customer and topics those the ticket has now.
    """

    __tablename__ = "volume_fact"
    __table_args__ = (
        CheckConstraint(f"kind IN {KINDS}", name="kind"),
        Index("ix_volume_fact_day", "day", "kind"),
        Index("ix_volume_fact_kind_at", "kind", text("at DESC"), text("ticket_id DESC")),
        Index("ix_volume_fact_agent_id", "agent_id", "kind", text("at DESC")),
        Index("ix_volume_fact_team_id", "team_id", "kind", text("at DESC")),
        Index("ix_volume_fact_organization_id", "organization_id", "kind", text("at DESC")),
        Index("ix_volume_fact_channel_kind", "channel_kind", "kind", text("at DESC")),
        Index("ix_volume_fact_topics", "topics", postgresql_using="gin"),
    )

    ticket_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    """No foreign key: a ticket that is withdrawn goes, and its facts go when it is counted next."""
    kind: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    """The message of a reply; of the others how many of its kind there were, from 1."""
    at: Mapped[datetime]
    day: Mapped[date]
    """The day of `at` in the brand's zone."""
    hour: Mapped[int] = mapped_column(SmallInteger)
    """The hour of the week there: 0 from Monday 00:00, 167 to Sunday 24:00."""
    is_out: Mapped[bool]
    """The hours the ticket's promise is counted in were closed."""
    is_first: Mapped[bool]
    """Of a reply: the first one to a request."""
    clock_seconds: Mapped[int | None]
    """How long they waited for the reply, or how long it was open until done; None where nobody waited."""
    working_seconds: Mapped[int | None]
    """The open hours among these."""
    organization_id: Mapped[int | None] = mapped_column(BigInteger)
    team_id: Mapped[int | None] = mapped_column(BigInteger)
    agent_id: Mapped[int | None] = mapped_column(BigInteger)
    channel_kind: Mapped[str]
    topics: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    """The ids of the ticket's tags."""


class VolumeStretch(Base):
    """From when until when a ticket was open in the same hands; a ticket is in one of its stretches at most."""

    __tablename__ = "volume_stretch"
    __table_args__ = (
        CheckConstraint("until IS NULL OR until >= since", name="span"),
        Index("ix_volume_stretch_during", text("tstzrange(since, until)"), postgresql_using="gist"),
        Index("ix_volume_stretch_open", "agent_id", postgresql_where=text("until IS NULL")),
    )

    ticket_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(primary_key=True)
    since: Mapped[datetime]
    until: Mapped[datetime | None]
    began_at: Mapped[datetime]
    """When the ticket began; its age is counted from there."""
    organization_id: Mapped[int | None] = mapped_column(BigInteger)
    team_id: Mapped[int | None] = mapped_column(BigInteger)
    agent_id: Mapped[int | None] = mapped_column(BigInteger)
    channel_kind: Mapped[str]
    topics: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))


class VolumeDay(Base):
    """What the facts of a day add up to, for one value of one dimension or two; written from the facts only."""

    __tablename__ = "volume_day"
    __table_args__ = (Index("ix_volume_day_key", "dimension", "key", "day"),)

    dimension: Mapped[str] = mapped_column(primary_key=True)
    """"all", or one of `sla.volume.dimensions`."""
    day: Mapped[date] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    """The value as text; empty where there is none, and for "all"."""
    arrived: Mapped[int] = mapped_column(Integer)
    arrived_out: Mapped[int] = mapped_column(Integer)
    machine: Mapped[int] = mapped_column(Integer)
    replied: Mapped[int] = mapped_column(Integer)
    replied_out: Mapped[int] = mapped_column(Integer)
    done: Mapped[int] = mapped_column(Integer)
    reopened: Mapped[int] = mapped_column(Integer)
    clock: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    """First replies by the bands of `sla.volume.bands`, by the clock."""
    working: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    """The same first replies in working hours."""


class VolumeMark(Base):
    """Something happened to a ticket, so that it is to be counted anew; gone once it was."""

    __tablename__ = "volume_mark"

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(BigInteger)
