"""What hours and wakes of people cost, from a day on; the first table of money that is not an agreement's."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.db import Base

KINDS = {
    "work": "An hour of work",
    "standby": "An hour on call",
    "night": "A page at night",
    "billed": "An hour, as it is sold",
}
"""The first three are what it costs us; the last is what a customer pays where the agreement names no price."""


class MoneyRate(Base):
    """A rate that holds from a day on, until the next of the same kind for the same. It is never changed.

    It is a person's, or a team's, or everybody's where neither is named. None: from that day on it has none of its own.
    """

    __tablename__ = "money_rate"
    __table_args__ = (
        CheckConstraint(f"kind IN {tuple(KINDS)}", name="kind"),
        CheckConstraint("agent_id IS NULL OR team_id IS NULL", name="whose"),
        CheckConstraint("cents >= 0", name="cents"),
        Index("ix_money_rate_kind", "kind", "valid_from", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id"))
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    valid_from: Mapped[date]
    """A day of the zone of reports."""
    cents: Mapped[int | None]
    """Hundredths of the currency, for an hour or for a page."""
    currency: Mapped[str]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id"))
    created_at: Mapped[datetime]
