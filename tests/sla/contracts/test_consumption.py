"""Prepaid incidents and hours: which balance pays, how time is rounded, and that nothing is drawn twice."""

from datetime import UTC, date, datetime

import pytest

from helpdesk.db import db
from helpdesk.errors import Conflict, Invalid
from sla.contracts import consumption
from sla.contracts.consumption import Drawn
from tests.sla.contracts import agreed

JULY = datetime(2026, 7, 4, 18, tzinfo=UTC)


@pytest.fixture
def contract_id(world) -> int:
    return agreed.contract(world.olive.organization_id).contract_id


def rest(contract_id: int, on: date = date(2026, 7, 4)) -> list[int]:
    return [one.left for one in consumption.left(contract_id, on)]


class TestDrawIncident:
    def test_comes_from_what_expires_first(self, world, contract_id):
        never = agreed.balance(contract_id, 5)
        late = agreed.balance(contract_id, 5, expires_on=date(2027, 1, 31))
        soon = agreed.balance(contract_id, 1, expires_on=date(2026, 12, 31))
        drawn = [consumption.draw_incident(contract_id, world.ticket().id, JULY) for _ in range(7)]
        assert [one.balance_id for one in drawn] == [soon.id, *[late.id] * 5, never.id]
        assert [one.left for one in drawn] == [10, 9, 8, 7, 6, 5, 4]
        assert not any(one.exhausted for one in drawn)

    def test_twice_for_a_ticket_is_harmless(self, world, contract_id):
        balance = agreed.balance(contract_id, 12)
        ticket = world.ticket()
        first = consumption.draw_incident(contract_id, ticket.id, JULY)
        assert (
            consumption.draw_incident(contract_id, ticket.id, JULY) == first == Drawn(balance.id, 11, exhausted=False)
        )

    def test_after_the_last_says_that_nothing_is_left(self, world, contract_id):
        agreed.balance(contract_id, 1)
        assert not consumption.draw_incident(contract_id, world.ticket().id, JULY).exhausted
        assert consumption.draw_incident(contract_id, world.ticket().id, JULY) == Drawn(None, 0, exhausted=True)
        assert rest(contract_id) == [0]

    def test_without_anything_bought_ahead_is_not_exhausted(self, world, contract_id):
        agreed.balance(contract_id, 600, "minutes")
        assert consumption.draw_incident(contract_id, world.ticket().id, JULY) == Drawn(None, 0, exhausted=False)

    @pytest.mark.parametrize(
        ("at", "paid"),
        [
            (datetime(2026, 2, 1, 5, 59, tzinfo=UTC), False),
            (datetime(2026, 2, 1, 6, 0, tzinfo=UTC), True),
            (datetime(2026, 9, 1, 4, 59, tzinfo=UTC), True),
            (datetime(2026, 9, 1, 5, 0, tzinfo=UTC), False),
        ],
    )
    def test_is_paid_from_the_first_to_the_last_day_where_the_contract_is_at_home(self, world, contract_id, at, paid):
        agreed.balance(contract_id, 1, expires_on=date(2026, 8, 31))
        assert (consumption.draw_incident(contract_id, world.ticket().id, at).balance_id is not None) is paid


class TestGiveBack:
    def test_takes_back_and_can_be_drawn_again(self, world, contract_id):
        agreed.balance(contract_id, 2)
        ticket = world.ticket()
        for _ in range(3):
            consumption.draw_incident(contract_id, ticket.id, JULY)
            assert rest(contract_id) == [1]
            assert consumption.give_back(ticket.id, "It was spam") == 1
            assert consumption.give_back(ticket.id, "It was spam") == 0
            assert rest(contract_id) == [2]

    def test_needs_a_reason(self, world, contract_id):
        with pytest.raises(Invalid):
            consumption.give_back(world.ticket().id, "  ")


class TestRounding:
    @pytest.mark.parametrize(
        ("minutes", "step", "grace", "least", "charged"),
        [
            (1, 1, 0, 0, 1),
            (25, 30, 10, 0, 30),
            (30, 30, 10, 0, 30),
            (40, 30, 10, 0, 30),
            (41, 30, 10, 0, 60),
            (70, 30, 10, 0, 60),
            (71, 30, 10, 0, 90),
            (10, 30, 10, 0, 0),
            (10, 30, 10, 120, 120),
            (121, 30, 0, 120, 150),
        ],
    )
    def test_goes_up_by_steps_past_the_grace_and_never_below_the_least(self, minutes, step, grace, least, charged):
        assert consumption.rounded(minutes, step=step, grace=grace, least=least) == charged


class TestDrawMinutes:
    def test_are_rounded_as_the_balance_says(self, world, contract_id):
        agreed.balance(contract_id, 600, "minutes", round_to=30, grace=10)
        drawn = consumption.draw_minutes(contract_id, world.ticket().id, 41, JULY, key="time:1", by=world.ben)
        assert drawn.left == 540

    def test_are_split_over_what_expires_first(self, world, contract_id):
        agreed.balance(contract_id, 60, "minutes", expires_on=date(2026, 12, 31))
        agreed.balance(contract_id, 60, "minutes")
        drawn = consumption.draw_minutes(contract_id, world.ticket().id, 90, JULY, key="time:1")
        assert (drawn.left, drawn.exhausted) == (30, False)
        assert rest(contract_id) == [0, 30]

    def test_past_the_end_use_all_that_is_left_and_say_so(self, world, contract_id):
        agreed.balance(contract_id, 60, "minutes")
        drawn = consumption.draw_minutes(contract_id, world.ticket().id, 90, JULY, key="time:1")
        assert (drawn.left, drawn.exhausted) == (0, True)

    def test_twice_under_one_key_is_harmless(self, world, contract_id):
        agreed.balance(contract_id, 600, "minutes")
        ticket = world.ticket()
        for _ in range(2):
            assert consumption.draw_minutes(contract_id, ticket.id, 60, JULY, key="time:1").left == 540
        assert consumption.draw_minutes(contract_id, ticket.id, 60, JULY, key="time:2").left == 480

    def test_of_nothing_are_refused(self, world, contract_id):
        with pytest.raises(Invalid):
            consumption.draw_minutes(contract_id, world.ticket().id, 0, JULY, key="time:1")

    def test_with_the_key_of_another_ticket_is_refused(self, world, contract_id):
        agreed.balance(contract_id, 600, "minutes")
        consumption.draw_minutes(contract_id, world.ticket().id, 60, JULY, key="time:1")
        with pytest.raises(Conflict, match="another ticket"):
            consumption.draw_minutes(contract_id, world.ticket().id, 60, JULY, key="time:1")
        assert rest(contract_id) == [540]


class TestLeft:
    def test_is_low_from_the_warning_on(self, world, contract_id):
        agreed.balance(contract_id, 5, warn_percent=80)
        low = []
        for _ in range(4):
            consumption.draw_incident(contract_id, world.ticket().id, JULY)
            low.append(consumption.left(contract_id, date(2026, 7, 4))[0].is_low)
        assert low == [False, False, False, True]
        db.session.commit()
