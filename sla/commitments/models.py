"""A clause promised on a ticket: one row for each cycle of its clock, always equal to the replay of the events."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.db import Base, Json
from helpdesk.tickets.models import Ticket
from sla.policies.models import Clause

OUTCOMES = ("running", "paused", "kept", "broken", "void")
DECIDED = ("kept", "broken")
"""What is counted in figures, from the moment such a row is added to the session or changed in it."""


class Commitment(Base):
    """One cycle of one clause on one ticket. Instants are UTC; seconds are business seconds of its calendar."""

    __tablename__ = "commitment"
    __table_args__ = (
        UniqueConstraint("ticket_id", "clause_id", "cycle"),
        CheckConstraint(f"outcome IN {OUTCOMES}", name="outcome"),
        Index("ix_commitment_fires_at", "fires_at", "id", postgresql_where=text("fires_at IS NOT NULL")),
        Index("ix_commitment_clause_id", "clause_id"),
        Index(
            "ix_commitment_open_due_at",
            "due_at",
            "id",
            postgresql_where=text("ended_at IS NULL AND due_at IS NOT NULL"),
        ),
        Index("ix_commitment_broken_at", "broken_at", postgresql_where=text("broken_at IS NOT NULL")),
        Index("ix_commitment_breaks_at", "breaks_at", "id", postgresql_where=text("outcome = 'running'")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    entitlement_id: Mapped[int] = mapped_column(ForeignKey("entitlement.id"))
    clause_id: Mapped[int] = mapped_column(ForeignKey("clause.id"))
    cycle: Mapped[int]
    """1 for the first."""
    metric: Mapped[str]
    outcome: Mapped[str]
    target_seconds: Mapped[int]
    started_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    """Shown and sorted by: the closing instant when the target ends on the last open second; None while paused."""
    breaks_at: Mapped[datetime | None]
    """Broken after this: `due_at` when that is inside hours, else the next opening."""
    warns_at: Mapped[datetime | None]
    fires_at: Mapped[datetime | None]
    """What the sweep looks for: the next of warning and break that has not been recorded; None when there is none."""
    ended_at: Mapped[datetime | None]
    """When it was kept, late or not, or void."""
    broken_at: Mapped[datetime | None]
    """The first open instant after it was due; stays, whatever changes later."""
    broken_on_change: Mapped[bool] = mapped_column(default=False)
    """It was late already when a change of priority or promise made it so."""
    warned_at: Mapped[datetime | None]
    elapsed_seconds: Mapped[int] = mapped_column(default=0)
    """Business seconds used, up to the last event."""
    excused_at: Mapped[datetime | None]
    excused_by_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id"))
    excuse: Mapped[str] = mapped_column(default="")

    ticket: Mapped[Ticket] = relationship(lazy="raise")
    clause: Mapped[Clause] = relationship(lazy="raise")

    @property
    def is_open(self) -> bool:
        return self.ended_at is None


class WhatIf(Base):
    """A draft of a policy replayed over past tickets; it holds all it needs, so that an edit does not change it."""

    __tablename__ = "what_if"
    __table_args__ = (
        CheckConstraint("state IN ('running', 'done', 'stopped')", name="state"),
        Index("ix_what_if_policy_id", "policy_id", "id"),
        Index("ix_what_if_running", "moved_at", postgresql_where=text("state = 'running'")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    policy_id: Mapped[int] = mapped_column(ForeignKey("sla_policy.id"))
    draft: Mapped[Json]
    """As `sla.policies.drafting.as_json` writes it."""
    fingerprint: Mapped[str]
    since: Mapped[datetime]
    at: Mapped[datetime]
    """Promises are judged as of this instant."""
    state: Mapped[str] = mapped_column(default="running")
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    after: Mapped[int] = mapped_column(default=0)
    """The id of the last ticket replayed."""
    result: Mapped[Json] = mapped_column(default=dict)
    """{"now": {"kept", "late"}, "then": {"kept", "late"}, "changed": {"later", "sooner"}, "later": [ids of tickets late
    only with the draft], "sooner": [ids of those late only without it]}; the lists end after a thousand."""
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id"))
    moved_at: Mapped[datetime]
