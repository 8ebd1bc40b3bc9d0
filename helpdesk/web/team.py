"""Settings, People: who is here and what they may; invite, change roles, close the door and open it again."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flask import Blueprint, redirect, request
from sqlalchemy import select
from werkzeug.wrappers import Response

from helpdesk.access import letters, links, standing
from helpdesk.access.guards import admins_only, agents_only, current_agent
from helpdesk.db import db, locked
from helpdesk.errors import Conflict, DomainError, Invalid
from helpdesk.people import agents
from helpdesk.people.models import Agent
from helpdesk.web.rendering import page

bp = Blueprint("team", __name__)

PEOPLE = "/settings/people"

ROLE_NAMES = {"agent": "Agent", "manager": "Manager", "admin": "Administrator"}
_SAID = {
    "role": "The role is changed. Their open browsers were signed out.",
    "deactivated": "They are signed out everywhere and cannot come back in. What they wrote stays.",
    "reactivated": "They can sign in again.",
}
"""What the page says after a form that led to it; the address only names the sentence."""


@bp.get("/settings")
@agents_only
def front() -> Response:
    return redirect(PEOPLE if current_agent().is_admin else "/settings/profile", 303)


@bp.get(PEOPLE)
@admins_only
def people() -> str:
    return _page()


@bp.post(PEOPLE)
@admins_only
def invite() -> tuple[str, int]:
    form = request.form
    email, name, role = form.get("email", ""), form.get("name", ""), form.get("role", "agent")
    try:
        made = agents.create(email, name=name, role=role, zone=current_agent().zone)
    except Invalid as error:
        return _page(form=form, errors=error.fields), error.status
    return _send_invitation(made), 201


@bp.post(f"{PEOPLE}/<int:agent_id>/invitation")
@admins_only
def invite_again(agent_id: int) -> tuple[str, int]:
    agent = _person(agent_id)
    if agent.password_hash or not agent.is_active:
        return _refused(Conflict("Only people who were never here are invited. Others get a new password by mail."))
    return _send_invitation(agent), 201


@bp.post(f"{PEOPLE}/<int:agent_id>/role")
@admins_only
def set_role(agent_id: int) -> Response | tuple[str, int]:
    return _change(agent_id, lambda agent: standing.set_role(agent, request.form.get("role", "")), said="role")


@bp.post(f"{PEOPLE}/<int:agent_id>/deactivation")
@admins_only
def deactivate(agent_id: int) -> Response | tuple[str, int]:
    return _change(agent_id, standing.deactivate, said="deactivated")


@bp.post(f"{PEOPLE}/<int:agent_id>/reactivation")
@admins_only
def reactivate(agent_id: int) -> Response | tuple[str, int]:
    return _change(agent_id, agents.reactivate, said="reactivated")


def _change(agent_id: int, how: Callable[[Agent], None], *, said: str) -> Response | tuple[str, int]:
    agent = _person(agent_id)
    try:
        _somebody_else(agent)
        how(agent)
    except (Conflict, Invalid) as error:
        return _refused(error)
    db.session.commit()
    return redirect(f"{PEOPLE}?said={said}", 303)


def _somebody_else(agent: Agent) -> None:
    """Oneself stays as one is, so that nobody locks themselves out by a slip."""
    if agent.id == current_agent().id:
        raise Conflict("This is you. Another administrator can change your role or close your account.")


def _send_invitation(agent: Agent) -> str:
    link = links.issue(agent, "invitation")
    letters.send(agent, "invitation", link)
    db.session.commit()
    return _page(link=link, invited=agent)


def _refused(error: DomainError) -> tuple[str, int]:
    db.session.rollback()
    return _page(refusal=error.message), error.status


def _page(
    *,
    form: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    link: str = "",
    invited: Agent | None = None,
    refusal: str = "",
) -> str:
    everyone = db.session.scalars(select(Agent).order_by(Agent.deactivated_at.is_not(None), Agent.name, Agent.id)).all()
    return page(
        "settings/people.html",
        section="settings",
        here=PEOPLE,
        me=current_agent(),
        everyone=everyone,
        roles=ROLE_NAMES,
        form=form or {},
        errors=errors or {},
        link=link,
        invited=invited,
        refusal=refusal,
        said=_SAID.get(request.args.get("said", ""), ""),
    )


def _person(agent_id: int) -> Agent:
    return locked(select(Agent).where(Agent.id == agent_id), what="person")
