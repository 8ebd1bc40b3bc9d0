"""Works out every figure of money anew from the CSV files of `flask reports money`, with nothing but Python.

    python verify_money.py FOLDER

It shares no code with the product. It ends with 1 and says what differs where a figure is not what the facts say.
"""

from __future__ import annotations

import csv
import sys
from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

FORMAT = "kept-money-facts/1"
MONTHS = {"month": 1, "quarter": 3, "year": 12}
DAY = timedelta(days=1)
Row = dict[str, str]


class Fact(NamedTuple):
    """Cents are None where nobody knows them; a ticket that was answered without time is named."""

    kind: str
    day: date
    customer: str
    agreement: str
    currency: str
    cents: int | None
    ticket: str = ""


class Books:
    """The files of a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        [period] = self.rows("period")
        if period["format"] != FORMAT:
            raise SystemExit(f"These files are of the format {period['format']}, and this script reads {FORMAT}.")
        self.since, self.until = date.fromisoformat(period["since"]), date.fromisoformat(period["until"])
        self.zone = ZoneInfo(period["zone"])
        self.tickets = {row["id"]: row for row in self.rows("tickets")}
        self._zones = {row["id"]: ZoneInfo(row["zone"]) for row in self.rows("agents")}
        self._rates = sorted(self.rows("rates"), key=lambda row: (row["valid_from"], int(row["id"])))
        self._teams: dict[str, list[str]] = defaultdict(list)
        for row in sorted(self.rows("members"), key=lambda row: int(row["team"])):
            self._teams[row["agent"]].append(row["team"])
        self.versions: dict[str, list[Row]] = defaultdict(list)
        for row in self.rows("prices"):
            self.versions[row["agreement"]].append(row)

    def rows(self, name: str) -> list[Row]:
        with (self._folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def root(self, ticket: str) -> str:
        """What it was merged into in the end."""
        while self.tickets[ticket]["merged_into"]:
            ticket = self.tickets[ticket]["merged_into"]
        return ticket

    def place(self, ticket: str) -> tuple[str, str]:
        """The customer and the agreement of the ticket it counts for."""
        row = self.tickets[self.root(ticket)]
        return row["customer"], row["agreement"]

    def owner(self, agreement: str) -> str:
        return self.versions[agreement][0]["customer"]

    def day_of(self, instant: str) -> date:
        return datetime.fromisoformat(instant).astimezone(self.zone).date()

    def is_night(self, agent: str, instant: str) -> bool:
        return not 6 <= datetime.fromisoformat(instant).astimezone(self._zones[agent]).hour < 22

    def rate(self, kind: str, agent: str, day: date) -> tuple[int, str] | None:
        """A person's own, else the first of their teams', else everybody's."""
        ways = [("agent", agent), *(("team", team) for team in self._teams[agent]), ("", "")]
        for column, whose in ways:
            mine = [
                row
                for row in self._rates
                if row["kind"] == kind
                and (row[column] == whose if column else not row["agent"] and not row["team"])
                and date.fromisoformat(row["valid_from"]) <= day
            ]
            if mine and mine[-1]["cents"]:
                return int(mine[-1]["cents"]), mine[-1]["currency"]
        return None

    def holding(self, agreement: str, day: date) -> Row | None:
        """The version that holds when a day ends."""
        found = None
        for row in self.versions.get(agreement, ()):
            since = datetime.fromisoformat(row["valid_from"]).astimezone(ZoneInfo(row["zone"])).date()
            if since <= day:
                found = row
        return found

    def holds(self, day: date) -> bool:
        return self.since <= day < self.until


def rounded(value: Fraction) -> int:
    """To whole cents, half a cent up."""
    return int((value + Fraction(1, 2)) // 1)


def facts(books: Books) -> Iterator[Fact]:
    yield from work(books)
    yield from nights(books)
    yield from standby(books)
    yield from credits_owed(books)
    yield from fees(books)
    yield from prepaid(books)
    yield from untimed(books)


def work(books: Books) -> Iterator[Fact]:
    """What time costs, and what of it is to be paid for."""
    for row in books.rows("time"):
        day, minutes = date.fromisoformat(row["day"]), int(row["minutes"])
        customer, agreement = books.place(row["ticket"])
        yield by_the_hour("work", day, (customer, agreement), minutes, books.rate("work", row["agent"], day))
        rest = minutes - int(row["drawn"])
        if row["billable"] == "1" and rest > 0:
            version = books.holding(agreement, day) if agreement else None
            price = books.rate("billed", row["agent"], day)
            if version is not None and version["state"] != "draft" and version["hour_cents"]:
                price = int(version["hour_cents"]), version["currency"]
            yield by_the_hour("billed", day, (customer, agreement), rest, price)


def by_the_hour(kind: str, day: date, place: tuple[str, str], minutes: int, price: tuple[int, str] | None) -> Fact:
    if price is None:
        return Fact(kind, day, *place, "", None)
    return Fact(kind, day, *place, price[1], rounded(Fraction(minutes * price[0], 60)))


def nights(books: Books) -> Iterator[Fact]:
    """Each page at night, shared between its tickets; the cents that are left over go to the oldest."""
    rung: dict[str, set[str]] = defaultdict(set)
    pages = {}
    for row in books.rows("pages"):
        pages[row["page"]] = row
        rung[row["page"]].add(books.root(row["ticket"]))
    for page, row in pages.items():
        if not books.is_night(row["agent"], row["at"]):
            continue
        day, tickets = books.day_of(row["at"]), sorted(rung[page], key=int)
        price = books.rate("night", row["agent"], day)
        for place, ticket in enumerate(tickets):
            if price is None:
                yield Fact("night", day, *books.place(ticket), "", None)
            else:
                each, over = divmod(price[0], len(tickets))
                yield Fact("night", day, *books.place(ticket), price[1], each + (place < over))


def standby(books: Books) -> Iterator[Fact]:
    """Each person's seconds on call of each day."""
    seconds: dict[tuple[str, date], int] = defaultdict(int)
    for row in books.rows("shifts"):
        begin, end = (datetime.fromisoformat(row[name]) for name in ("begin", "end"))
        day = begin.astimezone(books.zone).date()
        while begin < end:
            after = day + DAY
            midnight = datetime(after.year, after.month, after.day, tzinfo=books.zone).astimezone(begin.tzinfo)
            upto = min(end, midnight)
            seconds[row["agent"], day] += int((upto - begin).total_seconds())
            begin, day = upto, after
    for (agent, day), worked in seconds.items():
        price = books.rate("standby", agent, day)
        if price is None:
            yield Fact("standby", day, "-", "-", "", None)
        else:
            yield Fact("standby", day, "-", "-", price[1], rounded(Fraction(worked * price[0], 3600)))


def credits_owed(books: Books) -> Iterator[Fact]:
    for row in books.rows("credits"):
        if row["state"] != "excused":
            day, agreement = books.day_of(row["broken_at"]), row["agreement"]
            yield Fact("credit", day, books.owner(agreement), agreement, row["currency"], int(row["cents"]))


def fees(books: Books) -> Iterator[Fact]:
    """Day by day; days of one month, version and agreement that are not known count as one."""
    for agreement in books.versions:
        unknown = set()
        for day in (books.since + DAY * number for number in range((books.until - books.since).days)):
            version = books.holding(agreement, day)
            if version is None or version["state"] != "active" or not in_term(version, day):
                continue
            place = version["customer"], agreement
            if version["cents"]:
                yield Fact("fee", day, *place, version["currency"], part_of(version, day))
            elif (month := (version["version"], day.replace(day=1))) not in unknown:
                unknown.add(month)
                yield Fact("fee", day, *place, "", None)


def in_term(version: Row, day: date) -> bool:
    if day < date.fromisoformat(version["starts_on"]):
        return False
    return version["renewal"] == "tacit" or day <= date.fromisoformat(version["ends_on"])


def part_of(version: Row, day: date) -> int:
    """A day's part of its period's fee: whole cents, the first days one more where it does not divide."""
    start, length = date.fromisoformat(version["starts_on"]), MONTHS[version["period"]]
    number = 0
    while first_of(start, length * (number + 1)) <= day:
        number += 1
    begin, after = first_of(start, length * number), first_of(start, length * (number + 1))
    each, over = divmod(int(version["cents"]), (after - begin).days)
    return each + ((day - begin).days < over)


def first_of(start: date, months: int) -> date:
    """The same day some months later; where that month has none, the first of the next."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    if start.day <= monthrange(year, month + 1)[1]:
        return date(year, month + 1, start.day)
    return date(year, month + 1, monthrange(year, month + 1)[1]) + DAY


def prepaid(books: Books) -> Iterator[Fact]:
    """What each drawing adds to what was earned of a balance by then, and the rest on its last day."""
    drawn: dict[str, list[Row]] = defaultdict(list)
    for row in sorted(books.rows("drawn"), key=lambda row: int(row["id"])):
        drawn[row["balance"]].append(row)
    for row in books.rows("balances"):
        place = books.owner(row["agreement"]), row["agreement"]
        last = date.fromisoformat(row["expires_on"]) if row["expires_on"] else date.max
        used = 0
        for entry in drawn[row["id"]]:
            day = books.day_of(entry["at"])
            if day > last:
                continue
            before, used = used, used + int(entry["amount"])
            if books.holds(day):
                yield priced("prepaid", day, row, place, (before, used))
        if books.holds(last) and used < int(row["bought"]):
            yield priced("expired", last, row, place, (used, int(row["bought"])))


def priced(kind: str, day: date, balance: Row, place: tuple[str, str], used: tuple[int, int]) -> Fact:
    """What a balance brings from one amount used to another."""
    if not balance["cents"]:
        return Fact(kind, day, *place, balance["currency"], None)
    earned = [rounded(Fraction(int(balance["cents"]) * one, int(balance["bought"]))) for one in used]
    return Fact(kind, day, *place, balance["currency"], earned[1] - earned[0])


def untimed(books: Books) -> Iterator[Fact]:
    timed = {books.root(row["ticket"]) for row in books.rows("timed")}
    for row in books.rows("replies"):
        ticket = books.root(row["ticket"])
        if ticket not in timed:
            yield Fact("untimed", date.fromisoformat(row["day"]), *books.place(ticket), "", None, ticket)


class Sums:
    """Cents by (grouping, key, kind, currency), and what is not known by (grouping, key, kind)."""

    def __init__(self) -> None:
        self.cents: dict[tuple[str, ...], int] = defaultdict(int)
        self.unknown: dict[tuple[str, ...], int] = defaultdict(int)
        self._seen: set[tuple[str, str, str]] = set()

    def add(self, fact: Fact) -> None:
        keys = {"all": "", "customer": fact.customer, "agreement": fact.agreement}
        keys["month"] = fact.day.replace(day=1).isoformat()
        for by, key in keys.items():
            if key == "-":
                continue
            if fact.cents is not None:
                self.cents[by, key, fact.kind, fact.currency] += fact.cents
            elif not fact.ticket or (by, key, fact.ticket) not in self._seen:
                self._seen.add((by, key, fact.ticket))
                self.unknown[by, key, fact.kind] += 1


def told(books: Books) -> Sums:
    found = Sums()
    for row in books.rows("figures"):
        key = row["by"], row["key"], row["kind"]
        found.cents[*key, row["currency"]] += int(row["cents"])
        found.unknown[key] += int(row["unknown"])
    return found


def differences(books: Books) -> list[str]:
    worked, said = Sums(), told(books)
    for fact in facts(books):
        worked.add(fact)
    return [*_differing("cents", said.cents, worked.cents), *_differing("not known", said.unknown, worked.unknown)]


def _differing(what: str, said: Mapping[tuple[str, ...], int], worked: Mapping[tuple[str, ...], int]) -> list[str]:
    return [
        f"{' '.join(key)}: told {said.get(key, 0)} {what}, worked out {worked.get(key, 0)}"
        for key in sorted({*worked, *said})
        if worked.get(key, 0) != said.get(key, 0)
    ]


def main() -> None:
    if len(sys.argv) != 2:
        raise SystemExit("Say which folder: python verify_money.py FOLDER")
    books = Books(Path(sys.argv[1]))
    found = differences(books)
    for one in found:
        print(one)
    if found:
        raise SystemExit(1)
    print(f"{len(books.rows('figures'))} figures are what the facts say, to the cent.")


if __name__ == "__main__":
    main()
