"""What covers each ticket, decided again as the guide to promises says: a line, a warranty, or what everybody gets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from bench.recount.comparing import Compared
from bench.recount.hours import micro
from bench.recount.log import Clause, Connection, Ticket, at_of
from bench.recount.warranties import Unit, Warranties
from bench.recount.year import Year


class Line(NamedTuple):
    """What one line covers; nothing named is everything of the customer."""

    id: int
    place: int
    sites: Sequence[int]
    units: Sequence[int]
    models: Sequence[str]
    works: Sequence[str]
    begins: date | None
    ends: date | None
    calendar: int | None
    fills: bool


class Version(NamedTuple):
    """What an agreement says from an instant on."""

    id: int
    agreement: int
    since: int
    number: int
    state: str
    begins: date
    ends: date
    zone: ZoneInfo


class Cover(NamedTuple):
    """As a row says it; `clauses` in order. Whether it is to be paid for is left open for agreements."""

    source: str
    version: int | None
    line: int | None
    warranty: int | None
    clauses: tuple[int, ...]
    is_billable: bool | None


@dataclass
class Covers:
    """All that could cover anything."""

    connection: Connection
    year: Year
    compared: Compared
    versions: dict[int, list[Version]] = field(default_factory=lambda: defaultdict(list))
    """By customer."""
    lines: dict[int, list[Line]] = field(default_factory=lambda: defaultdict(list))
    promised: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    """Clauses by version of an agreement."""
    policies: dict[str, list[tuple[int, list[int]]]] = field(default_factory=lambda: defaultdict(list))
    """By what cover they ask for: from when on, and their clauses."""

    def __post_init__(self) -> None:
        asked = "SELECT organization_id, version.id, contract_id, valid_from, version.number, state, starts_on,"
        asked += " ends_on, zone FROM contract_version version JOIN contract ON contract.id = contract_id"
        for owner, key, agreement, since, *more, zone in self.connection.execute(asked):
            self.versions[owner].append(Version(key, agreement, micro(since), *more, ZoneInfo(zone)))
        asked = "SELECT contract_version_id, id, position, site_ids, asset_ids, models, works, starts_on, ends_on,"
        for version, *line in self.connection.execute(f"{asked} calendar_id, fills_gaps FROM coverage_line"):
            self.lines[version].append(Line(*line))
        asked = "SELECT contract_version_id, policy_version_id, id FROM clause ORDER BY position"
        by_policy: dict[int, list[int]] = defaultdict(list)
        for version, policy, key in self.connection.execute(asked):
            (self.promised[version] if version is not None else by_policy[policy]).append(key)
        asked = "SELECT id, valid_from, conditions FROM policy_version ORDER BY valid_from"
        for key, since, conditions in self.connection.execute(asked):
            self.policies[_asks(conditions)].append((micro(since), by_policy[key]))
        self.warranties = Warranties(self.connection)
        self.topics = dict(self.connection.execute("SELECT id, name FROM tag").fetchall())

    def compare(self) -> None:
        """Every ticket, as it was decided when it arrived."""
        columns = "ticket_id, source, contract_version_id, coverage_line_id, warranty_id, clause_ids, billable"
        rows = self.connection.execute(f"SELECT {columns} FROM entitlement WHERE replaced_at IS NULL")
        told = {row[0]: Cover(*row[1:5], tuple(row[5]["ids"]), row[6]) for row in rows}
        for ticket in self.year.log.tickets():
            mine, found = self.of(ticket), told.get(ticket.id)
            if found is not None and mine.is_billable is None:
                found = found._replace(is_billable=None)
            self.compared.same(f"cover of {ticket.number}", list(found or ()), list(mine))

    def of(self, ticket: Ticket) -> Cover:
        opened = next(one for one in ticket.events if one.kind == "ticket.opened")
        at = at_of(opened.data["received"]) if opened.data.get("received") else opened.at
        unit = self.warranties.unit_of(ticket.id)
        warranty = next(iter(self.warranties.covering(unit, at)), None)
        common = self._policy("", at)
        for version, line in self._lines(ticket, unit, at):
            mine = self.promised[version.id]
            more = [*(self._policy("warranty", at) if warranty else []), *common] if line.fills else []
            return Cover("contract", version.id, line.id, None, self._filled(mine, more), None)
        if warranty is not None:
            return Cover("warranty", None, None, warranty, tuple(self._policy("warranty", at)), False)
        exists = bool(self._in_force(ticket.customer, at) or self.warranties.ever(unit, at))
        return Cover("policy", None, None, None, tuple(common), exists)

    def _lines(self, ticket: Ticket, unit: Unit | None, at: int) -> Iterator[tuple[Version, Line]]:
        """Those that cover it, the closest first; a unit of somebody else is none."""
        mine = unit if unit is not None and unit.owner == ticket.customer else None
        works = {self.topics[one].casefold() for one in ticket.topics}
        found = []
        for version in self._in_force(ticket.customer, at):
            day = _day(at, version.zone)
            if version.state == "active" and version.begins <= day <= version.ends:
                for line in self.lines[version.id]:
                    close = _closeness(line, mine)
                    if close is not None and self._fits(line, day, works, at):
                        last = min(version.ends, line.ends or version.ends)
                        found.append((close, line.place, last, line.id, version, line))
        for *_, version, line in sorted(found, key=lambda one: one[:4]):
            yield version, line

    def _fits(self, line: Line, day: date, works: set[str], at: int) -> bool:
        if (line.begins and day < line.begins) or (line.ends and day > line.ends):
            return False
        if line.works and works.isdisjoint(one.casefold() for one in line.works):
            return False
        return line.calendar is None or self.year.log.hours[line.calendar].is_open(at)

    def _in_force(self, customer: int | None, at: int) -> list[Version]:
        newest: dict[int, Version] = {}
        for one in sorted(self.versions.get(customer or 0, ()), key=lambda one: (one.since, one.number)):
            if one.since <= at:
                newest[one.agreement] = one
        return list(newest.values())

    def _policy(self, cover: str, at: int) -> list[int]:
        return next((clauses for since, clauses in reversed(self.policies[cover]) if since <= at), [])

    def _filled(self, mine: Sequence[int], more: Sequence[int]) -> tuple[int, ...]:
        clauses: Mapping[int, Clause] = self.year.log.clauses
        found = list(mine)
        for one in more:
            if all(clauses[one].metric != clauses[other].metric for other in found):
                found.append(one)
        return tuple(found)


def _closeness(line: Line, unit: Unit | None) -> int | None:
    """The unit itself, its model, its site, the customer."""
    if unit is not None and unit.id in line.units:
        return 0
    if unit is not None and unit.model.casefold() in [one.casefold() for one in line.models]:
        return 1
    if unit is not None and unit.site in line.sites:
        return 2
    return None if line.units or line.models or line.sites else 3


def _asks(conditions: Mapping[str, Any]) -> str:
    """The year has policies for everybody, and for what a warranty covers."""
    asked = conditions["all"]
    assert asked in ([], [{"field": "cover", "is": ["warranty"]}])
    return "warranty" if asked else ""


def _day(at: int, zone: ZoneInfo) -> date:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)).astimezone(zone).date()
