"""What a broken promise costs us: by the clause's rule, capped, proposed, posted once, or excused by name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Protocol

from sqlalchemy import select

from helpdesk.access.permissions import may
from helpdesk.db import db
from helpdesk.errors import Conflict, Invalid, NotAllowed
from helpdesk.now import now
from helpdesk.people.models import Agent
from sla.contracts import terms
from sla.contracts.models import Contract, ContractVersion, Credit
from sla.contracts.terms import Term
from sla.policies.models import Clause

PERIODS = {"month": 1, "quarter": 3, "year": 12}
"""What a fee pays for, in months."""


class Broken(Protocol):
    """A broken promise, as the rules of credits see it: a `Commitment`."""

    id: Any
    ticket_id: Any
    metric: Any
    clause_id: Any
    broken_at: Any
    excused_at: Any
    excused_by_id: Any
    excuse: Any


def amount(rule: Mapping[str, Any], version: ContractVersion, already_cents: int) -> int:
    """Cents owed by a clause's rule, when `already_cents` were credited in the same period of the fee.

    `{"kind": "amount", "value": cents}` or `{"kind": "percent", "value": percent of the fee}`, either with `"cap"`,
    cents at most for one break. All credits of a period together stay within the contract's share of its fee; a
    contract without a fee has no such share, and only the rule's own cap counts.
    """
    if not rule:
        return 0
    value = Decimal(str(rule["value"]))
    fee = version.value_cents or 0
    owed = value if rule["kind"] == "amount" else fee * value / 100
    limits = [owed]
    if rule.get("cap") is not None:
        limits.append(Decimal(rule["cap"]))
    if fee:
        limits.append(Decimal(fee * version.credit_cap_percent) / 100 - already_cents)
    return max(0, int(min(limits).quantize(Decimal(1), ROUND_HALF_UP)))


def period(version: ContractVersion, on: date) -> Term:
    """The period of the fee a day lies in, counted from the first day of the contract."""
    return terms.turn(version.starts_on, PERIODS[version.period], on)


def propose(commitment: Broken, version: ContractVersion) -> Credit | None:
    """A credit for a break, to be decided on; None when the rule gives none. Twice gives the same one.

    An incident is credited once for a metric, whatever its cycles.
    """
    if commitment.broken_at is None or commitment.excused_at is not None:
        return None
    rule = db.session.get_one(Clause, commitment.clause_id).credit
    if not rule:
        return None
    db.session.execute(select(Contract.id).where(Contract.id == version.contract_id).with_for_update())
    existing = db.session.scalar(select(Credit).where(Credit.commitment_id == commitment.id))
    if existing is not None:
        return existing
    span = period(version, terms.day(version, commitment.broken_at))
    others = _credits(version.contract_id)
    if any(_is_about(credit, commitment) for credit in others):
        return None
    already = sum(credit.amount_cents for credit in others if _lies_in(credit, span))
    owed = amount(rule, version, already)
    return _add(commitment, version, owed, {**rule, **_reckoned(commitment, version, span, already)}) if owed else None


def post(credit: Credit, by: Agent) -> Credit:
    """Grant a proposed credit; twice is harmless.

    Raises:
        NotAllowed: by somebody who is no manager.
        Conflict: the break was excused.
    """
    _managers_only(by)
    if credit.state == "posted":
        return credit
    if credit.state == "excused":
        raise Conflict("This credit was excused. It cannot be granted any more.")
    _decide(credit, "posted", by, "")
    db.session.flush()
    return credit


def excuse(what: Credit | Broken, by: Agent, reason: str) -> None:
    """Waive a credit alone, or excuse a break with the credit it cost. Both stay to be seen, with who and why.

    Raises:
        NotAllowed: by somebody who is no manager.
        Invalid: no reason was given.
    """
    _managers_only(by)
    reason = reason.strip()
    if not reason:
        raise Invalid("Say why it is excused.", {"reason": "Say why. The customer's record keeps it."})
    if isinstance(what, Credit):
        _decide(what, "excused", by, reason)
    else:
        what.excused_at, what.excused_by_id, what.excuse = now(), by.id, reason
        credit = db.session.scalar(select(Credit).where(Credit.commitment_id == what.id).with_for_update())
        if credit is not None:
            _decide(credit, "excused", by, reason)
    db.session.flush()


def _managers_only(by: Agent) -> None:
    if not may(by, "manage"):
        raise NotAllowed("Only managers decide on credits.")


def _decide(credit: Credit, state: str, by: Agent, reason: str) -> None:
    credit.state, credit.reason, credit.decided_by_id, credit.decided_at = state, reason, by.id, now()


def _credits(contract_id: int) -> list[Credit]:
    """Those that count: an excused one frees its place."""
    return list(db.session.scalars(select(Credit).where(Credit.contract_id == contract_id, Credit.state != "excused")))


def _is_about(credit: Credit, commitment: Broken) -> bool:
    return (credit.rule.get("ticket_id"), credit.rule.get("metric")) == (commitment.ticket_id, commitment.metric)


def _lies_in(credit: Credit, span: Term) -> bool:
    return span.starts_on <= date.fromisoformat(credit.rule["broken_on"]) <= span.ends_on


def _reckoned(commitment: Broken, version: ContractVersion, span: Term, already: int) -> dict[str, Any]:
    return {
        "ticket_id": commitment.ticket_id,
        "metric": commitment.metric,
        "broken_on": terms.day(version, commitment.broken_at).isoformat(),
        "fee_cents": version.value_cents or 0,
        "period": [span.starts_on.isoformat(), span.ends_on.isoformat()],
        "cap_percent": version.credit_cap_percent,
        "already_cents": already,
    }


def _add(commitment: Broken, version: ContractVersion, owed: int, rule: dict[str, Any]) -> Credit:
    credit = Credit(
        commitment_id=commitment.id,
        contract_id=version.contract_id,
        amount_cents=owed,
        currency=version.currency,
        rule=rule,
        state="proposed",
        created_at=now(),
    )
    db.session.add(credit)
    db.session.flush()
    return credit
