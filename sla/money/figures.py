"""What was earned and spent in some days: in all, by month, by customer or agreement; a fixed number of statements.

Days that have nothing new are read from what they add up to (`sla.money.days`), the others from their facts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select, text

from helpdesk.db import db
from helpdesk.tickets.models import Ticket
from sla.money import days, facts, fees, rates, reading, standby, sums, waiting
from sla.money.facts import Scope
from sla.money.fees import Fee
from sla.money.kinds import UNTIMED
from sla.money.rates import Rates
from sla.money.reading import Row
from sla.money.standby import Stood
from sla.money.sums import Amount, Growing, Line
from sla.reports.asking import Question

GROUPS = ("customer", "agreement", "month")
FILTERS = ("customer", "agreement")
FRESH = 10
"""How many days with something new are read from their facts, the last of them; more wait to be added up."""
_KEYS = {"customer": "organization_id", "agreement": "contract_id"}
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
    waiting: int = 0
    """How many of the days are yet to be added up: their figures are what they were before, or are missing."""


def money(question: Question, now: datetime) -> Money:
    """Of a question; `by` is of its grouping."""
    scope, known, tally = scope_of(question, now), rates.known(), _Tally()
    key = _KEYS.get(question.group, "")
    new = waiting.between(scope.since, scope.until)
    fresh, late = new[-FRESH:], new[:-FRESH]
    tally.read(reading.read(key, scope, fresh, known))
    for fee in earned(scope):
        tally.add("fee", sums.one(fee.currency, fee.cents), _whose(fee, question.group), fee.month)
    stood = shared(scope, now, known)
    for one in stood:
        tally.add("standby", sums.one(one.currency, one.cents, one.seconds), None, one.day.replace(day=1))
    tally.settle()
    months = tally.months()
    by = {str(month): line for month, line in months.items()} if question.group == "month" else tally.lines()
    return Money(tally.whole(), by, months, tuple(stood), len(late))


def may_have_any(ticket_id: int) -> bool:
    """Whether a ticket can have facts but that it was answered; asked on every page of a ticket, and found by index."""
    return bool(db.session.scalar(_MAY_HAVE, {"ticket": ticket_id}))


def of_ticket(ticket: Ticket, zone: str) -> Line:
    """All that one ticket cost and brought, with what was merged into it."""
    begin, end = (datetime.combine(day, time(), UTC) for day in _EVER)
    scope = Scope(*_EVER, begin, end, zone, ticket=ticket.id, within=_within(ticket.id))
    then = f"SELECT kind, currency, {sums.SUMMED} FROM fact GROUP BY kind, currency"  # noqa: S608 - of our own
    asked = facts.relation((*days.COUNTED, UNTIMED), scope, then)
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


_Parts = dict[str, Amount]


class _Tally:
    """Amounts as they are added up, by kind: of all, by key, by month."""

    def __init__(self) -> None:
        self._whole: _Parts = {}
        self._by: dict[str, _Parts] = defaultdict(dict)
        self._months: dict[date, _Parts] = defaultdict(dict)
        self._single: dict[tuple[str, str | None, date | None], Growing] = defaultdict(Growing)

    def read(self, rows: Iterable[Row]) -> None:
        """Sums: there are thousands of keys, and hardly two of one key and kind."""
        for kind, is_of_key, is_of_month, key, month, amount in rows:
            if is_of_key:
                parts = self._by[str(key or "")]
            elif is_of_month and month is not None:
                parts = self._months[month]
            else:
                parts = self._whole
            parts[kind] = parts[kind].plus(amount) if kind in parts else amount

    def add(self, kind: str, amount: Amount, key: str | None, month: date) -> None:
        """A single fact; of no key where that is None."""
        self._single[kind, None, None].add(amount)
        self._single[kind, None, month].add(amount)
        if key is not None:
            self._single[kind, key, None].add(amount)

    def settle(self) -> None:
        """Put single facts to the sums."""
        self.read(
            Row(kind, key is not None, month is not None, key, month, one.amount())
            for (kind, key, month), one in self._single.items()
        )

    def whole(self) -> Line:
        return Line(self._whole)

    def lines(self) -> dict[str, Line]:
        return {key: Line(parts) for key, parts in self._by.items()}

    def months(self) -> dict[date, Line]:
        return {month: Line(parts) for month, parts in sorted(self._months.items())}


def _whose(fee: Fee, group: str) -> str | None:
    return {"customer": str(fee.organization_id), "agreement": str(fee.contract_id)}.get(group)


def _within(ticket_id: int) -> tuple[int, ...]:
    """A ticket and all that were merged into it."""
    merged = select(Ticket.id).where(Ticket.id == ticket_id).cte("merged", recursive=True)
    merged = merged.union(select(Ticket.id).join(merged, Ticket.merged_into_id == merged.c.id))
    return tuple(db.session.scalars(select(merged.c.id)))
