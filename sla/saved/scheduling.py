"""The mails of a report: planned, edited and put back, paused, removed and brought back. They flush, never commit."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from helpdesk.access.permissions import may
from helpdesk.db import among, db, locked
from helpdesk.errors import Conflict, Invalid, NotAllowed
from helpdesk.now import now
from helpdesk.people.models import Agent
from helpdesk.text.languages import LANGUAGES
from helpdesk.text.zones import zones
from sla.saved import due, keeping, plans
from sla.saved.models import ReportSchedule, SavedReport
from sla.saved.plans import Plan

MOST_PEOPLE = 50
_MISFIT = "That does not fit yet."


def make(report: SavedReport, plan: Plan, *, by: Agent) -> ReportSchedule:
    """Mail its table from the next instant of the plan on.

    Raises:
        Invalid: what does not fit, by field. NotAllowed: to others, by somebody who is no manager.
    """
    _check(plan, by)
    row = ReportSchedule(report_id=report.id, owner_id=by.id, plan=plans.as_json(plan), created_at=now())
    _go_on(row, report)
    db.session.add(row)
    db.session.flush()
    return row


def edit(schedule: ReportSchedule, plan: Plan, *, by: Agent) -> None:
    """Another plan from now on; the one before can be put back.

    Raises:
        Invalid, NotAllowed: as for `make`.
    """
    check_owned(schedule, by)
    _check(plan, by)
    _settle(schedule)
    if plans.as_json(plan) != schedule.plan:
        schedule.before, schedule.plan = schedule.plan, plans.as_json(plan)
    _go_on(schedule, schedule.report)


def put_back(schedule: ReportSchedule, *, by: Agent) -> None:
    """Undo the last edit.

    Raises:
        Conflict: there is nothing to undo.
    """
    check_owned(schedule, by)
    if schedule.before is None:
        raise Conflict("There is nothing to put back: it was not edited since.")
    _settle(schedule)
    schedule.plan, schedule.before = schedule.before, None
    _go_on(schedule, schedule.report)


def pause(schedule: ReportSchedule, *, by: Agent | None, reason: str = "") -> None:
    """Nothing is sent until it is taken up again; `by` None: it pauses itself, for a reason."""
    if by is not None:
        check_owned(schedule, by)
    schedule.paused_at = schedule.paused_at or now()
    schedule.pause_reason, schedule.next_at = reason, None


def resume(schedule: ReportSchedule, *, by: Agent) -> None:
    """From the next instant on; what fell due meanwhile is not sent. Where its owner left, whoever does it owns it."""
    check_owned(schedule, by)
    _settle(schedule)
    if not schedule.owner.is_active:
        schedule.owner_id = by.id
    schedule.paused_at, schedule.pause_reason = None, ""
    _go_on(schedule, schedule.report)


def remove(schedule: ReportSchedule, *, by: Agent) -> None:
    check_owned(schedule, by)
    schedule.removed_at = schedule.removed_at or now()
    schedule.next_at = None


def restore(schedule: ReportSchedule, *, by: Agent) -> None:
    check_owned(schedule, by)
    _settle(schedule)
    schedule.removed_at = None
    _go_on(schedule, schedule.report)


def of(agent: Agent, schedule_id: int) -> ReportSchedule:
    """One of a report the agent may see, locked.

    Raises:
        NotFound: there is none.
    """
    row = locked(
        select(ReportSchedule)
        .where(ReportSchedule.id == schedule_id)
        .options(joinedload(ReportSchedule.owner), joinedload(ReportSchedule.report)),
        what="mail",
    )
    keeping.of(agent, row.report_id)
    return row


def owns(schedule: ReportSchedule, agent: Agent) -> bool:
    return schedule.owner_id == agent.id or may(agent, "manage")


def check_owned(schedule: ReportSchedule, agent: Agent) -> None:
    """Raise NotAllowed where somebody else set it up."""
    if not owns(schedule, agent):
        raise NotAllowed("Somebody else set this up. Ask them, or a manager.")


def remove_report(report: SavedReport, *, by: Agent) -> None:
    """With it nothing is due."""
    keeping.remove(report, by=by)
    for row in _live(report):
        row.next_at = None


def restore_report(report: SavedReport, *, by: Agent) -> None:
    """With it the next instants are due, none of those meanwhile."""
    keeping.restore(report, by=by)
    for row in _live(report):
        _go_on(row, report)


def _live(report: SavedReport) -> list[ReportSchedule]:
    rows = select(ReportSchedule).where(ReportSchedule.report_id == report.id, ReportSchedule.removed_at.is_(None))
    return list(db.session.scalars(rows.order_by(ReportSchedule.id).with_for_update()))


def _settle(schedule: ReportSchedule) -> None:
    """What is due already, and no tick has seen, is due as it was planned until now."""
    if schedule.owner.is_active:
        due.write_down(schedule, now())


def _go_on(schedule: ReportSchedule, report: SavedReport) -> None:
    is_going = schedule.paused_at is None and schedule.removed_at is None and report.removed_at is None
    schedule.next_at = plans.following(plans.read(schedule.plan), now()) if is_going else None


def _check(plan: Plan, by: Agent) -> None:
    fields = _mistakes(plan)
    if fields:
        raise Invalid(_MISFIT, fields)
    if set(plan.agent_ids) != {by.id} and not may(by, "manage"):
        raise NotAllowed("Only managers and administrators have reports sent to others. Choose yourself alone.")


def _mistakes(plan: Plan) -> dict[str, str]:
    known = select(Agent.id).where(among(Agent.id, plan.agent_ids), Agent.deactivated_at.is_(None))
    here = set(db.session.scalars(known)) if plan.agent_ids else set()
    checks = {
        "cadence": (plan.cadence in plans.CADENCES, "Choose each day, week or month."),
        "weekday": (0 <= plan.weekday <= 6, "Choose a day of the week."),
        "day": (1 <= plan.day <= 31, "Choose a day from 1 to 31; the 31st is the last of any month."),
        "at": (0 <= plan.at < 86_400, "Type a time as 08:00."),
        "zone": (plan.zone in zones(), "Choose a time zone from the list."),
        "language": (plan.language in LANGUAGES, "Choose a language of the list."),
        "days": (plan.days in plans.DAYS, "Choose which days it tells of."),
        "format": (plan.format in plans.FORMATS, "Choose Excel or CSV."),
        "agents": (
            0 < len(here) <= MOST_PEOPLE and here.issuperset(plan.agent_ids),
            f"Choose who gets it, one person at least and {MOST_PEOPLE} at most; all of them still here.",
        ),
    }
    return {name: sentence for name, (fits, sentence) in checks.items() if not fits}
