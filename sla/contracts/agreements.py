"""Agreements through their life: drafted, changed by dated versions, in force, suspended, cancelled, renewed.

No version is ever changed: each operation writes the next one, so a ticket stays judged by what was in force.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import Select, select

from helpdesk.db import db, locked, new_id, one
from helpdesk.errors import Conflict, Invalid
from helpdesk.now import now
from helpdesk.people.models import Agent, Organization
from sla.assets import months
from sla.contracts import loading, terms, versions
from sla.contracts.inputs import Agreed, Bought
from sla.contracts.models import Contract, ContractVersion, PrepaidBalance

_MISFIT = "That does not fit yet."
_SINCE_EVER = datetime(1970, 1, 1, tzinfo=UTC)
"""Drafts hold since then: they promise nothing, and may be put in force from any day."""


def find(contract_id: int, organization_id: int) -> Contract:
    """The customer's contract, locked.

    Raises:
        NotFound: this customer has none by that id.
    """
    return locked(_rows(contract_id, organization_id), what="agreement")


def seen(contract_id: int, organization_id: int) -> Contract:
    """The same, unlocked."""
    return one(_rows(contract_id, organization_id), what="agreement")


def draft(
    organization: Organization, agreed: Agreed, *, by: Agent | None, number: str = "", external_ref: str = ""
) -> Contract:
    """Write an agreement down; it promises nothing until it is put in force.

    Raises:
        Invalid: by field, what does not fit; nothing is saved then.
    """
    mistakes = versions.mistakes(organization.id, agreed) | _mistaken_number(number, external_ref)
    if mistakes:
        raise Invalid(_MISFIT, mistakes)
    id_ = new_id("contract")
    contract = Contract(
        id=id_,
        organization_id=organization.id,
        number=number.strip() or f"A-{1000 + id_}",
        external_ref=external_ref.strip(),
        created_at=now(),
    )
    db.session.add(contract)
    db.session.flush()
    versions.write(contract, agreed, state="draft", valid_from=_SINCE_EVER, by=by)
    return contract


def edit(
    contract: Contract, agreed: Agreed, *, by: Agent | None, valid_from: datetime | None = None
) -> ContractVersion:
    """Change what it says from an instant on, from now when none is given; its state stays.

    Raises:
        Invalid: by field, what does not fit, or an instant that is past or before a change already written.
    """
    newest = loading.newest(contract.id)
    mistakes = versions.mistakes(contract.organization_id, agreed)
    if mistakes:
        raise Invalid(_MISFIT, mistakes)
    if newest.state == "draft":
        return versions.write(contract, agreed, state="draft", valid_from=_SINCE_EVER, by=by)
    return versions.write(contract, agreed, state=newest.state, valid_from=_from(newest, valid_from), by=by)


def put_in_force(contract: Contract, *, by: Agent | None, valid_from: datetime | None = None) -> ContractVersion:
    """A draft becomes an agreement; from an earlier instant too, since no ticket was judged by a draft.

    Raises:
        Conflict: it is no draft.
        Invalid: it says nothing about what it covers or promises.
    """
    newest = loading.newest(contract.id)
    if newest.state != "draft":
        raise Conflict("This agreement was put in force before.")
    if not newest.clauses:
        raise Invalid("Write down at least one promise first.", {"clauses": "Add what is promised."})
    return versions.copy(newest, state="active", valid_from=max(valid_from or now(), _SINCE_EVER), by=by)


def suspend(contract: Contract, *, by: Agent | None) -> ContractVersion:
    """No new promises from now on. Twice is harmless.

    Raises:
        Conflict: it is not in force.
    """
    return _move(contract, "suspended", "active", by)


def resume(contract: Contract, *, by: Agent | None) -> ContractVersion:
    """Promises again from now on. Twice is harmless.

    Raises:
        Conflict: it was not suspended.
    """
    return _move(contract, "active", "suspended", by)


def cancel(contract: Contract, *, by: Agent | None) -> ContractVersion:
    """It ends now, before its term; what was promised under it stays promised.

    Raises:
        Conflict: it is over already.
    """
    current = _current(contract)
    if current.state == "cancelled":
        return current
    if current.state == "renewed":
        raise Conflict("This agreement was renewed. Cancel the one that followed it.")
    return _states(contract, current, "cancelled", by)


def renew(contract: Contract, *, by: Agent | None) -> Contract:
    """The next term as an agreement of its own, saying the same; the old one holds to its last day.

    Raises:
        Conflict: it is not in force, renews itself, or was renewed.
    """
    current = _current(contract)
    if current.state != "active" or current.renewal == "tacit":
        raise Conflict("Only an agreement in force that ends can be renewed. One that renews itself just goes on.")
    if db.session.scalar(select(Contract.id).where(Contract.renews_id == contract.id)) is not None:
        raise Conflict("This agreement was renewed already.")
    term = terms.following(current, current.ends_on)
    shift = months.between(current.starts_on, term.starts_on)
    agreed = versions.agreed(current)
    lines = tuple(
        replace(
            line,
            starts_on=line.starts_on and months.after(line.starts_on, shift),
            ends_on=line.ends_on and months.after(line.ends_on, shift),
        )
        for line in agreed.lines
    )
    agreed = replace(agreed, starts_on=term.starts_on, ends_on=term.ends_on, lines=lines)
    id_ = new_id("contract")
    new = Contract(
        id=id_,
        organization_id=contract.organization_id,
        number=f"A-{1000 + id_}",
        external_ref=contract.external_ref,
        renews_id=contract.id,
        created_at=now(),
    )
    db.session.add(new)
    db.session.flush()
    opening = terms.opening(current, term.starts_on)
    versions.write(new, agreed, state="active", valid_from=min(now(), opening), by=by)
    versions.copy(loading.newest(contract.id), state="renewed", valid_from=max(opening, now()), by=by)
    return new


def buy(contract: Contract, bought: Bought) -> PrepaidBalance:
    """Put incidents or time bought ahead on the contract's ledger.

    Raises:
        Invalid: by field, what does not fit.
    """
    mistakes = bought.mistakes()
    if mistakes:
        raise Invalid(_MISFIT, mistakes)
    balance = PrepaidBalance(
        contract_id=contract.id,
        unit=bought.unit,
        bought=bought.bought,
        bought_on=bought.bought_on,
        expires_on=bought.expires_on,
        round_to=bought.round_to,
        grace=bought.grace,
        least=bought.least,
        warn_percent=bought.warn_percent,
        price_cents=bought.price_cents,
        currency=bought.currency or loading.newest(contract.id).currency,
        created_at=now(),
    )
    db.session.add(balance)
    db.session.flush()
    return balance


def _move(contract: Contract, to: str, only_from: str, by: Agent | None) -> ContractVersion:
    current = _current(contract)
    if current.state == to:
        return current
    if current.state != only_from:
        raise Conflict(f"This agreement is {current.state}.")
    return _states(contract, current, to, by)


def _states(contract: Contract, current: ContractVersion, state: str, by: Agent | None) -> ContractVersion:
    """The state from now on; changes already written for later keep their day and their words."""
    at = now()
    later = [
        version for version in loading.all_of(contract.id) if version.valid_from > at and version.state != "renewed"
    ]
    written = versions.copy(current, state=state, valid_from=at, by=by)
    for version in later:
        versions.copy(version, state=state, valid_from=version.valid_from, by=by)
    return written


def _current(contract: Contract) -> ContractVersion:
    return loading.holding(loading.all_of(contract.id), now())


def _rows(contract_id: int, organization_id: int) -> Select[Contract]:
    return select(Contract).where(Contract.id == contract_id, Contract.organization_id == organization_id)


def _from(newest: ContractVersion, valid_from: datetime | None) -> datetime:
    at = now()
    if valid_from is not None and valid_from < at:
        raise Invalid(_MISFIT, {"valid_from": "That day is past. Tickets were judged by what was in force then."})
    wanted = valid_from or at
    if wanted < newest.valid_from:
        day = terms.written(terms.day(newest, newest.valid_from))
        raise Invalid(
            _MISFIT, {"valid_from": f"A change is written for {day} already. Choose that day or a later one."}
        )
    return wanted


def _mistaken_number(number: str, external_ref: str) -> dict[str, str]:
    found = {}
    if len(number) > 60 or not number.isprintable():
        found["number"] = "At most 60 letters, digits and signs."
    elif number.strip() and db.session.scalar(select(Contract.id).where(Contract.number == number.strip())) is not None:
        found["number"] = "This number is in use. Choose another, or leave it empty."
    if len(external_ref) > 200 or not external_ref.isprintable():
        found["external_ref"] = "At most 200 letters, digits and signs."
    return found
