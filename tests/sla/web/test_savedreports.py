"""Saved reports as pages: saved where they are looked at, listed, renamed, removed with a way back, and their mails."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from helpdesk.db import db
from helpdesk.now import travel
from sla.saved.models import ReportSchedule, ReportSending, SavedReport
from tests.plugins.world import Browser, World

FRIDAY = datetime(2026, 11, 20, 15, tzinfo=UTC)
HOME = "/promises/saved"
PLAN = {
    "cadence": "weekly", "weekday": "0", "day": "1", "at": "08:00", "zone": "Europe/Oslo", "language": "de",
    "days": "before", "format": "csv",
}  # fmt: skip


@pytest.fixture
def mei(world: World) -> Browser:
    return world.browser(world.mei)


def save(browser: Browser, name: str = "Kept by team", **more: str) -> SavedReport:
    query = "period=month&by=team&channel=email"
    answer = browser.post(HOME, {"name": name, "table": "promises", "query": query, **more})
    assert (answer.status_code, answer.location) == (303, f"{HOME}?said=saved")
    return db.session.scalars(select(SavedReport).order_by(SavedReport.id.desc()).limit(1)).one()


def mailed(browser: Browser, world: World, **more: object) -> ReportSchedule:
    report = save(browser, shared="on")
    form = {**PLAN, "agents": [str(world.mei.id), str(world.ben.id)], **more}
    with travel(to=FRIDAY):
        answer = browser.post(f"{HOME}/{report.id}/mail", form)
    assert answer.location == f"{HOME}?said=planned", answer.text
    return db.session.scalars(select(ReportSchedule)).one()


class TestSaving:
    @pytest.mark.parametrize("path", ["/promises?by=team", "/promises/service?by=topic&when=out"])
    def test_is_offered_where_something_is_filtered(self, mei: Browser, path: str):
        text = mei.get(path).text
        form = re.search(r'<form class="menu__form" method="post" action="/promises/saved">.*?</form>', text, re.DOTALL)
        assert form is not None
        query = re.search(r'name="query" value="([^"]*)"', form[0])[1].replace("&amp;", "&")
        assert query.endswith(path.partition("?")[2].partition("&")[0]) or "by=" in query

    def test_leads_back_to_the_same_filters(self, mei: Browser):
        save(mei)
        text = mei.get(HOME).text
        assert 'href="/promises?period=month&amp;by=team&amp;channel=email"' in text
        assert mei.get("/promises?period=month&by=team&channel=email").status_code == 200

    def test_without_a_name_says_so_and_keeps_what_was_typed(self, mei: Browser):
        answer = mei.post(HOME, {"name": " ", "table": "promises", "query": "by=team", "shared": "on"})
        assert answer.status_code == 422
        assert "Give it a name" in answer.text
        assert 'name="query" value="by=team"' in answer.text
        assert 'name="shared" checked' in answer.text

    def test_of_a_table_that_is_none_is_not_found(self, mei: Browser):
        assert mei.post(HOME, {"name": "x", "table": "tickets", "query": ""}).status_code == 404


class TestList:
    def test_has_mine_and_what_others_share(self, world: World, mei: Browser):
        save(mei, "Only mine")
        save(mei, "For all", shared="on")
        theirs = world.browser(world.ben).get(HOME).text
        assert "For all" in theirs
        assert "Only mine" not in theirs
        assert "by Mei Tanaka" in theirs

    def test_a_colleague_changes_nothing_of_it(self, world: World, mei: Browser):
        hidden, shared = save(mei, "Only mine"), save(mei, "For all", shared="on")
        ben = world.browser(world.ben)
        assert ben.post(f"{HOME}/{hidden.id}/removal").status_code == 404
        assert ben.post(f"{HOME}/{shared.id}/removal").status_code == 403
        assert ben.post(f"{HOME}/{shared.id}", {"name": "Theirs"}).status_code == 403
        db.session.refresh(shared)
        assert (shared.name, shared.removed_at) == ("For all", None)

    def test_renames_and_shares(self, mei: Browser):
        row = save(mei)
        assert mei.post(f"{HOME}/{row.id}", {"name": ""}).status_code == 422
        mei.post(f"{HOME}/{row.id}", {"name": "Teams", "shared": "on"})
        db.session.refresh(row)
        assert (row.name, row.is_shared) == ("Teams", True)

    def test_removes_with_a_way_back(self, mei: Browser):
        row = save(mei)
        there = mei.post(f"{HOME}/{row.id}/removal").location
        text = mei.get(there).text
        assert "Kept by team" not in text
        undo = re.search(r'action="(/promises/saved/\d+/restoration)"', text)[1]
        mei.post(undo)
        assert "Kept by team" in mei.get(HOME).text


class TestMails:
    def test_are_told_in_words(self, world: World, mei: Browser):
        mailed(mei, world)
        with travel(to=FRIDAY):
            text = mei.get(HOME).text
        assert "Each Monday at 08:00 in Europe/Oslo, as CSV, in Deutsch. Next: Mon 23 Nov 07:00." in text
        assert "To Mei Tanaka, Ben Osei." in text

    @pytest.mark.parametrize(
        ("field", "wrong", "words"),
        [
            ("at", "25:00", "Type a time as 08:00."),
            ("day", "x", "Choose a day from 1 to 31"),
            ("zone", "Mars", "Choose a time zone"),
            ("agents", [], "Choose who gets it"),
        ],
    )
    def test_that_do_not_fit_are_said_at_the_field_and_kept(
        self, world: World, mei: Browser, field: str, wrong: object, words: str
    ):
        report = save(mei)
        form = {**PLAN, "agents": [str(world.mei.id)], field: wrong}
        answer = mei.post(f"{HOME}/{report.id}/mail", form)
        assert answer.status_code == 422
        assert words in answer.text
        assert '<option value="de" selected>' in answer.text

    def test_to_others_are_not_for_agents(self, world: World, mei: Browser):
        report = save(mei, shared="on")
        ben = world.browser(world.ben)
        text = ben.get(f"{HOME}/{report.id}/mail").text
        assert "Mei Tanaka" not in text.partition("Who gets it")[2]
        answer = ben.post(f"{HOME}/{report.id}/mail", {**PLAN, "agents": [str(world.mei.id)]})
        assert answer.status_code == 403
        assert "Only managers" in answer.text

    def test_are_paused_taken_up_edited_and_put_back(self, world: World, mei: Browser):
        row = mailed(mei, world)
        base = f"{HOME}/mails/{row.id}"
        with travel(to=FRIDAY):
            mei.post(f"{base}/pause")
            assert "Paused." in mei.get(HOME).text
            mei.post(f"{base}/resumption")
            mei.post(base, {**PLAN, "cadence": "monthly", "day": "31", "agents": [str(world.mei.id)]})
            assert "On the last day of each month at 08:00" in mei.get(HOME).text
            mei.post(f"{base}/undo")
            assert "Each Monday at 08:00" in mei.get(HOME).text
            assert mei.post(f"{base}/undo").status_code == 409

    def test_are_ended_with_a_way_back(self, world: World, mei: Browser):
        row = mailed(mei, world)
        with travel(to=FRIDAY):
            there = mei.post(f"{HOME}/mails/{row.id}/removal").location
            text = mei.get(there).text
            assert "Each Monday" not in text
            mei.post(re.search(r'action="(/promises/saved/mails/\d+/restoration)"', text)[1])
            assert "Each Monday" in mei.get(HOME).text

    def test_are_tried_by_who_set_them_up_alone(self, world: World, mei: Browser):
        row = mailed(mei, world)
        assert world.browser(world.ben).post(f"{HOME}/mails/{row.id}/test").status_code == 403
        mei.post(f"{HOME}/mails/{row.id}/test")
        sent = db.session.scalars(select(ReportSending)).one()
        assert (sent.agent_id, sent.is_test) == (world.mei.id, True)

    def test_of_a_hidden_report_are_hidden(self, world: World, mei: Browser):
        row = mailed(mei, world)
        report = db.session.get_one(SavedReport, row.report_id)
        mei.post(f"{HOME}/{report.id}", {"name": "Mine"})
        ben = world.browser(world.ben)
        assert ben.get(f"{HOME}/mails/{row.id}").status_code == 404
        assert ben.post(f"{HOME}/mails/{row.id}/pause").status_code == 404
        assert mei.post(f"{HOME}/mails/{row.id}/shout").status_code == 404
