"""A month's statement of a customer with 10,000 promises: as a draft, which replays them all, and once it is issued."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial

from flask import Flask
from sqlalchemy import func, select, text

from bench import agreements, histories
from bench.ground import Ground, app_on, direct
from bench.meter import measured
from bench.pages import Sample, Visitor
from bench.seeding import base, sign_in
from bench.table import Line
from helpdesk.db import db
from helpdesk.people import organizations
from sla.contracts.models import Contract, ContractVersion, CoverageLine
from sla.reports import counting, periods
from sla.reports.models import PromiseOutcome
from sla.statements import issuing, scope
from sla.statements.scope import Scope

PROMISES = 10_000
_LIVED = 40
_NAME = "statements"
_AGREED = date(2020, 1, 1)


def lines(place: Ground, *, rounds: int) -> list[Line]:
    """All rows, on a database that goes with them."""
    if place.has(_NAME):
        place.drop(_NAME)
    url = place.fresh(_NAME)
    try:
        with direct(url) as connection:
            base(connection)
            token = sign_in(connection)
        app = app_on(url)
        about = _filled(app, url)
        return _told(app, Visitor(url, token), about, place.server.pid, rounds)
    finally:
        place.drop(_NAME)


def _filled(app: Flask, url: str) -> Scope:
    """Forty tickets lived through under an agreement, and as many copies of them as make the promises of a month."""
    with app.app_context():
        owner = organizations.create("Orchard", domains=[agreements.DOMAIN])
        _agree(owner.id)
        db.session.commit()
        histories.live(_LIVED, seed=7)
        month, count = _fullest()
        customer = owner.id
    with direct(url) as connection:
        histories.multiply(connection, -(-PROMISES // count))
    with app.app_context():
        db.session.execute(text("SET LOCAL statement_timeout = 0"))
        counting.count_everything()
        db.session.commit()
        return Scope(customer, None, scope.month(f"{month:%Y-%m}", periods.zone()))


def _agree(organization_id: int) -> None:
    """One agreement about everything, with the promises of the bench's policy."""
    made = Contract(organization_id=organization_id, number="C-1", created_at=agreements.LONG_AGO)
    db.session.add(made)
    db.session.flush()
    version = ContractVersion(
        contract_id=made.id,
        number=1,
        valid_from=agreements.LONG_AGO,
        name="Gold",
        kind="support",
        starts_on=_AGREED,
        ends_on=date(2040, 12, 31),
        zone="America/New_York",
        created_at=agreements.LONG_AGO,
    )
    version.lines = [CoverageLine(position=1, name="Everything")]
    version.clauses = list(agreements.clauses(agreements.calendar("Agreed")))
    db.session.add(version)


def _fullest() -> tuple[date, int]:
    month = func.date_trunc("month", PromiseOutcome.day).label("month")
    agreed = PromiseOutcome.contract_id.is_not(None), PromiseOutcome.outcome != "void"
    counted = select(month, func.count()).where(*agreed)
    found = db.session.execute(counted.group_by(month).order_by(func.count().desc()).limit(1)).one()
    return found[0].date(), found[1]


def _told(app: Flask, visitor: Visitor, about: Scope, postmaster: int | None, rounds: int) -> list[Line]:
    page = f"/customers/{about.organization_id}/statements/{about.month.name}"
    pdf = partial(visitor.client.get, f"{page}.pdf")
    found = [
        _asked("statement, draft, page", visitor, partial(visitor.get, page), postmaster, rounds),
        _asked("statement, draft, file", visitor, partial(visitor.get, f"{page}.json"), postmaster, rounds),
    ]
    with app.app_context():
        with measured(postmaster) as spent:
            row = issuing.issue(about, by=None)
            db.session.commit()
        counted = row.figures["counted"]
    assert counted >= PROMISES
    found.append(Line(f"issuing {counted:,} promises", f"{spent.wall:.2f} s", "", None, others=spent.others))
    found.append(_asked("statement, issued, page", visitor, partial(visitor.get, page), postmaster, rounds))
    return [
        *found,
        _asked("statement, issued, PDF", visitor, lambda: pdf().get_data(as_text=False).hex(), postmaster, rounds),
    ]


def _asked(name: str, visitor: Visitor, ask: Callable[[], str], postmaster: int | None, rounds: int) -> Line:
    sample = Sample()
    ask()
    for _ in range(rounds):
        visitor.sample(ask, sample, postmaster, times=1)
    took = sample.at(0.5) / 1000
    cpu = f"{sample.cpu(0.5):.0f} ms + db {sample.database:.0f}"
    return Line(name, f"{took:.2f} s", "<= 2 s", took <= 2, cpu=cpu, others=sample.others)
