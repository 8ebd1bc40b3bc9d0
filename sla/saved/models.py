"""Reports that have a name, when their tables are mailed to whom, and every such mail, once for each due instant."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.db import Base, Json
from helpdesk.people.models import Agent

STATES = ("waiting", "sent", "skipped", "missed")


class SavedReport(Base):
    """An address somebody named. Removed ones stay, so that removing can be undone."""

    __tablename__ = "saved_report"
    __table_args__ = (Index("ix_saved_report_owner_id", "owner_id", postgresql_where=text("removed_at IS NULL")),)

    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("agent.id"))
    name: Mapped[str]
    table_key: Mapped[str]
    """The key of its `helpdesk.sheets.values.Export`, which knows the page it stands on."""
    query: Mapped[str]
    """What is asked, as the page's address says it."""
    is_shared: Mapped[bool]
    created_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]

    owner: Mapped[Agent] = relationship(lazy="raise")


class ReportSchedule(Base):
    """When the table of a report is mailed, and to whom; its next instant stands in `next_at` alone."""

    __tablename__ = "report_schedule"
    __table_args__ = (
        CheckConstraint("next_at IS NULL OR (paused_at IS NULL AND removed_at IS NULL)", name="next"),
        Index("ix_report_schedule_next_at", "next_at", "id", postgresql_where=text("next_at IS NOT NULL")),
        Index("ix_report_schedule_report_id", "report_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("saved_report.id"))
    owner_id: Mapped[int] = mapped_column(ForeignKey("agent.id"))
    plan: Mapped[Json]
    """As `sla.saved.plans` writes it."""
    before: Mapped[Json | None]
    """The plan before the last edit, until that is undone."""
    next_at: Mapped[datetime | None]
    """None while it is paused or removed."""
    paused_at: Mapped[datetime | None]
    pause_reason: Mapped[str] = mapped_column(default="")
    """Why it paused itself; empty where somebody paused it."""
    created_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]

    report: Mapped[SavedReport] = relationship(lazy="raise")
    owner: Mapped[Agent] = relationship(lazy="raise")


class ReportSending(Base):
    """One mail of a schedule: to one person, for one due instant, never a second time."""

    __tablename__ = "report_sending"
    __table_args__ = (
        UniqueConstraint("schedule_id", "due_at", "agent_id"),
        CheckConstraint(f"state IN {STATES}", name="state"),
        CheckConstraint("(state = 'sent') = (delivery_id IS NOT NULL)", name="delivery"),
        Index("ix_report_sending_waiting", "id", postgresql_where=text("state = 'waiting'")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    schedule_id: Mapped[int] = mapped_column(ForeignKey("report_schedule.id"))
    due_at: Mapped[datetime]
    agent_id: Mapped[int] = mapped_column(ForeignKey("agent.id"))
    is_test: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(default="waiting")
    """missed: it was due so long ago, while nothing ran, that it is not sent any more."""
    reason: Mapped[str] = mapped_column(default="")
    """Why it was skipped, in words for people."""
    tries: Mapped[int] = mapped_column(default=0)
    tried_at: Mapped[datetime]
    delivery_id: Mapped[int | None] = mapped_column(BigInteger)
