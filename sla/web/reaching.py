"""Settings, How you are reached: ways, their codes and order, quiet hours, and a page to try it."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from helpdesk.access.guards import agents_only, current_agent
from helpdesk.db import db
from helpdesk.errors import Conflict, DomainError, Gone, Invalid, TooMany
from helpdesk.now import now
from helpdesk.web.rendering import page
from sla.escalations import browsers, methods
from sla.escalations.models import METHODS
from sla.web.amounts import length
from sla.web.escalationwords import ICONS
from sla.web.typed import Typed

bp = Blueprint("reaching", __name__, url_prefix=methods.WHERE)

HERE = methods.WHERE
_SAID = {
    "sent": "A code is on its way. Type it in below.",
    "proven": "Proven. You are reached there from now on.",
    "removed": "You are not reached there any more.",
    "saved": "Saved.",
    "tested": "A test page is on its way by everything that is proven.",
}
Answer = Response | tuple[str, int]


@bp.get("")
@agents_only
def show() -> str:
    return _page()


@bp.post("")
@agents_only
def add() -> Answer:
    typed = Typed(request.form)
    delay = typed.seconds("delay") or 0
    try:
        typed.done()
        methods.add(current_agent(), typed.text("kind"), typed.text("address"), delay_seconds=delay)
    except (Invalid, TooMany) as error:
        return _again(error, form=request.form)
    return _said("sent")


@bp.post("/browser")
@agents_only
def add_browser() -> Answer:
    try:
        browsers.add(current_agent(), request.form.get("subscription", ""), request.user_agent.string)
    except (Invalid, TooMany) as error:
        return _again(error, at="subscription")
    return _said("sent")


@bp.post("/<int:method_id>/code")
@agents_only
def send_code(method_id: int) -> Answer:
    agent = current_agent()
    try:
        methods.send_code(agent, methods.held(agent, method_id))
    except (Conflict, TooMany) as error:
        return _again(error, at=f"code-{method_id}")
    return _said("sent")


@bp.post("/<int:method_id>/proof")
@agents_only
def prove(method_id: int) -> Answer:
    try:
        proven = methods.verify(methods.held(current_agent(), method_id), request.form.get("code", ""))
    except Gone as error:
        return _again(error, at=f"code-{method_id}")
    if proven:
        return _said("proven")
    db.session.commit()  # a wrong code is a try
    return _again(Invalid("", {f"code-{method_id}": "This is not the code that was sent. Look again."}))


@bp.post("/<int:method_id>/delay")
@agents_only
def delay(method_id: int) -> Answer:
    typed = Typed(request.form)
    seconds = typed.seconds("delay") or 0
    try:
        typed.done()
        methods.set_delay(methods.held(current_agent(), method_id), seconds)
    except Invalid as error:
        return _again(Invalid(error.message, {f"delay-{method_id}": error.fields["delay"]}))
    return _said("saved")


@bp.post("/<int:method_id>/removal")
@agents_only
def remove(method_id: int) -> Answer:
    methods.remove(methods.held(current_agent(), method_id))
    return _said("removed")


@bp.post("/quiet")
@agents_only
def quiet() -> Answer:
    try:
        methods.set_quiet_hours(current_agent(), request.form.get("begins", ""), request.form.get("ends", ""))
    except Invalid as error:
        return _again(error, form=request.form)
    return _said("saved")


@bp.post("/test")
@agents_only
def test() -> Answer:
    try:
        methods.test(current_agent())
    except (Conflict, TooMany) as error:
        return _again(error, at="test")
    return _said("tested")


def _said(what: str) -> Response:
    db.session.commit()
    return redirect(f"{HERE}?said={what}", 303)


def _again(error: DomainError, *, at: str = "", form: Mapping[str, str] | None = None) -> tuple[str, int]:
    db.session.rollback()
    fields = error.fields if isinstance(error, Invalid) else {at or "address": error.message}
    return _page(errors=fields, form=form), error.status


def _page(*, errors: Mapping[str, str] | None = None, form: Mapping[str, str] | None = None) -> str:
    agent = current_agent()
    return page(
        "sla/escalations/methods.html",
        section="settings",
        here=HERE,
        me=agent,
        ways=methods.of(agent),
        offered={kind: METHODS[kind] for kind in methods.OFFERED},
        words=METHODS,
        icons=ICONS,
        length=length,
        expires_at=methods.expires_at,
        at=now(),
        quiet=methods.quiet_hours(agent),
        tested=methods.last_test(agent),
        form=form or {},
        errors=errors or {},
        said=_SAID.get(request.args.get("said", ""), ""),
    )
