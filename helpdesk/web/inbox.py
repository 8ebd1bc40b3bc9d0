"""The lists: each view of the queue, single rows for live updates, and the sidebar's numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from zoneinfo import ZoneInfo

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from helpdesk.access.guards import agents_only, current_agent
from helpdesk.access.permissions import visible_tickets
from helpdesk.now import now
from helpdesk.pagination import Slice
from helpdesk.people.models import Agent
from helpdesk.tickets import queue
from helpdesk.tickets.queue import Row
from helpdesk.tickets.views import View, narrowed, view_of
from helpdesk.web import filtering
from helpdesk.web.filtering import Chip, Order
from helpdesk.web.lines import Line, line
from helpdesk.web.rendering import back_to, fragment, page, sidebar, wants_fragment, zone_of
from helpdesk.web.savedviews import removed_toast
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

    @cached_property
    def chips(self) -> list[Chip]:
        """What it is narrowed to, in words."""
        return filtering.chips(self.view)

    @property
    def orders(self) -> list[Order]:
        return filtering.orders(self.view)

    @property
    def order_words(self) -> str:
        return filtering.order_words(self.view)

    @property
    def table(self) -> str:
        """The parameters that ask for the same rows as a table."""
        key, _, query = self.view.key.partition("?")
        return f"view={key}&{query}" if query else f"view={key}"

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
def show(key: str) -> str | Response:
    """A view, narrowed and sorted as its address says: the whole page, or more rows of its list for a script."""
    agent = current_agent()
    view = narrowed(key, request.args)
    if "" in request.args.values():  # a form without script sends what nobody chose, too
        return redirect(filtering.href(view), 303)
    listing = listing_of(view, agent, after=request.args.get("after"))
    context = {"listing": listing, "view_key": view.key, "ticket": None}
    if wants_fragment():
        return fragment("inbox/_groups.html", **context)
    undo = request.args.get("undo", "")
    return page("inbox/index.html", **context, toast=removed_toast(agent, undo) or toast_for(agent, undo))


@bp.get("/inbox/<key>/filter")
@agents_only
def filter_of(key: str) -> str | Response:
    """What the list is narrowed to, as a form; `customer_name` is what somebody typed into it."""
    view, typed = narrowed(key, request.args), request.args.get("customer_name")
    if "go" not in request.args:
        return _form(view, filtering.customer_name(view))
    if typed is None or " ".join(typed.split()) == filtering.customer_name(view):
        return redirect(filtering.href(view), 303)
    found = filtering.customers_named(" ".join(typed.split()))
    if len(found) == 1 or not typed.strip():
        customer = str(found[0][0]) if typed.strip() else ""
        return redirect(filtering.href(narrowed(key, {**request.args, "customer": customer})), 303)
    return _form(view, typed, found)


@bp.get("/inbox/counts")
@agents_only
def numbers() -> str:
    own, saved = sidebar(current_agent(), "")
    return fragment("inbox/_counts.html", views=[*own, *saved])


@bp.get("/tickets/<int:number>/row")
@agents_only
def row(number: int) -> tuple[str, int]:
    """One row as a view shows it; 204 when it is no longer in that view."""
    agent = current_agent()
    view = view_of(request.args.get("view", "next-up"))
    found = queue.row(visible_tickets(agent), view, agent, number)
    if found is None:
        return "", 204
    return fragment("inbox/_row.html", line=line(found, view, now(), zone_of(agent)), view_key=view.key, current=0), 200


def listing_of(view: View, agent: Agent, *, after: str | None = None, size: int | None = None) -> Listing:
    found: Slice[Row] = queue.page(visible_tickets(agent), view, agent, after=after, size=size)
    at, zone = now(), zone_of(agent)
    lines = [line(row, view, at, zone) for row in found.rows]
    by_group = {key: list(of_key) for key, of_key in groupby(lines, key=lambda one: one.group)}
    keys = [key for key in GROUPS if (key == "all") is not view.by_due]
    groups = [Group(key, _label(key, by_group.get(key, []), zone), by_group.get(key, [])) for key in keys]
    return Listing(view, groups, found.after, len(lines))


def _form(view: View, typed: str, found: Sequence[tuple[int, str]] | None = None) -> str:
    """`found` are the customers whose name holds what was typed, where it is not one alone."""
    error = "" if found is None or found else "No customer is called so. Type a part of the name, or leave it empty."
    asked = filtering.asked(view)
    return page("inbox/filter.html", view=view, view_key=view.key, asked=asked, typed=typed, found=found, error=error)


def _label(key: str, lines: list[Line], zone: ZoneInfo) -> str:
    """The group's name; sleeping clocks that all start together say when."""
    starts = {one.shown.promise.starts for one in lines if one.shown is not None}
    if key == "asleep" and len(starts) == 1 and None not in starts:
        start = starts.pop()
        if start is not None:
            return f"Clock asleep until {start.astimezone(zone):%a %H:%M}"
    return GROUPS[key]
