"""The tables of the promises' page, and the lists behind its figures, to be taken along."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from helpdesk.access.permissions import visible_tickets
from helpdesk.now import now
from helpdesk.people.models import Agent
from helpdesk.sheets.cursor import Columns, batches
from helpdesk.sheets.values import Cell, Column, Export, Kind, Sheet
from helpdesk.tickets.models import Ticket
from helpdesk.web.assets import CHANNEL_WORDS
from helpdesk.web.rendering import zone_of
from sla.commitments.models import Commitment
from sla.policies.models import METRICS, Clause
from sla.reports import asking, headline, requests, risk, sources, trends
from sla.reports.asking import Question
from sla.reports.figures import Share
from sla.reports.models import PromiseOutcome
from sla.web import dashlists, dashpage, dashtable
from sla.web.dashtable import Shows
from sla.web.sheetparts import CHANNEL, OF_PEOPLE, OF_WHO, PEOPLE, WHO, Names, name, week, with_people

_ROWS, _PROMISE = 200, 4
_HOURS = (
    Column("day", "Day"),
    Column("hour", "Hour"),
    Column("requests", "Requests", Kind.NUMBER),
    Column("missed", "Promises missed", Kind.NUMBER),
    Column("hours", "Hours"),
)
_SHARE = (
    Column("kept", "Kept", Kind.NUMBER),
    Column("counted", "Decided", Kind.NUMBER),
    Column("broken", "Broken", Kind.NUMBER),
    Column("excused", "Of these excused", Kind.NUMBER),
    Column("percent", "Kept, percent", Kind.PERCENT),
)
_WEEKS = (Column("monday", "Week of", Kind.DAY), *_SHARE, Column("kept_before", "Kept a year before", Kind.NUMBER),
          Column("counted_before", "Decided a year before", Kind.NUMBER))  # fmt: skip
_DECIDED = (
    *WHO,
    Column("promise", "Promise"),
    Column("kind", "Kind of promise"),
    Column("outcome", "What became of it"),
    Column("in_hand", "In hand", Kind.SECONDS),
    Column("decided", "Decided", Kind.INSTANT),
    *PEOPLE,
    CHANNEL,
    Column("product", "Product"),
)
_REQUESTS = (*WHO, Column("began", "Began", Kind.INSTANT), *PEOPLE, CHANNEL)
_OPEN = (
    *WHO,
    Column("promise", "Promise"),
    Column("kind", "Kind of promise"),
    Column("due", "Due", Kind.INSTANT),
    Column("state", "State"),
    *PEOPLE,
)


def _by(agent: Agent, address: Mapping[str, str]) -> Sheet:
    question = asking.asked(address)
    weeks = trends.weeks({}, question.period.until)
    columns = (
        Column("key", "Number or code"),
        Column("name", dashtable.HEADS[question.group]),
        Column("agreements", "Agreement"),
        Column("told", "What we told them"),
        *_SHARE,
        *(Column(f"week_{place}", f"Kept in the week of {week.monday}, percent", Kind.PERCENT)
          for place, week in enumerate(weeks, 1)),
        Column("in_hand", "Usually in hand", Kind.SECONDS),
    )  # fmt: skip
    return Sheet(name(f"promises-by-{question.group}", question), columns, lambda: _lines(question), zone_of(agent))


def _lines(question: Question) -> Iterator[Sequence[Cell]]:
    at, after, is_more = now(), None, True
    while is_more:
        found = dashtable.table(question, at, after=after, limit=_ROWS)
        yield from map(_line, found.rows)
        after, is_more = found.after, found.after is not None


def _line(one: Shows) -> Sequence[Cell]:
    line = one.line
    return (line.key, one.name, one.more, one.words, *_counted(line.share), *line.weeks, line.in_hand)


def _counted(share: Share) -> Sequence[Cell]:
    return share.kept, share.counted, share.broken, share.excused, share.percent


def _by_hour(agent: Agent, address: Mapping[str, str]) -> Sheet:
    question = asking.asked(address)

    def rows() -> Iterator[Sequence[Cell]]:
        came = requests.by_hour(agent, question.period, question.filters)
        missed = dashpage.missed(headline.headline(question))
        for hour, day, clock, state in week(question.period):
            yield day, clock, came.get(hour, 0), missed.get(hour, 0), state

    return Sheet(name("requests-and-misses-by-hour", question), _HOURS, rows, zone_of(agent))


def _by_week(agent: Agent, address: Mapping[str, str]) -> Sheet:
    question = asking.asked(address)

    def rows() -> Iterator[Sequence[Cell]]:
        for one in headline.headline(question).weeks:
            yield one.monday, *_counted(one.now), one.before.kept, one.before.counted

    until = question.period.until - timedelta(days=1)
    return Sheet(f"promises-by-week-until-{until}", _WEEKS, rows, zone_of(agent))


def _tickets(agent: Agent, address: Mapping[str, str]) -> Sheet:
    question, what = asking.asked(address), dashlists.what_of(address)
    if what == "requests":
        asked = _requests(agent, question)
        return Sheet(name("requests", question), _REQUESTS, lambda: _with_channel(asked), zone_of(agent))
    return Sheet(name(f"promises-{what}", question), _DECIDED, lambda: _decided(agent, question, what), zone_of(agent))


def _decided(agent: Agent, question: Question, what: str) -> Iterator[Sequence[Cell]]:
    """Newest first. What is asked for is made here: filters by hours read which are closed."""
    promises = Names("promise", now())
    for batch in batches(_outcomes(agent, question, what)):
        promises.learn(row[_PROMISE] for row in batch)
        for number, subject, firm, contact, promise, metric, became, is_excused, left, at, *who, kind, unit in batch:
            is_late = became == "broken"
            words = (
                promises[promise],
                METRICS.get(metric, metric),
                "broken, excused" if is_late and is_excused else became,
            )
            in_hand = None if is_late and left >= 0 else left
            yield number, subject, firm, contact, *words, in_hand, at, *who, CHANNEL_WORDS.get(kind, kind), unit


def _outcomes(agent: Agent, question: Question, what: str) -> Columns:
    one = PromiseOutcome
    columns = (*OF_WHO, one.promise, one.metric, one.outcome, one.is_excused, one.left_seconds, one.settled_at,
               *OF_PEOPLE, one.channel_kind, one.product)  # fmt: skip
    rows = visible_tickets(agent).with_only_columns(*columns).join(one, one.ticket_id == Ticket.id)
    return (
        with_people(rows, one.organization_id, one.agent_id, one.team_id)
        .where(*sources.outcomes([question.period], question.filters), *dashlists.of(what))
        .order_by(one.day.desc(), one.settled_at.desc(), one.commitment_id.desc())
    )


def _requests(agent: Agent, question: Question) -> Columns:
    asked = requests.tickets(agent, question.period, question.filters)
    rows = asked.with_only_columns(*OF_WHO, Ticket.created_at, *OF_PEOPLE, Ticket.channel_kind)
    return _with_holders(rows).order_by(Ticket.created_at.desc(), Ticket.id.desc())


def _with_channel(asked: Columns) -> Iterator[Sequence[Cell]]:
    for batch in batches(asked):
        for *row, kind in batch:
            yield *row, CHANNEL_WORDS.get(kind, kind)


def _open(agent: Agent, address: Mapping[str, str]) -> Sheet:
    question = asking.asked(address)

    def rows() -> Iterator[Sequence[Cell]]:
        at = now()
        for batch in batches(_owed(agent, question)):
            for *row, metric, due, person, team in batch:
                yield *row, METRICS.get(metric, metric), due, "past" if due < at else "runs", person, team

    return Sheet("promises-that-run", _OPEN, rows, zone_of(agent))


def _owed(agent: Agent, question: Question) -> Columns:
    asked = risk.undecided(agent, question.filters)
    rows = asked.with_only_columns(*OF_WHO, Clause.words, Commitment.metric, Commitment.due_at, *OF_PEOPLE)
    return _with_holders(rows).order_by(Commitment.due_at, Commitment.id)


def _with_holders(tickets: Columns) -> Columns:
    """With those who have the tickets now."""
    return with_people(tickets, Ticket.organization_id, Ticket.assignee_id, Ticket.team_id)


EXPORTS = [
    Export("promises", "Promises by customer, team and others", "/promises", _by),
    Export("promises-by-week", "Promises kept by week", "/promises", _by_week),
    Export("promise-hours", "Requests and misses by hour of the week", "/promises/hours", _by_hour),
    Export("promise-tickets", "Each promise, or request, behind a figure", "/promises/tickets", _tickets),
    Export("open-promises", "Promises that run", "/promises/open", _open, live=True),
]
