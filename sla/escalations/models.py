"""How people are reached, what happens when a promise is in danger, and the record of every run and page."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.db import Base, Json
from helpdesk.outbox import Delivery
from helpdesk.people.models import Agent
from helpdesk.tickets.models import Ticket

METHODS = {
    "email": "mail",
    "slack": "Slack message",
    "sms": "text message",
    "call": "phone call",
    "push": "browser notification",
}
"""Each kind of contact method with its word on screen."""

CAUSES = {
    "warning": "a promise is near its end",
    "break": "a promise was not kept in time",
    "arrival": "a ticket arrived",
    "device": "a machine raised an alarm",
}

STATES = ("holding", "running", "acknowledged", "ended")


class ContactMethod(Base):
    """One way to reach an agent when they are on call. Used only once it is verified."""

    __tablename__ = "contact_method"
    __table_args__ = (
        CheckConstraint(f"kind IN {tuple(METHODS)}", name="kind"),
        CheckConstraint("delay_seconds >= 0", name="delay"),
        Index(
            "uq_contact_method_address",
            "agent_id",
            "kind",
            "address",
            unique=True,
            postgresql_where=text("removed_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    agent_id: Mapped[int] = mapped_column(ForeignKey("agent.id"))
    kind: Mapped[str]
    address: Mapped[str]
    """A mail address, a Slack user id, a number in E.164, or the name of a browser: "Chrome on Linux, 3f9a12"."""
    details: Mapped[Json] = mapped_column(default=dict)
    """{}; of a browser {"mark", "subscription"}, the latter as `helpdesk.people.subscriptions` seals it; {"is_gone"}
    when its push service said that nothing reaches it any more."""
    delay_seconds: Mapped[int] = mapped_column(default=0)
    """How long after the page begins this one is tried, unless it was acknowledged by then."""
    verified_at: Mapped[datetime | None]
    code_hash: Mapped[str] = mapped_column(default="")
    """Of the code that was sent last, until it is typed in."""
    code_sent_at: Mapped[datetime | None]
    code_tries: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]

    @property
    def is_gone(self) -> bool:
        return bool(self.details and self.details.get("is_gone"))


class QuietHours(Base):
    """When an agent wants nothing but what is urgent, in their own zone. From after until: over midnight."""

    __tablename__ = "quiet_hours"

    agent_id: Mapped[int] = mapped_column(ForeignKey("agent.id"), primary_key=True)
    begins: Mapped[str]
    """ "22:00"."""
    ends: Mapped[str]


class EscalationPolicy(Base):
    """Who is woken, in which order, for what. A run holds its own copy: an edit changes only later runs."""

    __tablename__ = "escalation_policy"
    __table_args__ = (
        CheckConstraint("runs IN ('always', 'out_of_hours')", name="runs"),
        Index("uq_escalation_policy_name", text("lower(name)"), unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    rank: Mapped[int]
    """Place in the list: the first that fits is taken."""
    starts: Mapped[Json] = mapped_column(default=dict)
    """{"causes": [keys of CAUSES], "metrics": [], "sources": [kinds of entitlement], "policies": [ids],
    "contracts": [ids], "priorities": [], "teams": [ids]}; an empty list or a missing key fits everything."""
    runs: Mapped[str] = mapped_column(default="out_of_hours")
    holds: Mapped[bool] = mapped_column(default=False)
    """Wakes nobody while the hours it is counted in are closed: the run waits until they begin."""
    plan: Mapped[Json] = mapped_column(default=dict)
    """The steps and their times, as `sla.escalations.plans` reads them."""
    created_at: Mapped[datetime]
    archived_at: Mapped[datetime | None]


class Escalation(Base):
    """One run of a policy for one ticket. Its next step is found by `next_at`."""

    __tablename__ = "escalation"
    __table_args__ = (
        CheckConstraint(f"state IN {STATES}", name="state"),
        CheckConstraint(f"cause IN {tuple(CAUSES)}", name="cause"),
        Index("ix_escalation_next_at", "next_at", "id", postgresql_where=text("next_at IS NOT NULL")),
        Index("ix_escalation_ticket_id", "ticket_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    """What it is about, once: "commitment:12:break", "ticket:7:arrival"."""
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    commitment_id: Mapped[int | None] = mapped_column(ForeignKey("commitment.id"))
    cause: Mapped[str]
    policy_id: Mapped[int] = mapped_column(ForeignKey("escalation_policy.id"))
    plan: Mapped[Json]
    """The policy as it was when the run began, or when it was last applied anew; `sla.escalations.plans` reads it."""
    calendar_id: Mapped[int | None] = mapped_column(ForeignKey("calendar.id"))
    """The hours in which the day's team answers anyway; None when there are none."""
    state: Mapped[str]
    round: Mapped[int] = mapped_column(default=0)
    step: Mapped[int] = mapped_column(default=0)
    """The next step to take, counted from 0; as many as there are steps: the round is over."""
    started_at: Mapped[datetime]
    round_started_at: Mapped[datetime]
    next_at: Mapped[datetime | None]
    """When the next thing happens: a step, the end of holding, the question, the lapse. None: nothing more."""
    acknowledged_at: Mapped[datetime | None]
    """When they said so last."""
    acknowledged_by_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id"))
    acknowledged_how: Mapped[str] = mapped_column(default="")
    """link, slack, mail, sms, call or inbox."""
    asked_at: Mapped[datetime | None]
    """When the person was asked whether they are still on it."""
    ended_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(default="")
    """Why it ended: answered, solved, hours (the day has it), overtaken (by the break) or stopped; "exhausted" while it
    waits, everyone having been rung."""

    ticket: Mapped[Ticket] = relationship(lazy="raise")
    acknowledged_by: Mapped[Agent | None] = relationship(lazy="raise")


class Page(Base):
    """One call for one person, or for the fallback: for as many tickets as came together."""

    __tablename__ = "page"
    __table_args__ = (
        Index("uq_page_waiting", "target", unique=True, postgresql_where=text("begun_at IS NULL AND NOT is_test")),
        Index("ix_page_not_before", "not_before", "id", postgresql_where=text("begun_at IS NULL")),
        Index("ix_page_agent_id", "agent_id", "id"),
        Index("ix_page_begun_at", "begun_at", postgresql_where=text("NOT is_test")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    target: Mapped[str]
    """ "agent:4" or "fallback:call:+13125550100": one page waits for each at most, later reasons join it."""
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id"))
    name: Mapped[str]
    is_test: Mapped[bool] = mapped_column(default=False)
    is_urgent: Mapped[bool] = mapped_column(default=True)
    made_at: Mapped[datetime]
    not_before: Mapped[datetime]
    """Later than `made_at` when the person was paged within the last minute, or it waits for quiet hours to end."""
    begun_at: Mapped[datetime | None]
    """When its first attempt was put in the outbox; nothing joins it any more."""
    ended_at: Mapped[datetime | None]
    """Acknowledged, failed on every method, or called off: no further method is tried."""
    end: Mapped[str] = mapped_column(default="")
    """acknowledged, failed, called_off, or tried when nothing is left to try."""

    agent: Mapped[Agent | None] = relationship(lazy="raise")
    reasons: Mapped[list[PageReason]] = relationship(back_populates="page", lazy="raise", order_by="PageReason.id")
    attempts: Mapped[list[PageAttempt]] = relationship(back_populates="page", lazy="raise", order_by="PageAttempt.id")


class PageReason(Base):
    """Which step of which run a page is for; the key lets a step page a person once."""

    __tablename__ = "page_reason"
    __table_args__ = (
        UniqueConstraint("escalation_id", "round", "step", "target"),
        Index("ix_page_reason_page_id", "page_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    page_id: Mapped[int] = mapped_column(ForeignKey("page.id"))
    escalation_id: Mapped[int] = mapped_column(ForeignKey("escalation.id"))
    round: Mapped[int]
    """Below nothing: of the time before the policy was applied anew."""
    step: Mapped[int]
    """From -1 downwards: the question whether somebody still is on it."""
    target: Mapped[str]

    page: Mapped[Page] = relationship(back_populates="reasons", lazy="raise")
    escalation: Mapped[Escalation] = relationship(lazy="raise")


class PageAttempt(Base):
    """One contact method of a page: when it is tried, the delivery it became, and what the provider said."""

    __tablename__ = "page_attempt"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'leaving', 'sent', 'failed', 'skipped')", name="state"),
        UniqueConstraint("page_id", "kind", "address"),
        Index("ix_page_attempt_due_at", "due_at", "id", postgresql_where=text("state = 'waiting'")),
        Index("ix_page_attempt_leaving", "id", postgresql_where=text("state = 'leaving'")),
        Index("ix_page_attempt_address", "kind", "address", "due_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    page_id: Mapped[int] = mapped_column(ForeignKey("page.id"))
    kind: Mapped[str]
    address: Mapped[str]
    due_at: Mapped[datetime | None]
    """None until the page begins."""
    delay_seconds: Mapped[int]
    state: Mapped[str] = mapped_column(default="waiting")
    delivery_id: Mapped[int | None] = mapped_column(ForeignKey("delivery.id"), unique=True)
    reason: Mapped[str] = mapped_column(default="")
    """What the provider or our limit said, in words."""

    page: Mapped[Page] = relationship(back_populates="attempts", lazy="raise")
    delivery: Mapped[Delivery | None] = relationship(lazy="raise")
