"""Time noted on a ticket's page: drawn from the hours bought ahead, said, refused, taken back."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import func, select

from helpdesk.db import db
from helpdesk.events import Event
from helpdesk.now import travel
from helpdesk.tickets import merging
from helpdesk.tickets.models import Ticket
from sla.contracts import consumption
from sla.contracts.models import PrepaidBalance, PrepaidEntry, TimeEntry
from tests.plugins.world import Browser, World
from tests.sla import promising
from tests.sla.contracts import agreed

NOON = datetime(2026, 11, 20, 17, tzinfo=UTC)
KEY = "0123456789abcdef" * 2


@pytest.fixture
def hours(world: World) -> PrepaidBalance:
    """Ten hours for the dairy, charged in quarters of an hour."""
    version = promising.contract("Orchard Dairy", "Block", promising.clause("first_response", 1800))
    db.session.commit()
    return agreed.balance(version.contract_id, 600, "minutes", round_to=15)


@pytest.fixture
def ticket(world: World, hours: PrepaidBalance) -> Ticket:
    return world.ticket()


def drawn() -> int:
    return int(db.session.scalar(select(func.coalesce(func.sum(PrepaidEntry.amount), 0))))


def entry() -> TimeEntry:
    return db.session.scalars(select(TimeEntry)).one()


def note(browser: Browser, ticket: Ticket, minutes: str, what: str = "Cleaned the coil", key: str = ""):
    return browser.post(f"/tickets/{ticket.number}/time", {"minutes": minutes, "what": what, "client_id": key})


class TestNoting:
    @pytest.mark.parametrize(("typed", "charged"), [("45", 45), ("45 min", 45), ("1 h 30 min", 90), ("50", 60)])
    def test_draws_what_the_agreement_charges(self, ben_at_work: Browser, ticket: Ticket, typed: str, charged: int):
        assert note(ben_at_work, ticket, typed).status_code == 303
        assert drawn() == charged

    def test_says_what_is_left_and_by_whom_it_was_noted(self, ben_at_work: Browser, ticket: Ticket):
        shown = ben_at_work.get(note(ben_at_work, ticket, "90").location).text
        assert '<span class="medium num">8 h 30 min</span> left' in shown
        assert "Ben Osei noted 90 min: Cleaned the coil" in shown
        assert '<span class="medium num">1 h 30 min</span> Cleaned the coil' in shown

    def test_twice_the_same_form_notes_it_once(self, ben_at_work: Browser, ticket: Ticket):
        for _ in range(2):
            assert note(ben_at_work, ticket, "30", key=KEY).status_code == 303
        assert drawn() == 30

    def test_the_same_form_on_another_ticket_is_another_note(self, world: World, ben_at_work: Browser, ticket: Ticket):
        for one in (ticket, world.ticket("Another")):
            assert note(ben_at_work, one, "30", key=KEY).status_code == 303
        assert drawn() == 60

    def test_more_than_is_left_uses_it_up_and_says_so(self, ben_at_work: Browser, ticket: Ticket):
        shown = ben_at_work.get(note(ben_at_work, ticket, "11 h").location).text
        assert drawn() == 600
        assert "nothing</span> left" in shown
        assert "Used up" in shown
        assert "10 h drawn" in shown
        assert "nothing drawn, to be paid for" in ben_at_work.get(note(ben_at_work, ticket, "15").location).text

    @pytest.mark.parametrize(
        ("minutes", "what", "words"),
        [
            ("", "x", "Enter how long you worked"),
            ("0", "x", "Enter how long you worked"),
            ("-5 min", "x", "Enter a time like"),
            ("soon", "x", "Enter a time like"),
            ("25 h", "x", "more than a day"),
            ("99999", "x", "more than a day"),
            ("30", "  ", "Say what was done"),
            ("30", "x" * 201, "fewer words"),
        ],
    )
    def test_refuses_nonsense_at_its_field(self, ben_at_work: Browser, ticket: Ticket, minutes: str, what: str, words):
        answer = note(ben_at_work, ticket, minutes, what)
        assert answer.status_code == 422
        assert words in answer.text
        assert answer.text.count('aria-invalid="true"') == 1
        assert (drawn(), db.session.scalar(select(func.count()).where(Event.kind == "time.noted"))) == (0, 0)

    def test_without_hours_bought_ahead_it_is_noted_and_nothing_drawn(self, world: World, ben_at_work: Browser, hours):
        other = world.ticket(by=world.nora, author_address="nora@stbrigid.example")
        assert "Prepaid time" not in ben_at_work.get(f"/tickets/{other.number}").text
        assert f'href="/tickets/{other.number}/time"' in ben_at_work.get(f"/tickets/{other.number}").text
        assert note(ben_at_work, other, "30").status_code == 303
        assert (drawn(), entry().is_billable) == (0, False)

    def test_says_whose_day_it_was_and_who_pays(self, world: World, ben_at_work: Browser, ticket: Ticket):
        more = {"day": "2026-11-19", "agent": str(world.mei.id), "billable": "no"}
        with travel(to=NOON):
            browser = world.browser(world.ben)
            answer = browser.post(f"/tickets/{ticket.number}/time", {"minutes": "30", "what": "Looked", **more})
            shown = browser.get(answer.location).text
        one = entry()
        assert (one.agent_id, one.noted_by_id) == (world.mei.id, world.ben.id)
        assert (one.day, one.is_billable, drawn()) == (date(2026, 11, 19), False, 0)
        assert "Ben Osei noted 30 min of Mei" in shown
        assert "nobody pays" in shown

    @pytest.mark.parametrize(
        ("more", "words"),
        [
            ({"day": "2026-11-21"}, "still to come"),
            ({"day": "2025-11-18"}, "more than a year ago"),
            ({"day": "soon"}, "no such day"),
            ({"agent": "999999"}, "nobody like that"),
            ({"billable": "perhaps"}, "Choose one of the list"),
        ],
    )
    def test_refuses_a_day_or_person_that_is_none(self, world: World, ticket: Ticket, more: dict[str, str], words: str):
        with travel(to=NOON):
            values = {"minutes": "30", "what": "Looked", **more}
            answer = world.browser(world.ben).post(f"/tickets/{ticket.number}/time", values)
        assert answer.status_code == 422
        assert words in answer.text
        assert db.session.scalar(select(func.count(TimeEntry.id))) == 0

    def test_of_a_day_is_drawn_from_what_could_be_drawn_from_then(self, world: World, ticket: Ticket, hours):
        old = agreed.balance(hours.contract_id, 60, "minutes", expires_on=date(2026, 11, 19))
        with travel(to=NOON):
            for day in ("2026-11-19", "2026-11-20"):
                values = {"minutes": "15", "what": "Looked", "day": day}
                world.browser(world.ben).post(f"/tickets/{ticket.number}/time", values)
        from_each = select(PrepaidEntry.balance_id, PrepaidEntry.amount).order_by(PrepaidEntry.id)
        assert [tuple(row) for row in db.session.execute(from_each)] == [(old.id, 15), (hours.id, 15)]

    def test_on_a_merged_ticket_is_refused(self, world: World, ben_at_work: Browser, ticket: Ticket):
        merging.merge(ticket, into=world.ticket("The first"), by=world.ben)
        db.session.commit()
        assert note(ben_at_work, ticket, "30").status_code == 409


class TestJson:
    def test_notes_tells_and_takes_back(self, world: World, ben_at_work: Browser, ticket: Ticket):
        path = f"/api/v1/tickets/{ticket.number}/time"
        sent = {"minutes": 50, "what": "Cleaned the coil", "client_id": KEY}
        made = ben_at_work.json("POST", path, sent)
        assert made.status_code == 201
        told = {"minutes": 50, "what": "Cleaned the coil", "agent": world.ben.id, "billable": True, "drawn": 60}
        assert told.items() <= made.json.items()
        assert ben_at_work.json("POST", path, sent).json == made.json
        assert [one["id"] for one in ben_at_work.get(path).json["time"]] == [made.json["id"]]
        back = ben_at_work.json("DELETE", f"{path}/{made.json['id']}", {})
        assert (back.status_code, back.json["returned_at"] is None, drawn()) == (200, False, 0)
        assert ben_at_work.get(path).json["time"] == []

    def test_refuses_by_field(self, ben_at_work: Browser, ticket: Ticket):
        path = f"/api/v1/tickets/{ticket.number}/time"
        refused = ben_at_work.json("POST", path, {"minutes": 0, "what": "x"})
        assert (refused.status_code, set(refused.json["fields"])) == (422, {"minutes"})
        assert ben_at_work.json("DELETE", f"{path}/4711", {}).status_code == 404


class TestTakingBack:
    def way_back(self, browser: Browser, ticket: Ticket) -> str:
        found = re.search(r'action="(/tickets/\d+/time/[^"]+/return)"', browser.get(f"/tickets/{ticket.number}").text)
        assert found is not None
        return found[1]

    def test_reverses_the_entry_and_keeps_both(self, ben_at_work: Browser, ticket: Ticket):
        note(ben_at_work, ticket, "30")
        back = self.way_back(ben_at_work, ticket)
        for _ in range(2):
            assert ben_at_work.post(back).status_code == 303
        assert list(db.session.scalars(select(PrepaidEntry.amount).order_by(PrepaidEntry.id))) == [30, -30]
        shown = ben_at_work.get(f"/tickets/{ticket.number}").text
        assert "10 h</span> left" in shown
        assert "Ben Osei took 30 min back: Cleaned the coil" in shown
        assert "/return" not in shown

    def test_is_offered_as_the_undo_of_what_was_just_noted(self, ben_at_work: Browser, ticket: Ticket):
        shown = ben_at_work.get(note(ben_at_work, ticket, "30").location).text
        assert "Time noted." in shown
        way = re.search(r'class="toast".*?action="([^"]+)"', shown, re.DOTALL)
        assert way is not None
        assert ben_at_work.post(way[1]).status_code == 303
        assert (drawn(), entry().returned_at is None, entry().drawn) == (0, False, 0)

    def test_of_what_is_covered_otherwise_leaves_nothing_drawn(
        self, world: World, ben_at_work: Browser, ticket: Ticket
    ):
        note(ben_at_work, ticket, "30")
        consumption.give_back(ticket.id, "Covered otherwise.", by=world.ada)
        db.session.commit()
        db.session.expire_all()
        assert (drawn(), entry().drawn) == (0, 0)
        ben_at_work.post(self.way_back(ben_at_work, ticket))
        assert drawn() == 0

    def test_leaves_what_else_was_noted(self, ben_at_work: Browser, ticket: Ticket):
        note(ben_at_work, ticket, "60", "First")
        note(ben_at_work, ticket, "30", "Second")
        ben_at_work.post(self.way_back(ben_at_work, ticket))
        assert drawn() == 60

    def test_of_what_came_from_two_balances_goes_to_both(self, ben_at_work: Browser, ticket: Ticket, hours):
        agreed.balance(hours.contract_id, 120, "minutes")
        note(ben_at_work, ticket, "11 h")
        assert drawn() == 660
        ben_at_work.post(self.way_back(ben_at_work, ticket))
        by_balance = select(func.sum(PrepaidEntry.amount)).group_by(PrepaidEntry.balance_id)
        assert list(db.session.scalars(by_balance)) == [0, 0]

    def test_of_what_was_not_noted_here_is_not_found(self, ben_at_work: Browser, ticket: Ticket):
        assert ben_at_work.post(f"/tickets/{ticket.number}/time/nothing/return").status_code == 404
