"""Rates, time, pages and prices, written as an office would have them; figures asked for as the page asks."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import select, update

from helpdesk.db import db
from helpdesk.now import now
from helpdesk.people.models import Agent, Brand, Team
from helpdesk.tickets.models import Ticket
from sla.contracts import noting
from sla.contracts.models import ContractVersion
from sla.contracts.noting import Worked
from sla.entitlements.models import Entitlement
from sla.escalations.models import Escalation, EscalationPolicy, Page, PageReason
from sla.money import days, figures
from sla.money.figures import Money
from sla.money.models import MoneyRate
from sla.money.sums import Amount
from sla.reports import periods
from sla.reports.asking import Question
from tests.sla import promising

NOON = datetime(2026, 11, 25, 17, tzinfo=UTC)  # Wednesday noon, in New York
YEAR = date(2026, 1, 1)


def settle(zone: str = "America/New_York") -> None:
    """Where the days of reports begin."""
    db.session.execute(update(Brand).values(zone=zone))
    db.session.commit()


def rate(
    kind: str,
    cents: int | None,
    *,
    agent: Agent | None = None,
    team: Team | None = None,
    since: date = YEAR,
    currency: str = "USD",
) -> MoneyRate:
    made = MoneyRate(
        kind=kind,
        agent_id=agent.id if agent else None,
        team_id=team.id if team else None,
        valid_from=since,
        cents=cents,
        currency=currency,
        created_at=now(),
    )
    db.session.add(made)
    db.session.commit()
    return made


def worked(ticket: Ticket, agent: Agent, minutes: int, day: str, *, paid: bool = False, contract: int | None = None):
    key = f"time:{ticket.id}:{len(noting.noted(ticket.id))}"
    said = Worked(minutes, "Looked after it", key, date.fromisoformat(day), agent.id, is_billable=paid)
    noting.note(ticket, said, contract_id=contract, today=date.fromisoformat(day), by=agent)
    db.session.commit()
    return key


def covered(ticket: Ticket, version: ContractVersion) -> None:
    """The ticket is under this agreement, whatever was decided before."""
    db.session.execute(
        update(Entitlement)
        .where(Entitlement.ticket_id == ticket.id, Entitlement.replaced_at.is_(None))
        .values(replaced_at=now())
    )
    db.session.add(
        Entitlement(
            ticket_id=ticket.id,
            source="contract",
            contract_version_id=version.id,
            reason="It covers everything.",
            judged_at=now(),
            decided_at=now(),
        )
    )
    db.session.commit()


def page(agent: Agent, at: str, *tickets: Ticket, is_test: bool = False) -> Page:
    """Somebody was rung, for these tickets at once."""
    begun = datetime.fromisoformat(at)
    made = Page(
        target=f"agent:{agent.id}", agent_id=agent.id, name=agent.name, is_test=is_test, made_at=begun,
        not_before=begun, begun_at=begun, ended_at=begun, end="acknowledged",
    )  # fmt: skip
    db.session.add(made)
    db.session.flush()
    for ticket in tickets:
        run = _run(ticket, f"page:{made.id}:{ticket.id}", begun)
        db.session.add(PageReason(page_id=made.id, escalation_id=run.id, round=0, step=0, target=made.target))
    db.session.commit()
    return made


def fee(owner: str, cents: int | None, **more: Any) -> ContractVersion:
    version = promising.contract(owner, more.pop("name", "Gold"), value_cents=cents, **more)
    db.session.commit()
    return version


def next_version(before: ContractVersion, at: datetime, **more: Any) -> ContractVersion:
    kept = (
        "name",
        "kind",
        "starts_on",
        "ends_on",
        "zone",
        "value_cents",
        "currency",
        "period",
        "hour_cents",
        "renewal",
    )
    values = {name: getattr(before, name) for name in (*kept, "contract_id")}
    version = ContractVersion(number=before.number + 1, valid_from=at, created_at=at, **{**values, **more})
    db.session.add(version)
    db.session.commit()
    return version


def question(since: str, until: str, by: str = "customer", **filters: int | str) -> Question:
    """Both days counted."""
    found = periods.between(since, until, periods.house())
    return Question(found, {name: str(value) for name, value in filters.items()}, by)


def money(since: str, until: str, by: str = "customer", at: datetime = NOON, **filters: int | str) -> Money:
    """After the scheduler has been there."""
    days.catch_up()
    db.session.expire_all()
    return figures.money(question(since, until, by, **filters), at)


def cents(amount: Amount) -> dict[str, int]:
    return dict(amount.cents)


def midnight(day: str) -> datetime:
    return datetime.combine(date.fromisoformat(day), time(), UTC) + timedelta(hours=5)


def _run(ticket: Ticket, key: str, at: datetime) -> Escalation:
    policy = db.session.scalars(select(EscalationPolicy).limit(1)).one_or_none()
    if policy is None:
        policy = EscalationPolicy(name="Nights", rank=10, created_at=at)
        db.session.add(policy)
        db.session.flush()
    made = Escalation(
        key=key, ticket_id=ticket.id, cause="arrival", policy_id=policy.id, plan={}, state="ended", started_at=at,
        round_started_at=at, ended_at=at,
    )  # fmt: skip
    db.session.add(made)
    db.session.flush()
    return made
