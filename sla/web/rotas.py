"""The rotas, and the page of one: its lanes by week or month, who rings now, what is missing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from flask import Blueprint, redirect, request
from sqlalchemy import select
from werkzeug.wrappers import Response

from helpdesk.access.guards import agents_only, current_agent
from helpdesk.db import db, one
from helpdesk.errors import DomainError
from helpdesk.now import now
from helpdesk.web.rendering import page, zone_of
from sla.oncall.instants import local
from sla.oncall.loading import Rota
from sla.oncall.models import OnCallSchedule
from sla.oncall.wording import Walls, city
from sla.web import rotaasks, rotapages, rotarings, rotatimes
from sla.web.escalations import tried
from sla.web.managers import manages
from sla.web.rotalanes import Painter
from sla.web.rotatimes import week_name

bp = Blueprint("rotas", __name__, url_prefix="/on-call")

SAID = {
    "made": "The rota is there. Whoever is first rings from now on.",
    "changed": "Saved. What was stays as it was; a running shift goes on.",
    "same": "Nothing was changed, so nothing was saved.",
    "archived": "Set aside. Nobody is rung by it any more.",
    "unarchived": "It counts again.",
    "agreed": "Saved. The calendar feeds have it too.",
    "planned": "Saved. The plan counts while it lasts; the calendar feeds have it too.",
    "back": "Taken back.",
    "asked": "Asked. Whoever says yes first has it, and you see it here.",
    "taken": "It is yours. Thank you.",
    "declined": "Noted. The others are still asked.",
    "withdrawn": "Withdrawn. Nobody is asked any more.",
    "away": "Noted. You are not rung while you are away.",
    "here": "Noted. You are rung again.",
    "address": "The old address gives nothing any more. Subscribe to the new one.",
}
"""What a page says after the form that led to it; the address only names the sentence."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the list."""

    schedule: OnCallSchedule
    now: rotapages.Now | None
    gaps: int


@bp.get("")
@agents_only
def front() -> str | Response:
    """The list, or the only one there is."""
    rows = list(
        db.session.scalars(select(OnCallSchedule).order_by(OnCallSchedule.archived_at.isnot(None), OnCallSchedule.name))
    )
    if len(rows) == 1 and "all" not in request.args:
        return redirect(f"/on-call/{rows[0].id}", 303)
    names = rotapages.everybody()
    return page(
        "sla/oncall/list.html",
        section="oncall",
        rows=[_row(each, names) for each in rows],
        manages=manages(current_agent()),
        walls=Walls(zone_of(current_agent()), zone_of(current_agent())),
    )


@bp.get("/<int:schedule_id>")
@agents_only
def show(schedule_id: int) -> str:
    return shown(find(schedule_id), said=SAID.get(request.args.get("said", ""), ""))


def find(schedule_id: int) -> OnCallSchedule:
    return one(select(OnCallSchedule).where(OnCallSchedule.id == schedule_id), what="rota")


def said(schedule_id: int, what: str) -> Response:
    """See the rota again, with the sentence of what was done and the week it was done in."""
    week = request.form.get("week", "")
    where = f"&week={week}" if week.isascii() and week.replace("-", "").isalnum() else ""
    return redirect(f"/on-call/{schedule_id}?said={what}{where}", 303)


def refused(schedule_id: int, error: DomainError) -> tuple[str, int]:
    """The rota as it stays, with why."""
    db.session.rollback()
    return shown(find(schedule_id), message=error.message), error.status


def shown(schedule: OnCallSchedule, **more: object) -> str:
    agent, at = current_agent(), int(now().timestamp())
    own = zone_of(agent)
    today = local(at, own).date()
    month = rotatimes.asked_month(request.args["month"], today) if "month" in request.args else None
    axes = rotatimes.weeks(month, own) if month else [rotatimes.asked_week(request.args.get("week", ""), today, own)]
    first, last = axes[0], axes[-1]
    rota = rotapages.load_rota(schedule.id, min(first.start, at))
    if rota is None:
        return page("sla/oncall/show.html", section="oncall", schedule=schedule, rota=None, **more)
    names = rotapages.everybody()
    walls = Walls(own, rota.said(at).zone)
    overrides = rotapages.agreed(schedule.id, first.start, last.end)
    painter = Painter(walls, names, at, overrides, rotapages.tints(rota, overrides))
    return page(
        "sla/oncall/show.html",
        **tried(request.args),
        try_here=f"/on-call/{schedule.id}",
        try_kept=[(name, request.args[name]) for name in ("week", "month") if name in request.args],
        section="oncall",
        schedule=schedule,
        rota=rota,
        waiting=rotarings.waiting(schedule, agent),
        waiting_most=rotarings.MOST,
        policies=rotarings.policies(schedule),
        scenes=[painter.scene(rota, axis, final_only=month is not None) for axis in axes],
        month=month,
        step=_steps(first, month),
        title=f"{month:%B %Y}" if month else rotatimes.days_in_words(first.days[0].day, first.days[-1].day),
        today=today,
        flags=rotapages.flags(schedule, axes),
        now_said=rotapages.current(rota, names, at),
        gaps=rotapages.open_gaps(rota, names, walls, max(at, first.start), last.end),
        carried=rotapages.carried(rota, names, first, now()),
        mine=rotapages.own(rota, agent.id, at),
        asks=rotaasks.open_ones(schedule, names, walls),
        manages=manages(agent),
        walls=walls,
        others=_elsewhere(rota, names, walls),
        city=city,
        week=week_name(first.first),
        **more,
    )


def _row(schedule: OnCallSchedule, names: dict[int, str]) -> Row:
    at = int(now().timestamp())
    rota = rotapages.load_rota(schedule.id, at)
    if rota is None or schedule.archived_at is not None:
        return Row(schedule, None, 0)
    walls = Walls(zone_of(current_agent()), rota.said(at).zone)
    gaps = rotapages.open_gaps(rota, names, walls, at, at + 14 * 86_400)
    return Row(schedule, rotapages.current(rota, names, at), len(gaps))


def _steps(first: rotatimes.Axis, month: object) -> tuple[str, str]:
    """The addresses of what lies before and after."""
    if month is None:
        week = timedelta(weeks=1)
        return f"?week={week_name(first.first - week)}", f"?week={week_name(first.first + week)}"
    middle = rotatimes.asked_month(request.args["month"], local(now().timestamp(), first.zone).date())
    before, after = middle - timedelta(days=1), middle + timedelta(days=32)
    return f"?month={before:%Y-%m}", f"?month={after:%Y-%m}"


def _elsewhere(rota: Rota, names: dict[int, str], walls: Walls) -> list[str]:
    """Who of the rota sees other times than the team: "Ingrid sees hers in Oslo time"."""
    known = rotapages.zones(rota)
    away = {agent: zone for agent, zone in known.items() if zone.key != walls.team.key}
    return [f"{names[agent]} sees theirs in {city(zone)} time" for agent, zone in away.items()]
