"""A view of the queue as a file: all of it, for the same eyes, never more at once than pages can spare."""

from __future__ import annotations

import csv
import io

import openpyxl
import pytest
from sqlalchemy import select, update

from helpdesk.access.permissions import visible_tickets
from helpdesk.db import db
from helpdesk.people.models import Agent
from helpdesk.tickets import queue, views
from helpdesk.tickets.models import Ticket
from helpdesk.web import streaming
from tests.plugins.world import Browser, World


def rows(browser: Browser, query: str = "view=next-up") -> list[dict[str, str]]:
    raw = browser.get(f"/exports/tickets.csv?{query}").data.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(raw, newline="")))


class TestTickets:
    def test_are_all_of_the_view_in_its_order_without_a_cap(self, world: World, ben_at_work: Browser):
        numbers = [str(world.ticket(f"Number {place}").number) for place in range(60)]
        found = [row["Ticket"] for row in rows(ben_at_work)]
        assert set(numbers) < set(found)
        shown, after = [], None
        while True:
            page = queue.page(visible_tickets(world.ben), views.VIEWS["next-up"], world.ben, after=after)
            shown += [str(row.number) for row in page.rows]
            after = page.after
            if after is None:
                break
        assert found == shown

    @pytest.mark.parametrize("view", ["mine", "unassigned", "waiting", "snoozed", "done", "spam"])
    def test_of_other_views_are_those_of_that_view(self, world: World, view: str):
        found = rows(world.browser(world.mei), f"view={view}")
        assert found
        assert all(row["Subject"].startswith("Proofer") for row in found)

    def test_say_who_writes_how_and_in_which_state(self, world: World, ben_at_work: Browser):
        number = world.ticket("Cold room 2 is warm").number
        mine = next(row for row in rows(ben_at_work) if row["Ticket"] == str(number))
        assert (mine["Customer"], mine["Who writes"], mine["State"]) == ("Orchard Dairy", "Olive Tran", "open")

    def test_whose_subject_is_a_formula_are_text_in_every_kind_of_file(self, world: World, ben_at_work: Browser):
        world.ticket('=HYPERLINK("https://evil.example","Invoice")')
        assert any(row["Subject"].startswith("'=HYPERLINK") for row in rows(ben_at_work))
        raw = ben_at_work.get("/exports/tickets.xlsx?view=next-up").data
        subjects = [row[1] for row in openpyxl.load_workbook(io.BytesIO(raw)).active.iter_rows(min_row=2)]
        risky = next(cell for cell in subjects if cell.value.startswith("=HYPERLINK"))
        assert (risky.data_type, risky.quotePrefix) == ("s", True)

    def test_are_json_for_programs(self, world: World, ben_at_work: Browser):
        told = ben_at_work.get("/api/v1/tables/tickets?view=next-up").json
        assert told["count"] == len(told["rows"]) == len(rows(ben_at_work))
        assert told["rows"][0].keys() == {column["key"] for column in told["columns"]}


class TestAccess:
    @pytest.mark.parametrize("path", ["/exports/tickets.csv", "/exports/tickets.xlsx"])
    def test_nobody_is_led_to_sign_in(self, world: World, path: str):
        assert Browser(world.app).get(path).location.startswith("/sign-in?next=")

    def test_a_program_without_a_session_is_turned_away(self, world: World):
        assert Browser(world.app).get("/api/v1/tables/tickets").status_code == 401

    def test_who_has_left_gets_nothing(self, world: World, ben_at_work: Browser):
        db.session.execute(update(Agent).where(Agent.id == world.ben.id).values(deactivated_at=db.func.now()))
        assert ben_at_work.get("/exports/tickets.csv").status_code in {303, 401}

    def test_a_table_that_is_none_is_not_found(self, world: World, ben_at_work: Browser):
        assert ben_at_work.get("/exports/salaries.csv").status_code == 404

    def test_a_view_that_is_none_is_named_as_a_mistake(self, world: World, ben_at_work: Browser):
        assert ben_at_work.get("/exports/tickets.csv?view=secrets").status_code == 422
        told = ben_at_work.get("/api/v1/tables/tickets?view=secrets")
        assert (told.status_code, told.mimetype) == (422, "application/problem+json")

    def test_the_file_is_an_attachment_with_a_name_and_kept_by_nobody(self, world: World, ben_at_work: Browser):
        answer = ben_at_work.get("/exports/tickets.csv?view=done")
        assert answer.headers["Content-Disposition"] == "attachment; filename=tickets-done.csv"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"

    def test_the_list_of_tables_names_those_there_are_for_who_asks(self, world: World):
        mine = {one["key"] for one in world.browser(world.ben).get("/api/v1/tables").json["tables"]}
        theirs = {one["key"] for one in world.browser(world.mei).get("/api/v1/tables").json["tables"]}
        assert "tickets" in mine
        assert mine < theirs


class TestRoom:
    def test_no_more_leave_at_once_than_one_process_spares(self, world: World, ben_at_work: Browser):
        held = [streaming.Streamed(world.app, lambda: iter([b"one", b"two"])) for _ in range(streaming.MOST)]
        answer = ben_at_work.get("/exports/tickets.csv")
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "20")
        held[0].close()
        assert ben_at_work.get("/exports/tickets.csv").status_code == 200
        held[0].close()
        assert list(held[1]) == [b"one", b"two"]
        assert ben_at_work.get("/exports/tickets.csv").status_code == 200

    def test_what_breaks_before_its_first_byte_is_an_error_and_frees_its_place(self, world: World):
        def broken():
            raise ValueError
            yield b""

        for _ in range(streaming.MOST + 1):
            with pytest.raises(ValueError):
                streaming.Streamed(world.app, broken)

    def test_rows_are_read_in_a_session_of_their_own_that_ends_with_the_file(self, world: World):
        def numbers():
            for number in db.session.scalars(select(Ticket.number)):
                yield str(number).encode()

        before = db.engine.pool.checkedout()
        stream = streaming.Streamed(world.app, numbers)
        assert db.engine.pool.checkedout() == before + 1
        stream.close()
        assert db.engine.pool.checkedout() == before
