"""Saved reports: mine and the shared ones, with the mails of each; saved, renamed, removed with a way back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from flask import Blueprint, redirect, request
from sqlalchemy import func, select
from werkzeug.wrappers import Response

from helpdesk.access.guards import agents_only, current_agent
from helpdesk.db import among, db
from helpdesk.errors import Invalid
from helpdesk.people.models import Agent
from helpdesk.web.rendering import page, zone_of
from sla.saved import keeping, plans, scheduling
from sla.saved.models import ReportSchedule, ReportSending, SavedReport
from sla.web import mailwords

HOME = "/promises/saved"

bp = Blueprint("saved_reports", __name__, url_prefix=HOME)

_SAID = {
    "saved": "Saved. It opens with the same filters; days such as “month” are those of the day it is opened.",
    "changed": "Changed.",
    "removed": "Removed, and its mails rest.",
    "back": "It is back. What fell due meanwhile is not sent.",
    "planned": "It will be sent. A test shows you now what it looks like.",
    "edited": "Changed from the next mail on.",
    "put-back": "Put back to what it was.",
    "paused": "Paused. Nothing is sent until it is taken up again.",
    "resumed": "Taken up again. What fell due meanwhile is not sent.",
    "mail-removed": "Nothing more is sent.",
    "tried": "A test is on its way to you.",
}


@dataclass(frozen=True, slots=True)
class Mail:
    """One schedule in words, with what became of its last mails."""

    row: ReportSchedule
    words: str
    people: str
    last: str
    owns: bool


@dataclass(frozen=True, slots=True)
class Saved:
    """A line of the list."""

    row: SavedReport
    href: str
    table: str
    owns: bool
    mails: list[Mail]


@bp.get("")
@agents_only
def front() -> str:
    agent = current_agent()
    rows = _lines(agent)
    return page(
        "sla/saved/list.html",
        section="promises",
        mine=[one for one in rows if one.row.owner_id == agent.id],
        shared=[one for one in rows if one.row.owner_id != agent.id],
        said=_SAID.get(request.args.get("said", ""), ""),
        undo=_undo(),
    )


@bp.get("/new")
@agents_only
def new() -> str:
    return _form(request.args, {})


@bp.post("")
@agents_only
def create() -> Response | tuple[str, int]:
    form = request.form
    try:
        keeping.save(
            current_agent(),
            name=form.get("name", ""),
            table=form.get("table", ""),
            query=form.get("query", ""),
            is_shared="shared" in form,
        )
    except Invalid as error:
        db.session.rollback()
        return _form(form, error.fields or {"name": error.message}), error.status
    db.session.commit()
    return redirect(f"{HOME}?said=saved", 303)


@bp.get("/<int:report_id>/edit")
@agents_only
def edit(report_id: int) -> str:
    row = keeping.of(current_agent(), report_id)
    values = {"name": row.name, **({"shared": "on"} if row.is_shared else {})}
    return page("sla/saved/edit.html", section="promises", row=row, values=values, errors={})


@bp.post("/<int:report_id>")
@agents_only
def change(report_id: int) -> Response | tuple[str, int]:
    agent, form = current_agent(), request.form
    row = keeping.of(agent, report_id)
    try:
        keeping.change(row, by=agent, name=form.get("name", ""), is_shared="shared" in form)
    except Invalid as error:
        return page("sla/saved/edit.html", section="promises", row=row, values=form, errors=error.fields), error.status
    db.session.commit()
    return redirect(f"{HOME}?said=changed", 303)


@bp.post("/<int:report_id>/removal")
@agents_only
def remove(report_id: int) -> Response:
    agent = current_agent()
    scheduling.remove_report(keeping.of(agent, report_id), by=agent)
    db.session.commit()
    return redirect(f"{HOME}?said=removed&undo=report-{report_id}", 303)


@bp.post("/<int:report_id>/restoration")
@agents_only
def restore(report_id: int) -> Response:
    agent = current_agent()
    scheduling.restore_report(keeping.of(agent, report_id), by=agent)
    db.session.commit()
    return redirect(f"{HOME}?said=back", 303)


def _form(values: Mapping[str, str], errors: Mapping[str, str]) -> str:
    export = keeping.export_of(values.get("table", ""), current_agent())
    return page("sla/saved/new.html", section="promises", export=export, path=export.page, values=values, errors=errors)


def _lines(agent: Agent) -> list[Saved]:
    reports = keeping.listed(agent)
    mails: dict[int, list[Mail]] = {}
    rows = keeping.schedules(reports)
    people, lasts = _people(rows), _lasts(rows, zone_of(agent))
    for row in rows:
        words = mailwords.words(row, zone_of(agent))
        names = mailwords.people(row, people)
        owns = scheduling.owns(row, agent)
        mails.setdefault(row.report_id, []).append(Mail(row, words, names, lasts.get(row.id, ""), owns))
    return [_line(row, agent, mails.get(row.id, [])) for row in reports]


def _line(row: SavedReport, agent: Agent, mails: list[Mail]) -> Saved:
    export = keeping.export_of(row.table_key, agent)
    return Saved(row, f"{export.page}?{row.query}", export.label, keeping.owns(row, agent), mails)


def _people(rows: Sequence[ReportSchedule]) -> dict[int, str]:
    ids = {agent_id for row in rows for agent_id in plans.read(row.plan).agent_ids}
    asked = select(Agent.id, Agent.name).where(among(Agent.id, ids))
    return {agent_id: name for agent_id, name in db.session.execute(asked)}  # noqa: C416 - rows are no pairs to mypy


def _lasts(rows: Sequence[ReportSchedule], zone: ZoneInfo) -> dict[int, str]:
    """What became of the newest mails of each: all of those of its last due instant."""
    newest = (
        select(ReportSending.schedule_id, func.max(ReportSending.due_at).label("due_at"))
        .where(among(ReportSending.schedule_id, [row.id for row in rows]), ReportSending.is_test.is_(False))
        .group_by(ReportSending.schedule_id)
        .subquery()
    )
    last = (ReportSending.schedule_id == newest.c.schedule_id) & (ReportSending.due_at == newest.c.due_at)
    asked = select(ReportSending).join(newest, last).order_by(ReportSending.agent_id)
    found: dict[int, list[ReportSending]] = {}
    for one in db.session.scalars(asked) if rows else ():
        found.setdefault(one.schedule_id, []).append(one)
    return {schedule_id: mailwords.last(each, zone) for schedule_id, each in found.items()}


def _undo() -> str:
    """The path of the form that takes the last step back, where there is one."""
    kind, _, number = request.args.get("undo", "").partition("-")
    if not number.isdecimal() or len(number) > 18:
        return ""
    return {"report": f"{HOME}/{number}/restoration", "mail": f"{HOME}/mails/{number}/restoration"}.get(kind, "")
