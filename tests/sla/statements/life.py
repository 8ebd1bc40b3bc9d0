"""A customer with an agreement and two months of tickets, lived through by the product's own verbs at random instants."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select, update

from helpdesk.db import db
from helpdesk.errors import Conflict
from helpdesk.now import travel
from helpdesk.people.models import Brand
from helpdesk.tickets import conversing, lifecycle, triage
from helpdesk.tickets.inputs import Answer
from helpdesk.tickets.models import Priority, Ticket
from sla.calendars.models import Calendar, CalendarVersion
from sla.commitments import excusing, sweep
from sla.commitments.models import Commitment
from sla.contracts import credits as crediting
from sla.contracts.models import Contract, ContractVersion, Credit, PrepaidBalance, PrepaidEntry
from sla.statements import scope
from sla.statements.scope import Scope
from tests.plugins.world import World
from tests.sla import promising

ZONE = ZoneInfo("America/New_York")
BEGIN, END = datetime(2026, 9, 28, 13, tzinfo=UTC), datetime(2026, 11, 4, 17, tzinfo=UTC)
"""October lies in it, and the night in which summer time ends."""
NIGHTS = {
    "zone": "America/New_York",
    "hours": {
        **{day: [["09:00", "12:00"], ["13:00", "17:00"]] for day in ("mon", "tue", "wed", "thu")},
        "fri": [["09:00", "17:00"]],
        "sat": [["22:00", "06:00"]],
    },
    "holidays": ["2026-10-12", "12-25"],
    "overrides": {"2026-10-24": [["10:00", "11:30"]]},
    "breaks": {"2026-10-14": [["10:00", "10:45"]]},
}


@dataclass
class Life:
    world: World
    contract: ContractVersion
    hours: Calendar
    tickets: list[Ticket]

    @property
    def october(self) -> Scope:
        row = db.session.get_one(Contract, self.contract.contract_id)
        return Scope(row.organization_id, row.id, scope.month("2026-10", ZONE))

    @property
    def url(self) -> str:
        about = self.october
        return f"/customers/{about.organization_id}/agreements/{about.contract_id}/statements/2026-10"


def lived(world: World, tickets: int = 60, seed: int = 5) -> Life:
    """Committed; some promises are excused, some credits given, two incidents drawn."""
    db.session.execute(update(Brand).values(zone=ZONE.key))
    hours = promising.calendar(rules=NIGHTS)
    contract = promising.contract("Orchard Dairy", "Gold", *_clauses(hours), value_cents=1_000_050, period="month")
    db.session.commit()
    life = Life(world, contract, hours, [])
    chance = random.Random(seed)
    step = (END - BEGIN) / tickets
    for count in range(tickets):
        _next(life, chance, BEGIN + count * step, step, count)
    with travel(to=END):
        while sweep.tick():
            pass
        _decide(life)
        _draw(life)
        db.session.commit()
    return life


def _clauses(hours: Calendar) -> list:
    return [
        promising.clause(
            "first_response",
            3600,
            "A person answers within an hour.",
            number="4.1",
            calendar_id=hours.id,
            targets={"urgent": 900},
            credit={"kind": "percent", "value": 2.5, "cap": 20_000},
        ),
        promising.clause(
            "resolution",
            36_000,
            "Fixed in ten working hours, Łódź included.",
            number="4.2",
            calendar_id=hours.id,
            pauses=["customer"],
            targets={"urgent": 7200, "low": 90_000},
            credit={"kind": "amount", "value": 7_500},
        ),
        promising.clause("next_response", 14_400, "Answered again in four hours.", number="4.3"),
    ]


def _next(life: Life, chance: random.Random, at: datetime, step: timedelta, count: int) -> None:
    world = life.world
    if count == 35:
        _edit(life.hours, at)
    with travel(to=at):
        life.tickets.append(world.ticket(f"Number {count}", by=chance.choice([world.olive, world.jonas])))
    for later in sorted(chance.random() for _ in range(4)):
        with travel(to=at + later * step):
            sweep.tick()
            db.session.expire_all()
            _one_thing(life, chance, chance.choice(life.tickets[-3:]))
            db.session.commit()


def _edit(hours: Calendar, at: datetime) -> None:
    rules = {**NIGHTS, "hours": {**NIGHTS["hours"], "tue": [["08:00", "19:30"]]}}
    db.session.add(CalendarVersion(calendar_id=hours.id, valid_from=at, rules=rules, names={}, created_at=at))
    db.session.commit()


def _one_thing(life: Life, chance: random.Random, ticket: Ticket) -> None:
    if ticket.is_merged:
        return
    does: Callable[[World, Ticket, random.Random], object] = chance.choices(
        [_answer, _ask, _write, _resolve, _prioritise, _spam], [8, 3, 4, 4, 4, 1]
    )[0]
    with suppress(Conflict):
        does(life.world, ticket, chance)


def _answer(world: World, ticket: Ticket, _: random.Random) -> None:
    conversing.reply(ticket, Answer(body="We are on our way."), by=world.ben)


def _ask(world: World, ticket: Ticket, _: random.Random) -> None:
    conversing.reply(ticket, Answer(body="Which unit is it?", waits_for="customer"), by=world.ben)


def _write(world: World, ticket: Ticket, _: random.Random) -> None:
    contact = next(one for one in (world.olive, world.jonas) if one.id == ticket.contact_id)
    conversing.receive(ticket, contact, world.words(ticket.subject))


def _resolve(world: World, ticket: Ticket, _: random.Random) -> None:
    lifecycle.resolve(ticket, by=world.ben)


def _prioritise(world: World, ticket: Ticket, chance: random.Random) -> None:
    triage.prioritise(ticket, chance.choice([Priority.LOW, Priority.NORMAL, Priority.URGENT]), by=world.mei)


def _spam(world: World, ticket: Ticket, _: random.Random) -> None:
    if ticket.spam_at is None:
        lifecycle.mark_spam(ticket, by=world.ben)
    else:
        lifecycle.unmark_spam(ticket, by=world.ben)


def _decide(life: Life) -> None:
    october = Commitment.broken_at.between(datetime(2026, 10, 5, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC))
    rows = select(Credit, Commitment).join(Commitment, Commitment.id == Credit.commitment_id).where(october)
    first, second, *rest = db.session.execute(rows.order_by(Credit.id)).all()
    for _, broken in (first, second):
        excusing.excuse(db.session.get_one(Ticket, broken.ticket_id), broken, by=life.world.mei, reason="A storm")
    crediting.post(rest[0][0], life.world.mei)


def _draw(life: Life) -> None:
    balance = PrepaidBalance(
        contract_id=life.contract.contract_id,
        unit="incidents",
        bought=12,
        bought_on=date(2026, 2, 1),
        created_at=BEGIN,
    )
    db.session.add(balance)
    db.session.flush()
    for place, day in enumerate((date(2026, 9, 30), date(2026, 10, 3), date(2026, 10, 9))):
        db.session.add(
            PrepaidEntry(
                balance_id=balance.id,
                ticket_id=life.tickets[place].id,
                key=f"ticket:{place}",
                amount=1,
                reason="A request",
                at=datetime.combine(day, datetime.min.time(), UTC) + timedelta(hours=15),
            )
        )
