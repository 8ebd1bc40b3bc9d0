"""Statements that were issued, and the keys they are signed with. Neither is ever changed or deleted."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.db import Base, Json


class SigningKey(Base):
    """An Ed25519 key of this installation; the newest signs, all of them are published."""

    __tablename__ = "signing_key"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    """Its thumbprint (RFC 7638), by which statements name it."""
    public: Mapped[str]
    """32 bytes in base64url without padding, as in RFC 8037."""
    sealed: Mapped[str]
    """The private half, sealed by the vault."""
    created_at: Mapped[datetime]


class Statement(Base):
    """One revision of a month's statement; what it says is a file named by its digest."""

    __tablename__ = "statement"
    __table_args__ = (
        CheckConstraint("EXTRACT(day FROM month) = 1", name="month"),
        CheckConstraint("(revision = 1) = (corrects_id IS NULL)", name="corrects"),
        Index(
            "uq_statement_revision",
            *("organization_id", text("COALESCE(contract_id, 0)"), "month", "revision"),
            unique=True,
        ),
        Index("ix_statement_contract_id", "contract_id", "month"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    contract_id: Mapped[int | None] = mapped_column(ForeignKey("contract.id"))
    """None: of all agreements of the customer."""
    month: Mapped[date]
    """Its first day."""
    revision: Mapped[int]
    corrects_id: Mapped[int | None] = mapped_column(ForeignKey("statement.id"))
    reason: Mapped[str] = mapped_column(default="")
    """Why it was corrected."""
    sha256: Mapped[str]
    """Names the file in the blob store."""
    figures: Mapped[Json]
    """As the file has them, for lists."""
    issued_at: Mapped[datetime]
    issued_by_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id"))
    """None: by the scheduler."""
