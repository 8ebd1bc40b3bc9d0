"""The tables of customers' pages: customers, equipment, an agreement's terms, the promises of a statement."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from sqlalchemy.orm import joinedload, selectinload

from helpdesk.db import db
from helpdesk.errors import NotFound
from helpdesk.now import now
from helpdesk.people.models import Agent
from helpdesk.sheets.values import Cell, Column, Export, Kind, Sheet
from helpdesk.text.numbers import whole
from helpdesk.web.rendering import zone_of
from sla.assets import covered, equipment
from sla.assets.models import Asset
from sla.contracts.models import Contract
from sla.statements import wording
from sla.web import cards, firms, kit, renewals, statements
from sla.web.amounts import length, money
from sla.web.managers import manages

_CUSTOMERS = (
    Column("id", "Number", Kind.NUMBER),
    Column("name", "Customer"),
    Column("agreements", "Agreements in force"),
    Column("kept", "Promises kept", Kind.NUMBER),
    Column("decided", "Decided", Kind.NUMBER),
    Column("units", "Equipment in service", Kind.NUMBER),
)
_UNITS = (
    Column("serial", "Serial"),
    Column("maker", "Maker"),
    Column("model", "Model"),
    Column("kind", "Kind"),
    Column("place", "Place"),
    Column("site", "Site"),
    Column("installed", "Installed", Kind.DAY),
    Column("parts_until", "Parts covered until", Kind.DAY),
    Column("labour_until", "Labour covered until", Kind.DAY),
    Column("today", "Cover today"),
    Column("service_due", "Next service", Kind.DAY),
)
_TERMS = (
    Column("agreement", "Agreement"),
    Column("from", "From", Kind.DAY),
    Column("to", "To", Kind.DAY),
    Column("came", "How it came about"),
    Column("kept", "Kept", Kind.NUMBER),
    Column("decided", "Decided", Kind.NUMBER),
    Column("excused", "Of the broken excused", Kind.NUMBER),
    Column("drawn", "Drawn of what was bought ahead"),
)
_STATED = (
    Column("ticket", "Ticket", Kind.NUMBER),
    Column("clause", "Clause"),
    Column("promise", "Promise"),
    Column("became", "What became of it"),
    Column("left", "In hand", Kind.SECONDS),
    Column("settled", "Decided", Kind.INSTANT),
)


def _customers(agent: Agent, address: Mapping[str, str]) -> Sheet:
    search = address.get("q", "").strip()[:100]

    def rows() -> Iterator[Sequence[Cell]]:
        after, at, is_more = None, now(), True
        while is_more:
            found = firms.listed(search=search, after=after, at=at)
            for firm in found.rows:
                names = ", ".join(version.name for version in firm.agreements)
                yield firm.organization.id, firm.organization.name, names, firm.kept, firm.promised, firm.units
            after, is_more = found.after, found.after is not None

    return Sheet("customers", _CUSTOMERS, rows, zone_of(agent))


def _equipment(agent: Agent, address: Mapping[str, str]) -> Sheet:
    firm = firms.find(_number(address, "customer"))
    asked = equipment.units_of(firm.id, search=address.get("q", ""))
    firm_id, zone = firm.id, zone_of(agent)

    def rows() -> Iterator[Sequence[Cell]]:
        at = now()
        options = selectinload(Asset.warranties), joinedload(Asset.site)
        units = list(db.session.scalars(asked.options(*options)))
        covers, held = covered.covers(units), cards.held(firm_id, at)
        axis = kit.Axis.around(at.astimezone(zone).date())
        for unit, line in zip(units, kit.shown(units, held, axis, at), strict=True):
            ends = (kit.longest(covers[unit.id], name) for name in ("parts", "labour"))
            parts, labour = (span[1] if span is not None else None for span in ends)
            site = unit.site.name if unit.site is not None else ""
            known = unit.serial, unit.maker, unit.model, unit.kind, unit.place, site, unit.installed_on
            yield *known, parts, labour, line.today.words, unit.service_due_on

    return Sheet(f"equipment-{firm.id}", _UNITS, rows, zone)


def _terms(agent: Agent, address: Mapping[str, str]) -> Sheet:
    contract = db.session.get(Contract, _number(address, "agreement"))
    if contract is None:
        raise NotFound("There is no such agreement here.")
    contract_id, sees_money = contract.id, manages(agent)

    def rows() -> Iterator[Sequence[Cell]]:
        for one in renewals.of(db.session.get_one(Contract, contract_id), now()):
            drawn = ", ".join(_drawn(amount, unit) for amount, unit in one.drawn)
            term, share = one.term, one.share
            known = one.contract.number, term.starts_on, term.ends_on, one.came
            credits_ = [", ".join(money(*each) for each in one.credits)] if sees_money else []
            yield *known, share.kept, share.counted, share.excused, drawn, *credits_

    columns = (*_TERMS, Column("credits", "Credits given")) if sees_money else _TERMS
    return Sheet(f"terms-{contract.id}", columns, rows, zone_of(agent))


def _statement(agent: Agent, address: Mapping[str, str]) -> Sheet:
    contract_id = _number(address, "agreement") if address.get("agreement") else None
    about = statements.scope_of(_number(address, "customer"), contract_id, address.get("month", ""))
    document = statements.told_of(about, address.get("revision", ""))
    statements.check_visible(document, agent)
    told = document["statement"]

    def rows() -> Iterator[Sequence[Cell]]:
        words = {one["promise"]: one for one in told["by_promise"]}
        for one in told["promises"]:
            clause = words[one["promise"]]
            settled = datetime.fromisoformat(one["settled"])
            said = clause["number"] or "", clause["words"], wording.became(one)
            yield one["ticket"], *said, one.get("left_seconds"), settled

    scope = f"a{about.contract_id}" if about.contract_id is not None else f"c{about.organization_id}"
    return Sheet(f"statement-{scope}-{about.month.name}", _STATED, rows, zone_of(agent))


def _drawn(amount: int, unit: str) -> str:
    return f"{amount} callouts" if unit == "incidents" else length(amount * 60)


def _number(address: Mapping[str, str], name: str) -> int:
    number = whole(address.get(name, ""))
    if number is None:
        raise NotFound("There is no such table here.")
    return number


EXPORTS = [
    Export("customers", "Customers", "/customers", _customers, live=True),
    Export("equipment", "A customer's equipment", "", _equipment, live=True),
    Export("agreement-terms", "An agreement's terms and renewals", "", _terms, live=True),
    Export("statement-promises", "The promises of a statement", "", _statement, may=manages, live=True),
]
