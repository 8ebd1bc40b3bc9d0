"""Filters and saved views as a browser meets them, with script and without."""

from __future__ import annotations

import html
import re
import time

import pytest

from helpdesk.db import db
from helpdesk.people import organizations
from helpdesk.tickets import queue, triage
from helpdesk.tickets.models import Priority, Ticket
from tests.plugins.product import queries
from tests.plugins.world import Browser, World

URGENT = "next-up?priority=urgent"
ENCODED = "next-up%3Fpriority%3Durgent"


def rows(page: str) -> list[int]:
    return [int(number) for number in re.findall(r'id="row-(\d+)"', page)]


def urgent(world: World, *subjects: str) -> list[Ticket]:
    made = [world.ticket(subject) for subject in subjects]
    for ticket in made:
        triage.prioritise(ticket, Priority.URGENT, by=world.ada)
    db.session.commit()
    return made


class TestTheList:
    def test_shows_what_fits_and_says_what_it_is_narrowed_to(self, world: World, ben_at_work: Browser):
        (one,) = urgent(world, "Here")
        world.ticket("There")
        page = ben_at_work.get(f"/inbox/{URGENT}&promise=none").text
        assert rows(page) == [one.number]
        assert 'href="/inbox/next-up?promise=none"' in page
        assert "Urgent priority" in page

    def test_leads_to_tickets_that_know_the_list(self, world: World, ben_at_work: Browser):
        first, second = urgent(world, "One", "Two")
        page = ben_at_work.get(f"/inbox/{URGENT}").text
        assert f'href="/tickets/{first.number}?view={ENCODED}"' in page
        beside = ben_at_work.get(f"/tickets/{first.number}?view={ENCODED}").text
        assert rows(beside) == [first.number, second.number]
        assert "1 of 2" in beside

    def test_done_goes_on_within_it(self, world: World, ben_at_work: Browser):
        first, second = urgent(world, "One", "Two")
        world.ticket("Other")
        answer = ben_at_work.post(f"/tickets/{first.number}/resolution", {"view": URGENT})
        assert answer.location.startswith(f"/tickets/{second.number}?view=next-up?priority%3Durgent&undo=")
        assert rows(ben_at_work.get(answer.location).text) == [second.number]
        answer = ben_at_work.post(f"/tickets/{second.number}/resolution", {"view": URGENT})
        assert answer.location.startswith(f"/inbox/{URGENT}&undo=")
        assert ben_at_work.get(answer.location).status_code == 200

    def test_goes_on_by_its_cursor(self, world: World, ben_at_work: Browser, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(queue, "PAGE", 2)
        made = urgent(world, "A", "B", "C")
        first = ben_at_work.get(f"/inbox/{URGENT}").text
        more = re.search(r'href="(/inbox/[^"]+after=[^"]+)"', first)
        assert more is not None
        second = ben_at_work.get(html.unescape(more[1]), HX_Request="true").text
        assert rows(first) + rows(second) == [one.number for one in made]

    def test_without_anything_says_how_to_take_the_filter_away(self, ben_at_work: Browser):
        page = ben_at_work.get(f"/inbox/{URGENT}").text
        assert "Nothing fits this filter." in page
        assert re.search(r'href="/inbox/next-up"[^>]*>.{0,200}Take the filter away', page, re.DOTALL)

    def test_of_nothing_we_know_is_refused_in_words(self, ben_at_work: Browser):
        answer = ben_at_work.get("/inbox/next-up?promise=green")
        assert answer.status_code == 422
        assert "choose again" in answer.text

    def test_a_row_that_does_not_fit_does_not_come_in(self, world: World, ben_at_work: Browser):
        (fits,), other = urgent(world, "Here"), world.ticket("There")
        answers = [ben_at_work.get(f"/tickets/{one.number}/row?view={ENCODED}") for one in (fits, other)]
        assert [one.status_code for one in answers] == [200, 204]
        assert f"view={ENCODED}" in answers[0].text

    def test_is_taken_along_as_it_is_shown(self, world: World, ben_at_work: Browser):
        urgent(world, "Here")
        world.ticket("There")
        link = re.search(r'href="(/exports/tickets\.csv\?[^"]+)"', ben_at_work.get(f"/inbox/{URGENT}").text)
        assert link is not None
        table = ben_at_work.get(html.unescape(link[1])).text
        assert "Here" in table
        assert "There" not in table

    def test_costs_the_names_it_shows_and_nothing_for_each_row(self, world: World, ben_at_work: Browser):
        costs = []
        for more in (1, 20):
            urgent(world, *(f"T{n}" for n in range(more)))
            ben_at_work.get("/inbox/next-up")
            with queries() as sent:
                ben_at_work.get(f"/inbox/{URGENT}&person={world.ada.id}")
            costs.append(len(sent))
        assert costs[0] == costs[1] <= 7


class TestTheForm:
    def test_leads_to_an_address_of_what_was_chosen_alone(self, ben_at_work: Browser):
        sent = "go=1&promise=&channel=&person=me&team=&priority=&tag=&agreement=&customer_name=&sort=due"
        answer = ben_at_work.get(f"/inbox/next-up/filter?{sent}")
        assert (answer.status_code, answer.location) == (303, "/inbox/next-up?person=me")

    def test_shows_what_is_chosen(self, ben_at_work: Browser):
        page = ben_at_work.get("/inbox/next-up/filter?promise=asleep&sort=oldest").text
        assert '<option value="asleep" selected>' in page
        assert '<option value="oldest" selected>' in page

    def test_offers_no_promises_where_none_run(self, ben_at_work: Browser):
        assert 'name="promise"' not in ben_at_work.get("/inbox/done/filter").text

    def test_finds_a_customer_by_a_part_of_the_name(self, world: World, ben_at_work: Browser):
        answer = ben_at_work.get("/inbox/next-up/filter?go=1&customer_name=brigid&priority=high")
        assert answer.location == f"/inbox/next-up?priority=high&customer={world.nora.organization_id}"
        page = ben_at_work.get(answer.location).text
        assert "St. Brigid Hospital" in page

    def test_asks_which_of_several(self, world: World, ben_at_work: Browser):
        organizations.create("Orchard Lane School")
        db.session.commit()
        page = ben_at_work.get("/inbox/next-up/filter?go=1&customer_name=orchard").text
        assert "Several are called so." in page
        chosen = dict(re.findall(r'<option value="(\d+)">(Orchard [^<]+)<', page))
        assert set(chosen.values()) == {"Orchard Dairy", "Orchard Lane School"}
        one = next(iter(chosen))
        assert (
            ben_at_work.get(f"/inbox/next-up/filter?go=1&customer={one}").location == f"/inbox/next-up?customer={one}"
        )

    def test_says_when_nobody_is_called_so(self, ben_at_work: Browser):
        page = ben_at_work.get("/inbox/next-up/filter?go=1&customer_name=Nobody%25").text
        assert "No customer is called so." in page
        assert 'aria-invalid="true"' in page

    def test_takes_the_customer_away_with_the_name(self, world: World, ben_at_work: Browser):
        there = f"/inbox/next-up/filter?go=1&customer={world.nora.organization_id}&customer_name="
        assert ben_at_work.get(there).location == "/inbox/next-up"

    def test_of_a_view_nobody_made_is_not_there(self, ben_at_work: Browser):
        assert ben_at_work.get("/inbox/everything/filter").status_code == 404


class TestSavedViews:
    def save(self, browser: Browser, name: str = "Urgent ones", view: str = URGENT) -> str:
        answer = browser.post("/views", {"name": name, "view": view})
        assert answer.status_code == 303, answer.text
        return str(answer.location)

    def test_get_a_place_with_their_number(self, world: World, ben_at_work: Browser):
        urgent(world, "A", "B")
        there, counted = self.save(ben_at_work), r'data-count="saved-\d+">2<'
        page = ben_at_work.get(there).text
        until = time.monotonic() + 10
        while not re.search(counted, page) and time.monotonic() < until:  # what a test before counted is shown a while
            page = ben_at_work.get(there).text
        place = re.search(r'<a class="nav__item" href="/inbox/next-up\?priority=urgent"[^>]*>.*?</a>', page, re.DOTALL)
        assert place is not None
        assert "Urgent ones" in place[0]
        assert 'aria-current="page"' in place[0]
        assert re.search(counted, place[0])
        assert len(re.findall(r'class="nav__item"[^>]*aria-current="page"', page)) == 1
        assert '<h2 class="clip">Urgent ones</h2>' in page
        assert re.search(counted, ben_at_work.get("/inbox/counts").text)

    def test_without_a_name_are_asked_for_one(self, ben_at_work: Browser):
        answer = ben_at_work.post("/views", {"name": " ", "view": URGENT})
        assert answer.status_code == 422
        assert "Give it a name" in answer.text
        assert f'name="view" value="{URGENT}"' in answer.text

    def test_are_renamed_removed_and_brought_back(self, ben_at_work: Browser):
        page = ben_at_work.get(self.save(ben_at_work)).text
        number = re.search(r'action="/views/(\d+)/removal"', page)
        assert number is not None
        at = f"/views/{number[1]}"
        assert 'value="Urgent ones"' in ben_at_work.get(f"{at}/edit").text
        assert ben_at_work.post(at, {"name": ""}).status_code == 422
        assert ben_at_work.post(at, {"name": "Quick"}).location == f"/inbox/{URGENT}"
        gone = ben_at_work.post(f"{at}/removal")
        assert gone.location == f"/inbox/next-up?undo=view-{number[1]}"
        page = ben_at_work.get(gone.location).text
        assert "Quick" not in page
        assert f'action="{at}/restoration"' in page
        assert ben_at_work.post(f"{at}/restoration").location == f"/inbox/{URGENT}"
        assert "Quick" in ben_at_work.get("/inbox/next-up").text

    def test_of_others_are_not_there(self, world: World, ben_at_work: Browser):
        page = ben_at_work.get(self.save(ben_at_work)).text
        at = re.search(r"/views/(\d+)/removal", page)
        assert at is not None
        ada = world.browser(world.ada)
        for path in ("", "/removal", "/restoration"):
            assert ada.post(f"/views/{at[1]}{path}", {"name": "Mine now"}).status_code == 404
        assert ada.get(f"/views/{at[1]}/edit").status_code == 404
        assert ada.get(f"/inbox/next-up?undo=view-{at[1]}").status_code == 200
        assert "Urgent ones" not in ada.get(f"/inbox/{URGENT}").text

    def test_whose_filter_is_known_no_more_are_left_out(self, world: World, ben_at_work: Browser):
        self.save(ben_at_work)
        db.session.execute(db.text("UPDATE saved_view SET view = 'next-up?promise=green'"))
        db.session.commit()
        assert "Urgent ones" not in ben_at_work.get("/inbox/next-up").text


class TestJson:
    def test_saves_lists_and_removes(self, ben_at_work: Browser):
        made = ben_at_work.json("POST", "/api/v1/views", {"name": "Urgent ones", "view": URGENT})
        assert made.status_code == 201
        told = {"id": made.json["id"], "name": "Urgent ones", "team": None, "view": URGENT, "href": f"/inbox/{URGENT}"}
        assert made.json == told
        assert ben_at_work.get("/api/v1/views").json == {"views": [told]}
        assert ben_at_work.json("DELETE", f"/api/v1/views/{told['id']}").status_code == 204
        assert ben_at_work.get("/api/v1/views").json == {"views": []}

    @pytest.mark.parametrize(
        "sent",
        [{}, {"name": "x"}, {"name": "x", "view": "next-up"}, {"name": "x", "view": "next-up?promise=green"},
         {"name": "", "view": URGENT}, {"name": "x", "view": URGENT, "more": 1}, {"name": 1, "view": URGENT}],
    )  # fmt: skip
    def test_says_what_does_not_fit(self, ben_at_work: Browser, sent: dict[str, object]):
        answer = ben_at_work.json("POST", "/api/v1/views", sent)
        assert answer.status_code == 422
        assert answer.mimetype == "application/problem+json"
        assert ben_at_work.get("/api/v1/views").json == {"views": []}

    def test_of_the_table_takes_the_same_filter(self, world: World, ben_at_work: Browser):
        (one,) = urgent(world, "Here")
        world.ticket("There")
        told = ben_at_work.get("/api/v1/tables/tickets?view=next-up&priority=urgent").json
        assert [row["ticket"] for row in told["rows"]] == [one.number]
