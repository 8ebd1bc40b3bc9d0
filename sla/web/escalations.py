"""Escalation policies: their order, the form of one, and trying a night."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from flask import Blueprint, redirect, request
from sqlalchemy import func, select
from werkzeug.wrappers import Response

from helpdesk.access.guards import agents_only, current_agent
from helpdesk.db import db, one
from helpdesk.errors import Conflict, Invalid
from helpdesk.now import now
from helpdesk.people.models import Agent, Organization, Team
from helpdesk.tickets.models import Priority
from helpdesk.web.rendering import page, zone_of
from sla.entitlements.deciding import Request
from sla.escalations import policies, promptness, trying
from sla.escalations.models import CAUSES, EscalationPolicy
from sla.escalations.trying import Moment
from sla.policies.models import METRICS
from sla.web import escalationcover, escalationform, escalationwords
from sla.web.escalationform import Values
from sla.web.managers import managers_only, manages

bp = Blueprint("escalations", __name__, url_prefix="/on-call/escalations")

HERE = "/on-call/escalations"
_SAID = {
    "made": "It counts from now on.",
    "saved": "Saved. Runs that began before keep their steps; a ticket’s page can start them again.",
    "moved": "Moved.",
    "archived": "Set aside. It starts nothing more.",
    "unarchived": "It is tried again.",
}
Answer = Response | tuple[str, int] | str


@bp.get("")
@agents_only
def front() -> str:
    listed = policies.standing()
    aside = select(EscalationPolicy).where(EscalationPolicy.archived_at.is_not(None)).order_by(EscalationPolicy.name)
    return page(
        "sla/escalations/list.html",
        section="oncall",
        listed=[(one, escalationwords.starts(one), escalationwords.rail(one)) for one in listed],
        aside=db.session.scalars(aside).all(),
        manages=manages(current_agent()),
        said=_SAID.get(request.args.get("said", ""), ""),
        **tried(request.args),
    )


@bp.get("/new")
@managers_only
def new() -> str:
    """Filled in with whoever is first in the rota the address names."""
    return _form(None, escalationform.blank(request.args.get("rota", "")))


@bp.post("")
@managers_only
def create() -> Answer:
    return _write(None)


@bp.get("/<int:policy_id>")
@managers_only
def edit(policy_id: int) -> str:
    policy = one(select(EscalationPolicy).where(EscalationPolicy.id == policy_id), what="policy")
    return _form(policy, escalationform.write(policies.said_of(policy)))


@bp.post("/<int:policy_id>")
@managers_only
def change(policy_id: int) -> Answer:
    return _write(policies.held(policy_id))


@bp.post("/<int:policy_id>/move")
@managers_only
def move(policy_id: int) -> Response:
    policies.move(policies.held(policy_id), up=request.form.get("to") == "up")
    return _done("moved")


@bp.post("/<int:policy_id>/archive")
@managers_only
def archive(policy_id: int) -> Response:
    policies.archive(policies.held(policy_id))
    return _done("archived")


@bp.post("/<int:policy_id>/unarchive")
@managers_only
def unarchive(policy_id: int) -> Response:
    policies.unarchive(policies.held(policy_id))
    return _done("unarchived")


def tried(given: Mapping[str, str]) -> dict[str, object]:
    """What the card "Try it" needs; `sla/escalations/_try.html` shows it."""
    found: list[Moment] = []
    errors: dict[str, str] = {}
    arrives = given.get("arrives", "").strip()
    if arrives:
        try:
            found = trying.play(_request(given, arrives))
        except Invalid as error:
            errors = error.fields
    zone = zone_of(current_agent())
    instead = f"{now().astimezone(zone) + timedelta(hours=1):%Y-%m-%dT%H:00}"
    return {
        "moments": found,
        "promptness": _promptness(found),
        "try_errors": errors,
        "given": {"customer": given.get("customer", ""), "priority": given.get("priority", "normal")},
        "arrives": arrives or instead,
        "try_zone": zone,
        "priorities": [one.name.lower() for one in Priority],
        "customers": db.session.scalars(select(Organization.name).order_by(Organization.name).limit(300)).all(),
    }


def _promptness(moments: Sequence[Moment]) -> str:
    """How soon whoever rings first in it has been on it before; empty when nobody rings, or never was."""
    first = next((one for one in moments if one.agent_id is not None), None)
    agent = db.session.get(Agent, first.agent_id) if first is not None else None
    known = promptness.of(agent.id, first.at) if first is not None and agent is not None else None
    if agent is None or known is None:
        return ""
    on = f"{known.rung_at.astimezone(zone_of(current_agent())):%A %-d %B}"
    when = "On the same night four weeks before" if known.is_same_night else f"On {on}"
    usually = f" The median is {_took(known.median)}." if known.median is not None else ""
    return f"{when} {agent.first_name} said “on it” in {_took(known.took)}.{usually}"


def _took(time: timedelta) -> str:
    """Like "40 s", "4 min" or "3 min 10 s"."""
    minutes, seconds = divmod(round(time.total_seconds()), 60)
    return " ".join(filter(None, [f"{minutes} min" if minutes else "", f"{seconds} s" if seconds else ""])) or "0 s"


def _request(given: Mapping[str, str], arrives: str) -> Request:
    wrong = {}
    at = now()
    try:
        at = datetime.fromisoformat(arrives)
        at = at if at.tzinfo is not None else at.replace(tzinfo=zone_of(current_agent()))
        if abs(at - now()) > timedelta(days=366):
            wrong["arrives"] = "Choose a moment within a year."
    except (ValueError, OverflowError):
        wrong["arrives"] = "There is no such moment. One looks like 2026-10-17T03:12."
    name, organization_id = given.get("customer", "").strip(), None
    if name:
        organization_id = db.session.scalar(
            select(Organization.id).where(func.lower(Organization.name) == name.lower()).limit(1)
        )
        if organization_id is None:
            wrong["customer"] = "There is no customer of that name."
    priority = given.get("priority") or "normal"
    if priority.upper() not in Priority.__members__:
        wrong["priority"] = "Choose low, normal, high or urgent."
    if wrong:
        raise Invalid("That does not fit.", wrong)
    return Request(at=at, organization_id=organization_id, priority=priority)


def _write(policy: EscalationPolicy | None) -> Answer:
    do = request.form.get("do", "")
    if do == "add":
        return _form(policy, escalationform.added(request.form))
    if do == "agreement":
        return _form(policy, escalationform.more_agreements(request.form))
    if do.startswith("drop-") and do[5:].isascii() and do[5:].isdecimal() and len(do) < 9:
        return _form(policy, escalationform.dropped(request.form, int(do[5:])))
    try:
        said = escalationform.read(request.form)
        if policy is None:
            policies.make(said)
        else:
            policies.edit(policy, said, seen=request.form.get("seen", ""))
    except (Invalid, Conflict) as error:
        policy_id = policy.id if policy is not None else None
        db.session.rollback()
        again = db.session.get(EscalationPolicy, policy_id) if policy_id is not None else None
        errors = error.fields if isinstance(error, Invalid) else {}
        return _form(again, request.form, errors=errors, message=error.message), error.status
    return _done("made" if policy is None else "saved")


def _form(
    policy: EscalationPolicy | None, values: Values, *, errors: Mapping[str, str] | None = None, message: str = ""
) -> str:
    return page(
        "sla/escalations/form.html",
        section="oncall",
        policy=policy,
        seen=values.get("seen") or (policies.fingerprint(policy) if policy is not None else ""),
        values=values,
        count=escalationform.count(values),
        whom=escalationform.whom(),
        causes=CAUSES,
        metrics=METRICS,
        sources=policies.SOURCES,
        runs=policies.RUNS,
        all_priorities={str(int(one)): one.name.lower() for one in Priority},
        teams={str(id_): name for id_, name in db.session.execute(select(Team.id, Team.name).order_by(Team.name))},
        promised=escalationcover.promised(),
        agreements=escalationcover.agreements(),
        errors=errors or {},
        message=message,
    )


def _done(what: str) -> Response:
    db.session.commit()
    return redirect(f"{HERE}?said={what}", 303)
