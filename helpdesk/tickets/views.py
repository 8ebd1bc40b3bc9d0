"""The views of the queue: named lists, each whole or narrowed by a filter and sorted otherwise.

A filter and another order make a view of a view, named by the rest of its address: `next-up?team=3&sort=newest`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl, urlencode

from sqlalchemy import ColumnElement, and_, literal_column

from helpdesk.errors import Invalid, NotFound
from helpdesk.tickets import filters
from helpdesk.tickets.filters import READER, Filter
from helpdesk.tickets.models import ACTIVE, NEXT_UP, Ticket

DUE, NEWEST, OLDEST = "due", "newest", "oldest"
"""The orders of a list: what falls due first, the newest message first, the oldest message first."""


@dataclass(frozen=True, eq=False)
class View:
    """One named list: which tickets, in which order, and the icon and key of its place in the sidebar."""

    key: str
    """With its filter and order, as the address below /inbox/ says them."""
    label: str
    icon: str
    where: ColumnElement[bool]
    """May name what `filters.asked` gives."""
    order: str = DUE
    filter: Filter = field(default_factory=Filter)

    @property
    def is_whole(self) -> bool:
        """Not narrowed and in its own order: one of VIEWS, of which there are few."""
        return self.key in VIEWS

    @property
    def by_due(self) -> bool:
        return self.order == DUE

    @property
    def base(self) -> View:
        """The same list, whole and in its own order."""
        return VIEWS[self.key.partition("?")[0]]

    @property
    def orders(self) -> tuple[str, ...]:
        """How it can be sorted; nothing falls due where the clocks rest or are over."""
        return (DUE, NEWEST, OLDEST) if self.base.by_due else (NEWEST, OLDEST)

    @property
    def promises(self) -> bool:
        """Whether it can be narrowed by where promises stand."""
        return self.base.by_due

    def of(self, narrowed: Filter, order: str = "") -> View:
        """The same list, narrowed and sorted; with nothing of it, the list itself."""
        base = self.base
        order = order if order in self.orders else base.order
        narrowed = narrowed if self.promises else narrowed.without("promise")
        pairs = [*narrowed.pairs(), *([("sort", order)] if order != base.order else [])]
        if not pairs:
            return base
        where = and_(base.where, *narrowed.conditions())
        return replace(base, key=f"{base.key}?{urlencode(pairs)}", where=where, order=order, filter=narrowed)


VIEWS: dict[str, View] = {
    view.key: view
    for view in (
        View("next-up", "Next up", "inbox", literal_column(NEXT_UP.text)),
        View("mine", "Mine", "user-round", and_(ACTIVE, Ticket.assignee_id == READER)),
        View("unassigned", "Unassigned", "circle-dashed", and_(ACTIVE, Ticket.assignee_id.is_(None))),
        View(
            "waiting",
            "Waiting",
            "hourglass",
            literal_column("status IN (2, 3) AND snoozed_until IS NULL AND spam_at IS NULL"),
            order=NEWEST,
        ),
        View(
            "snoozed",
            "Snoozed",
            "alarm-clock",
            literal_column("snoozed_until IS NOT NULL AND status < 4 AND spam_at IS NULL"),
            order=NEWEST,
        ),
        View(
            "done",
            "Done",
            "circle-check",
            literal_column("status >= 4 AND merged_into_id IS NULL"),
            order=NEWEST,
        ),
        View("spam", "Spam", "shield-check", literal_column("spam_at IS NOT NULL"), order=NEWEST),
    )
}


def view_of(name: str) -> View:
    """The view of that name: `mine`, or with a filter and an order, `next-up?team=3&sort=newest`.

    Raises:
        NotFound: there is none. Invalid: its filter is none of ours.
    """
    key, _, query = name.partition("?")
    return narrowed(key, dict(parse_qsl(query)))


def narrowed(key: str, address: Mapping[str, str]) -> View:
    """A view with the filter and the order that the parameters of an address ask for.

    Raises:
        NotFound: there is no such view. Invalid: its filter is none of ours.
    """
    view = VIEWS.get(key)
    if view is None:
        raise NotFound("There is no such view.")
    order = address.get("sort", "")
    if order and order not in view.orders:
        raise Invalid("This list cannot be sorted so. Take the order away and choose again.")
    return view.of(filters.read(address), order)
