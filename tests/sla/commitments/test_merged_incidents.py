"""What was bought ahead when tickets become one: a request asked twice is paid once."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from helpdesk.db import db
from helpdesk.now import travel
from helpdesk.tickets import merging
from helpdesk.tickets.models import Ticket
from sla.contracts import consumption
from sla.entitlements import resolving
from tests.plugins.world import World
from tests.sla.contracts import agreed

MONDAY = datetime(2026, 11, 23, 15, tzinfo=UTC)
TUESDAY = datetime(2026, 11, 24, 15, tzinfo=UTC)


@pytest.fixture
def contract_id(world: World) -> int:
    return agreed.contract(world.olive.organization_id).contract_id


def left(contract_id: int) -> list[int]:
    return [one.left for one in consumption.left(contract_id, MONDAY.date())]


def two_tickets(world: World) -> tuple[Ticket, Ticket]:
    with travel(to=MONDAY):
        return world.ticket(), world.ticket("Still warm", text="And now ten.")


def merge(source: Ticket, into: Ticket, world: World) -> None:
    with travel(to=TUESDAY):
        merging.merge(source, into=into, by=world.ben)
        world.fresh()


def part(source: Ticket, target: Ticket, world: World) -> None:
    with travel(to=TUESDAY):
        merging.part(source, target=target, by=world.ben)
        world.fresh()


class TestMerging:
    def test_gives_the_incident_of_the_one_back(self, world: World, contract_id):
        agreed.balance(contract_id, 5)
        first, second = two_tickets(world)
        assert left(contract_id) == [3]
        merge(second, first, world)
        assert left(contract_id) == [4]

    def test_leaves_the_time_that_was_worked_on_it(self, world: World, contract_id):
        agreed.balance(contract_id, 5)
        agreed.balance(contract_id, 600, "minutes")
        first, second = two_tickets(world)
        consumption.draw_minutes(contract_id, second.id, 60, MONDAY, key="time:1")
        merge(second, first, world)
        assert left(contract_id) == [4, 540]


class TestTakingApart:
    def test_draws_it_again(self, world: World, contract_id):
        agreed.balance(contract_id, 5)
        agreed.balance(contract_id, 600, "minutes")
        first, second = two_tickets(world)
        consumption.draw_minutes(contract_id, second.id, 60, MONDAY, key="time:1")
        for _ in range(2):
            merge(second, first, world)
            part(second, first, world)
            assert left(contract_id) == [3, 540]

    def test_says_billable_when_another_has_it_by_then(self, world: World, contract_id):
        agreed.balance(contract_id, 2)
        first, second = two_tickets(world)
        merge(second, first, world)
        with travel(to=TUESDAY):
            world.ticket("A third")
        part(second, first, world)
        decided = resolving.current_of(second.id)
        assert decided is not None
        assert decided.billable
        assert decided.reason.endswith("What was bought ahead is used up.")
        assert left(contract_id) == [0]

    def test_draws_nothing_for_one_that_never_had_any(self, world: World, contract_id):
        agreed.balance(contract_id, 1)
        first, second = two_tickets(world)
        merge(second, first, world)
        agreed.balance(contract_id, 5)
        db.session.commit()
        part(second, first, world)
        assert left(contract_id) == [0, 5]
