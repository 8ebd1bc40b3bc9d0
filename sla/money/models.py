"""What hours and wakes of people cost, from a day on; and what the days of money add up to."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index
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


class MoneySum(Base):
    """What the facts of a day, or of a month, add up to for a customer and an agreement; 0 is none of them.

    Days are written from the facts only, months from their days in the same transaction.
    """

    __tablename__ = "money_sum"
    __table_args__ = (
        CheckConstraint("span IN ('day', 'month')", name="span"),
        Index("ix_money_sum_organization_id", "organization_id", "span", "day"),
        Index("ix_money_sum_contract_id", "contract_id", "span", "day"),
    )

    span: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    """Of a month its first."""
    organization_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    contract_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(primary_key=True)
    currency: Mapped[str] = mapped_column(primary_key=True)
    """Empty of the facts whose rate or price is not known; these have no cents."""
    cents: Mapped[int] = mapped_column(BigInteger)
    many: Mapped[int]
    """How many facts."""
    amount: Mapped[int] = mapped_column(BigInteger)
    """Minutes or pages, as the kind counts."""


class MoneyAnswered(Base):
    """How many tickets without time were answered on a day, or first in a month, and before that last on another day.

    From these follows how many different ones there were in any days: those with none of these days before.
    """

    __tablename__ = "money_answered"
    __table_args__ = (
        CheckConstraint("span IN ('day', 'month')", name="span"),
        Index("ix_money_answered_organization_id", "organization_id", "span", "day"),
        Index("ix_money_answered_contract_id", "contract_id", "span", "day"),
    )

    span: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    """Of a month its first."""
    before: Mapped[date] = mapped_column(primary_key=True)
    """The first day of all where there is none before."""
    organization_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    contract_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    many: Mapped[int]


class MoneyMark(Base):
    """A fact, or what facts are counted by, has changed: these days are to be added up anew. Written by triggers.

    Which days a ticket, an agreement or a person has is looked up when the mark is read, never when it is written.
    """

    __tablename__ = "money_mark"

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int | None] = mapped_column(BigInteger)
    """With all that it was merged with."""
    contract_id: Mapped[int | None] = mapped_column(BigInteger)
    agent_id: Mapped[int | None] = mapped_column(BigInteger)
    """The pages of a person."""
    since: Mapped[date | None]
    """Of an agreement: its days from there on. Else the days from there up to but without `until`."""
    until: Mapped[date | None]
