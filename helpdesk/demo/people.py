"""Everybody in the story, made before the first ticket."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from argon2 import PasswordHasher
from sqlalchemy import select

from helpdesk.db import db
from helpdesk.demo.story import Inside, Outside, Story
from helpdesk.now import now
from helpdesk.people import agents, contacts, organizations
from helpdesk.people.models import Address, Agent, Brand, Contact, Membership, Team

PASSWORD = "kept-demo"  # noqa: S105 - printed by the command, for trying out only


@dataclass
class Cast:
    """Who plays: agents by key, contacts by name, (contact's name, channel kind) -> address, teams by name."""

    brand: Brand
    agents: dict[str, Agent] = field(default_factory=dict)
    contacts: dict[str, Contact] = field(default_factory=dict)
    addresses: dict[tuple[str, str], str] = field(default_factory=dict)
    teams: dict[str, Team] = field(default_factory=dict)


def introduce(story: Story) -> Cast:
    """Make the brand, its teams and agents, and the companies with their people."""
    cast = Cast(_brand(story.brand))
    _make_teams(cast, story.agents)
    _make_agents(cast, story.agents)
    for company in story.organizations:
        organizations.create(company.name, domains=[company.domain])
    for contact in story.contacts:
        _make_contact(cast, contact)
    db.session.flush()
    return cast


def _brand(name: str) -> Brand:
    brand = db.session.scalars(select(Brand).order_by(Brand.id).limit(1)).one_or_none()
    if brand is None:
        brand = Brand()
        db.session.add(brand)
    brand.name = name
    db.session.flush()
    return brand


def _make_teams(cast: Cast, everybody: Iterable[Inside]) -> None:
    for name in dict.fromkeys(team for inside in everybody for team in inside.teams):
        cast.teams[name] = Team(brand_id=cast.brand.id, name=name)
        db.session.add(cast.teams[name])
    db.session.flush()


def _make_agents(cast: Cast, everybody: Iterable[Inside]) -> None:
    """One hash serves all: it is slow on purpose, and they share the password."""
    hashed = PasswordHasher(time_cost=3, memory_cost=65536, parallelism=4).hash(PASSWORD)
    for inside in everybody:
        agent = agents.create(inside.email, name=inside.name, role=inside.role, zone=inside.zone)
        agent.password_hash = hashed
        cast.agents[inside.key] = agent
        db.session.add_all(Membership(team_id=cast.teams[team].id, agent_id=agent.id) for team in inside.teams)


def _make_contact(cast: Cast, outside: Outside) -> None:
    contact = contacts.find_or_create(outside.email, name=outside.name).contact
    contact.kind = outside.kind
    contact.title = outside.title
    contact.phone = outside.phone
    contact.zone = outside.zone
    cast.contacts[outside.name] = contact
    cast.addresses[outside.name, "email"] = outside.email
    for kind, value in outside.also:
        db.session.add(Address(contact_id=contact.id, kind=kind, value=value, created_at=now()))
        cast.addresses[outside.name, kind] = value
