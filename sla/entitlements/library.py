"""What is known of some tickets and of what could cover them, read in few queries for all of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import TypeVar

from sqlalchemy import select, union_all
from sqlalchemy.orm import joinedload, selectinload

from helpdesk.db import Json, among, db
from helpdesk.events import Event
from helpdesk.tickets.models import Priority, Tag, Ticket
from sla import kept
from sla.assets import covered
from sla.calendars import loading as calendars
from sla.contracts import loading as contracts
from sla.contracts.models import ContractVersion
from sla.entitlements import units
from sla.entitlements.deciding import Book, Request
from sla.entitlements.units import About
from sla.kept import Card
from sla.policies import loading as policies
from sla.policies.models import PolicyVersion

V = TypeVar("V")
Cards = Mapping[str, Sequence[Card]]
Version = PolicyVersion | ContractVersion
Taken = Mapping[int, Sequence[Version]]
"""By ticket id, the later ones after those they follow."""


class Library:
    """Some tickets and what could cover them, for any number of questions.

    `taken`: by ticket, versions that count for it in place of those of its arrival. `cards`, and `about`, by ticket the
    unit: if they were read already.
    """

    def __init__(
        self,
        tickets: Sequence[Ticket],
        taken: Taken | None = None,
        *,
        cards: Cards | None = None,
        about: Mapping[int, About] | None = None,
    ) -> None:
        self._ids = [ticket.id for ticket in tickets]
        self._about = units.of(self._ids) if about is None else about
        self._tags = _tags({tag_id for ticket in tickets for tag_id in ticket.tag_ids})
        cards = cards_for(customers_of(tickets)) if cards is None else cards
        self._policies = policies.Shelf(cards.get(policies.SHELF, []))
        self.contracts = contracts.Shelf(cards.get(contracts.SHELF, []))
        self._taken = taken or {}

    @cached_property
    def _received(self) -> Mapping[int, datetime]:
        return _received(self._ids)

    def arrival(self, ticket: Ticket) -> datetime:
        """When its first words reached us, which may be before they were filed."""
        return self._received.get(ticket.id, ticket.created_at)

    def asked(self, ticket: Ticket, at: datetime, *instead: Version) -> tuple[Request, Book]:
        """What is asked of coverage, and what may cover it; each of `instead` takes the place of what it follows."""
        asset, is_guess, zone = self._about.get(ticket.id, (None, False, ""))
        request = Request(
            at=at,
            organization_id=ticket.organization_id,
            team_id=ticket.team_id,
            channel=ticket.channel_kind,
            priority=Priority(ticket.priority).name.lower(),
            tags=frozenset(self._tags[tag_id] for tag_id in ticket.tag_ids),
            asset=asset,
            guess=is_guess,
            zone=zone,
        )
        newer = (*self._taken.get(ticket.id, ()), *instead)
        agreements = [one for one in newer if isinstance(one, ContractVersion)]
        mine = _followed(self.contracts.in_force(ticket.organization_id, at), agreements, lambda one: one.contract_id)
        promises = [one for one in newer if isinstance(one, PolicyVersion)]
        rest = _followed(self._policies.in_force(at), promises, lambda one: one.policy_id)
        warranties = covered.covers([asset], at=at)[asset.id] if asset is not None else []
        return request, Book(mine, warranties, rest, _is_open)


def book(organization_id: int | None, at: datetime) -> Book:
    """What could cover a request of a customer that is about no unit; nobody needs to have made it."""
    cards = cards_for({organization_id} if organization_id is not None else set())
    mine = contracts.Shelf(cards.get(contracts.SHELF, [])).in_force(organization_id, at)
    return Book(mine, [], policies.Shelf(cards.get(policies.SHELF, [])).in_force(at), _is_open)


def taken_over(ticket_ids: Collection[int]) -> Taken:
    """What tickets took over while they were open: it counts for them in place of what was in force at their arrival.

    One query where there is nothing.
    """
    rows = (
        select(Event.ticket_id, Event.data["taken"])
        .where(among(Event.ticket_id, ticket_ids), Event.kind == "entitlement.decided", Event.data.has_key("taken"))
        .order_by(Event.id)
    )
    told = db.session.execute(rows).all()
    versions = _versions([taken for _, taken in told]) if told else {}
    found: dict[int, list[Version]] = {}
    for ticket_id, taken in told:
        found.setdefault(ticket_id, []).append(versions[taken["of"], taken["version"]])
    return found


def customers_of(tickets: Sequence[Ticket]) -> set[int]:
    return {ticket.organization_id for ticket in tickets if ticket.organization_id is not None}


def cards_for(owners: Collection[int]) -> Cards:
    """Of every policy and calendar, and of the contracts of some customers."""
    return kept.ask(_CARDS, owners=list(owners))


_CARDS = union_all(policies.INDEX, contracts.INDEX, calendars.INDEX)


def _followed(known: Sequence[V], newer: Sequence[V], of: Callable[[V], int]) -> list[V]:
    """Each that has a newer one of the same row is that; a newer one of a row that had none is added."""
    return list(({of(one): one for one in known} | {of(one): one for one in newer}).values())


def _versions(taken: Sequence[Json]) -> dict[tuple[str, int], Version]:
    ids = {of: {one["version"] for one in taken if one["of"] == of} for of in ("policy", "agreement")}
    promises = (
        select(PolicyVersion)
        .where(among(PolicyVersion.id, ids["policy"]))
        .options(joinedload(PolicyVersion.policy), selectinload(PolicyVersion.clauses))
    )
    agreements = (
        select(ContractVersion)
        .where(among(ContractVersion.id, ids["agreement"]))
        .options(joinedload(ContractVersion.contract))
        .options(selectinload(ContractVersion.lines), selectinload(ContractVersion.clauses))
    )
    found: dict[tuple[str, int], Version] = {("policy", one.id): one for one in db.session.scalars(promises).unique()}
    return found | {("agreement", one.id): one for one in db.session.scalars(agreements).unique()}


def _is_open(calendar_id: int, at: datetime) -> bool:
    found = calendars.versions_of([calendar_id]).get(calendar_id)
    return found is None or found.timeline(at.timestamp()).is_open(at.timestamp())


def _tags(ids: Collection[int]) -> dict[int, str]:
    if not ids:
        return {}
    return dict(db.session.execute(select(Tag.id, Tag.name).where(Tag.id.in_(ids))).all())


def _received(ticket_ids: Sequence[int]) -> dict[int, datetime]:
    """When the first words of tickets reached us, where that was before they were filed."""
    received = Event.data["received"].as_string()
    rows = select(Event.ticket_id, received).where(
        among(Event.ticket_id, ticket_ids), Event.kind == "ticket.opened", received.is_not(None)
    )
    return {ticket_id: datetime.fromisoformat(at) for ticket_id, at in db.session.execute(rows)}
