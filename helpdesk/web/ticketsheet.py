"""A view of the queue as a table: every ticket of it that its filter lets through, in its order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from helpdesk.access.permissions import visible_tickets
from helpdesk.errors import Invalid
from helpdesk.people.models import Agent
from helpdesk.sheets.cursor import Columns, batches
from helpdesk.sheets.values import Cell, Column, Export, Kind, Sheet
from helpdesk.tickets import queue, views
from helpdesk.tickets.models import Priority, Status
from helpdesk.tickets.views import VIEWS
from helpdesk.web.assets import CHANNEL_WORDS
from helpdesk.web.rendering import zone_of

_STATES = {
    Status.OPEN: "open",
    Status.PENDING: "waiting for the customer",
    Status.ON_HOLD: "waiting for somebody else",
    Status.RESOLVED: "done",
    Status.CLOSED: "closed",
}
_COLUMNS = (
    Column("ticket", "Ticket", Kind.NUMBER),
    Column("subject", "Subject"),
    Column("customer", "Customer"),
    Column("contact", "Who writes"),
    Column("channel", "Channel"),
    Column("state", "State"),
    Column("priority", "Priority"),
    Column("assignee", "Person"),
    Column("team", "Team"),
    Column("created", "Began", Kind.INSTANT),
    Column("last_message", "Last message", Kind.INSTANT),
    Column("waiting_since", "Waiting since", Kind.INSTANT),
    Column("due", "Next promise due", Kind.INSTANT),
    Column("promise", "Next promise"),
    Column("messages", "Messages", Kind.NUMBER),
)


def _ask(agent: Agent, address: Mapping[str, str]) -> Sheet:
    key = address.get("view") or "next-up"
    if key not in VIEWS:
        raise Invalid("There is no such view.", {"view": f"Choose one of {', '.join(VIEWS)}."})
    rows = queue.whole(visible_tickets(agent), views.narrowed(key, address), agent)
    return Sheet(f"tickets-{key}", _COLUMNS, lambda: _rows(rows), zone_of(agent))


def _rows(asked: Columns) -> Iterator[Sequence[Cell]]:
    for batch in batches(asked):
        for number, subject, customer, contact, kind, status, priority, *rest in batch:
            channel = CHANNEL_WORDS.get(kind, kind)
            state, urgency = _STATES[Status(status)], Priority(priority).name.lower()
            yield number, subject, customer, contact, channel, state, urgency, *rest


EXPORT = Export("tickets", "The tickets of a view", "", _ask, live=True)
