"""Heard elsewhere: posts nobody sent to us, to search, tag, ignore, or make a ticket of. Nothing here answers them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qs, urlencode

from flask import Blueprint, request
from werkzeug.wrappers import Response

from channels import heard, overview, promoting
from channels.heard import Asked, Source
from channels.models import Channel
from helpdesk.access.guards import agents_only, current_agent
from helpdesk.db import db
from helpdesk.errors import Conflict, Invalid
from helpdesk.text.numbers import whole
from helpdesk.tickets.models import Ticket
from helpdesk.web.rendering import back_to, page

bp = Blueprint("heard", __name__, url_prefix="/heard")

HERE = "/heard"
_MOST_TYPED = 200
_MOST_TAGS = 1000
_TROUBLE = frozenset({"slowed", "needs_sign_in"})
_SAID = {
    "ignored": "Ignored. It is kept under Ignored.",
    "back": "Put back. It waits for a decision again.",
    "tagged": "Tags saved.",
    "ticket": "Somebody made a ticket of this post meanwhile.",
    "gone": "Its author took this post back meanwhile.",
}
"""What the page says after a form that led to it; the address only names the sentence."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """A source that should be looked at; `since` when it is silent for longer than usual."""

    channel: Channel
    since: datetime | None


@bp.get("")
@agents_only
def front() -> str:
    return _page()


@bp.post("/<int:post_id>/ticket")
@agents_only
def promote(post_id: int) -> Response:
    agent = current_agent()
    post = heard.hold(agent, post_id)
    try:
        ticket: Ticket = promoting.promote(post, by=agent)
    except Conflict:
        db.session.rollback()
        return _back("gone")
    number = ticket.number
    db.session.commit()
    return back_to(f"/tickets/{number}")


@bp.post("/<int:post_id>/ignore")
@agents_only
def ignore(post_id: int) -> Response:
    agent = current_agent()
    try:
        heard.ignore(heard.hold(agent, post_id), by=agent)
    except Conflict:
        db.session.rollback()
        return _back("ticket")
    db.session.commit()
    return _back("ignored")


@bp.post("/<int:post_id>/put-back")
@agents_only
def put_back(post_id: int) -> Response:
    agent = current_agent()
    heard.put_back(heard.hold(agent, post_id), by=agent)
    db.session.commit()
    return _back("back")


@bp.post("/<int:post_id>/tags")
@agents_only
def tag(post_id: int) -> Response | tuple[str, int]:
    typed = request.form.get("tags", "")[:_MOST_TAGS]
    try:
        heard.tag(heard.hold(current_agent(), post_id), typed.split(","))
    except Invalid as error:
        db.session.rollback()
        return _page(mistaken=post_id, typed=typed, error=error.fields["tags"]), error.status
    db.session.commit()
    return _back("tagged")


def _page(*, mistaken: int = 0, typed: str = "", error: str = "") -> str:
    fields = _fields()
    asked = Asked(
        show=fields["show"] if fields["show"] in heard.SHOWN else heard.SHOWN[0],
        words=fields["q"],
        tag=fields["tag"],
        source=whole(fields["source"]),
    )
    sources = heard.sources()
    return page(
        "heard/list.html",
        section="heard",
        here=HERE,
        asked=asked,
        found=heard.listed(current_agent(), asked, fields["after"]),
        sources=sources,
        troubled=_troubled(sources),
        tags=heard.tags_in_use(),
        view=_address(fields),
        link_to=lambda **changes: f"{HERE}?{_address({**fields, 'after': '', **changes})}",
        said=_SAID.get(request.args.get("said", ""), ""),
        mistaken=mistaken,
        typed=typed,
        error=error,
    )


def _troubled(sources: list[Source]) -> list[Trouble]:
    """Those that are silent, or cannot be read: what is said there is not here."""
    found = [Trouble(one.channel, overview.glance(one.channel).silent_since) for one in sources]
    return [one for one in found if not one.channel.is_paused and (one.since or one.channel.state in _TROUBLE)]


def _fields() -> dict[str, str]:
    """What the page was asked for: by its address, or by the form that leads back to it."""
    given = parse_qs(request.form.get("view", "")[:2000]) if request.method == "POST" else None
    typed = {name: values[0] for name, values in given.items()} if given is not None else request.args.to_dict()
    return {name: typed.get(name, "").strip()[:_MOST_TYPED] for name in ("show", "q", "tag", "source", "after")}


def _address(fields: dict[str, str]) -> str:
    return urlencode({name: value for name, value in fields.items() if value})


def _back(said: str) -> Response:
    return back_to(f"{HERE}?{_address({**_fields(), 'said': said})}")
