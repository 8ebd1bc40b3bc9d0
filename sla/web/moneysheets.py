"""The tables of money, to be taken along by managers: by customer, agreement or month, and the tickets behind a figure.

Money is in whole cents, a row for each currency; what has no rate and no price is counted beside it and in no sum.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from helpdesk.access.permissions import visible_tickets
from helpdesk.db import among, db
from helpdesk.now import now
from helpdesk.people.models import Agent, Contact, Organization
from helpdesk.sheets.values import Cell, Column, Export, Kind, Sheet
from helpdesk.tickets.models import Ticket
from helpdesk.web.rendering import zone_of
from sla.money import figures, lists
from sla.money.kinds import WORDS
from sla.money.lists import Asked
from sla.money.sums import Line
from sla.web import dashnames, moneylists, moneypages, moneywords
from sla.web.managers import manages
from sla.web.sheetparts import TICKET, name

_PAGE = "/promises/money"
_BATCH = 500
_COUNTED = (
    Column("currency", "Currency"),
    Column("income_cents", "Earned, cents", Kind.NUMBER),
    Column("income_unknown", "Earned, parts not known", Kind.NUMBER),
    Column("cost_cents", "Spent, cents", Kind.NUMBER),
    Column("cost_unknown", "Spent, parts not known", Kind.NUMBER),
    Column("work_minutes", "Time worked, minutes", Kind.NUMBER),
    Column("waiting_days", "Days yet to be added up", Kind.NUMBER),
)
_BEHIND = (
    *TICKET,
    Column("kind", "Of what"),
    Column("currency", "Currency"),
    Column("cents", "Cents", Kind.NUMBER),
    Column("unknown", "Parts not known", Kind.NUMBER),
    Column("quantity", "How much"),
)


def _by(agent: Agent, address: Mapping[str, str]) -> Sheet:
    question = moneypages.asked(address)

    def rows() -> Iterator[Sequence[Cell]]:
        at = now()
        found = figures.money(question, at)
        if question.group == "month":
            called = {key: moneywords.named(date.fromisoformat(key)) for key in found.by}
        else:
            called = dashnames.names(question.group, list(found.by), at)
        for key, line in found.by.items():
            yield from ((key, called[key], *cells, found.waiting) for cells in _counted(line))

    columns = Column("key", "Number or code"), Column("name", moneypages.HEADS[question.group]), *_COUNTED
    return Sheet(name(f"money-by-{question.group}", question), columns, rows, zone_of(agent))


def _counted(line: Line) -> Iterator[Sequence[Cell]]:
    """What is not known has no currency: it stands in the first row alone, so that a column adds up."""
    income, cost, minutes = line.income, line.cost, line.of("work").quantity
    unknown = income.unknown, cost.unknown
    for currency in line.currencies or [""]:
        earned, spent = income.cents.get(currency, 0), cost.cents.get(currency, 0)
        yield currency, earned, unknown[0], spent, unknown[1], minutes
        unknown, minutes = (0, 0), 0


def _tickets(agent: Agent, address: Mapping[str, str]) -> Sheet:
    asked = moneylists.asked(address)
    stem = f"money-{asked.what}-by-ticket"
    return Sheet(name(stem, asked.question), _BEHIND, lambda: _behind(agent, asked), zone_of(agent))


def _behind(agent: Agent, asked: Asked) -> Iterator[Sequence[Cell]]:
    """A row for each kind and currency of a ticket, the newest first; a ticket nobody may see has no number here."""
    before = lists.FIRST
    while found := lists.tickets(asked, now(), most=_BATCH, before=before):
        before = found[-1][0]
        known = _named(agent, [ticket for ticket, _ in found])
        for ticket, line in found:
            named = known.get(ticket, (None, "", ""))
            yield from ((*named, *cells) for cells in _parts(line, asked))


def _parts(line: Line, asked: Asked) -> Iterator[Sequence[Cell]]:
    for kind in asked.kinds:
        amount = line.of(kind)
        quantity, unknown = moneywords.quantity(kind, amount), amount.unknown
        for currency in sorted(amount.cents) or ([""] if amount.many else []):
            yield WORDS[kind], currency, amount.cents.get(currency), unknown, quantity
            quantity, unknown = "", 0


def _named(agent: Agent, ids: Sequence[int]) -> dict[int, tuple[int, str, str]]:
    rows = visible_tickets(agent).where(among(Ticket.id, ids)).join(Contact, Contact.id == Ticket.contact_id)
    rows = rows.outerjoin(Organization, Organization.id == Ticket.organization_id)
    asked = rows.with_only_columns(Ticket.id, Ticket.number, Ticket.subject, Organization.name, Contact.name)
    return {one: (number, subject, firm or person) for one, number, subject, firm, person in db.session.execute(asked)}


EXPORTS = [
    Export("money", "Money", _PAGE, _by, may=manages),
    Export("money-tickets", "Money by ticket", f"{_PAGE}/behind", _tickets, may=manages),
]
