"""The lists: each view of the queue, single rows for live updates, and the sidebar's numbers."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from zoneinfo import ZoneInfo

from flask import Blueprint, request
from werkzeug.wrappers import Response

from helpdesk.access.guards import agents_only, current_agent
from helpdesk.access.permissions import visible_tickets
from helpdesk.errors import NotFound
from helpdesk.now import now
from helpdesk.pagination import Slice
from helpdesk.people.models import Agent
from helpdesk.tickets import queue
from helpdesk.tickets.queue import Row, View
from helpdesk.web.lines import Line, line
from helpdesk.web.rendering import back_to, fragment, page, places, wants_fragment, zone_of
from helpdesk.web.toasts import toast_for

bp = Blueprint("inbox", __name__)

GROUPS = {
    "past": "Past the promise",
    "soon": "Within two hours",
    "tomorrow": "Later today and tomorrow",
    "later": "After tomorrow",
    "asleep": "Clock asleep",
    "unpromised": "No promise running",
    "all": "",
}


@dataclass(frozen=True)
class Group:
    key: str
    label: str
    lines: list[Line]


@dataclass(frozen=True)
class Listing:
    """One page of a view, in groups; empty groups are there too, so that live rows find their place."""

    view: View
    groups: list[Group]
    after: str | None
    count: int

    @property
    def is_empty(self) -> bool:
        return self.count == 0

    def around(self, number: int) -> tuple[int | None, int | None, int]:
        """The numbers before and behind a ticket, and its place, 0 when it is not on this page."""
        numbers = [one.number for group in self.groups for one in group.lines]
        if number not in numbers:
            return None, numbers[0] if numbers else None, 0
        at = numbers.index(number)
        return (numbers[at - 1] if at else None), (numbers[at + 1] if at + 1 < len(numbers) else None), at + 1


@bp.get("/")
@agents_only
def home() -> Response:
    return back_to("/inbox/next-up")


@bp.get("/inbox/<key>")
@agents_only
def show(key: str) -> str:
    """A view: the whole page, or more rows of its list for a script."""
    agent = current_agent()
    listing = listing_of(view_named(key), agent, after=request.args.get("after"))
    context = {"listing": listing, "view_key": key, "ticket": None}
    if wants_fragment():
        return fragment("inbox/_groups.html", **context)
    return page("inbox/index.html", **context, toast=toast_for(agent, request.args.get("undo", "")))


@bp.get("/inbox/counts")
@agents_only
def numbers() -> str:
    return fragment("inbox/_counts.html", views=places(current_agent(), ""))


@bp.get("/tickets/<int:number>/row")
@agents_only
def row(number: int) -> tuple[str, int]:
    """One row as a view shows it; 204 when it is no longer in that view."""
    agent = current_agent()
    view = view_named(request.args.get("view", "next-up"))
    found = queue.row(visible_tickets(agent), view, agent, number)
    if found is None:
        return "", 204
    return fragment("inbox/_row.html", line=line(found, view, now(), zone_of(agent)), view_key=view.key, current=0), 200


def view_named(key: str) -> View:
    """The view of that name.

    Raises:
        NotFound: there is none.
    """
    view = queue.VIEWS.get(key)
    if view is None:
        raise NotFound("There is no such view.")
    return view


def listing_of(view: View, agent: Agent, *, after: str | None = None, size: int | None = None) -> Listing:
    found: Slice[Row] = queue.page(visible_tickets(agent), view, agent, after=after, size=size)
    at, zone = now(), zone_of(agent)
    lines = [line(row, view, at, zone) for row in found.rows]
    by_group = {key: list(of_key) for key, of_key in groupby(lines, key=lambda one: one.group)}
    keys = [key for key in GROUPS if (key == "all") is not view.by_due]
    groups = [Group(key, _label(key, by_group.get(key, []), zone), by_group.get(key, [])) for key in keys]
    return Listing(view, groups, found.after, len(lines))


def _label(key: str, lines: list[Line], zone: ZoneInfo) -> str:
    """The group's name; sleeping clocks that all start together say when."""
    starts = {one.shown.promise.starts for one in lines if one.shown is not None}
    if key == "asleep" and len(starts) == 1 and None not in starts:
        start = starts.pop()
        if start is not None:
            return f"Clock asleep until {start.astimezone(zone):%a %H:%M}"
    return GROUPS[key]
