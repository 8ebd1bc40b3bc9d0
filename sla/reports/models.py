"""What reports count: each promise decided, how many a day were; and what managers decided about running ones."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.db import Base, Json

OUTCOMES = ("kept", "broken", "void")


class PromiseOutcome(Base):
    """A commitment that was kept or broken, with whom and what it is counted for, as these were at that instant.

    A ticket that moves to another team later takes nothing along: the team that held it then is the one counted.
    """

    __tablename__ = "promise_outcome"
    __table_args__ = (
        CheckConstraint(f"outcome IN {OUTCOMES}", name="outcome"),
        Index("ix_promise_outcome_day", "day", postgresql_include=["outcome", "organization_id"]),
        Index("ix_promise_outcome_organization_id", "organization_id", "day"),
        Index("ix_promise_outcome_contract_id", "contract_id", "day", postgresql_where=text("contract_id IS NOT NULL")),
        Index("ix_promise_outcome_promise", "promise", "day"),
        Index("ix_promise_outcome_product", "product", "day", postgresql_where=text("product <> ''")),
        Index("ix_promise_outcome_agent_id", "agent_id", "day"),
        Index("ix_promise_outcome_broken", "day", "hour", postgresql_where=text("outcome = 'broken'")),
        Index("ix_promise_outcome_untallied", "day", "tallied_day", postgresql_where=text("NOT is_tallied")),
        Index("ix_promise_outcome_ticket_id", "ticket_id"),
    )

    commitment_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """No foreign key, nor the next: a ticket that is withdrawn goes, and what was counted of it is void."""
    ticket_id: Mapped[int] = mapped_column(BigInteger)
    outcome: Mapped[str]
    """Kept, broken, or void: it was decided, and that was taken back."""
    is_excused: Mapped[bool] = mapped_column(default=False)
    settled_at: Mapped[datetime]
    """When it was kept, or when it broke."""
    day: Mapped[date]
    """The day of `settled_at` in the brand's zone."""
    hour: Mapped[int] = mapped_column(SmallInteger)
    """The hour of the week of `settled_at` there: 0 from Monday 00:00, 167 to Sunday 24:00."""
    metric: Mapped[str]
    promise: Mapped[str]
    """Which one, under any version of who makes it: "c12:4.2" is 4.2 of contract 12, "p3:update" news by policy 3."""
    priority: Mapped[int]
    organization_id: Mapped[int | None] = mapped_column(BigInteger)
    contract_id: Mapped[int | None] = mapped_column(BigInteger)
    team_id: Mapped[int | None] = mapped_column(BigInteger)
    agent_id: Mapped[int | None] = mapped_column(BigInteger)
    channel_kind: Mapped[str]
    product: Mapped[str] = mapped_column(default="")
    """Model of the unit confirmed on the ticket."""
    left_seconds: Mapped[int]
    """Business seconds that were left of the target; negative: over it; 0 while a broken one is still owed."""
    is_tallied: Mapped[bool] = mapped_column(default=False)
    """Its day's tallies have it as it is."""
    tallied_day: Mapped[date | None]
    """The day whose tallies it was last counted in."""


class PromiseDay(Base):
    """How many promises were decided on a day, for one value of one dimension; written from the outcomes only."""

    __tablename__ = "promise_day"
    __table_args__ = (Index("ix_promise_day_key", "dimension", "key", "day"),)

    dimension: Mapped[str] = mapped_column(primary_key=True)
    """"all", or one of `sla.reports.dimensions`."""
    day: Mapped[date] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    """The value as text; empty where there is none, and for "all"."""
    kept: Mapped[int]
    broken: Mapped[int]
    excused: Mapped[int]
    """Of the broken ones."""


class PromiseDecision(Base):
    """What a manager decided about a promise at risk: to leave it alone, or to promise again. Taken back, it stays."""

    __tablename__ = "promise_decision"
    __table_args__ = (
        CheckConstraint("kind IN ('left', 'again')", name="kind"),
        Index(
            "uq_promise_decision_standing",
            "commitment_id",
            unique=True,
            postgresql_where=text("undone_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    commitment_id: Mapped[int] = mapped_column(BigInteger)
    """No foreign key: a ticket that is withdrawn goes, and nothing is asked of its promises any more."""
    kind: Mapped[str]
    words: Mapped[str]
    """Why it is left alone; or the new sentence, as the customer got it."""
    until: Mapped[datetime | None]
    """When what was promised again falls due."""
    message_id: Mapped[int | None] = mapped_column(BigInteger)
    """The reply that told the customer."""
    at: Mapped[datetime]
    by_id: Mapped[int] = mapped_column(ForeignKey("agent.id"))
    undone_at: Mapped[datetime | None]


class Forecast(Base):
    """What was expected to slip within a day, as it was told then: never changed, so that it can be judged."""

    __tablename__ = "forecast"
    __table_args__ = (Index("ix_forecast_made_at", "made_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    made_at: Mapped[datetime]
    until: Mapped[datetime]
    """It is about promises that fall due before this."""
    is_judged: Mapped[bool]
    """The first of its day in the brand's zone; the others are forgotten once there is a newer one."""
    mean: Mapped[float]
    low: Mapped[int]
    high: Mapped[int]
    """Of how many slip; at least four times in five it lies between them, both counted."""
    usual: Mapped[float]
    """The share that slipped in the four weeks before: what somebody would say who looks at nothing else."""
    picture: Mapped[Json]
    """As `sla.reports.outlook` writes and reads it."""


class ForecastItem(Base):
    """How likely one promise was to slip."""

    __tablename__ = "forecast_item"

    forecast_id: Mapped[int] = mapped_column(ForeignKey("forecast.id", ondelete="CASCADE"), primary_key=True)
    commitment_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    slips: Mapped[float]
