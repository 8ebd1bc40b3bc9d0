"""Until when the warranties of units cover what, each by its own rule; of a unit that was exchanged, what was left."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from bench.recount.days import months_on
from bench.recount.hours import micro
from bench.recount.log import Connection

_FOR_LIFE = -1


class Unit(NamedTuple):
    """Equipment, with the days a term may begin."""

    id: int
    owner: int
    model: str
    site: int | None
    zone: str
    replaces: int | None
    purchase: date | None
    ship: date | None
    install: date | None
    manufacture: date | None
    made: datetime


class Warranty(NamedTuple):
    """A rule; months of parts, labour and travel."""

    id: int
    name: str
    starts: str
    day: date | None
    months: tuple[int | None, ...]
    moves: bool
    restarts: bool
    least: int
    holder: int
    void: datetime | None


class Given(NamedTuple):
    """From a day to the last of each part; None is not covered."""

    since: date
    lasts: tuple[date | None, ...]

    def holds(self, day: date) -> bool:
        return day >= self.since and any(last is not None and day <= last for last in self.lasts)


class Warranties:
    """Of all units; and which unit each ticket is about."""

    def __init__(self, connection: Connection) -> None:
        asked = "SELECT asset.id, asset.organization_id, model, site_id, coalesce(site.zone, ''), replaces_id,"
        asked += " purchased_on, shipped_on, installed_on, manufactured_on, asset.created_at"
        rows = connection.execute(f"{asked} FROM asset LEFT JOIN site ON site.id = site_id")
        self._units = {row[0]: Unit(*row) for row in rows}
        self._rules: dict[int, list[Warranty]] = defaultdict(list)
        asked = "SELECT asset_id, id, name, starts, starts_on, parts_months, labour_months, travel_months,"
        asked += " transferable, restarts_when_replaced, least_days_when_replaced, holder_id, voided_at FROM warranty"
        for unit, key, name, starts, day, *row in connection.execute(f"{asked} ORDER BY id"):
            self._rules[unit].append(Warranty(key, name, starts, day, tuple(row[:3]), *row[3:]))
        about = "SELECT ticket_id, asset_id FROM ticket_asset WHERE state <> 'dismissed'"
        about += " ORDER BY state DESC, created_at DESC, asset_id DESC"
        self._about = dict(connection.execute(about).fetchall())

    def unit_of(self, ticket: int) -> Unit | None:
        """A confirmed one before a guess; of several the one that was named first."""
        return self._units.get(self._about.get(ticket, 0))

    def covering(self, unit: Unit | None, at: int) -> Iterator[int]:
        """Those that give anything on the day, where the unit stands."""
        if unit is not None:
            zone = ZoneInfo(unit.zone) if unit.zone else UTC
            day = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)).astimezone(zone).date()
            yield from (rule.id for rule, given in self._given(unit, at) if given.holds(day))

    def ever(self, unit: Unit | None, at: int) -> bool:
        """Whether any gives anything, if only before or after."""
        return unit is not None and bool(self._given(unit, at))

    def _given(self, unit: Unit, at: int) -> list[tuple[Warranty, Given]]:
        before = {}
        if unit.replaces is not None:
            before = {rule.name: given for rule, given in self._given(self._units[unit.replaces], at)}
        found = ((rule, _term(rule, unit, before.get(rule.name), at)) for rule in self._rules[unit.id])
        return [(rule, given) for rule, given in found if given is not None and any(given.lasts)]


def _term(rule: Warranty, unit: Unit, before: Given | None, at: int) -> Given | None:
    if (rule.void is not None and micro(rule.void) <= at) or not (rule.moves or rule.holder == unit.owner):
        return None
    if before is not None and not rule.restarts:
        since = unit.install or unit.made.date()
        least = since + timedelta(days=rule.least)
        return Given(max(since, before.since), tuple(last and max(last, least if rule.least else last)
                                                     for last in before.lasts))  # fmt: skip
    since = _begins(rule, unit)
    return since and Given(since, tuple(_last(since, months) for months in rule.months))


def _begins(rule: Warranty, unit: Unit) -> date | None:
    if rule.starts == "date":
        return rule.day
    if rule.starts == "earliest":
        days = (unit.purchase, unit.ship, unit.install, unit.manufacture)
        return min((day for day in days if day is not None), default=None)
    found: date | None = getattr(unit, rule.starts)
    return found


def _last(since: date, months: int | None) -> date | None:
    """The same day of its last month, which is still covered."""
    if not months:
        return None
    return date.max if months == _FOR_LIFE else months_on(since, months)
