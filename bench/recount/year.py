"""The year as it is counted again: every promise that was decided, everything that counts of service, every ticket."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from bench.recount.clocks import Clocks
from bench.recount.hands import Held
from bench.recount.hours import micro
from bench.recount.log import Connection, Log, Ticket
from bench.recount.running import Promise
from bench.recount.service import Service, roots

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Decided(NamedTuple):
    """A promise that was kept or broken, with whom and what it counts for."""

    id: int
    ticket: int
    clause: int
    outcome: str
    is_excused: bool
    at: int
    day: date
    hour: int
    kind: str
    promise: str
    customer: int | None
    agreement: int | None
    team: int | None
    agent: int | None
    channel: str
    product: str
    left: int


class Counted(NamedTuple):
    """A fact of service with what it counts for."""

    id: int
    ticket: int
    what: str
    at: int
    day: date
    hour: int
    is_first: bool
    when: str
    clock: int | None
    working: int | None
    customer: int | None
    team: int | None
    agent: int | None
    channel: str
    topics: tuple[int, ...]


class Open(NamedTuple):
    """A ticket that was open in the same hands for a while."""

    ticket: int
    since: int
    until: int
    began: int
    customer: int | None
    team: int | None
    agent: int | None
    channel: str
    topics: tuple[int, ...]


class Running(NamedTuple):
    """A promise nobody has kept yet."""

    id: int
    ticket: int
    due: int | None
    breaks: int | None
    is_broken: bool
    runs: bool
    """It does not stand still."""
    kind: str
    promise: str
    customer: int | None
    agreement: int | None
    team: int | None
    agent: int | None
    channel: str


class Begun(NamedTuple):
    """A ticket by its beginning, as it is now."""

    id: int
    number: int
    day: date
    hour: int
    is_unwanted: bool
    customer: int | None
    team: int | None
    agent: int | None
    channel: str


@dataclass
class Year:
    """All of it, up to `now`."""

    log: Log
    now: int
    decided: list[Decided] = field(default_factory=list)
    counted: list[Counted] = field(default_factory=list)
    open: list[Open] = field(default_factory=list)
    running: list[Running] = field(default_factory=list)
    begun: list[Begun] = field(default_factory=list)
    products: dict[int, set[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.zone = ZoneInfo(self.log.zone)
        self.today = self.wall(self.now).date()

    def wall(self, at: int) -> datetime:
        return (_EPOCH + timedelta(microseconds=at)).astimezone(self.zone)

    def when(self, at: int) -> tuple[date, int]:
        """The day, and the hour of the week."""
        local = self.wall(at)
        return local.date(), local.weekday() * 24 + local.hour


def count(connection: Connection, now: datetime) -> Year:
    """Read everything once."""
    year = Year(Log(connection), micro(now))
    gone = "SELECT id, merged_into_id FROM ticket WHERE merged_into_id IS NOT NULL"
    merged = dict(connection.execute(gone).fetchall())
    known = roots(merged, set(merged))
    names = {row[1:]: row[0] for row in connection.execute("SELECT id, ticket_id, clause_id, cycle FROM commitment")}
    said = "SELECT data FROM event WHERE kind = 'commitment.excused'"
    excused = {data["commitment"] for (data,) in connection.execute(said)}
    for ticket in year.log.tickets():
        _promises(year, ticket, names, excused)
        _service(year, ticket, known)
        day, hour = year.when(ticket.created)
        now = ticket.customer, ticket.team, ticket.agent, ticket.channel
        year.begun.append(Begun(ticket.id, ticket.number, day, hour, ticket.is_unwanted, *now))
    return year


def _promises(year: Year, ticket: Ticket, names: Mapping[tuple[int, int, int], int], excused: set[int]) -> None:
    held = Held(ticket)
    for one in Clocks(ticket, year.log.hours).run(ticket, year.now):
        name = names.get((ticket.id, one.clause.id, one.number), 0)
        if one.outcome in {"kept", "broken"}:
            at, hands = one.settled, held.at(one.settled)
            year.decided.append(
                Decided(name, ticket.number, one.clause.id, one.outcome, name in excused, at, *year.when(at),
                        one.clause.metric, one.clause.key, ticket.customer, one.clause.agreement, *hands,
                        ticket.product, one.left())
            )  # fmt: skip
        if one.ended is None and ticket.status < 4 and not ticket.is_unwanted and name not in excused:
            year.running.append(_running(name, ticket, one))


def _running(name: int, ticket: Ticket, one: Promise) -> Running:
    known = one.clause
    stands = one.due(), one.breaks(), one.broke is not None, one.runs
    now = ticket.team, ticket.agent, ticket.channel
    return Running(name, ticket.number, *stands, known.metric, known.key, ticket.customer, known.agreement, *now)


def _service(year: Year, ticket: Ticket, known: Mapping[int, int]) -> None:
    life = Service(ticket, year.log.hours, known).run()
    for one in life.facts:
        when = "out" if one.is_out else "in"
        year.counted.append(
            Counted(ticket.id, ticket.number, one.what, one.at, *year.when(one.at), one.is_first, when, one.clock,
                    one.working, ticket.customer, one.team, one.agent, one.channel, ticket.topics)
        )  # fmt: skip
    for stretch in life.open:
        hands = stretch.team, stretch.agent, life.channel
        year.open.append(
            Open(ticket.number, stretch.since, stretch.until, life.began, ticket.customer, *hands, ticket.topics)
        )
