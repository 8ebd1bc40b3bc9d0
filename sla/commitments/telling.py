"""Events of a ticket as facts for its clocks, in the order they were told."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from helpdesk.events import Event
from helpdesk.tickets.models import Priority, Status
from helpdesk.tickets.unanswered import kept, void_answers
from sla.commitments.facts import Fact, Kind

Told = Row[int, str, datetime, int | None, int | None, int | None, dict[str, Any]] | Event
"""The columns of an event that a clock needs, since a ticket of years has hundreds; or one that is in hand."""


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision what covers a ticket, as its clocks need it."""

    id: int
    ticket_id: int
    contract_version_id: int | None
    judged_at: datetime
    clause_ids: tuple[int, ...]
    proposed_at: datetime | None = None
    """When it would be decided, of one that is not stored; those that are have an event."""


@dataclass(frozen=True, slots=True)
class Placed:
    """In the place of a fact whose terms depend on what is judged."""

    at: float
    decision: Decided


def facts_of(decided: list[Decided], events: list[Told]) -> tuple[float, list[Fact | Placed]]:
    """When it began, and its facts; the first decision counts from there, however late the mail was read."""
    began = min([*(event.at for event in events), *(one.judged_at for one in decided)]).timestamp()
    later = {one.id: one for one in decided[1:]}
    apart = {event.data["merge"] for event in events if event.kind == "ticket.unmerged"}
    unsent = void_answers(events)
    told: list[Fact | Placed] = [Placed(began, decided[0])]
    for event in events:
        kind = event.kind
        if kind == "message.sent" and event.message_id in unsent:
            continue
        if apart and event.data and event.data.get("merge") in apart:  # a merge that was taken back never was
            continue
        if kind == "entitlement.decided":
            if event.data["entitlement"] in later:
                told.append(Placed(_at(event), later[event.data["entitlement"]]))
                if event.data.get("leaves"):
                    told.append(Fact(_at(event), "suspended", on=False))
            continue
        fact = _words(event, _WORDS[kind], unsent) if kind in _WORDS else _FACTS[kind](event)
        if fact is not None:
            told.append(fact)
    proposed = [Placed(one.proposed_at.timestamp(), one) for one in decided[1:] if one.proposed_at is not None]
    return began, told + proposed


def _opened(event: Told) -> Fact:
    data = event.data
    return Fact(
        event.at.timestamp(),
        "opened",
        since=_received(event),
        by_agent=event.agent_id is not None,
        by_machine=bool(data.get("automatic")),
        priority=Priority(data.get("priority", Priority.NORMAL)).name.lower(),
        team=data.get("team") or 0,
        owned=bool(data.get("owned")),
    )


def _heard(event: Told) -> Fact | None:
    if event.data.get("automatic"):
        return None
    return Fact(event.at.timestamp(), "heard", since=_received(event))


def _reopened(event: Told) -> Fact:
    at, before = event.at.timestamp(), event.data.get("before", {}).get("status", Status.RESOLVED)
    if before >= Status.RESOLVED:
        return Fact(at, "reopened", by_customer=event.contact_id is not None)
    return Fact(at, "waits", whom="")


def _words(event: Told, kind: Kind, unsent: Collection[int | None]) -> Fact:
    """What an event says of words that nobody answered, those included whose answers reached nobody."""
    data = event.data if "heard" in event.data else {"heard": event.data["unanswered"]}  # as splits once told it
    words = [one.at.timestamp() for one in kept(data, unsent) if not one.answers]
    return Fact(_at(event), kind, heard=tuple(words))


def _received(event: Told) -> float:
    """When the words reached us, which may be before they were filed."""
    received = event.data.get("received")
    return datetime.fromisoformat(received).timestamp() if received else _at(event)


def _at(event: Told) -> float:
    at: datetime = event.at
    return at.timestamp()


def _visit(event: Told, kind: Kind) -> Fact:
    return Fact(_at(event), kind, visit=event.data["visit"], on=event.data.get("on", True))


_FACTS: dict[str, Callable[[Told], Fact | None]] = {
    "ticket.opened": _opened,
    "message.received": _heard,
    "message.sent": lambda event: Fact(_at(event), "answered", message=event.message_id or 0),
    "message.overheard": lambda event: Fact(_at(event), "answered", message=event.message_id or 0),
    "message.unsent": lambda _: None,
    "delivery.sent": lambda _: None,
    "delivery.failed": lambda _: None,
    "delivery.bounced": lambda _: None,
    "ticket.waiting": lambda event: Fact(_at(event), "waits", whom=event.data["after"]),
    "ticket.resolved": lambda event: Fact(_at(event), "resolved"),
    "ticket.reopened": _reopened,
    "ticket.prioritised": lambda event: Fact(
        _at(event), "prioritised", priority=Priority(event.data["after"]).name.lower()
    ),
    "ticket.assigned": lambda event: Fact(_at(event), "assigned", owned=event.data["after"] is not None),
    "ticket.handed": lambda event: Fact(_at(event), "handed_over", team=event.data["after"] or 0),
    "ticket.merged": lambda event: Fact(_at(event), "merged"),
    "ticket.absorbed": lambda _: None,
    "ticket.unmerged": lambda _: None,
    "ticket.split": lambda _: None,
    "ticket.spammed": lambda event: Fact(_at(event), "spam", on=event.data["spam"]),
    "ticket.restored": lambda event: Fact(_at(event), "restored", on=event.data["on"]),
    "ticket.planned": lambda event: Fact(_at(event), "planned", on=event.data["on"]),
    "visit.dispatched": lambda event: _visit(event, "dispatched"),
    "visit.arrived": lambda event: _visit(event, "arrived"),
    "visit.refused": lambda event: _visit(event, "refused"),
    "agreement.suspended": lambda event: Fact(_at(event), "suspended"),
    "agreement.resumed": lambda event: Fact(_at(event), "suspended", on=False),
    "entitlement.decided": lambda _: None,
}
"""Kinds of events the clocks read; the same table says which the handlers listen to."""

_WORDS: dict[str, Kind] = {"ticket.absorbed": "absorbed", "ticket.split": "released"}
"""Kinds that say which words nobody has answered; what became of answers since counts."""

WORDLESS = ("message.sent", "message.unsent", "ticket.resolved")
"""Kinds whose data no clock needs; it is not fetched."""

READ = tuple(_FACTS)
