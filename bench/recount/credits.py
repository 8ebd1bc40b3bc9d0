"""What broken promises cost: each break by the clause's rule again, within the share of the fee; where it is told."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from bench.recount.comparing import Compared, Reader
from bench.recount.days import months_on
from bench.recount.hours import micro
from bench.recount.log import Connection
from bench.recount.questions import asked
from bench.recount.year import Decided, Year

_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_BOOKS = ("period=month", "period=year", "from=2025-10-15&to=2026-11-20", "from=2026-03-01&to=2026-05-31")
_STATED = ("2025-12", "2026-03", "2026-07", "2026-10", "2026-11")
_MOST_TOLD = 200
"""So many, those to be decided and the newest, are told of a customer."""
_SIGNS = {"USD": "$", "EUR": "€"}


class Fee(NamedTuple):
    """What a version of an agreement says of money."""

    agreement: int
    cents: int | None
    currency: str
    period: str
    share: int
    """Percent of the fee that all credits of its period stay within."""
    begins: date
    zone: ZoneInfo


@dataclass(frozen=True)
class Owed:
    """A credit; `day` is where the agreement is at home, `booked` where the days of reports begin."""

    promise: int
    agreement: int
    ticket: int
    metric: str
    at: int
    day: date
    booked: date
    cents: int
    currency: str
    state: str

    @property
    def counts(self) -> bool:
        return self.state != "excused"


class Credits:
    """All of them, worked out from the breaks; that one was posted is known from its row alone."""

    def __init__(self, connection: Connection, year: Year, reader: Reader, compared: Compared) -> None:
        self._year, self._reader, self._compared = year, reader, compared
        asks = ("SELECT id, contract_id, value_cents, currency, period, credit_cap_percent, starts_on, zone"
                " FROM contract_version")  # fmt: skip
        self._fees = {row[0]: Fee(*row[1:7], ZoneInfo(row[7])) for row in connection.execute(asks)}
        told = "SELECT (data ->> 'commitment')::bigint, min(at) FROM event WHERE kind = 'commitment.excused' GROUP BY 1"
        self._excused = {promise: micro(at) for promise, at in connection.execute(told)}
        rows = "SELECT commitment_id, contract_id, amount_cents, currency, state, rule ->> 'broken_on' FROM credit"
        self._rows = {row[0]: row[1:] for row in connection.execute(rows)}
        self._owners = dict(connection.execute("SELECT id, organization_id FROM contract").fetchall())
        self.by_promise = {one.promise: one for one in self._all()}

    def compare(self) -> None:
        self.rows()
        self.customers()
        self.terms()
        self.statements()
        self.books()

    def rows(self) -> None:
        """Every one there is, and no other."""
        mine = {
            one.promise: [one.agreement, one.cents, one.currency, one.state, str(one.day)]
            for one in self.by_promise.values()
        }
        told = {promise: [*row] for promise, row in self._rows.items()}
        self._compared.same("credits", sorted(told), sorted(mine))
        self._compared.same("credit", told, mine)

    def customers(self) -> None:
        for owner in sorted({self._owners[one.agreement] for one in self.by_promise.values()}):
            told = self._reader.json(f"/api/v1/customers/{owner}/credits")["credits"]
            found = [one for one in self.by_promise.values() if self._owners[one.agreement] == owner]
            self._compared.lists += 1
            lines = Counter(
                (one["agreement_id"], one["ticket"], one["metric"], one["broken_on"], one["amount_cents"], one["state"])
                for one in told
            )
            due = Counter((one.agreement, one.ticket, one.metric, str(one.day), one.cents, one.state) for one in found)
            self._compared.rows += len(told)
            if lines - due or len(told) != min(len(found), _MOST_TOLD):
                self._compared.differences.append(f"credits of customer {owner}: others are told")

    def terms(self) -> None:
        """What was given in the one term of each."""
        for agreement in self._agreements():
            given: Counter[str] = Counter()
            for one in self._of(agreement):
                if one.state == "posted":
                    given[one.currency] += one.cents
            words = ", ".join(_money(given[currency], currency) for currency in sorted(given))
            rows = self._reader.json(f"/api/v1/tables/agreement-terms?agreement={agreement}")["rows"]
            self._compared.same(f"terms of {agreement}: credits", [row["credits"] for row in rows], [words])

    def statements(self) -> None:
        for agreement in self._agreements():
            for month in _STATED:
                address = f"/api/v1/customers/{self._owners[agreement]}/statements/{month}?agreement={agreement}"
                told = self._reader.json(address)["statement"]
                mine = sorted((one for one in self._of(agreement) if str(one.booked)[:7] == month), key=_by_promise)
                lines = sorted([one["promise"], one["amount_cents"], one["currency"], one["state"]] for one in
                               told["credits"])  # fmt: skip
                due = [[one.promise, one.cents, one.currency, one.state] for one in mine]
                self._compared.same(f"{address} credits", lines, due)
                self._compared.same(f"{address} credits", told["credit_sums"], summed(mine))

    def books(self) -> None:
        """What they cost, of everybody and of each agreement; an excused one costs nothing."""
        for days in _BOOKS:
            question = asked(days, self._year.today)
            mine = [one for one in self.by_promise.values()
                    if one.counts and question.since <= one.booked < question.until]  # fmt: skip
            self._book(days, mine)
            for agreement in self._agreements():
                self._book(f"{days}&agreement={agreement}", [one for one in mine if one.agreement == agreement])

    def _book(self, address: str, mine: Sequence[Owed]) -> None:
        cents: Counter[str] = Counter()
        for one in mine:
            cents[one.currency] += one.cents
        parts = self._reader.json(f"/api/v1/promises/money?{address}")["parts"]
        told = parts.get("credit", {"cents": {}})["cents"]
        self._compared.same(f"money?{address} credit", sorted(map(list, told.items())), sorted(cents.items()))

    def _all(self) -> list[Owed]:
        """In the order they broke."""
        found: dict[int, list[Owed]] = defaultdict(list)
        for one in sorted(self._year.decided, key=lambda each: (each.at, each.id)):
            clause = self._year.log.clauses[one.clause]
            if one.outcome == "broken" and clause.credit and clause.version is not None:
                owed = self._owed(one, clause.credit, self._fees[clause.version], found)
                if owed is not None:
                    found[owed.agreement].append(owed)
        return [one for each in found.values() for one in each]

    def _owed(self, one: Decided, rule: Mapping[str, Any], fee: Fee, found: Mapping[int, list[Owed]]) -> Owed | None:
        """What it gives, not more than its own limit and what its period has left; once for a ticket and a kind."""
        day = _local(one.at, fee.zone)
        standing = [
            each for each in found.get(fee.agreement, ()) if self._excused.get(each.promise, one.at + 1) > one.at
        ]
        if any((each.ticket, each.metric) == (one.ticket, one.kind) for each in standing):
            return None
        value = Fraction(str(rule["value"]))
        cents = value if rule["kind"] == "amount" else Fraction(fee.cents or 0) * value / 100
        if "cap" in rule:
            cents = min(cents, Fraction(rule["cap"]))
        if fee.cents:
            since, until = _period(fee, day)
            given = sum(each.cents for each in standing if since <= each.day < until)
            cents = min(cents, Fraction(fee.cents * fee.share, 100) - given)
        whole = int(cents + Fraction(1, 2)) if cents > 0 else 0
        return self._made(one, fee, day, whole) if whole else None

    def _made(self, one: Decided, fee: Fee, day: date, cents: int) -> Owed:
        state = "excused" if one.is_excused else "posted" if self._is_posted(one.id) else "proposed"
        return Owed(one.id, fee.agreement, one.ticket, one.kind, one.at, day, one.day, cents, fee.currency, state)

    def _is_posted(self, promise: int) -> bool:
        return promise in self._rows and self._rows[promise][3] == "posted"

    def _of(self, agreement: int) -> list[Owed]:
        return [one for one in self.by_promise.values() if one.agreement == agreement]

    def _agreements(self) -> list[int]:
        return sorted({one.agreement for one in self.by_promise.values()})


def summed(credits_: Sequence[Owed]) -> list[dict[str, Any]]:
    """By state and currency, as a statement tells it."""
    sums: dict[tuple[str, str], list[int]] = defaultdict(list)
    for one in credits_:
        sums[one.state, one.currency].append(one.cents)
    return [
        {"state": state, "currency": currency, "count": len(each), "amount_cents": sum(each)}
        for (state, currency), each in sorted(sums.items())
    ]


def _period(fee: Fee, day: date) -> tuple[date, date]:
    """The days one fee pays for: from one of its beginnings up to the next."""
    step, count = _MONTHS[fee.period], 0
    while _after(fee.begins, (count + 1) * step) <= day:
        count += 1
    return _after(fee.begins, count * step), _after(fee.begins, (count + 1) * step)


def _after(day: date, months: int) -> date:
    """The same day of a later month; where that has none, the day after its last, which is still part of what ends."""
    found = months_on(day, months)
    return found if found.day == day.day else found + timedelta(days=1)


def _local(at: int, zone: ZoneInfo) -> date:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)).astimezone(zone).date()


def _money(cents: int, currency: str) -> str:
    whole, rest = divmod(cents, 100)
    return f"{_SIGNS[currency]}{whole:,}" + (f".{rest:02}" if rest else "")


def _by_promise(one: Owed) -> int:
    return one.promise
