"""Policies and their clauses; a clause belongs to a version of a policy or of a contract."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ARRAY, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.db import Base, Json
from sla.calendars.models import Calendar

METRICS = {
    "first_response": "a person answers",
    "next_response": "a person answers again",
    "update": "news",
    "wait": "done, not counting their own time",
    "work": "worked on",
    "resolution": "fixed",
    "restore": "running again",
    "ownership": "somebody takes it",
    "on_site": "an engineer on site",
}
"""Each metric with the words its promise is about; the semantics are in `sla.commitments.clock`."""

WAITING = ("customer", "part", "someone")


class SLAPolicy(Base):
    """A named, ranked set of promises; what it says is in its versions. Never deleted, only set aside."""

    __tablename__ = "sla_policy"
    __table_args__ = (Index("uq_sla_policy_name", text("lower(name)"), unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    rank: Mapped[int]
    """Place in the list: the first that matches wins."""
    created_at: Mapped[datetime]
    archived_at: Mapped[datetime | None]

    versions: Mapped[list[PolicyVersion]] = relationship(
        back_populates="policy", lazy="raise", order_by="PolicyVersion.number"
    )


class PolicyVersion(Base):
    """What a policy says: a draft until `valid_from` is set, then in force until the next version."""

    __tablename__ = "policy_version"
    __table_args__ = (
        UniqueConstraint("policy_id", "number"),
        Index("uq_policy_version_draft", "policy_id", unique=True, postgresql_where=text("valid_from IS NULL")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    policy_id: Mapped[int] = mapped_column(ForeignKey("sla_policy.id"))
    number: Mapped[int]
    valid_from: Mapped[datetime | None]
    """UTC; None while it is a draft. At most one draft a policy."""
    conditions: Mapped[Json] = mapped_column(default=dict)
    """{"all": [{"field", "is": [values]} or {"field", "not": [values]}]}; fields are in `sla.policies.matching`."""
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id"))
    created_at: Mapped[datetime]

    policy: Mapped[SLAPolicy] = relationship(back_populates="versions", lazy="raise")
    clauses: Mapped[list[Clause]] = relationship(lazy="raise", order_by="Clause.position")


class Clause(Base):
    """One promise in general, in the customer's words, with what it is counted by."""

    __tablename__ = "clause"
    __table_args__ = (
        CheckConstraint("(policy_version_id IS NULL) <> (contract_version_id IS NULL)", name="owner"),
        CheckConstraint(f"metric IN {tuple(METRICS)}", name="metric"),
        CheckConstraint("target_seconds >= 0", name="target"),
        CheckConstraint("warn_percent BETWEEN 1 AND 100", name="warn"),
        CheckConstraint("zone_source IN ('calendar', 'site', 'contact')", name="zone"),
        Index("ix_clause_policy_version_id", "policy_version_id"),
        Index("ix_clause_contract_version_id", "contract_version_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    policy_version_id: Mapped[int | None] = mapped_column(ForeignKey("policy_version.id"))
    contract_version_id: Mapped[int | None] = mapped_column(ForeignKey("contract_version.id"))
    coverage_line_id: Mapped[int | None] = mapped_column(ForeignKey("coverage_line.id"))
    """Only for what this line of the contract covers; None for the whole contract."""
    position: Mapped[int]
    number: Mapped[str] = mapped_column(default="")
    """As the agreement numbers it: "4.2"."""
    words: Mapped[str]
    """In the customer's words: "A person answers within two working hours."."""
    metric: Mapped[str]
    target_seconds: Mapped[int]
    targets: Mapped[Json] = mapped_column(default=dict)
    """Priority ("low", "normal", "high", "urgent") -> business seconds, where it differs from `target_seconds`."""
    calendar_id: Mapped[int | None] = mapped_column(ForeignKey("calendar.id"))
    """None counts around the clock."""
    zone_source: Mapped[str] = mapped_column(default="calendar")
    """Whose zone the calendar's wall times are read in."""
    pauses: Mapped[list[str]] = mapped_column(ARRAY(String), default=list, server_default="{}")
    """Waiting for whom stops the clock: customer, part, someone."""
    warn_percent: Mapped[int] = mapped_column(default=75)
    credit: Mapped[Json] = mapped_column(default=dict)
    """{} or {"kind": "amount" | "percent", "value", "cap"}: what a break costs us, see `sla.contracts.credits`."""

    calendar: Mapped[Calendar | None] = relationship(lazy="raise")
