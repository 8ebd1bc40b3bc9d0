"""What the promises' page shows, worked out from a question; each part alone, so that one can be asked for again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from markupsafe import Markup

from helpdesk.people.models import Agent
from helpdesk.text.promised import Promised, State
from helpdesk.web.promises import next_promise
from helpdesk.web.shown import Shown, show
from sla.reports import headline, requests, risk, sources
from sla.reports.asking import Question
from sla.reports.headline import Headline
from sla.reports.risk import AtRisk
from sla.web import dashdraw, dashnames, dashwords
from sla.web.dashdraw import Cell, Trend

_HEAVY_DAYS = 100
_WHAT = {"first_response": "reply", "next_response": "reply", "ownership": "reply", "update": "update"}
_WHAT |= {"on_site": "on site", "restore": "restore"}


@dataclass(frozen=True, slots=True)
class Moved:
    """A part of the sentence, and the filter that leads to its tickets."""

    words: str
    dimension: str
    key: str


@dataclass(frozen=True)
class Kept:
    """The headline in words and lines."""

    found: Headline
    trend: Trend
    compared: str
    moved: tuple[Moved, ...]
    since: str
    summary: str
    closed: frozenset[int]


@dataclass(frozen=True, slots=True)
class Risked:
    """A row of what needs a decision."""

    at_risk: AtRisk
    shown: Shown
    who: str
    is_customer: bool


@dataclass(frozen=True)
class Heat:
    rows: list[list[Cell]]
    drawn: list[Markup]
    """The inside of the picture of each row."""
    summary: str


def is_heavy(question: Question) -> bool:
    """Whether its table and its heat map take long enough to be asked for after the rest."""
    by_group = sources.tallied({question.group, *question.filters}) is None
    return by_group and question.period.days > _HEAVY_DAYS and bool(question.filters)


def kept(question: Question, at: datetime) -> Kept:
    found = headline.headline(question)
    return Kept(
        found=found,
        trend=dashdraw.trend([week.now.percent for week in found.weeks], [week.before.percent for week in found.weeks]),
        compared=dashwords.compared(found, question.period),
        moved=tuple(_moved(found, question, at)),
        since=dashwords.counting_since(found, question.period),
        summary=dashwords.trend_summary(found.weeks),
        closed=question.period.closed(),
    )


def risked(agent: Agent, question: Question, at: datetime, zone: ZoneInfo) -> list[Risked]:
    return [row(one, at, zone) for one in risk.most(agent, question.filters, at)]


def row(one: AtRisk, at: datetime, zone: ZoneInfo) -> Risked:
    ticket = one.ticket
    firm = ticket.organization
    who = firm.name if firm is not None else ticket.contact.name or "Somebody"
    return Risked(one, show(_promised(one), at, zone), who, firm is not None)


def heat(agent: Agent, question: Question, told: Kept) -> Heat:
    found = requests.by_hour(agent, question.period, question.filters)
    rows = dashdraw.cells(found, missed(told.found), told.closed)
    return Heat(rows, [dashdraw.row(each) for each in rows], dashwords.heat_summary(rows))


def missed(found: Headline) -> dict[int, int]:
    """Broken promises of the period by hour of the week."""
    return {int(key): share.broken for (span, name, key), share in found.few.items() if span == 0 and name == "hour"}


def _moved(found: Headline, question: Question, at: datetime) -> list[Moved]:
    shown = [one for one in found.movements if one.dimension not in question.filters]
    said = []
    for one in shown:
        name = dashnames.names(one.dimension, [one.key], at)[one.key]
        said.append(Moved(dashwords.moved(one, name), one.dimension, one.key))
    return said


def _promised(one: AtRisk) -> Promised:
    """As the queue draws it where it is the ticket's nearest promise, with the hours it sleeps."""
    nearest = next_promise(one.ticket)
    if nearest is not None and nearest.due == one.due:
        return nearest
    commitment = one.commitment
    start = one.again.at if one.again is not None else commitment.started_at
    return Promised(start, one.due, State.RUNNING, _WHAT.get(commitment.metric, "solve"), warn_at=commitment.warns_at)
