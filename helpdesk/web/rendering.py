"""Pages and fragments: a page is made of partials, and a script that asks gets one of them alone."""

from __future__ import annotations

import time
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app, redirect, render_template, request
from flask.templating import Environment
from markupsafe import Markup
from sqlalchemy import select
from werkzeug.wrappers import Response

from helpdesk.access.guards import signed_in_agent
from helpdesk.db import db
from helpdesk.events import Event
from helpdesk.people.models import Agent, Brand
from helpdesk.tickets.counts import MOST, counts
from helpdesk.tickets.views import VIEWS
from helpdesk.web.filtering import href, icon_of
from helpdesk.web.savedcounts import Numbers, numbered

_BRAND_KEEPS = 10.0
"""Seconds."""
SIDEBAR = ("next-up", "mine", "unassigned", "waiting", "snoozed", "done")


@dataclass(frozen=True)
class Place:
    """One view in the sidebar."""

    key: str
    label: str
    icon: str
    url: str
    count: int | str | None
    """In words where there are more than anybody counts."""
    current: bool


class Templates(Environment):
    """The environment of our templates, whose globals are all there before the first one is loaded.

    A plain dict of them serves each template. The chain of maps Jinja makes by itself, for globals that come later, is
    walked in Python at each include and import: several hundred steps a page.
    """

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        return {**self.globals, **(d or {})}


def page(template: str, /, **context: Any) -> str:
    """A whole page inside the shell."""
    return render_template(template, **_shell(context), **context)


def fragment(template: str, /, **context: Any) -> str:
    """One partial of a page, for a script that swaps it in."""
    agent = signed_in_agent()
    return render_template(template, zone=zone_of(agent), current_agent=agent, **context)


def wants_fragment() -> bool:
    """A script asks, and not for the whole page."""
    return request.headers.get("HX-Request") == "true"


def back_to(url: str, *, undo: Event | None = None) -> Response:
    """After a form without script: see the page again, with the way back offered."""
    if undo is not None:
        url += ("&" if "?" in url else "?") + f"undo={undo.id}"
    return redirect(url, 303)


def lead_to(url: str, *, undo: Event | None = None) -> Response:
    """After a form, with script or without: another page, with the way back offered."""
    there = back_to(url, undo=undo)
    if wants_fragment():
        return Response(status=204, headers={"HX-Redirect": there.location or url})
    return there


def zone_of(agent: Agent | None) -> ZoneInfo:
    return ZoneInfo(agent.zone) if agent is not None else ZoneInfo("UTC")


def sidebar(agent: Agent, current: str) -> tuple[list[Place], list[Place]]:
    """The views everybody has, and those that somebody saved, with their numbers.

    `current` is the key of the list that is shown, with its filter. At most one place is the current one: a saved view
    before the list it narrows.
    """
    counted = counts(agent)
    numbers: Numbers = current_app.extensions.setdefault("numbers_of_views", Numbers())
    saved = [
        Place(f"saved-{one.id}", one.name, icon_of(view), href(view), in_words(number), view.key == current)
        for one, view, number in numbered(counted.saved, agent, numbers)
    ]
    shown = "" if any(one.current for one in saved) else current.partition("?")[0]
    own = [
        Place(key, VIEWS[key].label, VIEWS[key].icon, f"/inbox/{key}", in_words(counted.of(key)), key == shown)
        for key in SIDEBAR
    ]
    return own, saved


def in_words(number: int | None) -> int | str | None:
    return f"{MOST - 1}+" if number is not None and number >= MOST else number


def brand_name() -> str:
    """The company's name; asked again after a few seconds, since every page shows it and hardly anybody changes it."""
    name, until = current_app.extensions.get("brand_name", ("", 0.0))
    if time.monotonic() >= until:
        name = db.session.scalar(select(Brand.name).order_by(Brand.id).limit(1)) or "Kept"
        current_app.extensions["brand_name"] = (name, time.monotonic() + _BRAND_KEEPS)
    return str(name)


def panels(slot: str, **context: Any) -> list[Markup]:
    """What plugins put into a slot of a page."""
    registry = current_app.extensions["plugins"]
    return [Markup(panel.render(**context)) for panel in registry.panels(slot)]  # noqa: S704 - templates of ours


def _shell(context: dict[str, Any]) -> dict[str, Any]:
    agent = signed_in_agent()
    shell: dict[str, Any] = {"brand_name": brand_name(), "current_agent": agent, "theme": ""}
    shell |= {"views": [], "saved_views": []}
    if agent is not None:
        shell["zone"] = zone_of(agent)
        shell["theme"] = agent.theme
        shell["hotkeys"] = "" if agent.single_keys else "off"
        shell["views"], shell["saved_views"] = sidebar(agent, context.get("view_key", ""))
    return {key: value for key, value in shell.items() if key not in context}
