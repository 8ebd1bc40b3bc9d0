"""What some customers bought ahead, and what their tickets and the time on them draw of it, in the order it happened.

All of it by the product's own hands, at the instant it was done; the clock is moved from one to the next.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from bench.year.house import END
from helpdesk.db import among, db
from helpdesk.events import Event
from helpdesk.now import travel
from helpdesk.people.models import Agent
from helpdesk.tickets.models import Ticket
from sla.contracts import agreements, noting
from sla.contracts.inputs import Bought
from sla.contracts.models import Contract, ContractVersion
from sla.contracts.noting import Worked
from sla.entitlements import merged, resolving, writing
from sla.entitlements.models import Entitlement
from sla.money import days

_KINDS = ("entitlement.decided", "ticket.merged", "ticket.unmerged")
_MANY = 200
"""Tickets of a year in which the numbers below are about right."""
_MOST = 10**6
"""What can be bought at once."""
Deed = tuple[datetime, int, Callable[[], object]]
"""When, its place among those of that instant, and what is done."""


def fill(tickets: int, seed: int) -> None:
    """Of a year that is there; in the app's context. Commits."""
    chance = random.Random(seed)
    sellers = _buy(max(1, tickets // _MANY // 3))
    deeds = sorted([*_decisions(sellers), *_works(sellers, chance)], key=lambda deed: deed[:2])
    for place, (at, _, deed) in enumerate(deeds):
        with travel(to=at):
            deed()
            if place % _MANY == 0:
                db.session.commit()
    db.session.commit()
    days.catch_up()


def _buy(share: int) -> dict[int, int]:
    """What is used up, runs out, is never used, and what nobody said the price of; agreements by customer."""
    autumn, spring = date(2025, 9, 1), date(2026, 3, 1)
    kept_by = {
        1: [Bought("incidents", 15 * share, autumn, date(2026, 3, 31), price_cents=100_000),
            Bought("incidents", 25 * share, spring, price_cents=33_333), Bought("minutes", 240 * share, autumn)],
        2: [Bought("minutes", 500 * share, autumn, date(2026, 2, 28), round_to=30, grace=10, price_cents=90_001),
            Bought("minutes", 900 * share, spring, date(2026, 10, 31), round_to=30, grace=15, least=30,
                   price_cents=70_000)],
        4: [Bought("incidents", 3 * share, autumn, price_cents=0),
            Bought("minutes", min(90_000 * share, _MOST), autumn, date(2026, 5, 31), least=20, price_cents=50_000)],
        5: [Bought("incidents", 4 * share, spring, date(2026, 11, 30))],
    }  # fmt: skip
    held = {one.organization_id: one for one in db.session.scalars(select(Contract))}
    for owner, bought in kept_by.items():
        for one in bought:
            agreements.buy(held[owner], one)
    db.session.commit()
    return {owner: held[owner].id for owner in kept_by}


def _decisions(sellers: dict[int, int]) -> Iterator[Deed]:
    covered = select(Entitlement.ticket_id, ContractVersion.contract_id).join(
        ContractVersion, ContractVersion.id == Entitlement.contract_version_id
    )
    of: dict[int, int] = dict(
        db.session.execute(covered.where(among(ContractVersion.contract_id, sellers.values()))).all()
    )
    told = select(Event).where(among(Event.ticket_id, of), Event.kind.in_(_KINDS)).options(joinedload(Event.ticket))
    for event in db.session.scalars(told).all():
        yield event.at, event.id, _decision(event, of[event.ticket_id])


def _decision(event: Event, contract_id: int) -> Callable[[], object]:
    def draw() -> None:
        made = resolving.current_of(event.ticket_id)
        assert made is not None
        writing.draw(made, contract_id)

    if event.kind == "entitlement.decided":
        return draw
    return lambda: (merged.give_back if event.kind == "ticket.merged" else merged.draw_again)(event)


def _works(sellers: dict[int, int], chance: random.Random) -> Iterator[Deed]:
    """Time is noted on the day of the work or some days later, and now and then taken back."""
    people = {one.id: one for one in db.session.scalars(select(Agent))}
    mine = select(Ticket).where(among(Ticket.organization_id, sellers), Ticket.merged_into_id.is_(None))
    for ticket in db.session.scalars(mine.order_by(Ticket.id)).all():
        for number in range(chance.choice((0, 0, 1, 1, 2))):
            at = ticket.created_at + chance.random() ** 6 * (END - ticket.created_at)
            by = people[chance.randrange(1, len(people) + 1)]
            today = at.astimezone(ZoneInfo(by.zone)).date()
            worked = Worked(
                minutes=chance.choice((5, 15, 20, 45, 90, 131)), what="Looked", key=f"w{ticket.id}-{number}",
                day=today - timedelta(days=chance.choice((0, 0, 0, 1, 9))), agent_id=by.id,
                is_billable=chance.random() < 0.7,
            )  # fmt: skip
            yield at, ticket.id, _noted(ticket, worked, by, today)
            back = at + timedelta(hours=chance.choice((1, 30, 700)))
            if chance.random() < 0.15 and back < END:
                yield back, ticket.id, _returned(ticket, worked.key, by)


def _noted(ticket: Ticket, worked: Worked, by: Agent, today: date) -> Callable[[], object]:
    def note() -> None:
        covers = resolving.current_of(ticket.id)
        version = db.session.get(ContractVersion, (covers and covers.contract_version_id) or 0)
        noting.note(ticket, worked, contract_id=version.contract_id if version else None, today=today, by=by)

    return note


def _returned(ticket: Ticket, key: str, by: Agent) -> Callable[[], object]:
    return lambda: noting.take_back(ticket, key, by=by)
