"""The tables of the page of service and volume, and the lists behind its figures, to be taken along."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from zoneinfo import ZoneInfo

from helpdesk.access.permissions import visible_tickets
from helpdesk.now import now
from helpdesk.people.models import Agent
from helpdesk.sheets.cursor import batches
from helpdesk.sheets.values import Cell, Column, Export, Kind, Sheet
from helpdesk.tickets.models import Ticket
from helpdesk.web.assets import CHANNEL_WORDS
from helpdesk.web.rendering import zone_of
from sla.volume import asking, backlog, bands, figures, lists, waking
from sla.volume.asking import Question
from sla.volume.figures import Sums
from sla.volume.models import VolumeFact, VolumeStretch
from sla.volume.waking import KINDS, share
from sla.web import servicelists, servicepages, serviceparts
from sla.web.sheetparts import CHANNEL, OF_PEOPLE, OF_WHO, PEOPLE, WHO, Names, name, week, with_people

_PAGE = "/promises/service"
_WORK = (
    Column("requests", "Requests", Kind.NUMBER),
    Column("requests_outside", "Requests outside hours", Kind.NUMBER),
    Column("replies", "Replies", Kind.NUMBER),
    Column("replies_outside", "Replies outside hours", Kind.NUMBER),
    Column("first_reply_working", "First reply, working hours", Kind.SECONDS),
    Column("first_reply_clock", "First reply, by the clock", Kind.SECONDS),
    Column("done", "Done", Kind.NUMBER),
    Column("reopened", "Opened again", Kind.NUMBER),
    Column("open", "Open", Kind.NUMBER),
)
_REPLIES = (Column("took", "First reply"), Column("working", "Working hours", Kind.NUMBER),
            Column("clock", "By the clock", Kind.NUMBER))  # fmt: skip
_AGES = Column("age", "Age"), Column("open", "Open", Kind.NUMBER)
_HOURS = (Column("day", "Day"), Column("hour", "Hour"), Column("requests", "Requests", Kind.NUMBER),
          Column("hours", "Hours"))  # fmt: skip
_ON_CALL = (
    Column("person", "Person"),
    *(Column(f"wakes_{kind}", words, Kind.NUMBER)
      for kind, words in zip(KINDS, ("Woken at night", "Woken at weekends", "Woken else"), strict=True)),
    Column("on_call", "On call", Kind.SECONDS),
    Column("on_call_out", "Of them out of hours", Kind.SECONDS),
    Column("wakes_share", "Of all wakes out of hours, percent", Kind.PERCENT),
    Column("on_call_share", "Of all hours out of hours, percent", Kind.PERCENT),
)  # fmt: skip
_FACTS = (
    *WHO,
    Column("at", "When", Kind.INSTANT),
    Column("working", "Took, working hours", Kind.SECONDS),
    Column("clock", "Took, by the clock", Kind.SECONDS),
    Column("outside", "Hours"),
    *PEOPLE,
    CHANNEL,
)
_OPEN = (*WHO, Column("began", "Began", Kind.INSTANT), Column("age", "Open for", Kind.SECONDS), *PEOPLE, CHANNEL)
_WAKES = Column("at", "Woken", Kind.INSTANT), Column("tickets", "Tickets")


def _work(agent: Agent, address: Mapping[str, str]) -> Sheet:
    question = asking.asked(address)
    columns = Column("key", "Number or code"), Column("name", servicepages.HEADS[question.group]), *_WORK

    def rows() -> Iterator[Sequence[Cell]]:
        called = Names(question.group, now())
        found = list(serviceparts.lines(question, now()))
        called.learn(one.key for one in found)
        for one in found:
            sums, usual = one.sums, one.usual
            took = (usual.working, usual.clock) if usual is not None else (None, None)
            counted = sums.arrived, sums.arrived_out, sums.replied, sums.replied_out
            yield one.key, called[one.key], *counted, *took, sums.done, sums.reopened, one.open

    return Sheet(name(f"service-by-{question.group}", question), columns, rows, zone_of(agent))


def _replies(agent: Agent, address: Mapping[str, str]) -> Sheet:
    question = asking.asked(address)

    def rows() -> Iterator[Sequence[Cell]]:
        sums = figures.total(figures.several(["all"], question.period, question.filters))
        return iter(zip(bands.REPLY_WORDS, sums.working, sums.clock, strict=True))

    return Sheet(name("first-replies", question), _REPLIES, rows, zone_of(agent))


def _ages(agent: Agent, address: Mapping[str, str]) -> Sheet:
    question = asking.asked(address)

    def rows() -> Iterator[Sequence[Cell]]:
        at = now()
        found = backlog.total(backlog.instant(question.period, at), at, question.filters)
        return iter(zip(bands.AGE_WORDS, found.ages, strict=True))

    return Sheet(name("open-tickets-by-age", question), _AGES, rows, zone_of(agent))


def _by_hour(agent: Agent, address: Mapping[str, str]) -> Sheet:
    question = asking.asked(address)

    def rows() -> Iterator[Sequence[Cell]]:
        found = figures.several(["hour"], question.period, question.filters)["hour"]
        for hour, day, clock, state in week(question.period):
            yield day, clock, found.get(str(hour), Sums()).arrived, state

    return Sheet(name("requests-by-hour", question), _HOURS, rows, zone_of(agent))


def _on_call(agent: Agent, address: Mapping[str, str]) -> Sheet:
    question = asking.asked(address)

    def rows() -> Iterator[Sequence[Cell]]:
        found = waking.carried(question.period, now())
        people = Names("agent", now())
        people.learn(str(one.agent_id) for one in found)
        wakes, seconds = sum(one.wakes_out for one in found), sum(one.seconds_out for one in found)
        for one in found:
            parts = share(one.wakes_out, wakes), share(one.seconds_out, seconds)
            yield people[str(one.agent_id)], *one.wakes, sum(one.seconds), one.seconds_out, *parts

    return Sheet(name("woken-and-on-call", question), _ON_CALL, rows, zone_of(agent))


def _tickets(agent: Agent, address: Mapping[str, str]) -> Sheet:
    question, what = asking.asked(address), servicelists.what_of(address)
    band = servicelists.band(what, address)
    if what == "open":
        return Sheet(name("open-tickets", question), _OPEN, lambda: _open(agent, question, band), zone_of(agent))
    return Sheet(name(what, question), _FACTS, lambda: _facts(agent, question, what, band), zone_of(agent))


def _facts(agent: Agent, question: Question, what: str, band: tuple[str, int] | None) -> Iterator[Sequence[Cell]]:
    one = VolumeFact
    asked = (
        visible_tickets(agent)
        .with_only_columns(
            *OF_WHO, one.at, one.working_seconds, one.clock_seconds, one.is_out, *OF_PEOPLE, one.channel_kind
        )
        .join(one, one.ticket_id == Ticket.id)
        .where(*lists.facts(what, question.period, question.filters, band))
        .order_by(one.at.desc(), one.ticket_id.desc(), one.number.desc())
    )
    for batch in batches(with_people(asked, one.organization_id, one.agent_id, one.team_id)):
        for *row, is_out, person, team, kind in batch:
            yield *row, "outside" if is_out else "inside", person, team, CHANNEL_WORDS.get(kind, kind)


def _open(agent: Agent, question: Question, band: tuple[str, int] | None) -> Iterator[Sequence[Cell]]:
    one, at = VolumeStretch, backlog.instant(question.period, now())
    until = at or now()
    asked = (
        visible_tickets(agent)
        .with_only_columns(*OF_WHO, one.began_at, *OF_PEOPLE, one.channel_kind)
        .join(one, one.ticket_id == Ticket.id)
        .where(*lists.stretches(at, question.filters), *(lists.aged(until, band[1]) if band else ()))
        .order_by(one.began_at, one.ticket_id)
    )
    for batch in batches(with_people(asked, one.organization_id, one.agent_id, one.team_id)):
        for *row, began, person, team, kind in batch:
            age = int((until - began).total_seconds())
            yield *row, began, age, person, team, CHANNEL_WORDS.get(kind, kind)


def _wakes(agent: Agent, address: Mapping[str, str]) -> Sheet:
    question, kind = asking.asked(address), servicelists.kind_of(address)
    who = servicelists.person(address)
    woken = who.id, ZoneInfo(who.zone)

    def rows() -> Iterator[Sequence[Cell]]:
        for one in servicelists.woken(agent, question, *woken, kind):
            yield one.at, ", ".join(f"#{ticket.number}" for ticket in one.tickets)

    return Sheet(name(f"wakes-{who.id}", question), _WAKES, rows, zone_of(agent))


EXPORTS = [
    Export("service", "Work by person, team, channel, topic or customer", _PAGE, _work),
    Export("first-replies", "First replies by how long they took", _PAGE, _replies),
    Export("open-ages", "Open tickets by age", _PAGE, _ages),
    Export("request-hours", "Requests by hour of the week", _PAGE, _by_hour),
    Export("on-call", "Woken, and on call", _PAGE, _on_call),
    Export("service-tickets", "Each ticket behind a figure of service", f"{_PAGE}/tickets", _tickets),
    Export("wakes", "When a person was woken", f"{_PAGE}/wakes", _wakes),
]
