"""Figures of money, each worked out by hand: rounding, rates that change, nights, what nobody knows, merges, currencies."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from helpdesk.db import db
from helpdesk.now import travel
from helpdesk.people.models import Membership, Team
from helpdesk.tickets import merging
from sla.commitments.models import Commitment
from sla.contracts import consumption, noting
from sla.contracts.models import Credit
from sla.money import figures
from sla.money.sums import Amount, Line
from sla.policies.models import Clause
from sla.volume import counting
from tests.plugins.world import World
from tests.sla import rotas
from tests.sla.contracts import agreed
from tests.sla.money import books
from tests.sla.money.books import cents, covered, fee, money, page, rate, worked

NOVEMBER = ("2026-11-01", "2026-11-30")


@pytest.fixture(autouse=True)
def _days(world: World):
    books.settle()
    with travel(to=books.NOON):
        yield


def team(world: World, name: str, *people) -> Team:
    made = Team(name=name, brand_id=1)
    db.session.add(made)
    db.session.flush()
    db.session.add_all(Membership(team_id=made.id, agent_id=one.id) for one in people)
    db.session.commit()
    return made


class TestWork:
    def test_costs_its_minutes_at_the_rate_and_each_entry_is_rounded_once(self, world: World) -> None:
        rate("work", 4999, agent=world.ben)
        ticket = world.ticket()
        for _ in range(3):
            worked(ticket, world.ben, 5, "2026-11-10")  # 416.58 cents each: 417, not 1249.75 for all
        assert cents(money(*NOVEMBER).whole.of("work")) == {"USD": 3 * 417}

    @pytest.mark.parametrize(
        ("per_hour", "minutes", "due"), [(90, 1, 2), (89, 1, 1), (30, 1, 1), (29, 1, 0), (6000, 1, 100)]
    )
    def test_half_a_cent_is_one(self, world: World, per_hour: int, minutes: int, due: int) -> None:
        rate("work", per_hour)
        worked(world.ticket(), world.ben, minutes, "2026-11-10")
        assert cents(money(*NOVEMBER).whole.of("work")) == {"USD": due}

    def test_a_rate_that_changes_counts_from_its_day_on(self, world: World) -> None:
        rate("work", 6000, agent=world.ben, since=date(2026, 1, 1))
        rate("work", 7200, agent=world.ben, since=date(2026, 11, 15))
        ticket = world.ticket()
        worked(ticket, world.ben, 30, "2026-11-14")
        worked(ticket, world.ben, 30, "2026-11-15")
        assert cents(money(*NOVEMBER).whole.of("work")) == {"USD": 3000 + 3600}

    def test_of_two_rates_from_the_same_day_the_later_written_counts(self, world: World) -> None:
        rate("work", 6000, agent=world.ben)
        rate("work", 3000, agent=world.ben)
        worked(world.ticket(), world.ben, 60, "2026-11-10")
        assert cents(money(*NOVEMBER).whole.of("work")) == {"USD": 3000}

    def test_a_persons_own_rate_goes_before_the_teams_and_that_before_the_houses(self, world: World) -> None:
        first, second = team(world, "First", world.ben, world.mei), team(world, "Second", world.ben)
        rate("work", 1200)
        rate("work", 2400, team=second)
        ticket = world.ticket()
        for one in (world.ada, world.ben, world.mei):
            worked(ticket, one, 60, "2026-11-10")
        assert cents(money(*NOVEMBER).whole.of("work")) == {"USD": 1200 + 2400 + 1200}
        rate("work", 3600, team=first)
        assert cents(money(*NOVEMBER).whole.of("work")) == {"USD": 1200 + 3600 + 3600}
        rate("work", 6000, agent=world.ben)
        assert cents(money(*NOVEMBER).whole.of("work")) == {"USD": 1200 + 6000 + 3600}
        rate("work", None, agent=world.ben, since=date(2026, 11, 10))
        assert cents(money(*NOVEMBER).whole.of("work")) == {"USD": 1200 + 3600 + 3600}

    def test_without_a_rate_is_not_known_and_the_rest_is_at_least(self, world: World) -> None:
        rate("work", 6000, agent=world.ben)
        ticket = world.ticket()
        worked(ticket, world.ben, 60, "2026-11-10")
        worked(ticket, world.mei, 60, "2026-11-10")
        found = money(*NOVEMBER).whole
        assert found.of("work") == Amount({"USD": 6000}, unknown=1, many=2, quantity=120)
        assert (found.margin.cents, found.margin.bound) == ({"USD": -6000}, "at most")

    def test_before_the_first_rate_is_not_known(self, world: World) -> None:
        rate("work", 6000, since=date(2026, 11, 11))
        worked(world.ticket(), world.ben, 60, "2026-11-10")
        assert money(*NOVEMBER).whole.of("work") == Amount({}, unknown=1, many=1, quantity=60)

    def test_that_was_taken_back_costs_nothing(self, world: World) -> None:
        rate("work", 6000)
        ticket = world.ticket()
        key = worked(ticket, world.ben, 60, "2026-11-10")
        noting.take_back(ticket, key, by=world.ben)
        db.session.commit()
        assert money(*NOVEMBER).whole.of("work") == Amount()

    def test_counts_on_its_day_whenever_it_was_noted(self, world: World) -> None:
        rate("work", 6000)
        worked(world.ticket(), world.ben, 60, "2026-10-31")
        assert money(*NOVEMBER).whole.of("work") == Amount()
        assert cents(money("2026-10-01", "2026-10-31").whole.of("work")) == {"USD": 6000}

    def test_of_a_merged_ticket_counts_for_the_one_it_was_merged_into(self, world: World) -> None:
        rate("work", 6000)
        gold, silver = fee("Orchard Dairy", 0), fee("St. Brigid Hospital", 0)
        ours = world.ticket()
        theirs = world.ticket(by=world.nora, author_address="nora@stbrigid.example")
        covered(ours, gold)
        covered(theirs, silver)
        worked(ours, world.ben, 60, "2026-11-10")
        merging.merge(ours, into=theirs, by=world.ben)
        db.session.commit()
        found = money(*NOVEMBER, "agreement").by
        assert cents(found[str(silver.contract_id)].of("work")) == {"USD": 6000}
        assert found[str(gold.contract_id)].of("work") == Amount()
        assert cents(figures.of_ticket(theirs, "America/New_York").of("work")) == {"USD": 6000}
        merging.part(ours, target=theirs, by=world.ben)
        db.session.commit()
        found = money(*NOVEMBER, "agreement").by
        assert cents(found[str(gold.contract_id)].of("work")) == {"USD": 6000}
        assert figures.of_ticket(theirs, "America/New_York").of("work") == Amount()


class TestUntimed:
    def answered(self, world: World, subject: str = "It is warm"):
        ticket = world.ticket(subject)
        world.reply(ticket)
        counting.tick()
        return ticket

    def test_what_was_answered_without_time_is_a_cost_nobody_knows(self, world: World) -> None:
        rate("work", 6000)
        ticket = self.answered(world)
        found = money(*NOVEMBER).whole
        assert found.cost.unknown == found.of("untimed").many == 1
        worked(ticket, world.ben, 60, "2026-11-10")
        assert money(*NOVEMBER).whole.cost == Amount({"USD": 6000}, many=1, quantity=60)

    def test_time_on_what_was_merged_in_is_time(self, world: World) -> None:
        rate("work", 6000)
        one, other = world.ticket(), self.answered(world, "Again")
        worked(one, world.ben, 60, "2026-11-10")
        merging.merge(one, into=other, by=world.ben)
        db.session.commit()
        counting.tick()
        assert money(*NOVEMBER).whole.cost.unknown == 0


class TestNights:
    @pytest.fixture(autouse=True)
    def _ben(self, world: World) -> None:
        world.ben.zone = "America/New_York"
        db.session.commit()

    @pytest.mark.parametrize(
        ("at", "many"), [("21:59:59", 0), ("22:00:00", 1), ("05:59:59", 1), ("06:00:00", 0), ("12:00:00", 0)]
    )
    def test_are_from_ten_to_six_by_that_persons_clock(self, world: World, at: str, many: int) -> None:
        rate("night", 2500)
        page(world.ben, f"2026-11-10T{at}-05:00", world.ticket())
        assert cents(money(*NOVEMBER).whole.of("night")) == ({"USD": 2500} if many else {})

    def test_a_page_for_three_tickets_is_shared_to_the_cent(self, world: World) -> None:
        rate("night", 1000)
        tickets = [world.ticket(f"Alarm {number}") for number in range(3)]
        page(world.ben, "2026-11-10T03:00:00-05:00", *reversed(tickets))
        found = [cents(figures.of_ticket(one, "America/New_York").of("night"))["USD"] for one in tickets]
        assert found == [334, 333, 333]
        assert cents(money(*NOVEMBER).whole.of("night")) == {"USD": 1000}

    def test_tickets_that_were_merged_are_one(self, world: World) -> None:
        rate("night", 1000)
        tickets = [world.ticket(f"Alarm {number}") for number in range(3)]
        page(world.ben, "2026-11-10T03:00:00-05:00", *tickets)
        merging.merge(tickets[0], into=tickets[1], by=world.ben)
        db.session.commit()
        found = [cents(figures.of_ticket(one, "America/New_York").of("night"))["USD"] for one in tickets[1:]]
        assert found == [500, 500]

    def test_test_pages_cost_nothing(self, world: World) -> None:
        rate("night", 2500)
        page(world.ben, "2026-11-10T03:00:00-05:00", world.ticket(), is_test=True)
        assert money(*NOVEMBER).whole.of("night") == Amount()


class TestStandby:
    def test_the_night_of_the_clock_change_has_its_real_hours(self, world: World) -> None:
        rotas.schedule([world.ben])
        rate("standby", 1000, agent=world.ben)
        db.session.commit()
        days = {one.day.isoformat(): (one.seconds, one.cents) for one in money("2026-10-31", "2026-11-02").stood}
        assert days == {
            "2026-10-31": (24 * 3600, 24_000),
            "2026-11-01": (25 * 3600, 25_000),
            "2026-11-02": (24 * 3600, 24_000),
        }
        [spring] = money("2026-03-08", "2026-03-08").stood
        assert (spring.seconds, spring.cents) == (23 * 3600, 23_000)

    def test_two_rotas_at_once_are_paid_once_and_nothing_ahead_is(self, world: World) -> None:
        rotas.schedule([world.ben])
        rotas.schedule([world.ben], name="Again")
        rate("standby", 1000)
        assert cents(money("2026-11-25", "2026-11-30").whole.of("standby")) == {"USD": 12_000}

    def test_a_rate_changes_at_midnight_of_the_reports_zone(self, world: World) -> None:
        rotas.schedule([world.ben])
        rate("standby", 1000)
        rate("standby", 1001, since=date(2026, 11, 11))
        assert cents(money("2026-11-10", "2026-11-11").whole.of("standby")) == {"USD": 24_000 + 24_024}

    def test_is_nobodys_customers_and_unknown_without_a_rate(self, world: World) -> None:
        rotas.schedule([world.ben])
        db.session.commit()
        found = money("2026-11-10", "2026-11-11")
        assert found.whole.of("standby").unknown == 2
        assert all(line.of("standby") == Amount() for line in found.by.values())
        assert money("2026-11-10", "2026-11-11", customer=world.olive.organization_id).whole.of("standby") == Amount()


class TestCredits:
    def credit(self, world: World, **more):
        version = agreed.contract(world.olive.organization_id)
        clause = db.session.query(Clause).filter_by(contract_version_id=version.id).one()
        broken = agreed.broken(world.ticket(), clause, **more)
        made = Credit(commitment_id=broken.id, contract_id=version.contract_id, amount_cents=45_000, currency="USD",
                      rule={}, created_at=books.NOON)  # fmt: skip
        db.session.add(made)
        db.session.commit()
        return version, made

    def test_cost_from_the_break_on_until_they_are_excused(self, world: World) -> None:
        version, made = self.credit(world, broken_at=datetime(2026, 11, 11, 4, 59, tzinfo=UTC))
        for state, due in (("proposed", {"USD": 45_000}), ("posted", {"USD": 45_000}), ("excused", {})):
            made.state = state
            db.session.commit()
            assert cents(money("2026-11-10", "2026-11-10").whole.of("credit")) == due
        made.state = "posted"
        db.session.commit()
        assert money("2026-11-11", "2026-11-11").whole.of("credit") == Amount()
        assert cents(money(*NOVEMBER, agreement=version.contract_id).whole.of("credit")) == {"USD": 45_000}


class TestATicketThatMayHaveAny:
    """What the page of a ticket asks before it adds up."""

    def test_is_none_that_was_only_answered(self, world: World) -> None:
        ticket = world.ticket()
        world.reply(ticket)
        assert not figures.may_have_any(ticket.id)

    def test_was_worked_on(self, world: World) -> None:
        ticket = world.ticket()
        worked(ticket, world.ben, 5, "2026-11-10")
        assert figures.may_have_any(ticket.id)

    def test_rang_somebody(self, world: World) -> None:
        ticket = world.ticket()
        page(world.ben, "2026-11-12T03:00:00-05:00", ticket)
        assert figures.may_have_any(ticket.id)

    def test_was_drawn_for(self, world: World) -> None:
        ticket = world.ticket()
        gold = fee("Orchard Dairy", 0)
        agreed.balance(gold.contract_id, 7, "incidents", price_cents=10_000)
        consumption.draw_incident(gold.contract_id, ticket.id, books.NOON)
        db.session.commit()
        assert figures.may_have_any(ticket.id)

    def test_was_credited(self, world: World) -> None:
        _, made = TestCredits().credit(world)
        assert figures.may_have_any(db.session.get_one(Commitment, made.commitment_id).ticket_id)

    def test_has_another_in_it(self, world: World) -> None:
        ours, theirs = world.ticket(), world.ticket()
        merging.merge(ours, into=theirs, by=world.ben)
        db.session.commit()
        assert figures.may_have_any(theirs.id)
        assert not figures.may_have_any(ours.id)


class TestPrepaid:
    def test_income_is_earned_as_it_is_drawn_and_adds_up_to_the_price(self, world: World) -> None:
        gold = fee("Orchard Dairy", 0)
        block = agreed.balance(gold.contract_id, 7, "incidents", price_cents=10_000)
        found = []
        for number in range(7):
            ticket = world.ticket(f"Request {number}")
            covered(ticket, gold)
            consumption.draw_incident(gold.contract_id, ticket.id, books.NOON)
            db.session.commit()
            found.append(cents(figures.of_ticket(ticket, "America/New_York").of("prepaid"))["USD"])
        assert found == [1429, 1428, 1429, 1428, 1429, 1428, 1429]  # 1428.57 each, as they add up
        assert (sum(found), block.bought) == (10_000, 7)
        assert cents(money(*NOVEMBER).whole.of("prepaid")) == {"USD": 10_000}

    def test_what_is_given_back_is_earned_no_more(self, world: World) -> None:
        gold = fee("Orchard Dairy", 0)
        agreed.balance(gold.contract_id, 600, "minutes", price_cents=60_000, round_to=15)
        ticket = world.ticket()
        covered(ticket, gold)
        key = worked(ticket, world.ben, 50, "2026-11-25", paid=True, contract=gold.contract_id)
        assert cents(money(*NOVEMBER).whole.of("prepaid")) == {"USD": 6000}
        noting.take_back(ticket, key, by=world.ben)
        db.session.commit()
        assert cents(money(*NOVEMBER).whole.of("prepaid")) == {"USD": 0}

    def test_without_a_price_is_not_known(self, world: World) -> None:
        gold = fee("Orchard Dairy", 0)
        agreed.balance(gold.contract_id, 600, "minutes")
        ticket = world.ticket()
        covered(ticket, gold)
        worked(ticket, world.ben, 50, "2026-11-25", paid=True, contract=gold.contract_id)
        assert money(*NOVEMBER).whole.of("prepaid").unknown == 1

    def test_what_is_never_used_is_earned_on_the_last_day(self, world: World) -> None:
        gold = fee("Orchard Dairy", 0)
        agreed.balance(gold.contract_id, 3, price_cents=10_000, expires_on=date(2026, 11, 20))
        assert cents(money("2026-11-20", "2026-11-20").whole.of("expired")) == {"USD": 10_000}
        assert money("2026-11-21", "2026-11-30").whole.of("expired") == Amount()
        assert money("2026-11-01", "2026-11-19").whole.of("expired") == Amount()


class TestBilled:
    def test_is_what_nothing_bought_ahead_pays_at_the_agreements_price(self, world: World) -> None:
        gold = fee("Orchard Dairy", 0, hour_cents=12_000)
        agreed.balance(gold.contract_id, 30, "minutes", price_cents=0)
        rate("billed", 9_000)
        ticket = world.ticket()
        covered(ticket, gold)
        worked(ticket, world.ben, 50, "2026-11-25", paid=True, contract=gold.contract_id)  # 30 drawn, 20 to be paid for
        worked(ticket, world.ben, 60, "2026-11-25")  # nobody pays
        assert cents(money(*NOVEMBER).whole.of("billed")) == {"USD": 4000}

    def test_a_price_that_changes_counts_from_its_day_on(self, world: World) -> None:
        gold = fee("Orchard Dairy", 0, hour_cents=12_000)
        books.next_version(gold, books.midnight("2026-11-15"), hour_cents=15_000)
        ticket = world.ticket()
        covered(ticket, gold)
        for day in ("2026-11-14", "2026-11-15"):
            worked(ticket, world.ben, 60, day, paid=True, contract=gold.contract_id)
        assert cents(money(*NOVEMBER).whole.of("billed")) == {"USD": 27_000}

    def test_without_an_agreement_it_is_the_persons_price_or_not_known(self, world: World) -> None:
        ticket = world.ticket()
        worked(ticket, world.ben, 60, "2026-11-10", paid=True)
        assert money(*NOVEMBER).whole.of("billed").unknown == 1
        rate("billed", 9_000, currency="EUR")
        assert cents(money(*NOVEMBER).whole.of("billed")) == {"EUR": 9_000}


class TestCurrencies:
    def test_are_never_added(self, world: World) -> None:
        rate("work", 6000, agent=world.ben)
        rate("work", 5000, agent=world.mei, currency="EUR")
        ticket = world.ticket()
        worked(ticket, world.ben, 60, "2026-11-10")
        worked(ticket, world.mei, 60, "2026-11-10")
        fee("Orchard Dairy", 36_500, currency="EUR", period="year")
        found = money("2026-11-01", "2026-11-10").whole
        assert cents(found.cost) == {"USD": 6000, "EUR": 5000}
        assert cents(found.income) == {"EUR": 1000}
        assert found.margin.cents == {"EUR": -4000, "USD": -6000}

    def test_a_margin_says_on_which_side_something_is_missing(self) -> None:
        known, not_known = Amount({"USD": 100}, many=1), Amount({"USD": 100}, unknown=1, many=2)
        for income, cost, bound in (
            (known, known, ""), (not_known, known, "at least"), (known, not_known, "at most"),
            (not_known, not_known, "unknown"),
        ):  # fmt: skip
            assert Line({"fee": income, "work": cost}).margin.bound == bound


class TestParts:
    def test_customers_months_and_what_is_shared_add_up_to_the_whole(self, world: World) -> None:
        rate("work", 4999)
        rate("night", 1001)
        rate("standby", 333)
        rotas.schedule([world.ben])
        fee("Orchard Dairy", 1_000_003)
        fee("St. Brigid Hospital", 77_777, period="month")
        world.ben.zone = "America/New_York"
        db.session.commit()
        tickets = [world.ticket(), world.ticket(by=world.nora, author_address="nora@stbrigid.example")]
        for number, ticket in enumerate(tickets * 4):
            worked(ticket, world.ben, 7 + number, f"2026-{9 + number % 3:02}-2{number % 5}")
            page(world.ben, f"2026-{9 + number % 3:02}-1{number}T03:00:00-05:00", *tickets)
        whole = money("2026-09-05", "2026-11-25")
        for kind in ("work", "night", "fee"):
            parts = sum(cents(line.of(kind)).get("USD", 0) for line in whole.by.values())
            assert parts == cents(whole.whole.of(kind))["USD"]
        for kind in ("work", "night", "fee", "standby"):
            assert (
                sum(cents(line.of(kind)).get("USD", 0) for line in whole.months.values())
                == cents(whole.whole.of(kind))["USD"]
            )
        months = [
            money(since, until).whole
            for since, until in (
                ("2026-09-05", "2026-09-30"),
                ("2026-10-01", "2026-10-31"),
                ("2026-11-01", "2026-11-25"),
            )
        ]
        for kind in ("work", "night", "fee", "standby"):
            assert sum(cents(one.of(kind))["USD"] for one in months) == cents(whole.whole.of(kind))["USD"]
