"""On-call schedules with their dated versions, overrides, absences and what people asked each other."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.db import Base, Json
from helpdesk.people.models import Agent

KINDS = ("add", "remove", "replace", "swap", "plan")


class OnCallSchedule(Base):
    """A rota by name; who was to be on call at any time is in its versions. Never deleted, only set aside."""

    __tablename__ = "oncall_schedule"
    __table_args__ = (Index("uq_oncall_schedule_name", text("lower(name)"), unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    calendar_id: Mapped[int | None] = mapped_column(ForeignKey("calendar.id"))
    """The hours in which the team answers anyway; drawn behind the lanes."""
    fallback_name: Mapped[str] = mapped_column(default="")
    """Who rings when nobody is on call: "Duty phone"."""
    fallback_kind: Mapped[str] = mapped_column(default="")
    """call, sms or email; empty when there is none."""
    fallback_address: Mapped[str] = mapped_column(default="")
    feed_token: Mapped[str] = mapped_column(unique=True)
    """What opens the calendar feed of everyone in it; made anew to close the old address."""
    created_at: Mapped[datetime]
    archived_at: Mapped[datetime | None]

    versions: Mapped[list[ScheduleVersion]] = relationship(
        back_populates="schedule", lazy="raise", order_by="ScheduleVersion.number"
    )


class ScheduleVersion(Base):
    """What a schedule says from one instant on, until the next version. Never changed once written: the past stays."""

    __tablename__ = "oncall_schedule_version"
    __table_args__ = (UniqueConstraint("schedule_id", "number"), UniqueConstraint("schedule_id", "valid_from"))

    id: Mapped[int] = mapped_column(primary_key=True)
    schedule_id: Mapped[int] = mapped_column(ForeignKey("oncall_schedule.id"))
    number: Mapped[int]
    valid_from: Mapped[datetime]
    """UTC; before its first version nobody is on call."""
    spec: Mapped[Json]
    """{"zone", "layers": [...], "rest": {...}} as `sla.oncall.reading` reads it; people are agent ids."""
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id"))
    created_at: Mapped[datetime]

    schedule: Mapped[OnCallSchedule] = relationship(back_populates="versions", lazy="raise")


class OnCallOverride(Base):
    """A change of one span: somebody is added, removed, replaced, gives it away, or a plan takes the place of all."""

    __tablename__ = "oncall_override"
    __table_args__ = (
        CheckConstraint(f"kind IN {KINDS}", name="kind"),
        CheckConstraint("ends_at > starts_at", name="span"),
        Index("ix_oncall_override_schedule_id_ends_at", "schedule_id", "ends_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    schedule_id: Mapped[int] = mapped_column(ForeignKey("oncall_schedule.id"))
    kind: Mapped[str]
    lane: Mapped[int] = mapped_column(default=1)
    """1 rings first, 2 is the backup; a plan is for all."""
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id"))
    """Who is on call by it; None for remove and plan."""
    replaced_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id"))
    """Whose shifts it changes, for remove, replace and swap."""
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    """Moved to now when it is taken back while it runs: what has been stays."""
    taken_starts_at: Mapped[datetime | None]
    """The part of a swap that was taken; None for all of it."""
    taken_ends_at: Mapped[datetime | None]
    plan: Mapped[Json] = mapped_column(default=dict)
    """{} or {"shifts": [{"agent", "lane", "start", "end"}]} of a temporary plan."""
    reason: Mapped[str] = mapped_column(default="")
    request_id: Mapped[int | None] = mapped_column(ForeignKey("oncall_request.id"))
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id"))
    created_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    """When it was taken back before it began; it has never changed anything then."""

    agent: Mapped[Agent | None] = relationship(foreign_keys=[agent_id], lazy="raise")
    replaced: Mapped[Agent | None] = relationship(foreign_keys=[replaced_id], lazy="raise")


class OnCallAbsence(Base):
    """When somebody is away, whatever schedule they are in."""

    __tablename__ = "oncall_absence"
    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="span"),
        Index("ix_oncall_absence_agent_id_ends_at", "agent_id", "ends_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    agent_id: Mapped[int] = mapped_column(ForeignKey("agent.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]


class OnCallRequest(Base):
    """Somebody is asked to take a span: a gap to fill, a shift to take over, or one to swap for another."""

    __tablename__ = "oncall_request"
    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="span"),
        CheckConstraint("(return_starts_at IS NULL) = (return_ends_at IS NULL)", name="return"),
        Index("ix_oncall_request_schedule_id_ends_at", "schedule_id", "ends_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    schedule_id: Mapped[int] = mapped_column(ForeignKey("oncall_schedule.id"))
    lane: Mapped[int]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    giver_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id"))
    """Whose shift it is; None for a gap."""
    return_starts_at: Mapped[datetime | None]
    """The span the giver takes in return, in a swap."""
    return_ends_at: Mapped[datetime | None]
    asked_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), default=list)
    """Who is asked; the first who says yes has it."""
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("agent.id"))
    created_at: Mapped[datetime]
    taken_by_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id"))
    taken_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]


class OnCallFeed(Base):
    """The address of one person's calendar feed; made anew to close the old one."""

    __tablename__ = "oncall_feed"

    agent_id: Mapped[int] = mapped_column(ForeignKey("agent.id"), primary_key=True)
    token: Mapped[str] = mapped_column(unique=True)
    made_at: Mapped[datetime]


class OnCallGap(Base):
    """A gap that the team was told of, so that it is told once; closed when it is there no more."""

    __tablename__ = "oncall_gap"
    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="span"),
        Index(
            "uq_oncall_gap_open", "schedule_id", "lane", "starts_at", unique=True,
            postgresql_where=text("closed_at IS NULL"),
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    schedule_id: Mapped[int] = mapped_column(ForeignKey("oncall_schedule.id"))
    lane: Mapped[int]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    """As far as it was known when it was told."""
    told_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
