"""What is behind each figure of service: the tickets of a reply, a request or of what is open; and the wakes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from flask import Blueprint, request
from sqlalchemy import select, tuple_
from sqlalchemy.orm import joinedload

from helpdesk.access.guards import agents_only, current_agent
from helpdesk.access.permissions import visible_tickets
from helpdesk.db import among, db
from helpdesk.errors import Invalid, NotFound
from helpdesk.now import now
from helpdesk.pagination import Slice, cut, decode
from helpdesk.people.models import Agent
from helpdesk.text.numbers import whole
from helpdesk.tickets.models import Ticket
from helpdesk.web.rendering import page
from sla.escalations.models import Escalation, Page, PageReason
from sla.volume import asking, backlog, bands, lists, waking
from sla.volume.asking import Question
from sla.volume.models import VolumeFact, VolumeStretch
from sla.web import dashnames, dashwords, servicepages, servicewords

bp = Blueprint("servicelists", __name__, url_prefix="/promises/service")

PAGE = 50
_OPEN = "Open"
_KINDS = {"night": "at night", "weekend": "at weekends", "day": "by day"}


@dataclass(frozen=True, slots=True)
class Listed:
    """A ticket and what counts of it: who, how long, when."""

    ticket: Ticket
    at: datetime
    agent_id: int | None
    words: str


@dataclass(frozen=True, slots=True)
class Woken:
    """A page with the tickets it was for, as far as one may see them."""

    at: datetime
    tickets: list[Ticket]


@bp.get("/tickets")
@agents_only
def tickets() -> str:
    question, what = asking.asked(request.args), what_of(request.args)
    more, banded = _more(what)
    found = _open(question) if what == "open" else _facts(question, what)
    people = dashnames.names("agent", {str(one.agent_id or "") for one in found.rows}, now())
    return page(
        "sla/promises/service_tickets.html",
        section="promises",
        q=question,
        title=lists.WHAT.get(what, _OPEN),
        found=found,
        people=people,
        days=dashwords.days(question.period, question.period.today()),
        filters=[*servicepages.names(question).values(), *([banded] if banded else [])],
        kept={"what": what, **more},
    )


@bp.get("/wakes")
@agents_only
def wakes() -> str:
    """The pages of one person, of one kind or all."""
    question, kind = asking.asked(request.args), kind_of(request.args)
    agent = person(request.args)
    return page(
        "sla/promises/service_wakes.html",
        section="promises",
        q=question,
        who=agent,
        title=f"{agent.name} was woken{' ' + _KINDS[kind] if kind else ''}",
        rows=woken(current_agent(), question, agent.id, ZoneInfo(agent.zone), kind),
        days=dashwords.days(question.period, question.period.today()),
    )


def what_of(address: Mapping[str, str]) -> str:
    """Which tickets are asked for; those that arrived where nothing is named.

    Raises:
        Invalid: there is no such list.
    """
    what = address.get("what") or "arrived"
    if what not in {*lists.WHAT, "open"}:
        raise Invalid("There is no such list.", {"what": f"Choose one of {', '.join(lists.WHAT)} or open."})
    return what


def person(address: Mapping[str, str]) -> Agent:
    """Whose wakes are asked for.

    Raises:
        NotFound: there is nobody of this number.
    """
    number = whole(address.get("who", ""))
    agent = db.session.get(Agent, number) if number is not None else None
    if agent is None:
        raise NotFound("There is nobody of this number.")
    return agent


def kind_of(address: Mapping[str, str]) -> str:
    """Which wakes are asked for, empty for all.

    Raises:
        Invalid: there is no such kind.
    """
    kind = address.get("kind", "")
    if kind and kind not in waking.KINDS:
        raise Invalid("There is no such list.", {"kind": f"Choose one of {', '.join(waking.KINDS)}."})
    return kind


def band(what: str, address: Mapping[str, str]) -> tuple[str, int] | None:
    """The band a list is of: by which clock or age, and which one.

    Raises:
        Invalid: there is no such band.
    """
    names = {"open": ("age",), "first": lists.CLOCKS}.get(what, ())
    for name in names:
        said, many = address.get(name, ""), len(_words(name))
        place = whole(said, below=many)
        if said and place is None:
            raise Invalid("There is no such list.", {name: f"Choose a number from 0 to {many - 1}."})
        if place is not None:
            return name, place
    return None


def woken(agent: Agent, question: Question, who: int, zone: ZoneInfo, kind: str) -> list[Woken]:
    """The pages of a person in that zone, newest first, of one kind or all; with the tickets `agent` may see."""
    begin, end = waking.instants(question.period, now())
    rows = select(Page.id, Page.begun_at).where(*waking.pages(begin, end), Page.agent_id == who)
    pages = {
        page_id: at
        for page_id, at in db.session.execute(rows.order_by(Page.begun_at.desc(), Page.id.desc()))
        if at is not None and (not kind or waking.kind(at, zone) == kind)
    }
    reasons = visible_tickets(agent).add_columns(PageReason.page_id)
    reasons = reasons.join(Escalation, Escalation.ticket_id == Ticket.id)
    reasons = reasons.join(PageReason, PageReason.escalation_id == Escalation.id)
    found: dict[int, dict[int, Ticket]] = {page_id: {} for page_id in pages}
    for ticket, page_id in db.session.execute(reasons.where(among(PageReason.page_id, pages)).order_by(Ticket.id)):
        found[page_id][ticket.id] = ticket
    return [Woken(at, list(found[page_id].values())) for page_id, at in pages.items()]


def _more(what: str) -> tuple[dict[str, str], str]:
    """The band a list is of, for the address and in words."""
    found = band(what, request.args)
    if found is None:
        return {}, ""
    name, place = found
    by = {"clock": " by the clock", "working": " of working hours"}.get(name, "")
    return {name: str(place)}, _words(name)[place] + by


def _words(name: str) -> tuple[str, ...]:
    return bands.AGE_WORDS if name == "age" else bands.REPLY_WORDS


def _facts(question: Question, what: str) -> Slice[Listed]:
    rows = (
        visible_tickets(current_agent())
        .add_columns(VolumeFact)
        .join(VolumeFact, VolumeFact.ticket_id == Ticket.id)
        .where(*lists.facts(what, question.period, question.filters, band(what, request.args)))
    )
    key = VolumeFact.at, VolumeFact.ticket_id, VolumeFact.number
    if request.args.get("after"):
        rows = rows.where(tuple_(*key) < tuple_(*decode(request.args["after"], datetime, int, int)))
    asked = rows.order_by(*(one.desc() for one in key)).limit(PAGE + 1)
    asked = asked.options(joinedload(Ticket.organization), joinedload(Ticket.contact))
    pairs = cut(db.session.execute(asked).all(), PAGE, lambda row: (row[1].at, row[1].ticket_id, row[1].number))
    return Slice([Listed(ticket, one.at, one.agent_id, _took(one)) for ticket, one in pairs.rows], pairs.after)


def _open(question: Question) -> Slice[Listed]:
    at, aged = backlog.instant(question.period, now()), band("open", request.args)
    rows = (
        visible_tickets(current_agent())
        .add_columns(VolumeStretch)
        .join(VolumeStretch, VolumeStretch.ticket_id == Ticket.id)
        .where(*lists.stretches(at, question.filters))
    )
    if aged is not None:
        rows = rows.where(*lists.aged(at or now(), aged[1]))
    key = VolumeStretch.began_at, VolumeStretch.ticket_id
    if request.args.get("after"):
        rows = rows.where(tuple_(*key) > tuple_(*decode(request.args["after"], datetime, int)))
    asked = rows.order_by(*key).limit(PAGE + 1)
    asked = asked.options(joinedload(Ticket.organization), joinedload(Ticket.contact))
    pairs = cut(db.session.execute(asked).all(), PAGE, lambda row: (row[1].began_at, row[1].ticket_id))
    until = at or now()
    return Slice([Listed(ticket, one.began_at, one.agent_id, _old(until - one.began_at)) for ticket, one in pairs.rows],
                 pairs.after)  # fmt: skip


def _took(one: VolumeFact) -> str:
    if one.clock_seconds is None:
        return "Nobody waited" if one.kind == "replied" else ""
    working, clock = servicewords.long(one.working_seconds), servicewords.long(one.clock_seconds)
    return f"{working} of working hours, {clock} by the clock"


def _old(age: timedelta) -> str:
    return f"open for {servicewords.long(int(age.total_seconds()))}"
