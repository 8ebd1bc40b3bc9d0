"""The pages of calendars in three voices: a manager edits, an agent reads, nobody is turned away at the door."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

import pytest
from sqlalchemy import func, select

from helpdesk.db import db
from helpdesk.now import now
from sla.calendars.models import Calendar, CalendarVersion
from tests.fakes.web_server import WebServer, reply
from tests.plugins.world import Browser, World

WEEK = {f"hours_{day}": "09:00-17:00" for day in ("mon", "tue", "wed", "thu", "fri")}
FORM = {"name": "Chicago office", "zone": "America/Chicago", **WEEK, "do": "save"}
SOON = (now() + timedelta(days=40)).date().replace(month=12, day=24)


@pytest.fixture
def mei(world: World) -> Browser:
    return world.browser(world.mei)


@pytest.fixture
def ben(world: World) -> Browser:
    return world.browser(world.ben)


@pytest.fixture
def made(mei: Browser) -> str:
    answer = mei.post("/calendars", FORM)
    assert answer.status_code == 303, answer.text
    return answer.location.partition("?")[0]


def versions() -> list[CalendarVersion]:
    return list(db.session.scalars(select(CalendarVersion).order_by(CalendarVersion.id)))


def changed(**more: str) -> dict[str, str]:
    return {**FORM, "after": str(versions()[-1].id), **more}


class TestWhoMay:
    def test_nobody_is_sent_to_the_door(self, world):
        assert Browser(world.app).get("/calendars").location.startswith("/sign-in")

    def test_an_agent_reads_and_is_offered_no_form(self, ben, made):
        assert "Chicago office" in ben.get("/calendars").text
        page = ben.get(made).text
        assert "09:00-17:00" in page
        assert 'name="hours_mon"' not in page

    def test_an_agent_changes_nothing(self, world, ben, made):
        for path in (
            "/calendars",
            made,
            f"{made}/archive",
            f"{made}/withdrawal",
            f"{made}/feed",
            f"{made}/feed/holidays",
        ):
            assert ben.post(path, changed(name="Mine")).status_code == 403
        assert ben.get("/calendars/new").status_code == 403
        assert db.session.scalars(select(Calendar.name)).all() == ["Chicago office"]
        assert len(versions()) == 1

    def test_a_form_without_its_token_changes_nothing(self, mei, made):
        assert mei.bare_post(made, changed(name="Mine")).status_code == 400
        assert len(versions()) == 1

    def test_one_that_is_not_there_is_not_found(self, mei):
        assert mei.get("/calendars/999").status_code == 404
        assert mei.post("/calendars/999", FORM).status_code == 404


class TestTheList:
    def test_says_what_to_do_when_there_is_none(self, mei):
        page = mei.get("/calendars").text
        assert "No calendar yet" in page
        assert "/calendars/new" in page

    def test_tells_hours_and_holidays_in_words(self, mei):
        mei.post("/calendars", {**FORM, "hours_sat": "10:00-12:00", "add": f"{SOON} Eve\n12-25 Christmas"})
        assert "Mon to Fri 09:00 to 17:00, Sat 10:00 to 12:00, " in mei.get("/calendars").text


class TestMaking:
    def test_keeps_what_was_typed(self, world, mei):
        mei.post("/calendars", {
            **FORM, "hours_mon": "9-12 and 13:00-24:00", "hours_tue": "22:00–06:00", "hours_fri": "closed", "hours_sun": "all day",
            "add": f"{SOON} Christmas Eve\n05-01", "overrides": f"{SOON} closed\n2027-01-02 10:00-12:00", "breaks": "2027-01-04 12:00-12:30",
        })  # fmt: skip
        [version] = versions()
        assert version.rules == {
            "zone": "America/Chicago",
            "hours": {
                "mon": [["09:00", "12:00"], ["13:00", "24:00"]], "tue": [["22:00", "06:00"]], "wed": [["09:00", "17:00"]],
                "thu": [["09:00", "17:00"]], "sun": [["00:00", "24:00"]],
            },
            "holidays": ["05-01", str(SOON)],
            "overrides": {str(SOON): [], "2027-01-02": [["10:00", "12:00"]]},
            "breaks": {"2027-01-04": [["12:00", "12:30"]]},
        }  # fmt: skip
        assert version.names == {str(SOON): "Christmas Eve"}
        assert version.created_by_id == world.mei.id

    def test_a_break_keeps_its_name_and_is_no_holiday(self, mei):
        lines = "2027-01-04 10:00-10:15 Coffee and cake, 12:00-12:30\n2027-01-05 12:00:00 to 13:00 Fire drill"
        answer = mei.post("/calendars", {**FORM, "breaks": lines})
        [version] = versions()
        assert version.rules["breaks"] == {
            "2027-01-04": [["10:00", "10:15"], ["12:00", "12:30"]],
            "2027-01-05": [["12:00:00", "13:00"]],
        }
        assert version.names == {"2027-01-04 10:00": "Coffee and cake", "2027-01-05 12:00": "Fire drill"}
        page = mei.get(answer.location.partition("?")[0]).text
        assert "2027-01-04 10:00-10:15 Coffee and cake, 12:00-12:30\n2027-01-05 12:00:00-13:00 Fire drill" in page
        assert 'name="name:2027-01-04' not in page

    BAD = (
        ({"name": ""}, "Enter a name"),
        ({"zone": "Mars/Olympus"}, "is not a time zone"),
        ({"zone": ""}, "is not a time zone"),
        ({"hours_mon": "09:00-12:00, 11:00-17:00"}, "Two windows overlap"),
        ({"hours_mon": "22:00-10:00"}, "reaches into the hours of the next day"),
        ({"hours_mon": "09:00-09:00"}, "is no time at all"),
        ({"hours_mon": "24:00-09:00"}, "is no time at all"),
        ({"hours_mon": "9 to five"}, "is not a window"),
        ({"hours_mon": "09:00-25:00"}, "is not a time of day"),
        ({"hours_mon": "09:61-17:00"}, "is not a time of day"),
        (dict.fromkeys(WEEK, ""), "This calendar is never open"),
        ({**dict.fromkeys(WEEK, ""), "overrides": "2020-01-02 10:00-12:00"}, "This calendar is never open"),
        ({"add": "2027-02-30 No day"}, "is not a date"),
        ({"add": "02-30"}, "is not a date"),
        ({"add": "Christmas"}, "has no date in front"),
        ({"overrides": "2027-02-29 09:00-12:00"}, "is not a date"),
        ({"overrides": "2027-03-01 09:00-12:00\n2027-03-01 13:00-14:00"}, "is there twice"),
        ({"overrides": "2027-03-01 09:00-12:00, 10:00-14:00"}, "Two windows overlap"),
        ({"breaks": "2027-03-01 09:00"}, "is not a window"),
        ({"do": "country", "country": "ZZ"}, "Choose a country of the list"),
        ({"do": "country", "country": "DE", "region": "ZZ"}, "no such region"),
    )  # fmt: skip

    @pytest.mark.parametrize(("more", "words"), BAD)
    def test_what_does_not_fit_is_said_at_its_field_and_nothing_is_saved(self, mei, more, words):
        answer = mei.post("/calendars", {**FORM, **more})
        assert answer.status_code == 422
        error = answer.text.split('class="error"', 1)[1]
        assert words in error.replace("&#39;", "'")
        assert db.session.scalar(select(func.count()).select_from(Calendar)) == 0
        for name, value in {**FORM, **more}.items():
            if name.startswith("hours_") and value:
                assert value in answer.text

    def test_a_name_that_is_taken_is_refused_whatever_its_letters(self, mei, made):
        answer = mei.post("/calendars", {**FORM, "name": "CHICAGO  office"})
        assert answer.status_code == 422
        assert "called CHICAGO office already" in answer.text

    def test_a_country_fills_the_list_and_saves_nothing(self, mei):
        page = mei.post("/calendars", {**FORM, "do": "country", "country": "DE", "region": "BY"}).text
        assert "Epiphany" in page
        assert "Bayern" in page
        assert not versions()

    def test_an_unticked_holiday_is_a_working_day_and_stays_known(self, mei):
        days = {
            f"name:{SOON}": "Christmas Eve",
            f"day:{SOON}": "worked",
            "name:01-01": "New Year",
            "day:01-01": "closed",
            "name:05-01": "May",
            "day:05-01": "gone",
        }
        mei.post("/calendars", {**FORM, **days})
        [version] = versions()
        assert version.rules["holidays"] == ["01-01"]
        assert version.names == {str(SOON): "Christmas Eve", "01-01": "New Year"}


class TestChanging:
    def test_adds_a_version_and_keeps_the_old_one(self, world, mei, made):
        assert mei.post(made, changed(hours_fri="09:00-12:00")).status_code == 303
        first, second = versions()
        assert first.rules["hours"]["fri"] == [["09:00", "17:00"]]
        assert second.rules["hours"]["fri"] == [["09:00", "12:00"]]
        assert second.valid_from == second.created_at
        assert "Mei Tanaka" in mei.get(made).text

    def test_the_same_again_adds_none(self, mei, made):
        assert mei.post(made, changed()).location.endswith("said=same")
        assert len(versions()) == 1

    def test_from_a_date_it_is_planned_in_the_calendars_zone_and_can_be_withdrawn(self, mei, made):
        day = (now() + timedelta(days=30)).date()
        mei.post(made, changed(hours_fri="", starts="later", from_date=str(day), from_time="06:00"))
        assert versions()[-1].valid_from.astimezone().date() in {day, day + timedelta(days=1)}
        page = mei.get(made).text
        assert "A change is planned" in page
        assert "A change is planned already" in mei.post(made, changed(hours_fri="10:00-11:00")).text
        assert mei.post(f"{made}/withdrawal").status_code == 303
        assert len(versions()) == 1
        assert mei.post(f"{made}/withdrawal").status_code == 409

    @pytest.mark.parametrize("date", ["2020-01-01", "2099-01-01", "2027-02-30", "", "soon"])
    def test_a_date_that_cannot_be_is_refused(self, mei, made, date):
        answer = mei.post(made, changed(hours_fri="", starts="later", from_date=date))
        assert answer.status_code == 422
        assert 'id="valid_from-error"' in answer.text
        assert len(versions()) == 1

    def test_two_people_at_once_do_not_overwrite_each_other(self, mei, made):
        stale = changed(hours_mon="10:00-11:00")
        mei.post(made, changed(hours_fri="09:00-12:00"))
        answer = mei.post(made, stale)
        assert answer.status_code == 409
        assert "Somebody else changed this calendar" in answer.text
        assert "10:00-11:00" in answer.text
        assert len(versions()) == 2

    def test_looking_shows_what_would_be_and_saves_nothing(self, mei, made):
        page = mei.post(made, changed(do="look", hours_fri="09:00-12:00")).text
        assert "Mon to Thu 09:00 to 17:00, Fri 09:00 to 12:00" in page
        assert "No open promise is counted" in page
        assert len(versions()) == 1

    def test_set_aside_and_offered_again(self, mei, made):
        mei.post(f"{made}/archive")
        assert "set aside" in mei.get("/calendars").text
        mei.post(f"{made}/unarchive")
        assert "set aside" not in mei.get("/calendars").text


FEED = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"
    f"BEGIN:VEVENT\r\nUID:1\r\nDTSTART;VALUE=DATE:{SOON:%Y%m%d}\r\nSUMMARY:Founders' Day\r\nEND:VEVENT\r\n"
    "END:VCALENDAR\r\n"
).encode()


@pytest.fixture
def feed(monkeypatch):
    with WebServer() as server:
        server.answers["/days.ics"] = lambda handler: reply(handler, 200, FEED, {"Content-Type": "text/calendar"})
        yield server


@pytest.fixture
def opened(monkeypatch, world):
    """An administrator let requests reach this host."""
    from helpdesk.settings import settings

    monkeypatch.setenv("HELPDESK_ALLOW_PRIVATE_HOSTS", "127.0.0.1")
    settings.cache_clear()
    yield
    monkeypatch.undo()
    settings.cache_clear()


class TestFeeds:
    def test_are_shown_first_and_then_taken_over(self, opened, feed, mei, made):
        url = f"http://127.0.0.1:{feed.port}/days.ics"
        page = mei.post(f"{made}/feed", {"feed_url": url}).text
        assert "New holidays" in page
        assert "Founders&#39; Day" in page
        assert len(versions()) == 1
        taken = {"feed_url": url, "after": str(versions()[-1].id), "add": f"{SOON} Founders' Day"}
        assert mei.post(f"{made}/feed/holidays", taken).status_code == 303
        assert versions()[-1].rules["holidays"] == [str(SOON)]
        assert versions()[-1].names == {str(SOON): "Founders' Day"}
        assert db.session.scalars(select(Calendar.feed_url)).one() == url
        assert "Nothing to change" in mei.post(f"{made}/feed", {"feed_url": url}).text

    def test_a_file_does_as_well_and_what_it_lacks_may_go(self, mei, made):
        tomorrow = now().date() + timedelta(days=1)
        mei.post(made, changed(add=f"{tomorrow} Stocktaking"))
        page = mei.post(f"{made}/feed", {"feed_file": (BytesIO(FEED), "days.ics")}).text
        assert "Not in the feed" in page
        assert "Stocktaking" in page
        mei.post(f"{made}/feed/holidays", {"after": str(versions()[-1].id), "drop": str(tomorrow)})
        assert versions()[-1].rules["holidays"] == []

    @pytest.mark.parametrize(
        ("form", "field"),
        [
            ({"feed_url": ""}, "feed_url"),
            ({"feed_url": "http://127.0.0.1:1/x"}, "feed_url"),
            ({"feed_url": "ftp://feeds.example/x"}, "feed_url"),
            ({"feed_file": (BytesIO(b"<html>"), "x.ics")}, "feed_file"),
        ],
    )
    def test_a_broken_one_is_named_at_its_field(self, mei, made, form, field):
        sent = {
            name: (BytesIO(value[0].getvalue()), value[1]) if isinstance(value, tuple) else value
            for name, value in form.items()
        }
        answer = mei.post(f"{made}/feed", sent)
        assert answer.status_code == 422
        assert f'id="{field}-error"' in answer.text
        assert len(versions()) == 1

    @pytest.mark.parametrize("add", ["2027-02-30 No day", "tomorrow", "2027-01-01 " + "x" * 300])
    def test_a_made_up_day_is_refused(self, mei, made, add):
        answer = mei.post(f"{made}/feed/holidays", {"after": str(versions()[-1].id), "add": add})
        assert answer.status_code == 422
        assert len(versions()) == 1
