"""Rates by web and as JSON: what an hour and a page cost, and what an hour is sold for; for managers alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from flask import Blueprint, Response, jsonify, redirect, request
from sqlalchemy import Select, select
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as Answer

from helpdesk.access.guards import current_agent
from helpdesk.db import db
from helpdesk.errors import Invalid
from helpdesk.now import now
from helpdesk.people.models import Agent, Team
from helpdesk.web.json import body
from helpdesk.web.rendering import page
from sla.money import setting
from sla.money.models import KINDS, MoneyRate
from sla.money.setting import Said
from sla.reports import periods
from sla.web.amounts import day, money
from sla.web.managers import managers_only
from sla.web.told import Told
from sla.web.typed import Typed

bp = Blueprint("moneyrates", __name__)

_AT = "/promises/money/rates"
EVERYBODY = "Everybody"


@bp.get(_AT)
@managers_only
def front() -> str:
    return _page(MultiDict(), {})


@bp.post(_AT)
@managers_only
def write() -> Answer | tuple[str, int]:
    typed = Typed(request.form)
    try:
        said = _typed(typed)
        typed.done()
        setting.say(said, by=current_agent())
    except Invalid as error:
        db.session.rollback()
        return _page(request.form, error.fields), error.status
    db.session.commit()
    return redirect(f"{_AT}?said=yes", 303)


@bp.get("/api/v1/rates")
@managers_only
def listed() -> Response:
    """All there are, by kind, the newest day first."""
    return jsonify(rates=[_told(one) for one in setting.written()])


@bp.post("/api/v1/rates")
@managers_only
def send() -> tuple[Response, int]:
    """Without `agent` and `team` it is everybody's; with `amount_cents` null there is none from that day on."""
    asked = body()
    said = Said(
        kind=asked.one_of("kind", KINDS),
        valid_from=asked.day("valid_from") or _today(),
        cents=asked.number_or_none("amount_cents", 0, setting.MOST),
        currency=asked.text("currency", most=3) or "USD",
        agent_id=asked.identity("agent"),
        team_id=asked.identity("team"),
    )
    asked.done()
    made = setting.say(said, by=current_agent())
    db.session.commit()
    return jsonify(_told(made)), 201


def _typed(typed: Typed) -> Said:
    whose = typed.text("whose")
    found = re.fullmatch(r"(agent|team)-(\d{1,15})", whose, re.ASCII)
    if whose and found is None:
        typed.mistakes["whose"] = "Choose from the list."
    return Said(
        kind=typed.one_of("kind", KINDS, "work"),
        valid_from=typed.needed_day("valid_from", "Enter the day it holds from."),
        cents=typed.cents("amount"),
        currency=typed.text("currency").upper() or "USD",
        agent_id=int(found[2]) if found and found[1] == "agent" else None,
        team_id=int(found[2]) if found and found[1] == "team" else None,
    )


def _page(values: Mapping[str, str], errors: Mapping[str, str]) -> str:
    people = _called(select(Agent.id, Agent.name).order_by(Agent.name))
    teams = _called(select(Team.id, Team.name).order_by(Team.name))
    rows = setting.written()
    return page(
        "sla/money/rates.html",
        section="promises",
        rows=[(one, _named(one, people, teams), people.get(one.created_by_id or 0, "")) for one in rows],
        counts=_in_force(rows, _today()),
        kinds=KINDS,
        choices=[("", EVERYBODY), *((f"team-{one}", f"Team {name}") for one, name in teams.items()),
                 *((f"agent-{one}", name) for one, name in people.items())],
        values=values,
        errors=errors,
        today=_today(),
        said="The rate is written down. Figures of these days follow." if request.args.get("said") else "",
        day=day,
        money=money,
    )  # fmt: skip


def _called(rows: Select[int, str]) -> dict[int, str]:
    return {one: name for one, name in db.session.execute(rows)}  # noqa: C416 - rows are no pairs to the type checker


def _in_force(rows: list[MoneyRate], today: date) -> set[int]:
    """Those that count today for whom they are of."""
    newest: dict[tuple[str, int | None, int | None], MoneyRate] = {}
    for row in sorted(rows, key=lambda one: (one.valid_from, one.id)):
        if row.valid_from <= today:
            newest[row.kind, row.agent_id, row.team_id] = row
    return {row.id for row in newest.values()}


def _named(row: MoneyRate, people: Mapping[int, str], teams: Mapping[int, str]) -> str:
    if row.agent_id is not None:
        return people[row.agent_id]
    return f"Team {teams[row.team_id]}" if row.team_id is not None else EVERYBODY


def _today() -> date:
    return now().astimezone(periods.zone()).date()


def _told(row: MoneyRate) -> Told:
    return {
        "id": row.id,
        "kind": row.kind,
        "agent": row.agent_id,
        "team": row.team_id,
        "valid_from": row.valid_from.isoformat(),
        "amount_cents": row.cents,
        "currency": row.currency,
        "written_by": row.created_by_id,
    }
