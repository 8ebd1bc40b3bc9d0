"""What changed on a ticket, field by field: a fold over what happened to it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sla.zendesk import columns


class Told(NamedTuple):
    """An event, as much of it as counts; ids are ours."""

    kind: str
    at: datetime
    agent_id: int | None
    contact_id: int | None
    data: Mapping[str, Any]


class Change(NamedTuple):
    """A field got a value, None for none; `user` in the ids of that shape."""

    field: str
    at: datetime
    user: int | None
    value: str | None


READ = ("ticket.opened", "message.received", "message.sent", "ticket.assigned", "ticket.handed", "ticket.prioritised",
        "ticket.waiting", "ticket.resolved", "ticket.reopened", "ticket.spammed", "ticket.merged",
        "ticket.unmerged")  # fmt: skip


def changes(told: Iterable[Told]) -> Iterator[Change]:
    """In order; a value that is there already is not told again."""
    known: dict[str, str | None] = {}
    for one in told:
        for field, value in _STEPS[one.kind](one, known):
            if field not in known or known[field] != value:
                known[field] = value
                yield Change(field, one.at, _user(one), value)


def _user(one: Told) -> int | None:
    if one.agent_id is not None:
        return columns.agent(one.agent_id)
    return columns.contact(one.contact_id) if one.contact_id is not None else None


Known = Mapping[str, str | None]
Values = Iterator[tuple[str, str | None]]


def _opened(one: Told, _known: Known) -> Values:
    yield "status", "open"
    yield "priority", columns.PRIORITIES[2]
    owner = one.data.get("assignee") or one.agent_id
    yield "assignee_id", str(columns.agent(owner)) if owner else None
    yield "group_id", str(one.data["team"]) if one.data.get("team") else None


def _sent(one: Told, known: Known) -> Values:
    """Whoever answers a ticket that nobody has, has it."""
    if known.get("assignee_id") is None and one.agent_id is not None:
        yield "assignee_id", str(columns.agent(one.agent_id))


def _nothing(_one: Told, _known: Known) -> Values:
    yield from ()


def _assigned(one: Told, _known: Known) -> Values:
    owner = one.data.get("after")
    yield "assignee_id", str(columns.agent(owner)) if owner else None


def _handed(one: Told, _known: Known) -> Values:
    """Whoever had it is free of it."""
    yield "group_id", str(one.data["after"]) if one.data.get("after") else None
    yield "assignee_id", None


def _prioritised(one: Told, _known: Known) -> Values:
    yield "priority", columns.PRIORITIES[int(one.data["after"])]


def _waits(one: Told, _known: Known) -> Values:
    yield "status", columns.WAITS[one.data.get("after") or ""]


def _spammed(one: Told, _known: Known) -> Values:
    yield "status", "deleted" if one.data.get("spam") else "open"


_STEPS: Mapping[str, Callable[[Told, Known], Values]] = {
    "ticket.opened": _opened,
    "message.received": _nothing,
    "message.sent": _sent,
    "ticket.assigned": _assigned,
    "ticket.handed": _handed,
    "ticket.prioritised": _prioritised,
    "ticket.waiting": _waits,
    "ticket.resolved": lambda _one, _known: iter([("status", "solved")]),
    "ticket.reopened": lambda _one, _known: iter([("status", "open")]),
    "ticket.spammed": _spammed,
    "ticket.merged": lambda _one, _known: iter([("status", "closed")]),
    "ticket.unmerged": lambda _one, _known: iter([("status", "open")]),
}
