"""What was bought ahead and is left of it: each ticket that arrived, merge and piece of work, drawn again by hand."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from bench.recount.comparing import Compared, Reader
from bench.recount.log import Connection
from bench.recount.questions import Question, asked
from bench.recount.year import Year

_TILE = re.compile(r"<dt>Prepaid (callouts|time)</dt><dd[^>]*>(.*?) left<span")
_KINDS = "('entitlement.decided', 'ticket.merged', 'ticket.unmerged', 'time.noted', 'time.returned')"
_MONTHS = ("2025-11", "2026-03", "2026-05", "2026-10", "2026-11")
_BOOKS = ("period=month", "period=year", "from=2025-10-15&to=2026-11-20", "from=2026-03-01&to=2026-05-31")


@dataclass
class Balance:
    """Incidents or minutes; each entry is an instant, a ticket and how much, less than nothing where given back."""

    id: int
    agreement: int
    unit: str
    bought: int
    bought_on: date
    last: date | None
    step: int
    grace: int
    least: int
    price: int | None
    currency: str
    entries: list[tuple[datetime, int, int]] = field(default_factory=list)
    by_key: Counter[tuple[int, str]] = field(default_factory=Counter)
    """What a ticket holds of it, by what for."""

    @property
    def left(self) -> int:
        return self.bought - sum(amount for _, _, amount in self.entries)

    def write(self, at: datetime, ticket: int, key: str, amount: int) -> None:
        self.entries.append((at, ticket, amount))
        self.by_key[ticket, key] += amount

    def holds(self, day: date) -> bool:
        return self.bought_on <= day and (self.last is None or day <= self.last)


class Prepaid:
    """Draws everything again, then compares pages, statements, books and the tickets that are to be paid for."""

    def __init__(self, connection: Connection, year: Year, reader: Reader, compared: Compared) -> None:
        self._year, self._reader, self._compared = year, reader, compared
        columns = "id, contract_id, unit, bought, bought_on, expires_on, round_to, grace, least, price_cents, currency"
        self.balances = [Balance(*row) for row in connection.execute(f"SELECT {columns} FROM prepaid_balance")]
        zones = "SELECT contract_id, zone FROM contract_version ORDER BY contract_id, number"
        self._zones = {key: ZoneInfo(zone) for key, zone in connection.execute(zones)}
        self._owners = dict(connection.execute("SELECT id, organization_id FROM contract").fetchall())
        agreed = "SELECT ticket_id, contract_id, judged_at, billable FROM entitlement JOIN contract_version version"
        covers = connection.execute(f"{agreed} ON version.id = contract_version_id").fetchall()
        self._covers = {ticket: (agreement, at) for ticket, agreement, at, _ in covers}
        self._told_billable = {ticket for ticket, *_, is_billable in covers if is_billable}
        self._billable: set[int] = set()
        work = "SELECT ticket_id, key, is_billable, drawn FROM time_entry JOIN event USING (ticket_id)"
        noted = f"{work} WHERE event.kind = 'time.noted' AND event.data ->> 'key' = key"
        self._work = {row[:2]: row[2:] for row in connection.execute(noted)}
        self._agents = {key: ZoneInfo(zone) for key, zone in connection.execute("SELECT id, zone FROM agent")}
        self._numbers = {one.id: one.number for one in year.begun}
        told = f"SELECT ticket_id, kind, at, agent_id, data FROM event WHERE kind IN {_KINDS} ORDER BY at, id"
        for ticket, kind, at, agent, data in connection.execute(told):
            if ticket in self._covers:
                getattr(self, _STEPS[kind])(ticket, at, agent, data)

    def compare(self) -> None:
        self.pages()
        self.statements()
        self.tickets()
        self.books()

    def pages(self) -> None:
        """What is left, on the page of each agreement; and what was drawn ever, in its one term."""
        today = self._year.today
        for agreement in self._sellers():
            page = f"/customers/{self._owners[agreement]}/agreements/{agreement}"
            tiles = Counter(_TILE.findall(self._reader.page(page)))
            mine = Counter(_tile(one) for one in self._of(agreement) if one.holds(today))
            self._compared.same(f"{page} prepaid", _told(tiles), _told(mine))
            drawn: Counter[str] = Counter()
            for one in self._of(agreement):
                drawn[one.unit] += one.bought - one.left if one.entries else 0
            words = ", ".join(_words(drawn[unit], unit) for unit in sorted(drawn) if self._was_drawn(agreement, unit))
            rows = self._reader.json(f"/api/v1/tables/agreement-terms?agreement={agreement}")["rows"]
            self._compared.same(f"{page} terms", [row["drawn"] for row in rows], [words])

    def statements(self) -> None:
        for agreement in self._sellers():
            for month in _MONTHS:
                where = f"/api/v1/customers/{self._owners[agreement]}/statements/{month}?agreement={agreement}"
                told = self._reader.json(where)["statement"]["prepaid"]
                self._compared.same(f"{where} prepaid", told, [*self._stated(agreement, month)])

    def tickets(self) -> None:
        """Those that are to be paid for because nothing was left, and what each piece of work drew."""
        self._compared.same("billable", sorted(self._told_billable), sorted(self._billable))
        for (ticket, key), (_, drawn) in self._work.items():
            mine = sum(one.by_key[ticket, key] for one in self.balances)
            self._compared.same(f"time {ticket} {key}", drawn, mine)

    def books(self) -> None:
        """What the balances earned: as they were drawn, and on their last day."""
        for days in _BOOKS:
            question = asked(days, self._year.today)
            self._money(f"/api/v1/promises/money?{days}", self.balances, question)
            for agreement in self._sellers():
                self._money(f"/api/v1/promises/money?{days}&agreement={agreement}", self._of(agreement), question)

    def _money(self, address: str, balances: Sequence[Balance], question: Question) -> None:
        parts = self._reader.json(address)["parts"]
        for kind in ("prepaid", "expired"):
            cents: Counter[str] = Counter()
            unknown = 0
            for one in balances:
                for what, day, worth in self._earned(one):
                    if what == kind and question.since <= day < question.until:
                        if worth is None:
                            unknown += 1
                        else:
                            cents[one.currency] += worth
            told = parts.get(kind, {"cents": {}, "unknown": 0})
            same = {key: value for key, value in told["cents"].items() if value}, told["unknown"]
            self._compared.same(f"{address} {kind}", [*same], [{k: v for k, v in cents.items() if v}, unknown])
            if {k: v for k, v in cents.items() if v}.keys() != same[0].keys():
                self._compared.differences.append(f"{address} {kind}: other currencies")

    def _earned(self, one: Balance) -> Iterator[tuple[str, date, int | None]]:
        used = 0
        for at, _, amount in one.entries:
            day = at.astimezone(self._year.zone).date()
            if one.last is not None and day > one.last:
                continue
            used += amount
            yield "prepaid", day, None if one.price is None else _part(one, used) - _part(one, used - amount)
        if one.last is not None and one.last <= self._year.today and used < one.bought:
            yield "expired", one.last, None if one.price is None else one.price - _part(one, used)

    def _stated(self, agreement: int, month: str) -> Iterator[dict[str, Any]]:
        zone = self._zones[agreement]
        for one in self._of(agreement):
            if str(one.bought_on)[:7] > month or (one.last is not None and str(one.last)[:7] < month):
                continue
            when = [(f"{at.astimezone(zone):%Y-%m}", at, ticket, amount) for at, ticket, amount in one.entries]
            mine = [[_utc(at), self._numbers[ticket], amount] for name, at, ticket, amount in when if name == month]
            before = sum(amount for name, *_, amount in when if name < month)
            drawn = sum(amount for name, *_, amount in when if name == month)
            yield {"unit": one.unit, "bought": one.bought, "drawn_before": before, "entries": mine, "drawn": drawn,
                   "left": one.bought - before - drawn}  # fmt: skip

    def _of(self, agreement: int, unit: str = "") -> list[Balance]:
        return [one for one in self.balances if one.agreement == agreement and unit in {"", one.unit}]

    def _sellers(self) -> list[int]:
        return sorted({one.agreement for one in self.balances})

    def _was_drawn(self, agreement: int, unit: str) -> bool:
        return any(one.entries for one in self._of(agreement, unit))

    # What happened.

    def _decided(self, ticket: int, at: datetime, _agent: int | None, _data: Mapping[str, Any]) -> None:
        agreement, arrived = self._covers[ticket]
        day = arrived.astimezone(self._zones[agreement]).date()
        is_sold = bool(self._usable(agreement, "incidents", day))
        if is_sold and not self._draw(agreement, "incidents", day, (at, ticket, ""), 1):
            self._billable.add(ticket)

    def _merged(self, ticket: int, at: datetime, _agent: int | None, _data: Mapping[str, Any]) -> None:
        for one in self.balances:
            if one.unit == "incidents" and one.by_key[ticket, ""] > 0:
                one.write(at, ticket, "", -one.by_key[ticket, ""])

    def _unmerged(self, ticket: int, at: datetime, agent: int | None, data: Mapping[str, Any]) -> None:
        if data["source"] == self._numbers[ticket] and ticket not in self._billable:
            self._decided(ticket, at, agent, data)

    def _noted(self, ticket: int, at: datetime, agent: int | None, data: Mapping[str, Any]) -> None:
        agreement, day = self._covers[ticket][0], date.fromisoformat(data["day"])
        if not self._work[ticket, data["key"]][0]:
            return
        if agent is not None and day == at.astimezone(self._agents[agent]).date():
            day = at.astimezone(self._zones[agreement]).date()
        first = next((one for one in self._usable(agreement, "minutes", day) if one.left > 0), None)
        if first is not None:
            self._draw(agreement, "minutes", day, (at, ticket, data["key"]), _charged(first, data["minutes"]))

    def _returned(self, ticket: int, at: datetime, _agent: int | None, data: Mapping[str, Any]) -> None:
        for one in self.balances:
            if one.by_key[ticket, data["key"]] > 0:
                one.write(at, ticket, data["key"], -one.by_key[ticket, data["key"]])

    def _draw(self, agreement: int, unit: str, day: date, what: tuple[datetime, int, str], amount: int) -> bool:
        """As much as there is, of what expires first; whether that was all."""
        at, ticket, key = what
        for one in self._usable(agreement, unit, day):
            part = min(amount, max(0, one.left))
            if part:
                one.write(at, ticket, key, part)
                amount -= part
        return amount == 0

    def _usable(self, agreement: int, unit: str, day: date) -> list[Balance]:
        mine = [one for one in self._of(agreement, unit) if one.holds(day)]
        return sorted(mine, key=lambda one: (one.last or date.max, one.id))


def _charged(one: Balance, minutes: int) -> int:
    """Whole steps; one more for what lies over the last by more than is forgiven; never below the least."""
    steps = minutes // one.step + (1 if minutes % one.step > one.grace else 0)
    return max(one.least, steps * one.step)


def _part(one: Balance, used: int) -> int:
    """Of its price, half a cent up."""
    return (2 * (one.price or 0) * used + one.bought) // (2 * one.bought)


def _tile(one: Balance) -> tuple[str, str]:
    if one.unit == "incidents":
        return "callouts", f"{one.left} of {one.bought}"
    return "time", f"{_words(one.left, one.unit)} of {_words(one.bought, one.unit)}"


def _words(amount: int, unit: str) -> str:
    if unit == "incidents":
        return f"{amount} callouts"
    hours, rest = divmod(amount, 60)
    return " ".join([f"{hours} h"] * bool(hours) + [f"{rest} min"] * bool(rest)) or "0 min"


def _told(tiles: Counter[tuple[str, str]]) -> list[str]:
    return sorted(" ".join(one) for one in tiles.elements())


def _utc(at: datetime) -> str:
    told = at.astimezone(UTC)
    return told.isoformat(timespec="microseconds" if told.microsecond else "seconds")


_STEPS = {
    "entitlement.decided": "_decided",
    "ticket.merged": "_merged",
    "ticket.unmerged": "_unmerged",
    "time.noted": "_noted",
    "time.returned": "_returned",
}
