"""A temporary plan by its page: looked at without saving, in force from and until, and taken away again."""

from __future__ import annotations

import re
from datetime import datetime
from html import escape, unescape

import pytest
from sqlalchemy import select

from helpdesk.db import db
from helpdesk.now import travel
from sla.oncall import loading
from sla.oncall.models import OnCallOverride, OnCallSchedule, ScheduleVersion
from tests.plugins.world import Browser, World
from tests.sla import promising, rotas

NOW = datetime.fromisoformat("2026-12-10T16:42:00-05:00")


@pytest.fixture(autouse=True)
def _december():
    with travel(to=NOW):
        yield


@pytest.fixture
def schedule(world: World) -> OnCallSchedule:
    """Ben rings by turns of a week, Ada is the backup; the office is open by day."""
    world.mei.zone = "America/New_York"
    found = rotas.schedule([world.ben], [world.ada], calendar_id=promising.calendar().id)
    db.session.commit()
    return found


@pytest.fixture
def mei(world: World) -> Browser:
    return world.browser(world.mei)


def form(*people: object, **more: object) -> dict[str, object]:
    return {
        "turns": "2",
        "start": "2026-12-24T17:00",
        "end": "2027-01-04T08:00",
        "reason": "Christmas weeks",
        "people_1": [str(one.id) for one in people],
        "people_2": "",
        "length_1": "2",
        "unit_1": "daily",
        "hand_over_1": "12:00",
        "outside_1": "on",
        "do": "save",
        **more,
    }


def first(schedule: OnCallSchedule, at: str) -> list[int]:
    return loading.on_call(schedule.id, 1, datetime.fromisoformat(at))


def plans() -> list[OnCallOverride]:
    return list(db.session.scalars(select(OnCallOverride).order_by(OnCallOverride.id)))


def send(browser: Browser, schedule: OnCallSchedule, sent: dict[str, object]):
    path = f"/on-call/{schedule.id}/plan"
    return browser.post(path, sent, on=path)


def at(moment: datetime) -> int:
    return int(moment.timestamp())


def asked(made: OnCallOverride) -> str:
    """What leads to the form of a plan as a whole."""
    return f"from={at(made.starts_at)}&to={at(made.ends_at)}&override={made.id}"


def edit(made: OnCallOverride) -> dict[str, str]:
    """The form of a plan as a whole, as it comes."""
    start, end = str(at(made.starts_at)), str(at(made.ends_at))
    sent = {"lane": "1", "person": "", "was_from": start, "was_to": end, "override": str(made.id)}
    return sent | {"start": start, "end": end, "reason": made.reason}


def _rest(schedule: OnCallSchedule, nights: int) -> None:
    [version] = db.session.scalars(select(ScheduleVersion).where(ScheduleVersion.schedule_id == schedule.id))
    version.spec = {**version.spec, "rest": {"nights_running": nights}}
    version.spec["layers"] = version.spec["layers"][:1]
    db.session.commit()


class TestPlan:
    def test_holds_from_one_moment_until_another_and_then_the_rota_goes_on(self, world, schedule, mei):
        assert send(mei, schedule, form(world.mei, world.ada)).status_code == 303
        assert first(schedule, "2026-12-24T16:59:00-05:00") == [world.ben.id]
        assert first(schedule, "2026-12-24T17:00:00-05:00") == [world.mei.id]
        assert first(schedule, "2026-12-26T11:59:00-05:00") == [world.mei.id]
        assert first(schedule, "2026-12-26T12:00:00-05:00") == [world.ada.id]
        assert first(schedule, "2026-12-28T23:00:00-05:00") == [world.mei.id]
        assert first(schedule, "2026-12-28T10:00:00-05:00") == []  # Monday: the day's team is there
        assert first(schedule, "2027-01-04T20:00:00-05:00") == [world.ben.id]

    def test_is_looked_at_without_saving(self, world, schedule, mei):
        shown = send(mei, schedule, form(world.mei, world.ada, do="look"))
        assert shown.status_code == 200
        assert "How it would be" in shown.text
        assert shown.text.count("Nobody is backup while it lasts.") == 1
        assert "Nobody is backup on" not in shown.text
        assert "Mei</b>, first: Thursday 24 Dec 17:00" in shown.text
        assert shown.text.count("Who rings</span>") == 3
        assert 'value="2026-12-24T17:00"' in shown.text
        assert plans() == []

    def test_is_taken_away_before_it_began_and_ends_while_it_runs(self, world, schedule, mei):
        send(mei, schedule, form(world.mei))
        [plan] = plans()
        number = plan.id
        page = mei.get(f"/on-call/{schedule.id}/plan").text
        assert "Christmas weeks" in page
        assert "Take it away" in page
        with travel(to=datetime.fromisoformat("2026-12-25T09:00:00-05:00")):
            mei = world.browser(world.mei)
            assert "End it now" in mei.get(f"/on-call/{schedule.id}/plan").text
            back = f"/on-call/{schedule.id}/overrides/{number}/back"
            assert mei.post(back, on=f"/on-call/{schedule.id}/plan").status_code == 303
        assert first(schedule, "2026-12-25T08:00:00-05:00") == [world.mei.id]
        assert first(schedule, "2026-12-25T20:00:00-05:00") == [world.ben.id]

    def test_is_taken_away_where_the_turns_themselves_break_a_rule_of_rest(self, world, schedule, mei):
        """Ben rings alone, so the plan gave him rest; what was before may come back."""
        _rest(schedule, 7)
        assert send(mei, schedule, form(world.mei, end="2026-12-28T08:00")).status_code == 303
        back = f"/on-call/{schedule.id}/overrides/{plans()[0].id}/back"
        answer = mei.post(back, on=f"/on-call/{schedule.id}/plan")
        assert answer.status_code == 303, answer.text
        assert first(schedule, "2026-12-26T20:00:00-05:00") == [world.ben.id]

    def test_is_not_taken_away_where_that_leaves_somebody_too_little_rest_and_the_rota_says_why(
        self, world, schedule, mei
    ):
        """Ada rings by what was agreed alone; the plan stands between."""
        send(mei, schedule, form(world.mei, start="2026-12-24T17:00", end="2026-12-28T08:00"))
        _rest(schedule, 7)
        ada = {"kind": "replace", "lane": "1", "person": str(world.ben.id), "joins": str(world.ada.id), "do": "save"}
        change = f"/on-call/{schedule.id}/change"
        for start, end in (("2026-12-19T08:00", "2026-12-24T17:00"), ("2026-12-24T17:00", "2026-12-31T08:00")):
            answer = mei.post(change, {**ada, "start": start, "end": end}, on=change)
            assert answer.status_code == 303, answer.text
        back = f"/on-call/{schedule.id}/overrides/{plans()[0].id}/back"
        answer = mei.post(back, on=f"/on-call/{schedule.id}/plan")
        assert answer.status_code == 422
        assert re.search(r"Ada would ring \d+ nights running.* At most 7 are allowed", answer.text)
        assert "Who rings" in answer.text
        assert plans()[0].withdrawn_at is None

    def test_rows_come_and_go_and_nothing_is_saved(self, world, schedule, mei):
        shown = send(mei, schedule, form(world.mei, do="person:2")).text
        assert shown.count('name="people_2"') == 2
        assert send(mei, schedule, form(world.mei, world.ada, do="leave:1:1")).text.count('name="people_1"') == 1
        assert plans() == []

    @pytest.mark.parametrize(
        ("more", "words"),
        [
            ({"people_1": ""}, "Say who takes turns."),
            ({"people_1": "9999"}, "Choose people who work here."),
            ({"start": ""}, "Give a day and a time."),
            ({"end": "2026-12-24T17:00"}, "Choose an end after it begins, within a year."),
            ({"end": "2028-12-24T17:00"}, "Choose an end after it begins, within a year."),
            ({"start": "2026-12-01T08:00"}, "The past stays as it was."),
            ({"hand_over_1": "noon"}, 'id="hand_over_1-error"'),
            ({"length_1": "0"}, 'id="length_1-error"'),
        ],
    )
    def test_a_mistake_stands_at_its_field(self, world, schedule, mei, more, words):
        answer = send(mei, schedule, form(world.mei, **more))
        assert answer.status_code == 422
        assert words in answer.text
        assert plans() == []

    def test_is_edited_in_place_from_its_page(self, world, schedule, mei):
        send(mei, schedule, form(world.mei, world.ada))
        [made] = plans()
        page = mei.get(f"/on-call/{schedule.id}/plan").text
        assert f'href="/on-call/{schedule.id}/change?{escape(asked(made))}"' in page
        shown = mei.get(f"/on-call/{schedule.id}/change?{asked(made)}").text
        assert "Change this plan" in shown
        assert "2026-12-24T17:00 2026-12-25T09:00 Mei" in shown
        lines = (
            f"2026-12-24 17:00 2026-12-28T08:00 {world.ada.name}\n2026-12-24 17:00 2026-12-28T08:00 Ben Carter, backup"
        )
        sent = {**edit(made), "kind": "plan", "plan": lines.replace("Ben Carter", world.ben.name), "do": "save"}
        assert mei.post(f"/on-call/{schedule.id}/change", sent).status_code == 303
        world.fresh()
        assert first(schedule, "2026-12-25T20:00:00-05:00") == [world.ada.id]
        assert loading.on_call(schedule.id, 2, datetime.fromisoformat("2026-12-25T20:00:00-05:00")) == [world.ben.id]
        assert first(schedule, "2027-01-02T20:00:00-05:00") == []
        assert [one.withdrawn_at is None for one in plans()] == [False, True]

    def test_what_is_written_of_a_plan_comes_back_the_same(self, world, schedule, mei):
        send(mei, schedule, form(world.mei, world.ada))
        [made] = plans()
        shown = mei.get(f"/on-call/{schedule.id}/change?{asked(made)}").text
        lines = unescape(re.search(r"<textarea[^>]*>(.*?)</textarea>", shown, re.DOTALL)[1])
        sent = {**edit(made), "kind": "plan", "plan": lines, "do": "save"}
        assert mei.post(f"/on-call/{schedule.id}/change", sent).status_code == 303
        world.fresh()
        before, after = plans()
        assert after.plan == before.plan
        assert (after.starts_at, after.ends_at, after.reason) == (before.starts_at, before.ends_at, "Christmas weeks")

    def test_is_drawn_with_its_shifts_and_each_is_changed_in_the_lanes(self, world, schedule, mei):
        send(mei, schedule, form(world.mei, world.ada, people_2=str(world.ben.id)))
        [made] = plans()
        page = mei.get(f"/on-call/{schedule.id}?week=2026-W52").text
        assert 'aria-label="Plan: Mei, Thursday 24 Dec 17:00' in page
        assert 'aria-label="Plan, backup: Ben, Thursday 24 Dec 17:00' in page
        start, end = (datetime.fromisoformat(f"2026-12-{day}:00-05:00") for day in ("25T17:00", "26T12:00"))
        shift = f"lane=1&amp;person={world.mei.id}&amp;from={at(start)}&amp;to={at(end)}&amp;override={made.id}"
        assert f'href="/on-call/{schedule.id}/change?{shift}"' in page
        form_ = mei.get(f"/on-call/{schedule.id}/change?{shift.replace('&amp;', '&')}").text
        assert "This is one shift of a temporary plan." in form_
        assert 'name="plan"' not in form_
        sent = {"kind": "replace", "lane": "1", "person": str(world.mei.id), "joins": str(world.ben.id)}
        sent |= {"override": str(made.id), "from": str(at(start)), "to": str(at(end))}
        sent |= {"start": str(at(start)), "end": str(at(end)), "do": "save"}
        wrong = mei.post(f"/on-call/{schedule.id}/change", {**sent, "joins": ""})
        assert wrong.status_code == 422
        assert "Say who rings." in wrong.text
        assert mei.post(f"/on-call/{schedule.id}/change", sent).status_code == 303
        world.fresh()
        assert first(schedule, "2026-12-25T20:00:00-05:00") == [world.ben.id]
        assert first(schedule, "2026-12-26T20:00:00-05:00") == [world.ada.id]

    def test_is_moved_as_a_script_moves_it_and_its_new_shifts_are_shown(self, world, schedule, mei):
        send(mei, schedule, form(world.mei, world.ada))
        [made] = plans()
        moved = {
            **edit(made),
            "kind": "move",
            "start": str(at(made.starts_at) + 900),
            "end": str(at(made.ends_at) + 900),
        }
        shown = mei.post(f"/on-call/{schedule.id}/change", {**moved, "do": "look"})
        assert "How it would be" in shown.text
        assert "2026-12-24T17:15 2026-12-25T09:15 Mei" in shown.text
        world.fresh()
        assert [one.id for one in plans()] == [made.id]
        assert mei.post(f"/on-call/{schedule.id}/change", {**moved, "do": "save"}).status_code == 303
        world.fresh()
        assert first(schedule, "2026-12-24T17:10:00-05:00") == [world.ben.id]
        assert first(schedule, "2026-12-25T09:10:00-05:00") == [world.mei.id]

    def test_of_people_of_one_name_goes_by_their_addresses(self, world, schedule, mei):
        world.ben.name = world.mei.name
        db.session.commit()
        send(mei, schedule, form(world.ben))
        [made] = plans()
        shown = mei.get(f"/on-call/{schedule.id}/change?{asked(made)}").text
        assert world.ben.email in shown
        lines = f"2026-12-24T17:00 2026-12-25T17:00 {world.ben.name}"
        answer = mei.post(f"/on-call/{schedule.id}/change", {**edit(made), "kind": "plan", "plan": lines, "do": "save"})
        assert answer.status_code == 422
        assert "is nobody here, or no lane" in answer.text

    def test_is_for_managers(self, schedule, ben_at_work):
        assert ben_at_work.get(f"/on-call/{schedule.id}/plan").status_code == 403
        assert "Temporary plan" not in ben_at_work.get(f"/on-call/{schedule.id}").text

    def test_is_led_to_from_the_rota(self, schedule, mei):
        assert f'href="/on-call/{schedule.id}/plan"' in mei.get(f"/on-call/{schedule.id}").text
