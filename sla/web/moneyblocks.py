"""What a ticket, an agreement and a customer cost and brought, on their own pages; for those who see money."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import render_template

from helpdesk.access.guards import current_agent
from helpdesk.now import now
from helpdesk.tickets.models import Ticket
from sla.contracts import terms
from sla.contracts.models import ContractVersion
from sla.money import figures
from sla.money.sums import Line
from sla.reports import periods
from sla.reports.asking import Question
from sla.reports.periods import Period
from sla.web import moneywords
from sla.web.managers import manages


def of_ticket(ticket: Ticket) -> str:
    """Nothing where nothing was worked, rung for, credited or drawn, and for those who do not see money."""
    if not manages(current_agent()) or not figures.may_have_any(ticket.id):
        return ""
    line = figures.of_ticket(ticket, periods.zone().key)
    if not _tells(line):
        return ""
    return render_template("sla/money/_of_ticket.html", line=line, words=moneywords)


def of_agreement(version: ContractVersion) -> str:
    """Of its running term, or of the last one."""
    if not manages(current_agent()) or version.state == "draft":
        return ""
    term = terms.of(version, terms.day(version, now()))
    days = Period("days", term.starts_on, term.ends_on + timedelta(days=1), periods.house())
    return _block(Question(days, {"agreement": str(version.contract_id)}, "month"), "this term", now())


def of_customer(organization_id: int) -> str:
    """Of this year."""
    if not manages(current_agent()):
        return ""
    at = now()
    days = periods.named("year", at, periods.house())
    return _block(Question(days, {"customer": str(organization_id)}, "agreement"), "this year", at)


def _block(question: Question, when: str, at: datetime) -> str:
    found = figures.money(question, at)
    return render_template(
        "sla/money/_block.html", q=question, line=found.whole, waiting=found.waiting, when=when, words=moneywords
    )


def _tells(line: Line) -> bool:
    """A ticket that was only answered says nothing yet."""
    return any(amount.many for kind, amount in line.parts.items() if kind != "untimed")
