"""What is behind each figure of money: tickets, agreements where it is of no ticket, and who was on call."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from flask import Blueprint, request
from sqlalchemy.orm import joinedload

from helpdesk.access.guards import current_agent
from helpdesk.access.permissions import visible_tickets
from helpdesk.db import among, db
from helpdesk.errors import Invalid
from helpdesk.now import now
from helpdesk.pagination import Slice, cut, decode
from helpdesk.tickets.models import Ticket
from helpdesk.web.rendering import page
from sla.money import lists, sums
from sla.money.kinds import WORDS
from sla.money.lists import Asked
from sla.money.sums import Amount, Line
from sla.web import dashnames, dashwords, moneypages, moneywords
from sla.web.managers import managers_only

bp = Blueprint("moneylists", __name__, url_prefix="/promises/money")

WHAT = {"income": "Earned", "cost": "Spent", **WORDS}
PAGE = 50


@bp.get("/behind")
@managers_only
def behind() -> str:
    wanted = asked(request.args)
    question, what, all_of_it = wanted.question, wanted.what, wanted.all_of_it
    return page(
        "sla/money/behind.html",
        section="promises",
        q=question,
        title=WHAT[what] if all_of_it else f"{WHAT[what]}: what is not known",
        found=_tickets(wanted),
        agreements=_agreements(wanted),
        people=_people(wanted),
        days=dashwords.days(question.period, question.period.today()),
        filters=list(moneypages.names(question).values()),
        kept={"what": what, **({} if all_of_it else {"known": "no"})},
        words=moneywords,
    )


def asked(address: Mapping[str, str]) -> Asked:
    """Behind which figure an address looks; behind what was spent where it names none.

    Raises:
        Invalid: it asks for what there is not; `fields` says where.
    """
    what = address.get("what") or "cost"
    if what not in WHAT:
        raise Invalid("There is no such list.", {"what": f"Choose one of {', '.join(WHAT)}."})
    return Asked(moneypages.asked(address), what, address.get("known") != "no")


def _tickets(wanted: Asked) -> Slice[tuple[Ticket | None, Amount, str]]:
    before = decode(request.args["after"], int)[0] if request.args.get("after") else lists.FIRST
    rows = lists.tickets(wanted, now(), most=PAGE + 1, before=before)
    shown = cut(rows, PAGE, lambda row: (row[0],))
    seen = _seen([one for one, _ in shown.rows])
    return Slice([(seen.get(one), _amount(line, wanted), _parts(line)) for one, line in shown.rows], shown.after)


def _seen(ids: Collection[int]) -> dict[int, Ticket]:
    rows = visible_tickets(current_agent()).where(among(Ticket.id, ids))
    rows = rows.options(joinedload(Ticket.organization), joinedload(Ticket.contact))
    return {ticket.id: ticket for ticket in db.session.scalars(rows)}


def _agreements(wanted: Asked) -> list[tuple[int, dashnames.Agreed | None, Amount, str]]:
    rows = lists.agreements(wanted, now())
    called = dashnames.agreements([one for one, _ in rows], now())
    return [(one, called.get(one), _amount(line, wanted), _parts(line)) for one, line in rows]


def _people(wanted: Asked) -> list[tuple[str, Amount, str]]:
    rows = lists.people(wanted, now())
    called = dashnames.names("agent", [str(one) for one, _ in rows], now())
    return [(called[str(one)], found, moneywords.quantity("standby", found)) for one, found in rows]


def _amount(line: Line, wanted: Asked) -> Amount:
    """What a line has of a figure."""
    return sums.total(line.of(kind) for kind in wanted.kinds)


def _parts(line: Line) -> str:
    """Such as "Time worked 1 h 30 min, Pages at night 2"."""
    return ", ".join(f"{WORDS[kind]} {moneywords.quantity(kind, one)}".strip() for kind, one in line.parts.items())
