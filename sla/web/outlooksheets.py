"""The tables of the next 24 hours and five working days, to be taken along."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from helpdesk.people.models import Agent
from helpdesk.sheets.values import Cell, Column, Export, Kind, Sheet
from helpdesk.web.rendering import zone_of
from sla.reports import outlook
from sla.web import outlookpages

_PAGE = "/promises/next"
_NAMED = (
    Column("ticket", "Ticket", Kind.NUMBER),
    Column("subject", "Subject"),
    Column("promise", "Promise"),
    Column("due", "Due", Kind.INSTANT),
    Column("slips", "Slips, percent", Kind.NUMBER),
)
_HOURS = (
    Column("from", "From", Kind.INSTANT),
    Column("until", "Until", Kind.INSTANT),
    Column("due", "Falls due", Kind.NUMBER),
    Column("room", "Room", Kind.DECIMAL),
)
_DAYS = (
    Column("day", "Day", Kind.DAY),
    Column("due", "Falls due", Kind.NUMBER),
    Column("room", "Room", Kind.DECIMAL),
    Column("slips", "Likely to slip", Kind.DECIMAL),
)


def _named(agent: Agent, _address: Mapping[str, str]) -> Sheet:
    def rows() -> Iterator[Sequence[Cell]]:
        for one in outlookpages.named(agent, outlook.items()):
            yield one.ticket.number, one.ticket.subject, one.words, one.due_at, one.percent

    return Sheet("promises-of-the-next-day", _NAMED, rows, zone_of(agent))


def _hours(agent: Agent, _address: Mapping[str, str]) -> Sheet:
    def rows() -> Iterator[Sequence[Cell]]:
        told = outlook.latest()
        for one in told.hours if told is not None else ():
            yield datetime.fromtimestamp(one.start, UTC), datetime.fromtimestamp(one.end, UTC), one.due, one.room

    return Sheet("the-next-hours", _HOURS, rows, zone_of(agent))


def _days(agent: Agent, _address: Mapping[str, str]) -> Sheet:
    def rows() -> Iterator[Sequence[Cell]]:
        told = outlook.latest()
        for one in told.days if told is not None else ():
            yield one.day, one.due, one.room, one.slips

    return Sheet("five-working-days", _DAYS, rows, zone_of(agent))


EXPORTS = [
    Export("next-promises", "Promises of the next 24 hours", _PAGE, _named, live=True),
    Export("next-hours", "The next hours against the room there is", _PAGE, _hours, live=True),
    Export("next-days", "Five working days", _PAGE, _days, live=True),
]
