"""Agreements: a contract, its dated versions with coverage lines and clauses, prepaid balances, time and credits."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.db import Base, Json
from helpdesk.people.models import Organization
from sla.policies.models import Clause

KINDS = {
    "support": "Support",
    "maintenance": "Maintenance",
    "warranty": "Warranty extension",
    "hours": "Prepaid hours",
    "incidents": "Prepaid incidents",
    "outcome": "Outcome",
    "rental": "Rental",
}
STATES = ("draft", "active", "suspended", "cancelled", "renewed")
"""What people say of it; that it has expired follows from its end date."""


class Contract(Base):
    """An agreement with a customer; what it says is in its versions. Never deleted."""

    __tablename__ = "contract"
    __table_args__ = (UniqueConstraint("number"), Index("ix_contract_organization_id", "organization_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    number: Mapped[str]
    external_ref: Mapped[str] = mapped_column(default="")
    renews_id: Mapped[int | None] = mapped_column(ForeignKey("contract.id"))
    created_at: Mapped[datetime]

    organization: Mapped[Organization] = relationship(lazy="raise")
    versions: Mapped[list[ContractVersion]] = relationship(
        back_populates="contract", lazy="raise", order_by="ContractVersion.number"
    )


class ContractVersion(Base):
    """What a contract says from one instant on, until its next version; a ticket is judged by what was in force."""

    __tablename__ = "contract_version"
    __table_args__ = (
        UniqueConstraint("contract_id", "number"),
        CheckConstraint("ends_on >= starts_on", name="term"),
        CheckConstraint(f"kind IN {tuple(KINDS)}", name="kind"),
        CheckConstraint(f"state IN {STATES}", name="state"),
        CheckConstraint("renewal IN ('never', 'tacit', 'express')", name="renewal"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    contract_id: Mapped[int] = mapped_column(ForeignKey("contract.id"))
    number: Mapped[int]
    valid_from: Mapped[datetime]
    """UTC."""
    name: Mapped[str]
    """The plan, as the customer knows it: "Gold 24x7". Policies match on it."""
    kind: Mapped[str]
    state: Mapped[str] = mapped_column(default="active")
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    """The last day, to 24:00 in `zone`."""
    zone: Mapped[str]
    renewal: Mapped[str] = mapped_column(default="never")
    notice_months: Mapped[int] = mapped_column(default=0)
    value_cents: Mapped[int | None]
    """The fee of one period; None where nobody said, 0 where there is none."""
    currency: Mapped[str] = mapped_column(default="USD")
    period: Mapped[str] = mapped_column(default="year")
    """month, quarter or year: what `value_cents` pays for."""
    hour_cents: Mapped[int | None]
    """What an hour of work costs the customer that nothing bought ahead pays; None where nobody said."""
    outcome: Mapped[Json] = mapped_column(default=dict)
    """{} or {"words", "promised", "measured"}: what an outcome contract is about."""
    pauses_when_suspended: Mapped[bool] = mapped_column(default=False)
    """Whether running promises pause while it is suspended; else they go on."""
    credit_cap_percent: Mapped[int] = mapped_column(default=100)
    """Credits of a period never exceed this share of its fee."""
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id"))
    created_at: Mapped[datetime]

    contract: Mapped[Contract] = relationship(back_populates="versions", lazy="raise")
    lines: Mapped[list[CoverageLine]] = relationship(lazy="raise", order_by="CoverageLine.position")
    clauses: Mapped[list[Clause]] = relationship(lazy="raise", order_by="Clause.position")


class CoverageLine(Base):
    """What a version of a contract covers: everything of the customer, or some sites, assets, models and work."""

    __tablename__ = "coverage_line"
    __table_args__ = (Index("ix_coverage_line_contract_version_id", "contract_version_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    contract_version_id: Mapped[int] = mapped_column(ForeignKey("contract_version.id"))
    position: Mapped[int]
    name: Mapped[str]
    site_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), default=list, server_default="{}")
    asset_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), default=list, server_default="{}")
    models: Mapped[list[str]] = mapped_column(ARRAY(String), default=list, server_default="{}")
    works: Mapped[list[str]] = mapped_column(ARRAY(String), default=list, server_default="{}")
    """Tags of the work covered; empty means any. All lists empty: the whole customer."""
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    """Narrower than the contract's term where given."""
    calendar_id: Mapped[int | None] = mapped_column(ForeignKey("calendar.id"))
    """Covered only for what arrives in these hours; None covers any time."""
    fills_gaps: Mapped[bool] = mapped_column(default=False)
    """Metrics it lacks come from the next cover (contract, warranty or policy)."""


class PrepaidBalance(Base):
    """Incidents or hours bought ahead under a contract; what is left is the sum of its entries."""

    __tablename__ = "prepaid_balance"
    __table_args__ = (
        CheckConstraint("unit IN ('incidents', 'minutes')", name="unit"),
        Index("ix_prepaid_balance_contract_id", "contract_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    contract_id: Mapped[int] = mapped_column(ForeignKey("contract.id"))
    unit: Mapped[str]
    bought: Mapped[int]
    bought_on: Mapped[date]
    expires_on: Mapped[date | None]
    round_to: Mapped[int] = mapped_column(default=1)
    """Minutes a debit is rounded up to."""
    grace: Mapped[int] = mapped_column(default=0)
    """Minutes over a step that are forgiven."""
    least: Mapped[int] = mapped_column(default=0)
    """The smallest debit."""
    warn_percent: Mapped[int] = mapped_column(default=80)
    price_cents: Mapped[int | None]
    """What was paid for all of it; None where nobody said, 0 where the fee pays for it."""
    currency: Mapped[str] = mapped_column(default="USD", server_default="USD")
    created_at: Mapped[datetime]


class PrepaidEntry(Base):
    """A debit or its reversal; append-only. `key` says what for, so that nothing is drawn twice."""

    __tablename__ = "prepaid_entry"
    __table_args__ = (
        UniqueConstraint("balance_id", "key"),
        Index("ix_prepaid_entry_ticket_id", "ticket_id"),
        Index("ix_prepaid_entry_at", "at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    balance_id: Mapped[int] = mapped_column(ForeignKey("prepaid_balance.id"))
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"))
    key: Mapped[str]
    amount: Mapped[int]
    """Units drawn; negative gives back."""
    reason: Mapped[str]
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id"))
    at: Mapped[datetime]


class TimeEntry(Base):
    """Time somebody worked on a ticket. It is never changed: what was wrong is taken back, and noted again."""

    __tablename__ = "time_entry"
    __table_args__ = (
        UniqueConstraint("ticket_id", "key"),
        CheckConstraint("minutes > 0 AND drawn >= 0", name="minutes"),
        Index("ix_time_entry_day", "day", postgresql_where=text("returned_at IS NULL")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    """Where it was noted; it counts for the ticket this one was merged into, as long as it is."""
    key: Mapped[str]
    """Names the form it came from, so that nothing is noted twice."""
    agent_id: Mapped[int] = mapped_column(ForeignKey("agent.id"))
    """Who worked."""
    noted_by_id: Mapped[int] = mapped_column(ForeignKey("agent.id"))
    day: Mapped[date]
    """The day of the work as it was typed; it has no zone."""
    minutes: Mapped[int]
    what: Mapped[str]
    is_billable: Mapped[bool]
    """It is drawn from what was bought ahead, or to be paid for; else nobody pays for it but us."""
    drawn: Mapped[int] = mapped_column(default=0)
    """Minutes that stand as drawn for it in the ledger."""
    at: Mapped[datetime]
    """When it was noted."""
    returned_at: Mapped[datetime | None]
    returned_by_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id"))


class Credit(Base):
    """What a broken promise costs us: proposed on the break, posted once, or excused by name and reason."""

    __tablename__ = "credit"
    __table_args__ = (
        UniqueConstraint("commitment_id"),
        CheckConstraint("state IN ('proposed', 'posted', 'excused')", name="state"),
        Index("ix_credit_contract_id", "contract_id"),
        Index("ix_credit_open", "state", "id", postgresql_where=text("state = 'proposed'")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    commitment_id: Mapped[int] = mapped_column(ForeignKey("commitment.id"))
    contract_id: Mapped[int] = mapped_column(ForeignKey("contract.id"))
    amount_cents: Mapped[int]
    currency: Mapped[str]
    rule: Mapped[Json]
    """The clause's rule and the numbers it was computed from, as they were at the break."""
    state: Mapped[str] = mapped_column(default="proposed")
    reason: Mapped[str] = mapped_column(default="")
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id"))
    decided_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
