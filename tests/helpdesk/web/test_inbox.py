"""The lists as a browser sees them."""

from __future__ import annotations

import re

import pytest

from helpdesk.db import db
from helpdesk.tickets import lifecycle, queue, triage, views
from tests.plugins.product import queries
from tests.plugins.world import Browser, World


def rows(page: str) -> list[int]:
    return [int(number) for number in re.findall(r'id="row-(\d+)"', page)]


class TestShow:
    def test_home_is_next_up(self, ben_at_work: Browser):
        answer = ben_at_work.get("/")
        assert (answer.status_code, answer.location) == (303, "/inbox/next-up")

    @pytest.mark.parametrize("view", views.VIEWS)
    def test_every_view_opens(self, world: World, ben_at_work: Browser, view: str):
        world.ticket()
        assert ben_at_work.get(f"/inbox/{view}").status_code == 200

    def test_shows_who_what_and_the_words(self, world: World, ben_at_work: Browser):
        ticket = world.ticket()
        page = ben_at_work.get("/inbox/next-up").text
        assert ticket.number in rows(page)
        for words in ("Olive Tran", "Orchard Dairy", "Cold room 2 is warm", "It shows 9 degrees."):
            assert words in page

    def test_a_view_nobody_made_is_not_there(self, ben_at_work: Browser):
        assert ben_at_work.get("/inbox/everything").status_code == 404

    @pytest.mark.parametrize("after", ["x", "W10", "%00", "WzEsMl0"])
    def test_a_broken_cursor_is_said_in_words(self, ben_at_work: Browser, after: str):
        answer = ben_at_work.get(f"/inbox/next-up?after={after}", HX_Request="true")
        assert answer.status_code == 422
        assert "Start from the top" in answer.text

    def test_more_tickets_come_as_a_fragment(self, world: World, ben_at_work: Browser, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(queue, "PAGE", 3)
        for n in range(5):
            world.ticket(f"T{n}")
        first = ben_at_work.get("/inbox/next-up").text
        more = re.search(r"\?after=([^\"&]+)", first)
        assert more is not None
        second = ben_at_work.get(f"/inbox/next-up?after={more[1]}", HX_Request="true").text
        assert "<html" not in second
        assert rows(second)
        assert not set(rows(first)) & set(rows(second))

    def test_words_of_a_customer_are_words(self, world: World, ben_at_work: Browser):
        vector = "<script>alert(1)</script><img src=x onerror=alert(1)>"
        world.ticket(vector, text=vector, by=world.olive)
        page = ben_at_work.get("/inbox/next-up").text
        assert "<script>alert" not in page
        assert "<img src=x" not in page


class TestRow:
    def test_is_there_while_the_ticket_is_in_the_view(self, world: World, ben_at_work: Browser):
        ticket = world.ticket()
        shown = ben_at_work.get(f"/tickets/{ticket.number}/row?view=next-up")
        assert (shown.status_code, rows(shown.text)) == (200, [ticket.number])
        lifecycle.resolve(ticket, by=world.ben)
        assert ben_at_work.get(f"/tickets/{ticket.number}/row?view=next-up").status_code == 204


class TestCounts:
    def test_are_the_agents_own(self, world: World, ben_at_work: Browser):
        triage.assign(world.ticket(), to=world.ben, by=world.ben)
        counted = dict(re.findall(r'data-count="([a-z-]+)">(\d+)<', ben_at_work.get("/inbox/counts").text))
        assert counted["mine"] == "1"
        assert "done" not in counted


class TestCost:
    def test_of_a_page_does_not_grow_with_its_rows(self, world: World, ben_at_work: Browser):
        costs = []
        for more in (1, 20):
            for n in range(more):
                triage.assign(world.ticket(f"T{n}"), to=world.mei, by=world.ben)
            db.session.commit()
            ben_at_work.get("/inbox/next-up")  # what is asked once in half a minute is asked here
            with queries() as sent:
                assert ben_at_work.get("/inbox/next-up").status_code == 200
            costs.append(len(sent))
        assert costs[0] == costs[1] <= 6
