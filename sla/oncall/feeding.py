"""Shifts as an iCal feed (RFC 5545) that calendar programs subscribe to: one of a person, one of a team."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from importlib import import_module
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sla.oncall.instants import utc
from sla.oncall.roster import BACKUP, FIRST, Person, Shift

if TYPE_CHECKING:
    from icalendar import Event

_PRODUCT = "-//Kept//On call//EN"
_REFRESH = timedelta(hours=1)

Named = Callable[[Person], str]


@dataclass(frozen=True, slots=True)
class Rota:
    """A rota in a feed. `key` never changes; `shifts` have their true starts, so that events keep their UIDs."""

    key: str
    name: str
    shifts: tuple[Shift, ...]


@dataclass(frozen=True, slots=True)
class Feed:
    """What all events of a feed share."""

    title: str
    zone: ZoneInfo
    """The wall on which a program may show it; the instants themselves are in UTC."""
    host: str
    """The domain under which UIDs are unique."""
    changed: int
    """When what it says was last changed."""


def of_team(rota: Rota, feed: Feed, named: Named) -> bytes:
    """Everybody's shifts of one rota, each named by the person."""
    return _calendar(
        feed, _events([rota], feed, lambda _, shift: f"{named(shift.person)}, {lane_in_words(shift.lane)}")
    )


def of_person(person: Person, rotas: Iterable[Rota], feed: Feed) -> bytes:
    """One person's shifts of all rotas, each named by the rota."""
    own = [Rota(one.key, one.name, tuple(shift for shift in one.shifts if shift.person == person)) for one in rotas]
    return _calendar(feed, _events(own, feed, lambda rota, shift: f"On call, {rota.name}, {lane_in_words(shift.lane)}"))


def lane_in_words(lane: int) -> str:
    if lane == FIRST:
        return "first"
    return "backup" if lane == BACKUP else f"backup {lane - FIRST}"


def uid(rota: Rota, shift: Shift, host: str) -> str:
    """The same for the same person, rota, lane and start, whenever it is asked; says nothing about the person."""
    said = sha256(f"{rota.key} {shift.lane} {shift.start} {shift.person!r}".encode()).hexdigest()
    return f"{said[:32]}@{host}"


def _calendar(feed: Feed, events: Iterable[Event]) -> bytes:
    calendar = _library().Calendar()
    calendar.add("prodid", _PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", feed.title)
    calendar.add("x-wr-timezone", feed.zone.key)
    calendar.add("refresh-interval", _REFRESH, parameters={"VALUE": "DURATION"})
    for event in events:
        calendar.add_component(event)
    written: bytes = calendar.to_ical()
    return written


def _events(rotas: Iterable[Rota], feed: Feed, titled: Callable[[Rota, Shift], str]) -> Iterator[Event]:
    made = _library().Event
    for rota in rotas:
        for shift in rota.shifts:
            event = made()
            event.add("uid", uid(rota, shift, feed.host))
            event.add("dtstamp", utc(feed.changed))
            event.add("dtstart", utc(shift.start))
            event.add("dtend", utc(shift.end))
            event.add("summary", titled(rota, shift))
            event.add("transp", "TRANSPARENT")
            yield event


def _library() -> Any:
    """Loaded by who asks for a feed."""
    return import_module("icalendar")
