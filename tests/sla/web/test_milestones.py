"""What agents say of the work, and take back, on a ticket's page."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from helpdesk.db import db
from helpdesk.events import Event
from helpdesk.now import travel
from helpdesk.tickets.models import Ticket
from sla.commitments.models import Commitment
from tests.plugins.world import Browser, World
from tests.sla import promising


@pytest.fixture
def ticket(world: World) -> Ticket:
    promising.contract(
        "Orchard Dairy",
        "Gold",
        promising.clause("restore", 14400, "Running again in four hours."),
        promising.clause("resolution", 86400, "Fixed in a day."),
        promising.clause("on_site", 7200, "An engineer on site in two hours."),
    )
    db.session.commit()
    return world.ticket()


def outcomes(ticket: Ticket, metric: str) -> list[str]:
    rows = select(Commitment.outcome).where(Commitment.ticket_id == ticket.id, Commitment.metric == metric)
    return list(db.session.scalars(rows.order_by(Commitment.cycle)))


def say(browser: Browser, ticket: Ticket, *words: str) -> str:
    for word in words:
        answer = browser.post(f"/tickets/{ticket.number}/milestones", {"says": word})
        assert answer.status_code == 303, word
    return browser.get(f"/tickets/{ticket.number}").text


def kinds(ticket: Ticket) -> list[str]:
    rows = select(Event.kind).where(Event.ticket_id == ticket.id, Event.agent_id.is_not(None)).order_by(Event.id)
    return list(db.session.scalars(rows))


class TestTakingBack:
    @pytest.mark.parametrize(
        ("word", "metric", "said"),
        [("restored", "restore", "Runs again"), ("planned", "resolution", "Plan agreed")],
    )
    def test_lets_the_clock_run_on(self, ben_at_work: Browser, ticket: Ticket, word: str, metric: str, said: str):
        shown = say(ben_at_work, ticket, word)
        assert outcomes(ticket, metric) == ["kept"]
        assert f"<span>{said}</span>" in shown
        assert f'value="{word}"' not in shown
        shown = say(ben_at_work, ticket, f"not-{word}")
        assert outcomes(ticket, metric) == ["running"]
        assert f'value="{word}"' in shown

    def test_of_an_engineer_on_the_way_ends_the_promise_without_breaking_it(self, ben_at_work: Browser, ticket: Ticket):
        shown = say(ben_at_work, ticket, "dispatched")
        assert "Call back" in shown
        assert outcomes(ticket, "on_site") == ["running"]
        shown = say(ben_at_work, ticket, "not-dispatched")
        assert outcomes(ticket, "on_site") == ["void"]
        assert "called the engineer back" in shown
        assert "Send an engineer" in shown

    def test_of_an_arrival_goes_on_as_if_nobody_had_come(self, ben_at_work: Browser, ticket: Ticket):
        shown = say(ben_at_work, ticket, "dispatched", "arrived")
        assert outcomes(ticket, "on_site") == ["kept"]
        assert "Send another" in shown
        due = db.session.scalars(select(Commitment.due_at).where(Commitment.metric == "on_site")).one()
        shown = say(ben_at_work, ticket, "not-arrived")
        assert outcomes(ticket, "on_site") == ["running"]
        assert db.session.scalars(select(Commitment.due_at).where(Commitment.metric == "on_site")).one() == due
        assert "Engineer on the way" in shown

    def test_of_not_being_let_in_lets_the_clock_run(self, ben_at_work: Browser, ticket: Ticket):
        say(ben_at_work, ticket, "dispatched", "refused")
        assert outcomes(ticket, "on_site") == ["paused"]
        say(ben_at_work, ticket, "not-refused")
        assert outcomes(ticket, "on_site") == ["running"]

    def test_after_a_visit_another_may_be_sent_and_called_back(self, ben_at_work: Browser, ticket: Ticket):
        say(ben_at_work, ticket, "dispatched", "arrived", "dispatched", "not-dispatched")
        assert outcomes(ticket, "on_site") == ["kept", "void"]

    @pytest.mark.parametrize("word", ["not-dispatched", "not-arrived", "not-refused", "arrived"])
    def test_of_what_was_never_said_is_refused(self, ben_at_work: Browser, ticket: Ticket, word: str):
        answer = ben_at_work.post(f"/tickets/{ticket.number}/milestones", {"says": word})
        assert answer.status_code == 409
        assert kinds(ticket) == []

    @pytest.mark.parametrize("word", ["restored", "planned", "not-restored", "not-planned"])
    def test_twice_is_harmless(self, ben_at_work: Browser, ticket: Ticket, word: str):
        say(ben_at_work, ticket, word.removeprefix("not-"), word, word)
        assert len(kinds(ticket)) == (2 if word.startswith("not-") else 1)

    def test_too_late_is_broken_when_it_is_taken_back(self, world: World, ticket: Ticket):
        from_now = timedelta(hours=5)
        browser = world.browser(world.ben)
        say(browser, ticket, "dispatched", "arrived")
        with travel(hours=5):
            say(browser, ticket, "not-arrived")
        row = db.session.scalars(select(Commitment).where(Commitment.metric == "on_site")).one()
        assert (row.outcome, row.broken_on_change) == ("broken", True)
        assert row.broken_at is not None
        assert row.broken_at - row.started_at >= from_now - timedelta(minutes=1)
