"""What was earned and spent in some days: in all, by month, by customer or agreement; a fixed number of statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select, text

from helpdesk.db import db
from helpdesk.tickets.models import Ticket
from sla.money import facts, fees, rates, standby, sums
from sla.money.facts import Scope
from sla.money.fees import Fee
from sla.money.kinds import UNTIMED
from sla.money.rates import Rates
from sla.money.standby import Stood
from sla.money.sums import Amount, Line
from sla.reports.asking import Question

GROUPS = ("customer", "agreement", "month")
FILTERS = ("customer", "agreement")
COUNTED = ("work", "night", "credit", "prepaid", "expired", "billed")
"""The kinds of facts that are rows; fees and hours on call are worked out."""
_KEYS = {"customer": "organization_id", "agreement": "contract_id"}
_DATED = "(SELECT *, CAST(date_trunc('month', day) AS date) AS month FROM fact) dated"
_MAY_HAVE = text(
    """
    SELECT EXISTS (SELECT FROM time_entry WHERE ticket_id = :ticket)
        OR EXISTS (SELECT FROM prepaid_entry WHERE ticket_id = :ticket)
        OR EXISTS (SELECT FROM credit JOIN commitment ON commitment.id = commitment_id WHERE ticket_id = :ticket)
        OR EXISTS (SELECT FROM page_reason JOIN escalation ON escalation.id = escalation_id WHERE ticket_id = :ticket)
        OR EXISTS (SELECT FROM ticket WHERE merged_into_id = :ticket)
    """
)
_EVER = (date(1900, 1, 1), date(9999, 1, 1))


@dataclass(frozen=True)
class Money:
    """`by` is by the value of the grouping as text, empty for none; `months` by the first day of each."""

    whole: Line
    by: Mapping[str, Line]
    months: Mapping[date, Line]
    stood: tuple[Stood, ...]
    """Hours on call; nothing where a customer or an agreement is asked for, since they serve everybody."""


def money(question: Question, now: datetime) -> Money:
    """Of a question; `by` is of its grouping."""
    scope, known, tally = scope_of(question, now), rates.known(), _Tally()
    key = _KEYS.get(question.group, "")
    tally.read(_summed(key, scope, known))
    tally.read(_untimed(key, scope, known))
    for fee in earned(scope):
        tally.add("fee", sums.one(fee.currency, fee.cents), _whose(fee, question.group), fee.month)
    stood = shared(scope, now, known)
    for one in stood:
        tally.add("standby", sums.one(one.currency, one.cents, one.seconds), None, one.day.replace(day=1))
    months = {month: Line(parts) for month, parts in sorted(tally.months.items())}
    by = {str(month): line for month, line in months.items()} if question.group == "month" else tally.lines()
    return Money(Line(tally.whole), by, months, tuple(stood))


def may_have_any(ticket_id: int) -> bool:
    """Whether a ticket can have facts but that it was answered; asked on every page of a ticket, and found by index."""
    return bool(db.session.scalar(_MAY_HAVE, {"ticket": ticket_id}))


def of_ticket(ticket: Ticket, zone: str) -> Line:
    """All that one ticket cost and brought, with what was merged into it."""
    begin, end = (datetime.combine(day, time(), UTC) for day in _EVER)
    scope = Scope(*_EVER, begin, end, zone, ticket=ticket.id, within=_within(ticket.id))
    then = f"SELECT kind, currency, {sums.SUMMED} FROM fact GROUP BY kind, currency"  # noqa: S608 - of our own
    asked = facts.relation((*COUNTED, UNTIMED), scope, then)
    parts: dict[str, Amount] = {}
    for kind, currency, *counted in db.session.execute(asked, facts.values(scope, rates.known())):
        parts[kind] = parts.get(kind, Amount()).plus(sums.summed(currency, *counted))
    return Line(parts)


def scope_of(question: Question, now: datetime) -> Scope:
    """What a question is about; days ahead hold nothing yet."""
    period, zone = question.period, question.period.house.zone
    until = max(period.since, min(period.until, now.astimezone(zone).date() + timedelta(days=1)))
    begin, end = (datetime.combine(day, time(), zone).astimezone(UTC) for day in (period.since, until))
    of = {name: int(said or 0) for name, said in question.filters.items() if name in FILTERS}
    return Scope(period.since, until, begin, end, zone.key, customer=of.get("customer"), agreement=of.get("agreement"))


def earned(scope: Scope) -> list[Fee]:
    """The fees of a scope; nobody's and no agreement's are none."""
    if scope.customer == 0 or scope.agreement == 0:
        return []
    return fees.earned(scope.since, scope.until, customer=scope.customer, agreement=scope.agreement)


def shared(scope: Scope, now: datetime, known: Rates) -> list[Stood]:
    """Hours on call are of no customer and of no agreement."""
    if scope.customer is not None or scope.agreement is not None:
        return []
    return standby.stood(scope.begin, min(scope.end, now), ZoneInfo(scope.zone), known)


class _Tally:
    """Amounts as they are added up, by kind: of all, by key, by month."""

    def __init__(self) -> None:
        self.whole: dict[str, Amount] = {}
        self.by: dict[str, dict[str, Amount]] = defaultdict(dict)
        self.months: dict[date, dict[str, Amount]] = defaultdict(dict)

    def read(self, rows: Iterable[tuple[str, bool, bool, Any, date | None, Amount]]) -> None:
        """Rows as `_summed` gives them: of a key, of a month, or of all."""
        for kind, is_of_key, is_of_month, key, month, amount in rows:
            if is_of_key:
                _onto(self.by[str(key or "")], kind, amount)
            elif is_of_month and month is not None:
                _onto(self.months[month], kind, amount)
            else:
                _onto(self.whole, kind, amount)

    def add(self, kind: str, amount: Amount, key: str | None, month: date) -> None:
        """A single fact; of no key where that is None."""
        _onto(self.whole, kind, amount)
        _onto(self.months[month], kind, amount)
        if key is not None:
            _onto(self.by[key], kind, amount)

    def lines(self) -> dict[str, Line]:
        return {key: Line(parts) for key, parts in self.by.items()}


def _onto(parts: dict[str, Amount], kind: str, amount: Amount) -> None:
    parts[kind] = parts.get(kind, Amount()).plus(amount)


def _summed(key: str, scope: Scope, known: Rates) -> Iterable[tuple[str, bool, bool, Any, date | None, Amount]]:
    sets = _sets("kind, currency", key)
    then = f"SELECT kind, currency, {_grouped(key)}, {sums.SUMMED} FROM {_DATED} GROUP BY {sets}"  # noqa: S608
    rows = db.session.execute(facts.relation(COUNTED, scope, then), facts.values(scope, known))
    for kind, currency, no_key, no_month, mine, month, *counted in rows:
        yield kind, not no_key, not no_month, mine, month, sums.summed(currency, *counted)


def _untimed(key: str, scope: Scope, known: Rates) -> Iterable[tuple[str, bool, bool, Any, date | None, Amount]]:
    """A ticket counts once, in however many of the months."""
    then = f"SELECT {_grouped(key)}, count(DISTINCT ticket_id) FROM {_DATED} GROUP BY {_sets('', key)}"  # noqa: S608
    asked = facts.relation((UNTIMED,), scope, then)
    for no_key, no_month, mine, month, many in db.session.execute(asked, facts.values(scope, known)):
        if many:
            yield UNTIMED, not no_key, not no_month, mine, month, Amount(unknown=many, many=many)


def _grouped(key: str) -> str:
    """Whether a row is not of a key, and not of a month; then the two."""
    return f"GROUPING({key}), GROUPING(month), {key}, month" if key else "1, GROUPING(month), NULL, month"


def _sets(always: str, key: str) -> str:
    first = f"{always}, " if always else ""
    return f"GROUPING SETS (({always}), ({first}month){f', ({first}{key})' if key else ''})"


def _whose(fee: Fee, group: str) -> str | None:
    return {"customer": str(fee.organization_id), "agreement": str(fee.contract_id)}.get(group)


def _within(ticket_id: int) -> tuple[int, ...]:
    """A ticket and all that were merged into it."""
    merged = select(Ticket.id).where(Ticket.id == ticket_id).cte("merged", recursive=True)
    merged = merged.union(select(Ticket.id).join(merged, Ticket.merged_into_id == merged.c.id))
    return tuple(db.session.scalars(select(merged.c.id)))
