"""What a package may contribute to the product: a Plugin value, installed in order by the app."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

from click import Command
from flask import Blueprint, Flask, current_app

from helpdesk.gauges import Gauge
from helpdesk.sheets.values import Export

if TYPE_CHECKING:
    from threading import Event as Stop

Handler = Callable[..., None]
"""Reacts to an event inside the transaction that recorded it; takes the Event, writes rows, may raise."""

Loop = Callable[["Flask", "Stop"], None]
"""Runs in a thread of the worker until the stop is set."""


Answered = Callable[[Any, str, str, str], str]
"""Takes an answer to a delivery: the Delivery, the address it was sent to and now answers, the words, and how they
came (mail, sms, slack, call). Writes rows; gives the sentence that is said back, in plain text."""

Bounced = Callable[[Any], None]
"""Takes a Delivery that left and came back from one of its addresses; writes rows."""

Greeting = Callable[[Any, str, str], str]
"""Sentences for the customer of a Ticket, in plain text; empty when there is nothing to say. Takes the code of their
language, of `helpdesk.text.languages`, and the telephone number for what cannot wait, in E.164 or empty."""


@dataclass(frozen=True)
class Unit:
    """A customer's piece of equipment, known by its serial. `visit_until` is the end of a visit that goes on now."""

    id: int
    organization_id: int
    name: str
    serial: str
    visit_until: datetime | None = None


@dataclass(frozen=True)
class Asking:
    """Somebody who has not written yet: by which kind of channel, to whom, and what is proven of who they are.

    `zone` is where they say their clock stands, an IANA name; `language` a code of `helpdesk.text.languages`.
    """

    channel: str
    team_id: int | None = None
    organization_id: int | None = None
    zone: str = ""
    language: str = "en"


Foretelling = Callable[[Asking], str]
"""When somebody would be answered who writes now, as a sentence; empty when nothing is promised."""


@dataclass(frozen=True)
class Sender:
    """An endpoint an agent may begin a ticket from."""

    id: int
    name: str
    address: str
    kind: str


@dataclass(frozen=True)
class Panel:
    """A piece of a page: `render(**context)` gives safe HTML for the slot."""

    slot: str
    render: Callable[..., str]


@dataclass(frozen=True)
class Narrowing:
    """A way to filter the lists of tickets by what a plugin knows; `key` is its name in the address."""

    key: str
    label: str
    shape: str
    """A regular expression that its values match whole."""
    where: Callable[[str], Any]
    """The condition on tickets for a value, an SQLAlchemy element; an index has to find the few."""
    choices: Callable[[], list[tuple[str, str]]]
    """What is offered: values with their words."""
    words: Callable[[str], str]
    """A value in words; of one that is no longer there too."""


Meanwhile = Callable[[Any, datetime], None]
"""Has time pass on a Ticket of the demo story up to an instant (UTC): what falls between two of its steps."""

Seed = Callable[[Any, datetime], AbstractContextManager[Meanwhile]]
"""Takes the demo story's shift in time and its now (UTC). What it does on entering is there before the first ticket is
told; what it does on leaving, after the last."""


@dataclass(frozen=True)
class Plugin:
    """Everything a package adds: event handlers, job functions, ticks, loops, pages, panels and commands."""

    name: str
    on: dict[str, list[Handler]] = field(default_factory=dict)
    jobs: dict[str, Callable[..., Any]] = field(default_factory=dict)
    every: dict[int, list[Callable[[], Any]]] = field(default_factory=dict)
    """Seconds -> functions the scheduler calls; each commits its own work and is idempotent."""
    loops: list[Loop] = field(default_factory=list)
    panels: list[Panel] = field(default_factory=list)
    blueprints: list[Blueprint] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
    senders: list[Callable[[], list[Sender]]] = field(default_factory=list)
    answered: dict[str, Answered] = field(default_factory=dict)
    """Purpose of a delivery -> who takes an answer to one; the channels hear the answers."""
    bounced: dict[str, Bounced] = field(default_factory=dict)
    """Purpose of a delivery -> who is told that a mail of it came back."""
    greeting: Greeting | None = None
    """What the automatic "we have it" says beside that: when an answer is promised."""
    on_duty: Callable[[str], str] | None = None
    """The telephone number, in E.164, of whoever is on call now in the rota of this name; empty for nobody."""
    foretelling: Foretelling | None = None
    """What somebody is told before their first word: when a person answers."""
    reach: Callable[[Any], Any] | None = None
    """What goes in the conversation of a Ticket now, as `helpdesk.tickets.reach.Reach`; None where nothing is known."""
    units: Callable[[Collection[str]], Mapping[str, Unit]] | None = None
    """Whose equipment has these serials, by the serial as it was asked for; unknown ones are left out."""
    exports: list[Export] = field(default_factory=list)
    """Tables of its pages that can be taken along."""
    narrowings: list[Narrowing] = field(default_factory=list)
    """What lists of tickets can be filtered by."""
    gauges: list[Callable[[], Iterable[Gauge]]] = field(default_factory=list)
    """What it tells a monitoring system."""
    keys: dict[str, int] = field(default_factory=dict)
    """Table -> how many rows it writes with a new ticket; their keys are fetched with the ticket's own."""
    seeds: list[str] = field(default_factory=list)
    """What it adds to the demo story, each the `module:function` of a Seed, loaded by who tells it."""


def together(*tables: Mapping[str, Sequence[Handler]]) -> dict[str, list[Handler]]:
    """Handlers of several tables; those of one event in the order of the tables."""
    kinds = dict.fromkeys(kind for table in tables for kind in table)
    return {kind: [handler for table in tables for handler in table.get(kind, ())] for kind in kinds}


class Registry:
    """The installed plugins of one app, asked by event, job, tick, loop and slot."""

    def __init__(self, plugins: list[Plugin]) -> None:
        self.plugins = plugins

    def handlers(self, kind: str) -> list[Handler]:
        return [handler for plugin in self.plugins for handler in plugin.on.get(kind, [])]

    def jobs(self) -> dict[str, Callable[..., Any]]:
        return {name: job for plugin in self.plugins for name, job in plugin.jobs.items()}

    def ticks(self) -> list[tuple[int, Callable[[], Any]]]:
        return [(s, f) for plugin in self.plugins for s, functions in plugin.every.items() for f in functions]

    def loops(self) -> list[Loop]:
        return [loop for plugin in self.plugins for loop in plugin.loops]

    def senders(self) -> list[Sender]:
        return [sender for plugin in self.plugins for known in plugin.senders for sender in known()]

    def answered(self) -> dict[str, Answered]:
        return {purpose: take for plugin in self.plugins for purpose, take in plugin.answered.items()}

    def bounced(self) -> dict[str, Bounced]:
        return {purpose: take for plugin in self.plugins for purpose, take in plugin.bounced.items()}

    def greet(self, ticket: Any, language: str, telephone: str) -> str:
        """What every plugin has to say to the customer of a ticket, as one paragraph."""
        said = (plugin.greeting(ticket, language, telephone) for plugin in self.plugins if plugin.greeting is not None)
        return " ".join(filter(None, said))

    def on_duty(self, rota: str) -> str:
        """The first number a plugin knows."""
        told = (plugin.on_duty(rota) for plugin in self.plugins if plugin.on_duty is not None)
        return next((one for one in told if one), "")

    def foretell(self, asking: Asking) -> str:
        """When a person would answer, as the first plugin that knows says it."""
        said = (plugin.foretelling(asking) for plugin in self.plugins if plugin.foretelling is not None)
        return next(filter(None, said), "")

    def reach(self, ticket: Any) -> Any:
        """What the first plugin that knows says of the ticket's conversation."""
        told = (plugin.reach(ticket) for plugin in self.plugins if plugin.reach is not None)
        return next((one for one in told if one is not None), None)

    def units(self, serials: Collection[str]) -> Mapping[str, Unit]:
        """The equipment with these serials, by serial as asked for."""
        told = [plugin.units(serials) for plugin in self.plugins if plugin.units is not None] if serials else []
        return {serial: unit for known in told for serial, unit in known.items()}

    def exports(self, agent: Any) -> list[Export]:
        """The tables an Agent may take along."""
        return [export for plugin in self.plugins for export in plugin.exports if export.may(agent)]

    def export(self, key: str, agent: Any) -> Export | None:
        """One of these by its key; None where there is none, or none for them."""
        return next((export for export in self.exports(agent) if export.key == key), None)

    def narrowings(self) -> dict[str, Narrowing]:
        """Every way plugins know to filter lists of tickets, by its key."""
        return {one.key: one for plugin in self.plugins for one in plugin.narrowings}

    def gauges(self) -> Iterator[Gauge]:
        return (gauge for plugin in self.plugins for told in plugin.gauges for gauge in told())

    def keys(self, tickets: int, **others: int) -> dict[str, int]:
        """How many rows of each table so many new tickets bring, `others` among them."""
        return others | {
            table: others.get(table, 0) + tickets * sum(plugin.keys.get(table, 0) for plugin in self.plugins)
            for table in {table for plugin in self.plugins for table in plugin.keys}
        }

    def seeds(self) -> list[Seed]:
        return [resolve_name(seed) for plugin in self.plugins for seed in plugin.seeds]

    def panels(self, slot: str) -> list[Panel]:
        return [panel for plugin in self.plugins for panel in plugin.panels if panel.slot == slot]


def installed() -> Registry:
    """The registry of the running app."""
    registry: Registry = current_app.extensions["plugins"]
    return registry
