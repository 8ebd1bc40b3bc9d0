"""What the values promises are counted by are called, and what was said to the customer; a fixed number of queries."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Select, func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import joinedload

from helpdesk.db import among, db
from helpdesk.people.models import Agent, Organization, Team
from helpdesk.tickets.models import Tag
from helpdesk.web.assets import CHANNEL_WORDS
from sla.contracts import terms
from sla.contracts.models import Contract, ContractVersion
from sla.policies.models import METRICS, Clause, PolicyVersion
from sla.reports import hours
from sla.volume.dimensions import WHEN

NOBODY = {
    "customer": "No customer on record",
    "agreement": "No agreement",
    "team": "No team",
    "agent": "Nobody",
    "product": "No equipment named",
    "topic": "No topic",
}
"""What stands for a value that is not there."""
_HOURS = {"out": "Outside working hours", "in": "In working hours"}
_KEY = func.coalesce(func.nullif(Clause.number, ""), Clause.metric)


@dataclass(frozen=True, slots=True)
class Agreed:
    """An agreement as it stands: its customer, what it is called and the last day of its term, if it has not ended."""

    contract_id: int
    organization_id: int
    customer: str
    name: str
    renews_on: date | None


def names(dimension: str, keys: Collection[str], at: datetime) -> dict[str, str]:
    """By key; one that is gone is called by its key."""
    found = _NAMES[dimension]([key for key in keys if key], at)
    return {key: found.get(key, key) if key else NOBODY.get(dimension, "Other") for key in keys}


def promises(keys: Iterable[str], at: datetime) -> dict[str, str]:
    """The words of promises by their keys ("c12:4.2", "p3:update"), as the newest version that holds them says."""
    split = [_split(key) for key in keys if key]
    found: dict[str, str] = {}
    for owner, rows in (("c", _agreed(at)), ("p", _said(at))):
        ids = {number for kind, number, _ in split if kind == owner}
        asked = rows.where(_KEY.in_({code for kind, _, code in split if kind == owner}))
        for number, code, words in db.session.execute(_of(asked, ids)) if ids else ():
            found[f"{owner}{number}:{code}"] = words
    return found


def agreements(contract_ids: Collection[int], at: datetime) -> dict[int, Agreed]:
    """By contract."""
    rows = _versions(at).where(among(ContractVersion.contract_id, contract_ids))
    return {one.contract_id: _agreement(one, at) for one in db.session.scalars(rows).unique()} if contract_ids else {}


def agreements_of(organization_ids: Collection[int], at: datetime) -> dict[int, list[Agreed]]:
    """Those in force, by customer."""
    rows = _versions(at).where(among(Contract.organization_id, organization_ids))
    found: dict[int, list[Agreed]] = {}
    for one in db.session.scalars(rows).unique() if organization_ids else ():
        if not terms.trouble(one, terms.day(one, at)):
            found.setdefault(one.contract.organization_id, []).append(_agreement(one, at))
    return found


def _versions(at: datetime) -> Select[ContractVersion]:
    return (
        select(ContractVersion)
        .join(Contract, Contract.id == ContractVersion.contract_id)
        .where(ContractVersion.valid_from <= at)
        .ext(distinct_on(ContractVersion.contract_id))
        .order_by(ContractVersion.contract_id, ContractVersion.valid_from.desc(), ContractVersion.number.desc())
        .options(joinedload(ContractVersion.contract).joinedload(Contract.organization))
    )


def _agreement(version: ContractVersion, at: datetime) -> Agreed:
    today = terms.day(version, at)
    ends = terms.of(version, today).ends_on
    contract = version.contract
    return Agreed(
        contract.id, contract.organization_id, contract.organization.name, version.name, ends if ends >= today else None
    )


def _split(key: str) -> tuple[str, int, str]:
    owner, _, code = key.partition(":")
    return (owner[0], int(owner[1:]), code) if owner[1:].isdecimal() else ("", 0, code)


def _agreed(at: datetime) -> Select[int, str, str]:
    rows = select(ContractVersion.contract_id.label("owner"), _KEY, Clause.words)
    rows = rows.join(ContractVersion, ContractVersion.id == Clause.contract_version_id)
    return rows.where(ContractVersion.valid_from <= at).order_by(ContractVersion.valid_from, ContractVersion.number)


def _said(at: datetime) -> Select[int, str, str]:
    rows = select(PolicyVersion.policy_id.label("owner"), _KEY, Clause.words)
    rows = rows.join(PolicyVersion, PolicyVersion.id == Clause.policy_version_id)
    return rows.where(PolicyVersion.valid_from <= at).order_by(PolicyVersion.valid_from, PolicyVersion.number)


def _of(rows: Select[int, str, str], ids: Collection[int]) -> Select[int, str, str]:
    return rows.where(rows.selected_columns[0].in_(ids))


def _simple(rows: Select[int, str]) -> Callable[[list[str], datetime], dict[str, str]]:
    def ask(keys: list[str], _: datetime) -> dict[str, str]:
        ids = [int(key) for key in keys]
        found = db.session.execute(rows.where(among(rows.selected_columns[0], ids))) if ids else ()
        return {str(number): name for number, name in found}

    return ask


def _of_agreements(keys: list[str], at: datetime) -> dict[str, str]:
    found = agreements([int(key) for key in keys], at)
    return {str(number): f"{one.name}, {one.customer}" for number, one in found.items()}


_NAMES: dict[str, Callable[[list[str], datetime], dict[str, str]]] = {
    "customer": _simple(select(Organization.id, Organization.name)),
    "agreement": _of_agreements,
    "promise": promises,
    "kind": lambda keys, _: {key: METRICS[key].capitalize() for key in keys if key in METRICS},
    "team": _simple(select(Team.id, Team.name)),
    "agent": _simple(select(Agent.id, Agent.name)),
    "channel": lambda keys, _: {key: CHANNEL_WORDS.get(key, key.capitalize()) for key in keys},
    "product": lambda keys, _: {key: key for key in keys},
    "topic": _simple(select(Tag.id, Tag.name)),
    "when": lambda keys, _: {key: WHEN[key] for key in keys},
    "hour": lambda keys, _: {key: _HOURS.get(key) or hours.name(int(key)) for key in keys},
}
