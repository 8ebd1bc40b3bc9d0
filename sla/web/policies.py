"""Policies: their order, one with its draft, put in force, replayed over the past, set aside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from helpdesk.access.guards import agents_only, current_agent
from helpdesk.db import db
from helpdesk.errors import Conflict, Invalid, NotFound
from helpdesk.web.rendering import page
from sla.commitments import whatif
from sla.entitlements import taking
from sla.entitlements.taking import LATER_KEEPS
from sla.policies import drafting, editing, standing
from sla.policies.checking import NOTHING_SAVED
from sla.policies.drafting import Draft
from sla.policies.inputs import Promise
from sla.policies.models import SLAPolicy
from sla.web import policyforms, policypages, policypast
from sla.web.managers import managers_only, manages
from sla.web.policypages import Typing

bp = Blueprint("policies", __name__, url_prefix="/policies")

Answer = Response | tuple[str, int]


@bp.get("")
@agents_only
def front() -> str:
    return policypages.front()


@bp.get("/new")
@managers_only
def new() -> str:
    return page("sla/policies/new.html", section="policies", name="", errors={})


@bp.post("")
@managers_only
def create() -> Answer:
    name = request.form.get("name", "")
    try:
        policy = editing.create(name, Draft(), by=current_agent())
    except Invalid as error:
        db.session.rollback()
        return page("sla/policies/new.html", section="policies", name=name, errors=error.fields), error.status
    db.session.commit()
    return redirect(f"/policies/{policy.id}?said=made&open=new", 303)


@bp.get("/<int:policy_id>")
@agents_only
def show(policy_id: int) -> str:
    return policypages.show(standing.find(policy_id))


@bp.get("/<int:policy_id>/history")
@agents_only
def history(policy_id: int) -> str:
    return policypast.history(standing.find(policy_id))


@bp.post("/<int:policy_id>/name")
@managers_only
def rename(policy_id: int) -> Answer:
    return _done(policy_id, lambda policy: editing.rename(policy, request.form.get("name", "")), "renamed", "name")


@bp.post("/<int:policy_id>/conditions")
@managers_only
def add_condition(policy_id: int) -> Answer:
    def added(said: Draft) -> Draft:
        return replace(said, conditions=(*said.conditions, policyforms.condition(request.form)))

    return _drafted(policy_id, added, "condition")


@bp.post("/<int:policy_id>/conditions/<int:place>/removal")
@managers_only
def remove_condition(policy_id: int, place: int) -> Answer:
    def removed(said: Draft) -> Draft:
        if place >= len(said.conditions):
            raise NotFound("There is no such condition any more.")
        return replace(said, conditions=said.conditions[:place] + said.conditions[place + 1 :])

    return _drafted(policy_id, removed, "condition")


@bp.post("/<int:policy_id>/promises")
@managers_only
def add_promise(policy_id: int) -> Answer:
    return _drafted(
        policy_id,
        lambda said: replace(said, promises=(*said.promises, policyforms.promise(request.form))),
        "promise",
    )


@bp.post("/<int:policy_id>/promises/<metric>")
@managers_only
def change_promise(policy_id: int, metric: str) -> Answer:
    def changed(said: Draft) -> Draft:
        before = _promise(said, metric)
        promise = policyforms.promise(request.form)
        return replace(said, promises=tuple(promise if each is before else each for each in said.promises))

    return _drafted(policy_id, changed, metric)


@bp.post("/<int:policy_id>/promises/<metric>/removal")
@managers_only
def remove_promise(policy_id: int, metric: str) -> Answer:
    def removed(said: Draft) -> Draft:
        gone = _promise(said, metric)
        return replace(said, promises=tuple(each for each in said.promises if each is not gone))

    return _drafted(policy_id, removed, metric)


@bp.post("/<int:policy_id>/promises/<metric>/move")
@managers_only
def move_promise(policy_id: int, metric: str) -> Answer:
    """One place earlier or later, in the order people read them in; at the end nothing moves."""
    if request.form.get("to") not in {"up", "down"}:
        raise Invalid("A promise moves up or down.", {"to": "up or down"})

    def moved(said: Draft) -> Draft:
        order = list(said.promises)
        place = order.index(_promise(said, metric))
        other = place + (-1 if request.form["to"] == "up" else 1)
        if 0 <= other < len(order):
            order[place], order[other] = order[other], order[place]
        return replace(said, promises=tuple(order))

    return _drafted(policy_id, moved, metric)


@bp.get("/<int:policy_id>/force")
@managers_only
def look(policy_id: int) -> str:
    """Which open tickets would be promised something else."""
    return policypages.force(standing.find(policy_id))


@bp.post("/<int:policy_id>/force")
@managers_only
def put_in_force(policy_id: int) -> Answer:
    """Open tickets take it too only once its difference was shown for this very draft."""
    takes, later = request.form.get("open") == "take", request.form.get("starts") == "later"
    seen = request.form.get("seen", "")
    if takes and not later and (not seen or request.form.get("looked") != seen):
        return redirect(f"/policies/{policy_id}/force", 303)

    def forced(policy: SLAPolicy) -> None:
        if takes and later:
            raise Invalid(NOTHING_SAVED, {"open": LATER_KEEPS})
        version = editing.put_in_force(policy, valid_from=policyforms.begins(request.form), seen=seen)
        if takes:
            taking.take(version, by=current_agent())

    return _done(policy_id, forced, "planned" if later else "taken" if takes else "in-force", "force")


@bp.post("/<int:policy_id>/withdrawal")
@managers_only
def withdraw(policy_id: int) -> Answer:
    return _done(policy_id, editing.withdraw, "withdrawn")


@bp.post("/<int:policy_id>/discarding")
@managers_only
def discard(policy_id: int) -> Answer:
    return _done(policy_id, editing.discard, "discarded")


@bp.post("/<int:policy_id>/archive")
@managers_only
def archive(policy_id: int) -> Answer:
    return _done(policy_id, editing.archive, "archived")


@bp.post("/<int:policy_id>/unarchive")
@managers_only
def unarchive(policy_id: int) -> Answer:
    return _done(policy_id, editing.unarchive, "unarchived")


@bp.post("/<int:policy_id>/move")
@managers_only
def move(policy_id: int) -> Response:
    if request.form.get("to") not in {"up", "down"}:
        raise Invalid("A policy moves up or down.", {"to": "up or down"})
    editing.move(standing.held(policy_id), up=request.form["to"] == "up")
    db.session.commit()
    return redirect("/policies?said=moved", 303)


@bp.get("/<int:policy_id>/replay")
@agents_only
def replayed(policy_id: int) -> str:
    """The tickets the last replay names."""
    policy = standing.find(policy_id)
    run = whatif.latest(policy.id)
    if run is None:
        raise NotFound("This policy was not replayed yet.")
    return policypast.named(policy, run)


@bp.get("/<int:policy_id>/replay/card")
@agents_only
def replay_card(policy_id: int) -> str:
    """The card alone, which asks for itself while the replay runs."""
    policy = standing.find(policy_id)
    known = standing.versions(policy)
    return render_template(
        "sla/policies/_replay.html",
        policy=policy,
        draft=standing.draft_in(known),
        manages=manages(current_agent()),
        **policypast.replay(policy, drafting.read(standing.shown_in(known))),
    )


@bp.post("/<int:policy_id>/replay")
@managers_only
def replay(policy_id: int) -> Answer:
    def started(policy: SLAPolicy) -> None:
        draft = standing.draft_in(standing.versions(policy))
        if draft is None:
            raise Conflict("There is no draft to replay. Change something first.")
        whatif.start(policy, drafting.read(draft), by=current_agent())

    return _done(policy_id, started, "")


@bp.post("/<int:policy_id>/replay/stop")
@managers_only
def stop(policy_id: int) -> Answer:
    def stopped(policy: SLAPolicy) -> None:
        run = whatif.latest(policy.id)
        if run is not None:
            whatif.stop(run)

    return _done(policy_id, stopped, "stopped")


def _promise(said: Draft, metric: str) -> Promise:
    found = next((each for each in said.promises if each.metric == metric), None)
    if found is None:
        raise NotFound("There is no such promise any more.")
    return found


def _drafted(policy_id: int, change: Callable[[Draft], Draft], form: str) -> Answer:
    """Have the draft say what `change` makes of it; what does not fit is shown in the form it came from."""
    policy = standing.held(policy_id)
    said = drafting.read(standing.shown_in(standing.versions(policy)))
    place = next((n for n, each in enumerate(said.promises) if each.metric == form), len(said.promises))
    try:
        editing.revise(policy, change(said), by=current_agent())
    except Invalid as error:
        fields = policyforms.errors(error.fields, place) or error.fields
        return _again(policy_id, form, Invalid(error.message, fields))
    db.session.commit()
    return redirect(f"/policies/{policy_id}?said=drafted", 303)


def _done(policy_id: int, how: Callable[[SLAPolicy], None], said: str, form: str = "other") -> Answer:
    policy = standing.held(policy_id)
    try:
        how(policy)
    except (Invalid, Conflict) as error:
        return _again(policy_id, form, error)
    db.session.commit()
    return redirect(f"/policies/{policy_id}" + (f"?said={said}" if said else ""), 303)


def _again(policy_id: int, form: str, error: Invalid | Conflict) -> tuple[str, int]:
    db.session.rollback()
    errors = error.fields if isinstance(error, Invalid) else {}
    typing = Typing(form, request.form, errors, error.message)
    return policypages.show(standing.find(policy_id), typing=typing), error.status
