"""What a list can be filtered by, in words: the chips above it and the choices of the form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute

from helpdesk.db import db
from helpdesk.people.choices import teams_and_agents
from helpdesk.people.models import Agent, Organization, Team
from helpdesk.plugins import installed
from helpdesk.tickets.models import Priority, Tag, Ticket
from helpdesk.tickets.views import View
from helpdesk.web.assets import CHANNEL_WORDS

PROMISES = {
    "past": "Past the promise",
    "soon": "Within two hours",
    "later": "More than two hours left",
    "asleep": "Clock asleep",
    "none": "No promise running",
}
ORDERS = {"due": "Time left", "newest": "Newest message", "oldest": "Oldest message"}
_RECENT = 5000
"""Tickets whose channels are offered."""
_OFFERED = 200


@dataclass(frozen=True, slots=True)
class Chip:
    """One part of a filter in words, and the way to the same list without it."""

    words: str
    href: str


@dataclass(frozen=True, slots=True)
class Order:
    """One way to sort a list."""

    label: str
    href: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Asking:
    """One choice of the form: its name in the address, and the values with their words."""

    name: str
    label: str
    options: Sequence[tuple[str, str]]
    chosen: str


def href(view: View) -> str:
    return f"/inbox/{view.key}"


def chips(view: View) -> list[Chip]:
    return [
        Chip(_words(name, value), href(view.of(view.filter.without(name), view.order)))
        for name, value in view.filter.pairs()
    ]


def orders(view: View) -> list[Order]:
    return [Order(ORDERS[key], href(view.of(view.filter, key)), key == view.order) for key in view.orders]


def order_words(view: View) -> str:
    return ORDERS[view.order]


def asked(view: View) -> list[Asking]:
    """Every choice but the customer, of whom there may be thousands: their name is typed."""
    teams, agents = teams_and_agents()
    chosen = dict(view.filter.pairs())
    people = [("me", "Me"), ("nobody", "Nobody"), *((str(one.id), one.name) for one in agents)]
    offered = [
        ("channel", "Channel", _channels(view.filter.channel)),
        ("person", "Person", people),
        ("team", "Team", [("none", "No team"), *((str(one.id), one.name) for one in teams)] if teams else []),
        ("priority", "Priority", [(one.name.lower(), one.name.capitalize()) for one in reversed(Priority)]),
        ("tag", "Tag", _tags()),
        *((one.key, one.label, one.choices()) for one in installed().narrowings().values()),
    ]
    if view.promises:
        offered.insert(0, ("promise", "Promise", list(PROMISES.items())))
    found = [Asking(name, label, options, chosen.get(name, "")) for name, label, options in offered if options]
    return [*found, Asking("sort", "Sorted by", [(key, ORDERS[key]) for key in view.orders], view.order)]


def customer_name(view: View) -> str:
    return _words("customer", view.filter.customer) if view.filter.customer else ""


def customers_named(typed: str) -> Sequence[tuple[int, str]]:
    """Up to twenty customers: the one of exactly this name, else those whose name holds these words."""
    name = func.lower(Organization.name)
    rows = select(Organization.id, Organization.name).order_by(name, Organization.id).limit(20)
    exact = db.session.execute(rows.where(name == typed.lower())).all()
    held = exact or db.session.execute(rows.where(name.contains(typed.lower(), autoescape=True))).all()
    return [(id_, found) for id_, found in held]


def icon_of(view: View) -> str:
    """What stands for a saved view in the sidebar: what it is narrowed to first."""
    if view.filter.promise:
        return {"asleep": "moon", "none": "circle-dashed"}.get(view.filter.promise, "hourglass")
    named = dict(view.filter.pairs())
    known = {"agreement": "shield-check", "customer": "building-2", "person": "user-round", "team": "users-round"}
    return next((icon for name, icon in known.items() if name in named), "tag" if "tag" in named else "list-filter")


def _words(name: str, value: str) -> str:
    own = {
        "promise": lambda: PROMISES[value],
        "channel": lambda: _channel(value),
        "priority": lambda: f"{value.capitalize()} priority",
        "person": lambda: {"me": "Mine", "nobody": "Nobody’s"}.get(value) or _name(Agent.name, value),
        "team": lambda: "No team" if value == "none" else _name(Team.name, value),
        "tag": lambda: _name(Tag.name, value),
        "customer": lambda: _name(Organization.name, value),
    }
    return own[name]() if name in own else installed().narrowings()[name].words(value)


def _name(of: InstrumentedAttribute[str], value: str) -> str:
    """What one is called, by its id; once it is gone, a word for that."""
    return db.session.scalar(select(of).where(of.class_.id == int(value))) or "Gone"


def _channel(kind: str) -> str:
    return CHANNEL_WORDS.get(kind, kind.capitalize())


def _channels(chosen: str) -> list[tuple[str, str]]:
    """Those by which customers wrote lately; by the index of beginnings alone."""
    recent = select(Ticket.channel_kind).order_by(Ticket.created_at.desc()).limit(_RECENT).subquery()
    kinds = {*db.session.scalars(select(recent.c.channel_kind).distinct()), *([chosen] if chosen else [])}
    return sorted(((kind, _channel(kind)) for kind in kinds), key=lambda pair: pair[1].lower())


def _tags() -> list[tuple[str, str]]:
    rows = db.session.execute(select(Tag.id, Tag.name).order_by(Tag.name).limit(_OFFERED))
    return [(str(id_), name) for id_, name in rows]
