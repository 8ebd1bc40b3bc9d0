"""Sorting by forms: with script and without, twice and taken back."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import func, select

from helpdesk.db import db
from helpdesk.events import Event
from helpdesk.tickets.models import Priority, Status, Ticket
from tests.plugins.world import Browser, World

FORMS = {
    "assignment": ({"agent": "me"}, lambda t, w: t.assignee_id == w.ben.id),
    "priority": ({"priority": "high"}, lambda t, _: t.priority == Priority.HIGH),
    "tags": ({"tags": "warranty, freezer"}, lambda t, _: len(t.tag_ids) == 2),
    "waiting": ({"for": "part"}, lambda t, _: t.waiting_for == "part"),
    "snooze": ({"until": "t"}, lambda t, _: t.is_snoozed),
    "resolution": ({}, lambda t, _: t.status == Status.RESOLVED),
    "spam": ({}, lambda t, _: t.spam_at is not None),
}


class TestForms:
    @pytest.mark.parametrize("path", FORMS)
    @pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
    def test_do_what_they_say(self, world: World, ben_at_work: Browser, path: str, script: bool):
        form, holds = FORMS[path]
        ticket = world.ticket()
        send = ben_at_work.hx if script else ben_at_work.post
        answer = send(f"/tickets/{ticket.number}/{path}", form)
        assert answer.status_code in ({200, 204} if script else {303})
        assert holds(ticket, world)

    @pytest.mark.parametrize("path", FORMS)
    def test_twice_is_harmless(self, world: World, ben_at_work: Browser, path: str):
        form, holds = FORMS[path]
        ticket = world.ticket()
        for _ in range(2):
            assert ben_at_work.post(f"/tickets/{ticket.number}/{path}", form).status_code == 303
        assert holds(ticket, world)
        recorded = db.session.scalar(
            select(func.count()).where(Event.ticket_id == ticket.id, Event.agent_id.is_not(None))
        )
        assert recorded == 1

    @pytest.mark.parametrize("path", FORMS)
    def test_are_taken_back(self, world: World, ben_at_work: Browser, path: str):
        form, holds = FORMS[path]
        ticket = world.ticket()
        answer = ben_at_work.post(f"/tickets/{ticket.number}/{path}", form)
        event = re.search(r"undo=(\d+)", answer.location)
        assert event is not None
        shown = ben_at_work.get(f"/tickets/{ticket.number}?undo={event[1]}&view=done").text
        assert f'action="/undo/{event[1]}"' in shown
        assert ben_at_work.post(f"/undo/{event[1]}").status_code == 303
        assert not holds(ticket, world)

    @pytest.mark.parametrize(
        ("path", "form"),
        [
            ("assignment", {"agent": "999999"}),
            ("assignment", {"agent": "x"}),
            ("assignment", {"agent": "9" * 17}),
            ("priority", {"priority": "extreme"}),
            ("priority", {}),
            ("waiting", {"for": "godot"}),
            ("snooze", {"until": "yesterday"}),
            ("snooze", {"until": "2001-01-01T08:00"}),
            ("snooze", {"until": "0001-01-01T00:00"}),
            ("snooze", {"until": "9999-12-31T23:59"}),
            ("snooze", {}),
            ("tags", {"tags": ",".join(f"t{n}" for n in range(30))}),
            ("tags", {"tags": "a\0b"}),
        ],
        ids=str,
    )
    def test_that_do_not_fit_change_nothing_and_break_nothing(
        self, world: World, ben_at_work: Browser, path: str, form: dict[str, str]
    ):
        ticket = world.ticket()
        before = {column.name: getattr(ticket, column.name) for column in Ticket.__table__.columns}
        answer = ben_at_work.post(f"/tickets/{ticket.number}/{path}", form)
        assert answer.status_code in {303, 400, 422}
        if answer.status_code != 303:
            assert {column.name: getattr(ticket, column.name) for column in Ticket.__table__.columns} == before

    def test_done_goes_on_to_the_next_ticket(self, world: World, ben_at_work: Browser):
        first, second = world.ticket("First"), world.ticket("Second")
        answer = ben_at_work.hx(f"/tickets/{first.number}/resolution", {"view": "next-up"})
        assert f"/tickets/{second.number}?" in answer.headers["HX-Redirect"]

    def test_a_number_that_is_none_names_nobody_and_nothing(self, world: World, ben_at_work: Browser):
        ticket = world.ticket()
        assert ben_at_work.get(f"/tickets/{ticket.number}?undo=²").status_code == 200
        assert ben_at_work.post(f"/tickets/{ticket.number}/assignment", {"agent": "²"}).status_code == 422

    def test_what_changed_nothing_offers_no_old_step_to_undo(self, world: World, ben_at_work: Browser):
        ticket = world.ticket()
        ben_at_work.post(f"/tickets/{ticket.number}/priority", {"priority": "high"})
        ben_at_work.post(f"/tickets/{ticket.number}/assignment", {"agent": "me"})
        answer = ben_at_work.post(f"/tickets/{ticket.number}/priority", {"priority": "high"})
        assert "undo=" not in answer.location


class TestUndo:
    def test_of_somebody_elses_step_is_not_there(self, world: World, ben_at_work: Browser):
        ticket = world.ticket()
        answer = ben_at_work.post(f"/tickets/{ticket.number}/priority", {"priority": "high"})
        event = re.search(r"undo=(\d+)", answer.location)
        assert event is not None
        ada = world.browser(world.ada)
        assert ada.post(f"/undo/{event[1]}").status_code == 404
        assert "/undo/" not in ada.get(f"/tickets/{ticket.number}?undo={event[1]}").text

    def test_after_thirty_seconds_is_gone(self, world: World, ben_at_work: Browser, travel):
        ticket = world.ticket()
        answer = ben_at_work.post(f"/tickets/{ticket.number}/priority", {"priority": "high"})
        event = re.search(r"undo=(\d+)", answer.location)
        assert event is not None
        with travel(seconds=31):
            assert ben_at_work.post(f"/undo/{event[1]}").status_code == 410
        assert ticket.priority == Priority.HIGH
