"""The decision what covers a ticket, with its reason and what lost; and the equipment a ticket is about."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.db import Base, Json
from helpdesk.tickets.models import Ticket
from sla.assets.models import Asset


class Entitlement(Base):
    """What is owed on a ticket and why. A correction adds a row; the one before stays, with `replaced_at`."""

    __tablename__ = "entitlement"
    __table_args__ = (
        CheckConstraint("source IN ('contract', 'warranty', 'policy', 'none')", name="source"),
        Index("uq_entitlement_current", "ticket_id", unique=True, postgresql_where=text("replaced_at IS NULL")),
        Index("ix_entitlement_ticket_id", "ticket_id"),
        Index("ix_entitlement_contract_version_id", "contract_version_id"),
        Index("ix_entitlement_policy_version_id", "policy_version_id", "ticket_id"),
        Index(
            "ix_entitlement_source",
            "source",
            "ticket_id",
            postgresql_where=text("replaced_at IS NULL AND source IN ('warranty', 'none')"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    source: Mapped[str]
    contract_version_id: Mapped[int | None] = mapped_column(ForeignKey("contract_version.id"))
    coverage_line_id: Mapped[int | None] = mapped_column(ForeignKey("coverage_line.id"))
    warranty_id: Mapped[int | None] = mapped_column(ForeignKey("warranty.id"))
    policy_version_id: Mapped[int | None] = mapped_column(ForeignKey("policy_version.id"))
    """Where its clauses come from when they are not the contract's own."""
    clause_ids: Mapped[Json] = mapped_column(default=dict)
    """{"ids": [...]}: every clause promised, in order."""
    billable: Mapped[bool] = mapped_column(default=False)
    """Nothing covers the work, or what was bought ahead is used up."""
    reason: Mapped[str]
    """One sentence for the agent."""
    alternatives: Mapped[Json] = mapped_column(default=dict)
    """{"lost": [{"what", "why"}, ...]}: what could have covered it, and why it did not."""
    judged_at: Mapped[datetime]
    """The instant coverage was decided for: the arrival of the request."""
    decided_at: Mapped[datetime]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id"))
    """None when the product decided."""
    replaced_at: Mapped[datetime | None]

    ticket: Mapped[Ticket] = relationship(lazy="raise")


class TicketAsset(Base):
    """A unit a ticket is about: a guess from a serial in its words until an agent confirms it."""

    __tablename__ = "ticket_asset"
    __table_args__ = (
        CheckConstraint("state IN ('guess', 'confirmed', 'dismissed')", name="state"),
        Index("ix_ticket_asset_asset_id", "asset_id"),
    )

    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True)
    asset_id: Mapped[int] = mapped_column(ForeignKey("asset.id"), primary_key=True)
    state: Mapped[str] = mapped_column(default="guess")
    message_id: Mapped[int | None]
    """Whose words named it."""
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id"))
    created_at: Mapped[datetime]

    asset: Mapped[Asset] = relationship(lazy="raise")
    ticket: Mapped[Ticket] = relationship(lazy="raise")
