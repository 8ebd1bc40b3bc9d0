"""The pages of rotas: a manager edits, an agent swaps and is away, anybody with its secret reads a feed."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from html import unescape
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar
from sqlalchemy import select
from werkzeug.test import TestResponse

from helpdesk.db import db
from helpdesk.now import travel
from sla.calendars.models import CalendarVersion
from sla.oncall import loading
from sla.oncall.models import OnCallOverride, OnCallRequest, OnCallSchedule, ScheduleVersion
from sla.web import rotalanes
from tests.plugins.world import Browser, World
from tests.sla import promising, rotas

NOW = datetime.fromisoformat("2026-10-15T16:42:00-04:00")
"""A Thursday, in New York, while the office of the tests is open."""


@pytest.fixture(autouse=True)
def _thursday(travel):
    with travel(to=NOW):
        yield


@pytest.fixture
def mei(world: World) -> Browser:
    return world.browser(world.mei)


@pytest.fixture
def ben(world: World) -> Browser:
    return world.browser(world.ben)


@pytest.fixture
def schedule(world: World) -> OnCallSchedule:
    found = rotas.schedule(
        [world.ben, world.mei], [world.ada], calendar_id=promising.calendar().id, fallback="+1 312 555 0100"
    )
    db.session.commit()
    return found


def form(world: World, **more: str) -> dict[str, str]:
    return {
        "name": "Nights",
        "zone": "America/New_York",
        "turns": "1",
        "name_1": "First",
        "lane_1": "1",
        "unit_1": "weekly",
        "length_1": "1",
        "anchor_1": "2026-10-12",
        "hand_over_1": "08:00",
        "people_1": str(world.ben.id),
        "do": "save",
        **more,
    }


def send(browser: Browser, method: str, path: str, sent: object) -> TestResponse:
    (token,) = set(re.findall(r'name="csrf_token" value="([^"]+)"', browser.get("/tickets/new").text))
    db.session.commit()
    answer = browser.client.open(path, method=method, json=sent, headers={"X-CSRF-Token": token})
    db.session.expire_all()
    return answer


def seconds(moment: str) -> int:
    return int(datetime.fromisoformat(moment).timestamp())


class TestWhoMay:
    def test_nobody_is_sent_to_the_door(self, world, schedule):
        assert Browser(world.app).get(f"/on-call/{schedule.id}").location.startswith("/sign-in")

    def test_an_agent_reads_and_edits_nothing(self, ben, schedule):
        page = ben.get(f"/on-call/{schedule.id}").text
        assert "Who rings" in page
        assert "Edit the rota" not in page
        for path in ("/on-call/new", f"/on-call/{schedule.id}/edit", f"/on-call/{schedule.id}/change"):
            assert ben.get(path).status_code == 403
            assert ben.post(path, {}).status_code == 403

    def test_an_agent_gives_away_their_own_shifts_alone(self, world, ben, schedule):
        start, end = seconds("2026-10-19T08:00:00-04:00"), seconds("2026-10-26T08:00:00-04:00")
        key = f"1-{world.mei.id}-{start}-{end}"
        answer = ben.post(f"/on-call/{schedule.id}/swap", {"shift": key, "ask": str(world.ada.id)})
        assert answer.status_code == 403
        assert "Only managers" in answer.text


class TestPage:
    def test_without_a_rota_it_says_what_to_do(self, mei):
        page = mei.get("/on-call").text
        assert "Nobody is on call yet" in page
        assert 'href="/on-call/new"' in page

    def test_the_only_one_is_shown_at_once(self, mei, schedule):
        assert mei.get("/on-call").location == f"/on-call/{schedule.id}"
        assert "Refrigeration" in mei.get("/on-call?all").text

    def test_lanes_have_no_styles_of_their_own(self, mei, schedule):
        page = mei.get(f"/on-call/{schedule.id}").text
        assert "sched__lane" in page
        assert " style=" not in page

    def test_a_gap_is_named_with_whom_to_ask(self, world, mei, schedule):
        start, end = "2026-10-17T00:00", "2026-10-17T08:00"
        values = {"kind": "remove", "lane": "1", "person": str(_first(world, schedule)), "start": start, "end": end}
        world.mei.zone = "America/New_York"
        db.session.commit()
        assert mei.post(f"/on-call/{schedule.id}/change", {**values, "do": "save"}).status_code == 303
        page = mei.get(f"/on-call/{schedule.id}").text
        assert "Nobody is first on Saturday 17 Oct 00:00 to 08:00." in page
        assert "the duty phone rings instead" in page
        assert re.search(r"Ask \w+", page)

    def test_a_gap_nobody_of_the_lane_is_free_for_is_filled_by_a_manager(self, world, mei, ben, schedule):
        """The backup is alone in her lane, so there is nobody to ask; the form comes filled in for the gap."""
        world.mei.zone = "America/New_York"
        db.session.commit()
        away = {"agent": str(world.ada.id), "start": "2026-10-16T18:00", "end": "2026-10-17T12:00"}
        assert mei.post("/on-call/away", away).status_code == 303
        page = mei.get(f"/on-call/{schedule.id}").text
        assert not re.search(r"Ask \w+", page)
        [fill] = re.findall(rf'href="(/on-call/{schedule.id}/change\?lane=2[^"]*)"[^>]*>[^<]*Fill it', page)
        filled = mei.get(unescape(fill)).text
        start, end = (re.search(rf'name="{name}"[^>]* value="([^"]*)"', filled)[1] for name in ("start", "end"))
        assert re.search(r'value="add" checked', filled)
        assert '<option value="2" selected>' in filled
        sent = {"kind": "add", "lane": "2", "joins": str(world.mei.id), "start": start, "end": end, "do": "save"}
        assert mei.post(f"/on-call/{schedule.id}/change", sent).status_code == 303
        assert "Fill it" not in mei.get(f"/on-call/{schedule.id}").text
        assert "Fill it" not in ben.get(f"/on-call/{schedule.id}").text

    def test_times_are_on_the_readers_wall_with_the_teams_in_brackets(self, world, ben, schedule):
        world.ben.zone = "Europe/Oslo"
        db.session.commit()
        page = ben.get(f"/on-call/{schedule.id}").text
        assert "Times are Oslo time, with New York time in brackets" in page
        assert re.search(r"14:00 \(08:00 New York\)", page)

    @pytest.mark.parametrize(
        "query", ["?week=2026-W43", "?month=2026-12", "?week=9999-W99", "?month=2026-13", "?week="]
    )
    def test_any_week_or_month_is_a_page(self, mei, schedule, query):
        assert mei.get(f"/on-call/{schedule.id}{query}").status_code == 200


class TestForm:
    def test_a_rota_is_made(self, world, mei):
        answer = mei.post("/on-call/new", form(world))
        assert answer.status_code == 303, answer.text
        assert db.session.scalars(select(ScheduleVersion)).one().spec["layers"][0]["participants"] == [world.ben.id]

    def test_rows_come_by_buttons_and_nothing_is_saved(self, world, mei):
        page = mei.post("/on-call/new", form(world, do="person:1")).text
        assert page.count('name="people_1"') == 2
        assert mei.post("/on-call/new", form(world, do="turns")).text.count('class="rotation"') == 2
        assert db.session.scalars(select(OnCallSchedule)).all() == []

    def test_a_mistake_stands_at_its_field_and_what_was_typed_stays(self, world, mei):
        answer = mei.post("/on-call/new", form(world, only_1="sometimes", name="Typed"))
        assert answer.status_code == 422
        assert "“sometimes” is not like" in answer.text
        assert 'value="Typed"' in answer.text
        answer = mei.post("/on-call/new", form(world, people_1=""))
        assert "Say who takes turns." in answer.text

    def test_what_is_saved_comes_back_the_same(self, world, mei):
        mei.post("/on-call/new", form(world, only_1="mon-fri 18:00-08:00\nfri 17:00 to mon 08:00", hours_between="4"))
        made = db.session.scalars(select(OnCallSchedule)).one()
        page = mei.get(f"/on-call/{made.id}/edit").text
        assert "mon, tue, wed, thu, fri 18:00-08:00\nfri 17:00 to mon 08:00" in page
        values = form(world, only_1="mon, tue, wed, thu, fri 18:00-08:00\nfri 17:00 to mon 08:00", hours_between="4")
        assert mei.post(f"/on-call/{made.id}/edit", {**values, "after": "1"}).status_code == 303
        assert len(db.session.scalars(select(ScheduleVersion)).all()) == 1

    def test_a_change_is_looked_at_before_it_is_saved(self, world, mei, schedule):
        first = _first(world, schedule)
        was = seconds("2026-10-12T08:00:00-04:00"), seconds("2026-10-19T08:00:00-04:00")
        values = {"kind": "move", "lane": "1", "person": str(first), "from": str(was[0]), "to": str(was[1])}
        moved = {**values, "start": str(was[0]), "end": str(was[1] + 7200)}
        page = mei.post(f"/on-call/{schedule.id}/change", {**moved, "do": "look"})
        assert "How it would be" in page.text
        assert db.session.scalars(select(OnCallOverride)).all() == []
        assert mei.post(f"/on-call/{schedule.id}/change", {**moved, "do": "save"}).status_code == 303
        (made,) = db.session.scalars(select(OnCallOverride)).all()
        assert (made.kind, made.agent_id) == ("replace", first)


def _first(world: World, schedule: OnCallSchedule) -> int:
    from_db = db.session.scalars(select(ScheduleVersion).where(ScheduleVersion.schedule_id == schedule.id)).one()
    people = from_db.spec["layers"][0]["participants"]
    weeks = (datetime(2026, 10, 12, tzinfo=ZoneInfo("UTC")) - datetime(2026, 1, 5, tzinfo=ZoneInfo("UTC"))).days // 7
    return people[weeks % len(people)]


class TestAsking:
    def test_asked_by_page_and_taken_by_page(self, world, mei, ben, schedule):
        holder = _first(world, schedule)
        start, end = seconds("2026-10-15T16:42:00-04:00"), seconds("2026-10-19T08:00:00-04:00")
        asked = world.ada
        answer = mei.post(
            f"/on-call/{schedule.id}/swap", {"shift": f"1-{holder}-{start}-{end}", "ask": str(asked.id), "do": "ask"}
        )
        assert answer.status_code == 303, answer.text
        request = db.session.scalars(select(OnCallRequest)).one()
        assert "I take it" not in ben.get(f"/on-call/asks/{request.id}").text
        ada = world.browser(asked)
        assert "I take it" in ada.get(f"/on-call/asks/{request.id}").text
        assert ada.post(f"/on-call/asks/{request.id}", {"answer": "yes"}).status_code == 303
        assert db.session.scalars(select(OnCallOverride.agent_id)).all() == [asked.id]
        again = ada.post(f"/on-call/asks/{request.id}", {"answer": "yes"})
        assert again.status_code == 409
        assert "was first" in again.text

    @pytest.mark.parametrize("do", ["ask", "now"])
    def test_a_shift_in_return_is_of_whoever_takes_it(self, world, mei, schedule, do):
        holder = _first(world, schedule)
        other = world.mei if holder == world.ben.id else world.ben
        start, end = seconds("2026-10-15T16:42:00-04:00"), seconds("2026-10-19T08:00:00-04:00")
        given, theirs = f"1-{holder}-{start}-{end}", f"{other.id}-{end}-{end + 7 * 86_400}"
        sent = {"shift": given, "back": f"1-{theirs}", "ask": str(world.ada.id), "do": do}
        answer = mei.post(f"/on-call/{schedule.id}/swap", sent)
        assert answer.status_code == 422, answer.text
        assert "is not theirs" in answer.text
        assert db.session.scalars(select(OnCallOverride)).all() == []
        answer = mei.post(f"/on-call/{schedule.id}/swap", {**sent, "ask": str(other.id)})
        assert answer.status_code == 303, answer.text

    def test_asked_for_in_return_is_a_shift_of_the_same_lane(self, world, mei, schedule):
        holder = _first(world, schedule)
        start, end = seconds("2026-10-15T16:42:00-04:00"), seconds("2026-10-19T08:00:00-04:00")
        back = f"2-{world.ada.id}-{end}-{end + 7 * 86_400}"
        sent = {"shift": f"1-{holder}-{start}-{end}", "back": back, "ask": str(world.ada.id), "do": "ask"}
        answer = mei.post(f"/on-call/{schedule.id}/swap", sent)
        assert answer.status_code == 422
        assert "of the same lane" in answer.text

    def test_away_and_back(self, ben):
        values = {"start": "2026-10-20T08:00", "end": "2026-10-22T08:00", "reason": "Wedding"}
        assert ben.post("/on-call/away", values).status_code == 303
        page = ben.get("/on-call/away").text
        assert "Wedding" in page
        back = re.search(r"/on-call/away/\d+/back", page)
        assert back
        assert ben.post(back[0], {}).status_code == 303
        assert "Wedding" not in ben.get("/on-call/away").text
        assert ben.post("/on-call/away", {**values, "end": "soon"}).status_code == 422


class TestFeed:
    def test_the_secret_opens_it_and_a_new_address_closes_the_old(self, world, mei, schedule):
        assert "You have no address yet." in mei.get("/on-call/feeds").text
        mei.post("/on-call/feeds", {})
        page = mei.get("/on-call/feeds").text
        own = re.findall(r"/calendars/on-call/[\w-]+\.ics", page)
        assert len(own) == 2
        visitor = Browser(world.app)
        answer = visitor.get(own[1])
        assert answer.mimetype == "text/calendar"
        events = Calendar.from_ical(answer.text).walk("VEVENT")
        assert {str(one["summary"]) for one in events} >= {f"{world.mei.name}, first", f"{world.ada.name}, backup"}
        again = visitor.client.get(own[1], headers={"If-None-Match": answer.headers["ETag"]})
        assert again.status_code == 304
        assert "private" in answer.headers["Cache-Control"]
        mine = Calendar.from_ical(visitor.get(own[0]).text).walk("VEVENT")
        assert {str(one["summary"]) for one in mine} == {"On call, Refrigeration, first"}
        mei.post("/on-call/feeds", {})
        assert visitor.get(own[0]).status_code == 404
        assert visitor.get("/calendars/on-call/x.ics").status_code == 404

    def test_of_somebody_who_left_gives_nothing(self, world, ben, schedule):
        ben.post("/on-call/feeds", {})
        own = re.findall(r"/calendars/on-call/[\w-]+\.ics", ben.get("/on-call/feeds").text)[0]
        visitor = Browser(world.app)
        assert visitor.get(own).status_code == 200
        world.ben.deactivated_at = NOW
        db.session.commit()
        assert visitor.get(own).status_code == 404


class TestJson:
    def test_read_put_and_override(self, world, mei, schedule):
        there = f"/api/v1/oncall/schedules/{schedule.id}"
        shown = mei.get(there).json
        spec = shown["versions"][0]["spec"]
        spec["layers"][0]["participants"].reverse()
        details = {
            name: shown[name] for name in ("name", "calendar_id", "fallback_name", "fallback_kind", "fallback_address")
        }
        put = send(mei, "PUT", there, {**details, "spec": spec})
        assert put.status_code == 200, put.text
        assert len(put.json["versions"]) == 2
        window = "from=2026-10-15T00:00:00-04:00&to=2026-11-01T00:00:00-04:00"
        found = mei.get(f"{there}/shifts?{window}").json
        assert {one["lane"] for one in found["shifts"]} == {1, 2}
        sent = {"kind": "add", "agent_id": world.ada.id, "start": "2026-10-16T00:00:00Z", "end": "2026-10-17T00:00:00Z"}
        made = send(mei, "POST", f"{there}/overrides", sent)
        assert made.status_code == 201, made.text
        gone = send(mei, "DELETE", f"{there}/overrides/{made.json['id']}", {})
        assert gone.json["withdrawn"]
        wrong = send(mei, "POST", f"{there}/overrides", {**sent, "start": "tomorrow", "colour": "red"})
        assert set(wrong.json["fields"]) >= {"start", "colour"}


class TestPutOfAnOverride:
    @pytest.fixture
    def there(self, schedule) -> str:
        return f"/api/v1/oncall/schedules/{schedule.id}/overrides"

    @pytest.fixture
    def sent(self, world) -> dict[str, object]:
        return {"kind": "add", "agent_id": world.ada.id, "start": "2026-10-16T00:00:00Z", "end": "2026-10-17T00:00:00Z"}

    def test_says_it_anew_and_keeps_the_old_on_record(self, mei, there, sent):
        made = send(mei, "POST", there, sent).json
        put = send(mei, "PUT", f"{there}/{made['id']}", {**sent, "end": "2026-10-16T12:00:00Z", "lane": 2})
        assert put.status_code == 200, put.text
        assert (put.json["end"], put.json["lane"]) == ("2026-10-16T12:00:00+00:00", 2)
        assert mei.get(f"{there}/{made['id']}").json["withdrawn"]
        assert mei.get(there).json["overrides"] == [put.json]

    def test_of_the_same_changes_nothing(self, mei, there, sent):
        made = send(mei, "POST", there, sent).json
        shown = mei.get(f"{there}/{made['id']}").json
        said = {key: value for key, value in shown.items() if key not in {"id", "withdrawn"}}
        assert send(mei, "PUT", f"{there}/{made['id']}", said).json == made
        assert len(db.session.scalars(select(OnCallOverride)).all()) == 1

    def test_of_one_that_runs_ends_what_has_been_now(self, world, mei, there, sent):
        made = send(mei, "POST", there, {**sent, "start": "2026-10-15T20:45:00Z"}).json
        later = datetime.fromisoformat("2026-10-16T02:00:00+00:00")
        with travel(to=later):
            again = world.browser(world.mei)
            longer = {**sent, "start": made["start"], "end": "2026-10-18T00:00:00Z"}
            put = send(again, "PUT", f"{there}/{made['id']}", longer)
            assert put.status_code == 200, put.text
        rows = db.session.execute(select(OnCallOverride.starts_at, OnCallOverride.ends_at).order_by(OnCallOverride.id))
        assert [tuple(f"{one:%dT%H:%M}" for one in row) for row in rows] == [
            ("15T20:45", "16T02:00"),
            ("16T02:00", "18T00:00"),
        ]

    def test_of_a_plan_tells_and_takes_its_shifts(self, world, mei, there, sent):
        span = {"start": "2026-10-20T00:00:00+00:00", "end": "2026-10-21T00:00:00+00:00"}
        plan = {"kind": "plan", **span, "plan": [{"agent_id": world.ada.id, **span}]}
        made = send(mei, "POST", there, plan).json
        assert made["plan"] == [{"agent_id": world.ada.id, **span, "lane": 1}]
        other = [{**made["plan"][0], "agent_id": world.mei.id}]
        put = send(mei, "PUT", f"{there}/{made['id']}", {**plan, "plan": other})
        assert put.json["plan"] == other

    def test_needs_a_manager_what_fits_and_one_that_is_not_over(self, mei, ben, there, sent):
        made = send(mei, "POST", there, sent).json
        assert send(ben, "PUT", f"{there}/{made['id']}", sent).status_code == 403
        wrong = send(mei, "PUT", f"{there}/{made['id']}", {**sent, "end": sent["start"]})
        assert (wrong.status_code, list(wrong.json["fields"])) == (422, ["end"])
        send(mei, "DELETE", f"{there}/{made['id']}", {})
        assert send(mei, "PUT", f"{there}/{made['id']}", {**sent, "lane": 3}).status_code == 409
        assert send(mei, "PUT", f"{there}/999", sent).status_code == 404


def test_it_keeps_its_place_in_time(mei, schedule):
    """A far week is as good as this one."""
    page = mei.get(f"/on-call/{schedule.id}?week=2027-W10").text
    monday = datetime(2027, 3, 8, tzinfo=ZoneInfo("UTC"))
    assert f"{monday:%-d} to {monday + timedelta(days=6):%-d %B}" in page


class TestThePast:
    def test_is_drawn_by_the_hours_that_were_in_force_then(self, world, mei):
        """The office of before closed at five; from this Thursday on it is open until eight in the evening."""
        calendar = promising.calendar()
        before, after = [["09:00", "17:00"]], [["09:00", "20:00"]]
        days = ("mon", "tue", "wed", "thu", "fri")
        first = db.session.scalars(select(CalendarVersion).where(CalendarVersion.calendar_id == calendar.id)).one()
        first.rules = {"zone": "America/New_York", "hours": dict.fromkeys(days, before)}
        db.session.add(
            CalendarVersion(
                calendar_id=calendar.id,
                valid_from=NOW,
                rules={"zone": "America/New_York", "hours": dict.fromkeys(days, after)},
                names={},
                created_at=NOW,
            )
        )
        found = rotas.schedule([world.ben], calendar_id=calendar.id)
        [version] = db.session.scalars(select(ScheduleVersion).where(ScheduleVersion.schedule_id == found.id))
        version.spec = {**version.spec, "layers": [{**version.spec["layers"][0], "outside_office": True}]}
        db.session.commit()
        rota = loading.load(found.id, since=NOW - timedelta(weeks=1))
        evenings = [datetime.fromisoformat(f"2026-10-{day:02}T18:00:00-04:00") for day in (8, 16)]
        assert [rota.on_call(int(one.timestamp())) for one in evenings] == [[world.ben.id], []]
        low, high = seconds("2026-10-08T16:00:00-04:00"), seconds("2026-10-08T21:00:00-04:00")
        week = 8 * 24 * 3600
        assert rotalanes.closed(rota, low, high) == [(seconds("2026-10-08T17:00:00-04:00"), high)]
        assert rotalanes.closed(rota, low + week, high + week) == [(seconds("2026-10-16T20:00:00-04:00"), high + week)]
        assert rota.shifts(low, high)[0].start == seconds("2026-10-08T17:00:00-04:00")
