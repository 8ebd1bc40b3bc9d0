"""What tickets are judged by: the terms promised on them, and the hours and holidays those count in, by zone."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import select

from helpdesk.db import among, db
from helpdesk.people.models import Contact
from helpdesk.tickets import joining
from sla.assets.models import Asset, Site
from sla.calendars.loading import Versions, always, compiled, versions_of
from sla.calendars.timeline import Timeline
from sla.commitments.facts import Fact, Terms
from sla.commitments.telling import Decided, Placed
from sla.entitlements.models import TicketAsset
from sla.kept import Card
from sla.policies.models import Clause


class Subject(Protocol):
    """A ticket, or as much of its row as its past needs."""

    @property
    def id(self) -> int: ...

    @property
    def contact_id(self) -> int: ...


@dataclass(frozen=True)
class History:
    """A ticket's past as its clocks need it. `clauses` are all that were ever promised on it."""

    facts: tuple[Fact, ...]
    timelines: Mapping[str, Timeline]
    clauses: Mapping[int, Clause]
    decisions: tuple[Decided, ...]
    holidays: Mapping[str, str]


@dataclass(frozen=True)
class _Page:
    """What was promised together on tickets that count in the same zones and began with the same calendars known."""

    terms: Mapping[tuple[int, ...], tuple[Terms, ...]]
    """By the ids of what is judged together."""
    clauses: Mapping[int, Clause]
    timelines: Mapping[str, Timeline]
    hours: tuple[Fact, ...]
    """Edits of the calendars since."""
    holidays: Mapping[str, str]


class Grounds:
    """Puts pasts together; what tickets have in common is made once."""

    def __init__(
        self,
        promises: Mapping[tuple[int, ...], Sequence[Clause]],
        judged: Mapping[int, tuple[int, ...]],
        zones: Zones,
        cards: Sequence[Card] | None,
    ) -> None:
        """`promises` by the ids of their clauses. `judged`: which of them count for a decision, if not its own."""
        ids = {clause.calendar_id for each in promises.values() for clause in each}
        self._calendars = versions_of({one for one in ids if one is not None}, cards)
        self._promises, self._judged, self._zones = promises, judged, zones
        self._pages: dict[tuple[object, ...], _Page] = {}
        self._edits = sorted(at for one in self._calendars.values() for at in one.written)

    def history(
        self, ticket: Subject, decided: Sequence[Decided], began: float, told: Sequence[Fact | Placed]
    ) -> History:
        page = self._page(ticket, decided, began)
        facts = [
            Fact(one.at, "promised", terms=page.terms[self._key(one.decision)]) if isinstance(one, Placed) else one
            for one in told
        ]
        in_order = tuple(_with_hours(facts, page.hours)) if page.hours else tuple(facts)
        return History(in_order, page.timelines, page.clauses, tuple(decided), page.holidays)

    def _page(self, ticket: Subject, decided: Sequence[Decided], began: float) -> _Page:
        promised = tuple(self._key(one) for one in decided)
        key = promised, bisect_right(self._edits, began), self._zones.of(ticket)
        if key not in self._pages:
            self._pages[key] = self._made(ticket, dict.fromkeys(promised), began)
        return self._pages[key]

    def _key(self, decision: Decided) -> tuple[int, ...]:
        return self._judged.get(decision.id, decision.clause_ids)

    def _made(self, ticket: Subject, promised: Collection[tuple[int, ...]], began: float) -> _Page:
        mine = {clause.id: clause for ids in promised for clause in self._promises[ids]}
        here = dict(self._zones.of(ticket))
        zones = {clause.id: here.get(clause.zone_source, "") for clause in mine.values()}
        names = {clause.id: _calendar(clause, zones[clause.id]) for clause in mine.values()}
        terms = {clause.id: _terms(clause, names[clause.id]) for clause in mine.values()}
        ids = {clause.calendar_id for clause in mine.values()}
        used = {one: self._calendars[one] for one in ids if one is not None}
        timelines = {
            names[one.id]: used[one.calendar_id].timeline(began, zone=zones[one.id]) if one.calendar_id else always()
            for one in mine.values()
        }
        named = dict.fromkeys((one.calendar_id, zones[one.id], names[one.id]) for one in mine.values())
        return _Page(
            {ids: tuple(terms[clause.id] for clause in self._promises[ids]) for ids in promised},
            mine,
            timelines,
            tuple(_hours(named, used, began)),
            {day: name for each in used.values() for day, name in each.names.items()},
        )


class Zones:
    """The zones of the tickets' sites and contacts, asked for only where a clause counts in them."""

    def __init__(self, tickets: Sequence[Subject], clauses: Collection[Clause]) -> None:
        sources = {clause.zone_source for clause in clauses}
        self._by_source = {
            "site": _site_zones(tickets) if "site" in sources else {},
            "contact": _contact_zones(tickets) if "contact" in sources else {},
        }

    def of(self, ticket: Subject) -> tuple[tuple[str, str], ...]:
        """The zones a ticket has, by where they come from."""
        return tuple((source, found[ticket.id]) for source, found in self._by_source.items() if ticket.id in found)


def _site_zones(tickets: Sequence[Subject]) -> dict[int, str]:
    rows = (
        select(TicketAsset.ticket_id, Site.zone)
        .join(Asset, Asset.id == TicketAsset.asset_id)
        .join(Site, Site.id == Asset.site_id)
        .where(among(TicketAsset.ticket_id, [ticket.id for ticket in tickets]), TicketAsset.state != "dismissed")
    )
    return {ticket_id: zone for ticket_id, zone in db.session.execute(rows) if zone}


def _contact_zones(tickets: Sequence[Subject]) -> dict[int, str]:
    """Those of the contacts they were promised to, whoever these turned out to be."""
    promised = joining.made_to({ticket.id: ticket.contact_id for ticket in tickets})
    rows = select(Contact.id, Contact.zone).where(among(Contact.id, set(promised.values())))
    by_contact: dict[int, str] = dict(db.session.execute(rows).all())
    return {ticket_id: by_contact[one] for ticket_id, one in promised.items() if by_contact.get(one)}


def _calendar(clause: Clause, zone: str) -> str:
    """What its timeline is called: the calendar, and the zone where it is not the calendar's own."""
    return "always" if clause.calendar_id is None else f"{clause.calendar_id} {zone}".strip()


def _terms(clause: Clause, calendar: str) -> Terms:
    return Terms(
        clause=clause.id,
        metric=clause.metric,
        target=clause.target_seconds,
        calendar=calendar,
        targets=clause.targets,
        pauses=frozenset(clause.pauses),
        warn_percent=clause.warn_percent,
    )


def _hours(named: Collection[tuple[int | None, str, str]], used: Mapping[int, Versions], known_at: float) -> list[Fact]:
    """Edits of the calendars since."""
    found = []
    for calendar_id, zone, name in named:
        for version in used[calendar_id].later(known_at) if calendar_id is not None else ():
            at = version.created_at.timestamp()
            since = max(at, version.valid_from.timestamp())
            found.append(Fact(at, "hours", since=since, calendar=name, hours=compiled(version, zone)))
    return sorted(found, key=lambda fact: fact.at)


def _with_hours(facts: Sequence[Fact], edits: Sequence[Fact]) -> Iterator[Fact]:
    """Events keep their order; an edit of a calendar goes before the first of them that is later."""
    waiting = [*edits]
    for fact in facts:
        while waiting and waiting[0].at < fact.at:
            yield waiting.pop(0)
        yield fact
    yield from waiting
