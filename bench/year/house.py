"""Who is there in the year: people, teams, customers with agreements, calendars that change, policies that change."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import update

from bench.year import equipment
from helpdesk.db import db
from helpdesk.people.models import Agent, Brand, Contact, Membership, Organization, Team
from helpdesk.tickets.models import Tag
from sla.calendars.models import Calendar, CalendarVersion
from sla.contracts.models import Contract, ContractVersion
from sla.policies.models import Clause, PolicyVersion, SLAPolicy

BEGIN, END = datetime(2025, 10, 13, 12, tzinfo=UTC), datetime(2026, 11, 20, 17, tzinfo=UTC)
"""A year and a few weeks of the one before, to be compared with."""
FORETOLD = tuple(
    END - timedelta(days=days, hours=hours)
    for days, hours in ((9, 3), (8, 11.5), (7, 2), (6, 5), (5, 3.25), (4, 11), (3, 2), (2, 1), (1, 11.75), (1, 4))
)
"""When the next day is foretold, at all hours; twice on the last of these days."""
OTHER_HOURS = datetime(2026, 6, 15, 4, tzinfo=UTC)
"""Midnight in New York: the office opens earlier from now on."""
OTHER_TERMS = datetime(2026, 4, 1, 14, tzinfo=UTC)
"""The policy promises more from now on, an agreement less."""
ZONE = "America/New_York"
TEAMS, AGENTS, TOPICS = 4, 24, 9
_LONG_AGO = datetime(2024, 1, 1, tzinfo=UTC)
_WEEK = ("mon", "tue", "wed", "thu", "fri")
_HOUR = 3600
_MONTHLY = tuple(datetime(2025, 11, 4, 16, tzinfo=UTC) + timedelta(days=28 * place) for place in range(13))
PAUSED = {
    0: [(datetime(2026, 2, 3, 9, tzinfo=UTC), datetime(2026, 3, 20, 15, 30, tzinfo=UTC))],
    1: [(since, since + timedelta(hours=50)) for since in _MONTHLY],
    3: [(datetime(2026, 9, 7, 6, tzinfo=UTC), datetime(2026, 10, 12, 20, tzinfo=UTC))],
}
"""When some agreements were suspended, by the rest of their customer's number; the last were cancelled then."""
_FEES: tuple[Mapping[str, Any], ...] = (
    {"value_cents": 30_003, "period": "quarter", "credit_cap_percent": 15, "starts_on": date(2023, 11, 30)},
    {"value_cents": 120_000, "starts_on": date(2024, 1, 1)},
    {"value_cents": 9_999, "period": "month", "currency": "EUR", "credit_cap_percent": 35, "zone": "Europe/London",
     "starts_on": date(2023, 12, 31)},
    {"value_cents": None, "starts_on": date(2024, 1, 1)},
)  # fmt: skip
"""What agreements cost, and how much of it credits may give back; one that says no fee has no such share."""
_CREDITED = 40
"""Only so many customers, who write most, get anything back: each credit is proposed by the product's own hands."""
_HOLIDAYS = ["2025-11-27", "2026-05-25", "12-25", "01-01", "07-04"]


class Paused(NamedTuple):
    """An agreement that was suspended; `is_told`: its open tickets stood still for it."""

    contract: int
    since: datetime
    until: datetime
    is_told: bool


@dataclass(frozen=True)
class Customer:
    """An organization, who writes from it, what it owns and when its agreement was suspended."""

    id: int
    contacts: tuple[int, ...]
    assets: tuple[int, ...]
    paused: tuple[Paused, ...] = ()


@dataclass(frozen=True)
class House:
    """Ids of what tickets are made of."""

    customers: tuple[Customer, ...]
    boss: int


def build(customers: int, chance: random.Random) -> House:
    """Write it into an empty database and commit."""
    db.session.execute(update(Brand).values(zone=ZONE))
    _people()
    office, london = _calendars()
    _policies(office)
    made = tuple(_customer(number, office, london, chance) for number in range(1, customers + 1))
    db.session.commit()
    return House(made, 1)


def _people() -> None:
    zones = (ZONE, "Europe/London", "America/Los_Angeles", "Asia/Kolkata")
    for key in range(1, AGENTS + 1):
        role = "admin" if key == 1 else "agent"
        zone = zones[key % len(zones)]
        called = {"email": f"a{key}@desk.example", "name": f"A{key} Agent"}
        db.session.add(Agent(id=key, role=role, zone=zone, created_at=_LONG_AGO, **called))
    db.session.flush()
    for key in range(1, TEAMS + 1):
        db.session.add(Team(id=key, brand_id=1, name=f"Team {key}"))
    db.session.add_all(Tag(id=key, name=f"topic {key}") for key in range(1, TOPICS + 1))
    db.session.flush()
    db.session.add_all(Membership(team_id=1 + key % TEAMS, agent_id=key) for key in range(1, AGENTS + 1))


def _calendars() -> tuple[int, int]:
    office = {"zone": ZONE, "hours": {day: [["09:00", "17:00"]] for day in _WEEK}, "holidays": _HOLIDAYS}
    longer = {**office, "hours": {day: [["08:30", "12:00"], ["12:30", "17:30"]] for day in _WEEK}}
    london: dict[str, Any] = {"zone": "Europe/London", "hours": {day: [["08:00", "18:00"]] for day in _WEEK}}
    london["hours"]["sat"] = [["22:00", "06:00"]]
    return (
        _calendar("Office", {_LONG_AGO: office, OTHER_HOURS: longer}),
        _calendar("London and a night", {_LONG_AGO: london}),
    )


def _calendar(name: str, versions: Mapping[datetime, Mapping[str, Any]]) -> int:
    made = Calendar(name=name, created_at=_LONG_AGO)
    db.session.add(made)
    db.session.flush()
    for at, rules in versions.items():
        db.session.add(CalendarVersion(calendar_id=made.id, valid_from=at, rules=dict(rules), created_at=at))
    return made.id


def _policies(office: int) -> None:
    first = (
        _clause("first_response", 2 * _HOUR, office),
        _clause("next_response", 4 * _HOUR, office),
        _clause("resolution", 24 * _HOUR, office, pauses=["customer"], targets={"urgent": 6 * _HOUR}),
    )
    second = (
        _clause("first_response", _HOUR, None),
        _clause("next_response", 4 * _HOUR, office, targets={"urgent": _HOUR, "low": 16 * _HOUR}),
        _clause("ownership", 2 * _HOUR, office),
        _clause("update", 16 * _HOUR, office),
    )
    _policy("Everybody", [], [(_LONG_AGO, first), (OTHER_TERMS, second)])
    warranty = _clause("first_response", 3 * _HOUR, None), _clause("resolution", 30 * _HOUR, office)
    _policy("Warranty", [{"field": "cover", "is": ["warranty"]}], [(_LONG_AGO, warranty)])


def _policy(name: str, asks: list[dict[str, Any]], versions: list[tuple[datetime, tuple[Clause, ...]]]) -> None:
    made = SLAPolicy(name=name, rank=10, created_at=_LONG_AGO)
    db.session.add(made)
    db.session.flush()
    for number, (at, clauses) in enumerate(versions, 1):
        conditions = {"all": asks}
        version = PolicyVersion(policy_id=made.id, number=number, valid_from=at, conditions=conditions, created_at=at)
        version.clauses = _placed(clauses)
        db.session.add(version)
        db.session.flush()


def _clause(metric: str, seconds: int, calendar_id: int | None, **more: Any) -> Clause:
    return Clause(
        metric=metric, target_seconds=seconds, words=f"{metric} in {seconds} s", calendar_id=calendar_id, **more
    )


def _placed(clauses: tuple[Clause, ...]) -> list[Clause]:
    for place, one in enumerate(clauses, 1):
        one.position = place
    return list(clauses)


def _customer(number: int, office: int, london: int, chance: random.Random) -> Customer:
    db.session.add(Organization(id=number, name=f"Customer {number}", created_at=_LONG_AGO))
    db.session.flush()
    contacts = tuple(2 * number - place for place in (1, 0))
    for key in contacts:
        db.session.add(Contact(id=key, name=f"Person {key}", organization_id=number, created_at=_LONG_AGO))
    assets = equipment.units(number, chance.randrange(4))
    return Customer(number, contacts, assets, tuple(_agreement(number, office, london)) if number % 3 else ())


def _agreement(owner: int, office: int, london: int) -> Iterator[Paused]:
    """Its versions; some are suspended for weeks, one of these ends so."""
    made = Contract(organization_id=owner, number=f"C-{owner}", created_at=_LONG_AGO)
    db.session.add(made)
    db.session.flush()
    changes = [(_LONG_AGO, "active")] + [(OTHER_TERMS, "active")] * (owner % 4 == 0)
    for since, until in PAUSED.get(owner % 7, ()):
        ends = "cancelled" if owner % 7 == 3 else "active"
        changes = sorted([*changes, (since, "suspended"), (until, ends)])
        yield Paused(made.id, since, until, is_told=_stands(owner))
    words = 1
    for number, (at, state) in enumerate(changes, 1):
        words += at == OTHER_TERMS
        version = ContractVersion(
            contract_id=made.id, number=number, valid_from=at, name="Gold" if owner % 3 == 1 else "Silver", state=state,
            kind="support", ends_on=date(2028, 12, 31), created_at=at, pauses_when_suspended=_stands(owner),
            **{"zone": ZONE, **_FEES[owner // 3 % len(_FEES)]},
        )  # fmt: skip
        version.lines = equipment.lines(owner, office)
        version.clauses = _placed(_gold(london, owner, words) if owner % 3 == 1 else _silver(office, owner, words))
        db.session.add(version)
        db.session.flush()


def _stands(owner: int) -> bool:
    """Whether what was promised stands still while the agreement is suspended."""
    return owner % 2 == 1 or owner % 7 == 3


def _gold(london: int, owner: int, number: int) -> tuple[Clause, ...]:
    return (
        _clause("first_response", number * _HOUR, None, number="4.1", credit=_credit(owner, "percent", 12.5)),
        _clause("update", 16 * _HOUR, london, number="4.2", credit=_credit(owner, "amount", 1500)),
        _clause("resolution", 24 * _HOUR, None, number="4.3", credit=_credit(owner, "percent", 33.3, cap=5000)),
        _clause("on_site", 6 * _HOUR, london, number="4.4"),
        _clause("restore", 10 * _HOUR, london, number="4.5", pauses=["part"]),
    )


def _silver(office: int, owner: int, number: int) -> tuple[Clause, ...]:
    return (
        _clause("first_response", 4 * number * _HOUR, office, number="4.1", targets={"urgent": _HOUR}),
        _clause("next_response", 6 * _HOUR, office, number="4.2", credit=_credit(owner, "amount", 700, cap=650)),
        _clause("work", 24 * _HOUR, office, number="4.3", pauses=[], credit=_credit(owner, "percent", 2)),
        _clause("on_site", 4 * _HOUR, office, number="4.4", pauses=["customer"], targets={"urgent": 2 * _HOUR}),
        _clause("wait", 20 * _HOUR, None, number="4.5", pauses=["part"]),
    )


def _credit(owner: int, kind: str, value: float, **more: int) -> dict[str, Any]:
    """What a break gives back, where anything does."""
    return {"kind": kind, "value": value, **more} if owner % 5 in {1, 2} and owner <= _CREDITED else {}
