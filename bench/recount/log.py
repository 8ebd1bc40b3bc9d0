"""What is read: events ticket by ticket, the words of promises and calendars; rows as they are, nothing added up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

import psycopg

from bench.recount.hours import Always, Hours, micro

Connection = psycopg.Connection[Any]


class Event(NamedTuple):
    """One thing that happened; `at` in microseconds."""

    kind: str
    at: int
    agent: int | None
    contact: int | None
    message: int | None
    data: Mapping[str, Any]


@dataclass(frozen=True)
class Clause:
    """A promise in general. Targets are microseconds, by priority where they differ."""

    id: int
    key: str
    """Of whom and which: "c12:4.2" or "p3:update", as the address of the page says it."""
    agreement: int | None
    metric: str
    target: int
    targets: Mapping[str, int]
    calendar: int | None
    pauses: frozenset[str]
    version: int | None
    """Of the agreement it is part of."""
    credit: Mapping[str, Any]
    """What a break gives back."""


@dataclass(frozen=True)
class Ticket:
    """What a ticket is, and all that happened to it."""

    id: int
    number: int
    customer: int | None
    agent: int | None
    team: int | None
    channel: str
    status: int
    created: int
    is_unwanted: bool
    merged_into: int | None
    topics: tuple[int, ...]
    product: str
    clauses: tuple[Clause, ...]
    events: Sequence[Event]
    said_in: Mapping[int, tuple[int, str]]
    """By message: the ticket it is on now, and its channel."""


@dataclass
class Log:
    """The words everything is judged by."""

    connection: Connection
    zone: str = ""
    clauses: dict[int, Clause] = field(default_factory=dict)
    versions: dict[int, list[tuple[int, Mapping[str, Any]]]] = field(default_factory=dict)
    """Of calendars: from when on they say what; each was written at that instant."""
    hours: dict[int | None, Hours] = field(default_factory=dict)

    def __post_init__(self) -> None:
        (self.zone,) = self.connection.execute("SELECT zone FROM brand ORDER BY id LIMIT 1").fetchone() or ("",)
        asked = "SELECT calendar_id, valid_from, rules FROM calendar_version ORDER BY calendar_id, valid_from"
        for calendar, at, rules in self.connection.execute(asked):
            self.versions.setdefault(calendar, []).append((micro(at), rules))
        self.hours = {None: Always(), **{key: Hours(each) for key, each in self.versions.items()}}
        self.clauses = {one.id: one for one in _clauses(self.connection)}

    def tickets(self) -> Iterator[Ticket]:
        """In the order of their ids; memory stays flat."""
        products = _products(self.connection)
        promised = dict(self.connection.execute("SELECT ticket_id, clause_ids FROM entitlement").fetchall())
        events = groupby(_events(self.connection), key=lambda row: row[0])
        messages = groupby(_messages(self.connection), key=lambda row: row[0])
        told, said = next(events, None), next(messages, None)
        for row in _tickets(self.connection):
            key = row[0]
            mine: list[Event] = []
            if told is not None and told[0] == key:
                mine, told = [Event(one[1], micro(one[2]), *one[3:]) for one in told[1]], next(events, None)
            places: dict[int, tuple[int, str]] = {}
            if said is not None and said[0] == key:
                places, said = {one[1]: (one[2], one[3]) for one in said[1]}, next(messages, None)
            clauses = tuple(self.clauses[one] for one in promised.get(key, {}).get("ids", ()))
            yield Ticket(*row[:7], micro(row[7]), row[8] is not None, row[9], tuple(sorted(row[10])),
                         products.get(key, ""), clauses, mine, places)  # fmt: skip


def _rows(connection: Connection, asked: str, name: str) -> Iterator[tuple[Any, ...]]:
    """Some thousands at a time."""
    with connection.cursor(name=name) as cursor:
        cursor.itersize = 5000
        yield from cursor.execute(asked)


def _tickets(connection: Connection) -> Iterator[tuple[Any, ...]]:
    return _rows(
        connection,
        "SELECT id, number, organization_id, assignee_id, team_id, channel_kind, status, created_at, spam_at,"
        " merged_into_id, tag_ids FROM ticket ORDER BY id",
        "tickets",
    )


def _events(connection: Connection) -> Iterator[tuple[Any, ...]]:
    columns = "ticket_id, kind, at, agent_id, contact_id, message_id, data"
    return _rows(connection, f"SELECT {columns} FROM event ORDER BY ticket_id, id", "events")


def _messages(connection: Connection) -> Iterator[tuple[Any, ...]]:
    """By the ticket that tells of them."""
    return _rows(
        connection,
        "SELECT told.ticket_id, message.id, message.ticket_id, message.channel_kind FROM"
        " (SELECT DISTINCT ticket_id, message_id FROM event WHERE message_id IS NOT NULL) told"
        " JOIN message ON message.id = told.message_id ORDER BY told.ticket_id",
        "messages",
    )


def _products(connection: Connection) -> dict[int, str]:
    """The model of the unit that was confirmed, the oldest of several."""
    asked = (
        "SELECT ticket_id, model FROM ticket_asset JOIN asset ON asset.id = asset_id"
        " WHERE state = 'confirmed' ORDER BY ticket_id, asset.id DESC"
    )
    return dict(connection.execute(asked).fetchall())


def _clauses(connection: Connection) -> Iterator[Clause]:
    asked = (
        "SELECT clause.id, contract_id, policy_id, number, metric, target_seconds, targets, calendar_id, pauses,"
        " contract_version_id, credit FROM"
        " (SELECT id, policy_version_id, contract_version_id, number, metric, target_seconds, targets, calendar_id,"
        " pauses, credit FROM clause) clause"
        " LEFT JOIN (SELECT id, contract_id FROM contract_version) agreed ON agreed.id = contract_version_id"
        " LEFT JOIN (SELECT id, policy_id FROM policy_version) said ON said.id = policy_version_id"
    )
    for key, agreement, policy, number, metric, target, targets, calendar, *more in connection.execute(asked):
        owner = f"p{policy}" if agreement is None else f"c{agreement}"
        by_priority = {name: seconds * 1_000_000 for name, seconds in targets.items()}
        yield Clause(key, f"{owner}:{number or metric}", agreement, metric, target * 1_000_000, by_priority, calendar,
                     frozenset(more[0]), *more[1:])  # fmt: skip


def at_of(said: str) -> int:
    return micro(datetime.fromisoformat(said))
