"""/tickets/<number>/templates: the composer where nothing free goes: an approved text is chosen, filled and sent."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from channels import preparing
from channels.adapter import SendError
from channels.templates import Template
from helpdesk.access.guards import agents_only, current_agent
from helpdesk.db import db
from helpdesk.errors import Invalid
from helpdesk.people.models import Agent
from helpdesk.tickets import conversing, reach
from helpdesk.tickets.inputs import Answer
from helpdesk.web.rendering import page
from helpdesk.web.ticket import check, held, load

bp = Blueprint("prepared", __name__)

_GONE = "This template is not there any more. Choose another one."


@bp.get("/tickets/<int:number>/templates")
@agents_only
def choose(number: int) -> Response | str | tuple[str, int]:
    """The texts there are, and the gaps of the one that is chosen."""
    agent = current_agent()
    if not _is_needed(agent, number):
        return redirect(url_for("ticket.show", number=number), 303)
    templates, trouble = _listed(agent, number)
    chosen = _named(templates, request.args.get("template", ""))
    return _shown(agent, number, templates, chosen, trouble=trouble)


@bp.post("/tickets/<int:number>/templates")
@agents_only
def send(number: int) -> Response | str | tuple[str, int]:
    """Send the chosen text, its gaps filled."""
    agent = current_agent()
    if not _is_needed(agent, number):
        return redirect(url_for("ticket.show", number=number), 303)
    templates, trouble = _listed(agent, number)
    chosen = _named(templates, request.form.get("template", ""))
    if chosen is None:
        return _shown(agent, number, templates, None, trouble=trouble or _GONE)
    typed = {gap.key: request.form.get(gap.key, "") for gap in chosen.gaps}
    try:
        _send(agent, number, chosen, typed)
    except Invalid as error:
        db.session.rollback()
        return _shown(agent, number, templates, chosen, trouble=error.message, typed=typed, errors=error.fields)
    return redirect(url_for("ticket.show", number=number), 303)


def _send(agent: Agent, number: int, chosen: Template, typed: dict[str, str]) -> None:
    prepared = preparing.fill(chosen, typed)
    ticket = held(agent, number, "reply")
    client_id = request.form.get("client_id") or None
    answer = Answer(body=chosen.written(dict(prepared.values)), client_id=client_id, prepared=prepared)
    conversing.reply(ticket, answer, by=agent)
    db.session.commit()


def _is_needed(agent: Agent, number: int) -> bool:
    """Whether nothing else goes there now, for an agent who may answer."""
    ticket = load(agent, number)
    check(agent, ticket, "reply")
    return bool(reach.of(ticket).templates)


def _listed(agent: Agent, number: int) -> tuple[Sequence[Template], str]:
    """What the provider has, or why it does not say; no connection to the database waits for it."""
    try:
        ask = preparing.asking(load(agent, number))
        db.session.rollback()
        return ask(), ""
    except SendError as error:
        return [], f"The templates cannot be shown: {error.reason}"


def _named(templates: Sequence[Template], key: str) -> Template | None:
    return next((one for one in templates if one.key == key), None)


def _shown(  # noqa: PLR0913 - what a form shows
    agent: Agent,
    number: int,
    templates: Sequence[Template],
    chosen: Template | None,
    *,
    trouble: str = "",
    typed: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
) -> str | tuple[str, int]:
    ticket = load(agent, number)
    html = page(
        "tickets/templates.html",
        ticket=ticket,
        reach=reach.of(ticket),
        templates=templates,
        chosen=chosen,
        trouble=trouble,
        typed=typed or {},
        errors=errors or {},
        preview=chosen.written(typed or {}) if chosen is not None else "",
    )
    return (html, 422) if trouble else html
