"""The terms of an agreement, those of the agreements before and after it included, each with what speaks for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import String, cast, func, select

from helpdesk.db import db
from helpdesk.people.models import Agent
from sla.contracts import loading, terms
from sla.contracts.models import Contract, ContractVersion, Credit, PrepaidBalance, PrepaidEntry
from sla.contracts.terms import Term
from sla.reports import figures, periods
from sla.reports.figures import Share
from sla.reports.hours import House
from sla.reports.periods import Period
from sla.web.amounts import day

_MOST_TERMS, _MOST_CONTRACTS = 12, 24


@dataclass(frozen=True, slots=True)
class Held:
    """One term: how it came about, and what became of it."""

    contract: Contract
    term: Term
    came: str
    share: Share
    credits: tuple[tuple[int, str], ...]
    """Cents granted, by currency."""
    drawn: tuple[tuple[int, str], ...]
    """What was drawn of what was bought ahead, by unit."""


def of(contract: Contract, at: datetime) -> list[Held]:
    """The newest first, at most a dozen; terms that have not begun are those agreed on."""
    found = [each for one in _chain(contract) for each in _terms(one, at)]
    house = periods.house()
    return [_held(*one, house) for one in reversed(found[-_MOST_TERMS:])]


def _chain(contract: Contract) -> list[Contract]:
    """The oldest first."""
    chain = [contract]
    while chain[0].renews_id is not None and len(chain) < _MOST_CONTRACTS:
        chain.insert(0, db.session.get_one(Contract, chain[0].renews_id))
    while len(chain) < _MOST_CONTRACTS:
        following = select(Contract).where(Contract.renews_id == chain[-1].id)
        after = db.session.scalars(following).one_or_none()
        if after is None:
            break
        chain.append(after)
    return chain


def _terms(contract: Contract, at: datetime) -> Iterator[tuple[Contract, Term, str]]:
    """Those it has had up to now, the first one in any case."""
    written = loading.all_of(contract.id)
    current = loading.holding(written, at)
    term, came = terms.of(current, current.starts_on), _came(contract, written)
    yield contract, term, came
    today = terms.day(current, at)
    while current.renewal == "tacit" and current.state == "active" and term.ends_on < today:
        term = terms.following(current, term.ends_on)
        yield contract, term, f"Renewed itself on {day(term.starts_on)}"


def _came(contract: Contract, written: list[ContractVersion]) -> str:
    forced = next((one for one in written if one.state != "draft"), written[0])
    verb = "Renewed" if contract.renews_id is not None else "Put in force" if forced.state != "draft" else "Written"
    by = db.session.get(Agent, forced.created_by_id) if forced.created_by_id is not None else None
    return f"{verb} on {day(forced.created_at.astimezone(UTC).date())}" + (f" by {by.name}" if by is not None else "")


def _held(contract: Contract, term: Term, came: str, house: House) -> Held:
    after = term.ends_on + timedelta(days=1)
    share = figures.share(Period("days", term.starts_on, after, house), {"agreement": str(contract.id)})
    return Held(contract, term, came, share, _credits(contract.id, term), _drawn(contract.id, term.starts_on, after))


def _credits(contract_id: int, term: Term) -> tuple[tuple[int, str], ...]:
    broken_on = cast(Credit.rule["broken_on"].astext, String)
    asked = (
        select(func.sum(Credit.amount_cents), Credit.currency)
        .where(Credit.contract_id == contract_id, Credit.state == "posted")
        .where(broken_on.between(term.starts_on.isoformat(), term.ends_on.isoformat()))
        .group_by(Credit.currency)
        .order_by(Credit.currency)
    )
    return tuple((int(cents), currency) for cents, currency in db.session.execute(asked))


def _drawn(contract_id: int, since: date, until: date) -> tuple[tuple[int, str], ...]:
    asked = (
        select(func.sum(PrepaidEntry.amount), PrepaidBalance.unit)
        .join(PrepaidBalance, PrepaidBalance.id == PrepaidEntry.balance_id)
        .where(PrepaidBalance.contract_id == contract_id, PrepaidEntry.at >= since, PrepaidEntry.at < until)
        .group_by(PrepaidBalance.unit)
        .order_by(PrepaidBalance.unit)
    )
    return tuple((int(amount), unit) for amount, unit in db.session.execute(asked))
