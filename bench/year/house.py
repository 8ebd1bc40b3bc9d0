"""Who is there in the year: people, teams, customers with agreements, calendars that change, policies that change."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import update

from helpdesk.db import db
from helpdesk.people.models import Agent, Brand, Contact, Membership, Organization, Team
from helpdesk.tickets.models import Tag
from sla.assets import serials
from sla.assets.models import Asset
from sla.calendars.models import Calendar, CalendarVersion
from sla.contracts.models import Contract, ContractVersion, CoverageLine
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
_HOLIDAYS = ["2025-11-27", "2026-05-25", "12-25", "01-01", "07-04"]


@dataclass(frozen=True)
class Customer:
    """An organization, who writes from it, what it owns and the versions of its agreement."""

    id: int
    contacts: tuple[int, ...]
    assets: tuple[int, ...]
    agreements: tuple[tuple[datetime, int, tuple[int, ...]], ...] = ()
    """From when on, the version, its clauses."""


@dataclass(frozen=True)
class House:
    """Ids of what tickets are made of."""

    customers: tuple[Customer, ...]
    policies: tuple[tuple[datetime, int, tuple[int, ...]], ...]
    """Versions of the policy for everybody else: from when on, the version, its clauses."""
    boss: int


def build(customers: int, chance: random.Random) -> House:
    """Write it into an empty database and commit."""
    db.session.execute(update(Brand).values(zone=ZONE))
    _people()
    office, london = _calendars()
    policies = _policy(office)
    made = tuple(_customer(number, office, london, chance) for number in range(1, customers + 1))
    db.session.commit()
    return House(made, policies, 1)


def _people() -> None:
    zones = (ZONE, "Europe/London", "America/Los_Angeles", "Asia/Kolkata")
    for key in range(1, AGENTS + 1):
        role = "admin" if key == 1 else "agent"
        zone = zones[key % len(zones)]
        db.session.add(
            Agent(id=key, email=f"a{key}@desk.example", name=f"Agent {key}", role=role, zone=zone, created_at=_LONG_AGO)
        )
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


def _policy(office: int) -> tuple[tuple[datetime, int, tuple[int, ...]], ...]:
    made = SLAPolicy(name="Everybody", rank=10, created_at=_LONG_AGO)
    db.session.add(made)
    db.session.flush()
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
    found = []
    for number, (at, clauses) in enumerate(((_LONG_AGO, first), (OTHER_TERMS, second)), 1):
        version = PolicyVersion(policy_id=made.id, number=number, valid_from=at, conditions={"all": []}, created_at=at)
        version.clauses = _placed(clauses)
        db.session.add(version)
        db.session.flush()
        found.append((at, version.id, tuple(one.id for one in version.clauses)))
    return tuple(found)


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
    assets = [_asset(number, place) for place in range(chance.randrange(4))]
    db.session.add_all(assets)
    db.session.flush()
    agreements = tuple(_agreement(number, office, london)) if number % 3 else ()
    return Customer(number, contacts, tuple(one.id for one in assets), agreements)


def _asset(owner: int, place: int) -> Asset:
    serial = f"KX-{owner}-{place}"
    model = f"KX-{(owner + place) % 7}"
    return Asset(
        organization_id=owner, serial=serial, serial_key=serials.key(serial), model=model, created_at=_LONG_AGO
    )


def _agreement(owner: int, office: int, london: int) -> Iterator[tuple[datetime, int, tuple[int, ...]]]:
    made = Contract(organization_id=owner, number=f"C-{owner}", created_at=_LONG_AGO)
    db.session.add(made)
    db.session.flush()
    changes = (_LONG_AGO, OTHER_TERMS) if owner % 4 == 0 else (_LONG_AGO,)
    for number, at in enumerate(changes, 1):
        version = ContractVersion(
            contract_id=made.id, number=number, valid_from=at, name="Gold" if owner % 3 == 1 else "Silver",
            kind="support", starts_on=date(2024, 1, 1), ends_on=date(2028, 12, 31), zone=ZONE, value_cents=120_000,
            created_at=at,
        )  # fmt: skip
        version.lines = [CoverageLine(position=1, name="Everything")]
        version.clauses = _placed(_gold(london, owner, number) if owner % 3 == 1 else _silver(office, number))
        db.session.add(version)
        db.session.flush()
        yield at, version.id, tuple(one.id for one in version.clauses)


def _gold(london: int, owner: int, number: int) -> tuple[Clause, ...]:
    credit = {"kind": "amount", "value": 2500} if owner % 10 == 1 else {}
    return (
        _clause("first_response", number * _HOUR, None, number="4.1", credit=credit),
        _clause("update", 16 * _HOUR, london, number="4.2"),
        _clause("resolution", 24 * _HOUR, None, number="4.3"),
        _clause("on_site", 6 * _HOUR, london, number="4.4"),
    )


def _silver(office: int, number: int) -> tuple[Clause, ...]:
    return (
        _clause("first_response", 4 * number * _HOUR, office, number="4.1", targets={"urgent": _HOUR}),
        _clause("next_response", 6 * _HOUR, office, number="4.2"),
        _clause("work", 24 * _HOUR, office, number="4.3", pauses=[]),
        _clause("on_site", 4 * _HOUR, office, number="4.4", pauses=["customer"], targets={"urgent": 2 * _HOUR}),
    )
