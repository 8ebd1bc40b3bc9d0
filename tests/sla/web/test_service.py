"""The page of service: every figure opens exactly its tickets, says how it is counted, and its JSON tells the same."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from helpdesk.db import db
from helpdesk.now import travel
from helpdesk.people.models import Brand
from sla.escalations.models import Page
from sla.volume import checking, counting
from tests.plugins.world import Browser, World
from tests.sla import rotas
from tests.sla.volume.living import Days, lived

NOON = datetime(2026, 11, 25, 17, tzinfo=UTC)  # Wednesday, in New York
WEEK = "from=2026-11-16&to=2026-11-25"


@pytest.fixture
def days(world: World) -> Days:
    """Six requests of ten days, one merged and one only a machine's; two replies, one of them on a Sunday."""
    made = lived(
        world,
        ("2026-11-16T10:00:00-05:00", "write", "old"),
        ("2026-11-24T10:00:00-05:00", "write", "double"),
        ("2026-11-24T10:05:00-05:00", "merge", "double", "saturday"),
    )
    counting.tick()
    assert list(checking.verify()) == []
    return made


@pytest.fixture
def browser(days: Days) -> Browser:
    with travel(to=NOON):
        return days.world.browser(days.world.mei)


def told(browser: Browser, query: str = WEEK) -> dict:
    with travel(to=NOON):
        return browser.get(f"/api/v1/promises/service?{query}").json


def listed(days: Days, browser: Browser, query: str) -> list[str]:
    """The names of the tickets a list shows."""
    with travel(to=NOON):
        text = browser.get(f"/promises/service/tickets?{WEEK}&{query}").text
    numbers = {str(ticket.number): name for name, ticket in days.tickets.items()}
    return [numbers[number] for number in re.findall(r'href="/tickets/(\d+)"', text) if number in numbers]


class TestFigures:
    def test_are_those_worked_out_by_hand(self, browser: Browser) -> None:
        found = told(browser)
        assert (found["requests"], found["requests_outside"], found["machines"]) == (4, 1, 1)
        assert (found["replies"], found["replies_outside"], found["done"], found["reopened"]) == (2, 1, 1, 1)
        assert found["first_replies"] == {"count": 2, "clock": [0, 0, 0, 0, 2, 0], "working": [2, 0, 0, 0, 0, 0]}
        assert found["usual_first_reply"] == {"clock": 25 * 3600, "working": 0}
        assert {(one["key"], one["requests"]) for one in found["channels"]} == {("email", 4)}
        assert found["open"] == {"at": None, "count": 5, "ages": [1, 1, 2, 1, 0]}

    def test_each_is_the_number_of_its_tickets(self, days: Days, browser: Browser) -> None:
        assert listed(days, browser, "what=arrived") == ["new", "saturday", "friday", "old"]
        assert listed(days, browser, "what=arrived&when=out") == ["saturday"]
        assert listed(days, browser, "what=machine") == ["robot"]
        assert listed(days, browser, "what=first&clock=4") == ["friday", "saturday"]
        assert listed(days, browser, "what=first&clock=0") == []
        assert listed(days, browser, "what=first&working=0") == ["friday", "saturday"]
        assert listed(days, browser, "what=replied&when=out") == ["saturday"]
        assert listed(days, browser, "what=done") == listed(days, browser, "what=reopened") == ["friday"]
        assert listed(days, browser, "what=open") == ["old", "friday", "saturday", "robot", "new"]
        assert listed(days, browser, "what=open&age=3") == ["old"]
        assert listed(days, browser, "what=open&age=0") == ["new"]
        assert listed(days, browser, "what=open&age=1") == ["robot"]

    def test_the_team_is_the_one_that_had_it_then(self, days: Days, browser: Browser) -> None:
        day, night = (days.team(name).id for name in ("Day", "Night"))
        rows = {one["key"]: one for one in told(browser, f"{WEEK}&by=team")["rows"]}
        assert (rows[str(day)]["replies"], rows[str(day)]["done"], rows[str(day)]["open"]) == (1, 1, 0)
        assert (rows[str(night)]["replies"], rows[str(night)]["reopened"], rows[str(night)]["open"]) == (0, 1, 1)
        assert listed(days, browser, f"what=open&team={night}") == ["friday"]
        assert listed(days, browser, f"what=replied&team={day}") == ["friday"]

    def test_what_is_usual_is_each_persons_own(self, days: Days, browser: Browser) -> None:
        rows = {one["key"]: one["usual_first_reply"] for one in told(browser)["rows"]}
        assert rows[str(days.world.ben.id)] == {"clock": 64 * 3600 + 20 * 60, "working": 20 * 60}
        assert rows[str(days.world.mei.id)] == {"clock": 25 * 3600, "working": 0}

    def test_a_topic_is_a_tag_and_a_ticket_counts_in_each(self, days: Days, browser: Browser) -> None:
        topics = {one["key"]: one["requests"] for one in told(browser)["topics"]}
        assert sorted(topics.values()) == [1, 1, 3]
        for key in topics.keys() - {""}:
            assert listed(days, browser, f"what=arrived&topic={key}") == ["friday"]
            assert listed(days, browser, f"what=open&topic={key}") == ["friday"]
        assert listed(days, browser, "what=arrived&topic=none") == ["new", "saturday", "old"]

    @pytest.mark.parametrize("more", ["", "&channel=email&when=in", "&customer={customer}"])
    def test_asked_for_alone_no_other_topic_of_its_tickets_is_told(
        self, days: Days, browser: Browser, more: str
    ) -> None:
        """A row of another topic would open all tickets of that one."""
        more = more.format(customer=days.tickets["friday"].organization_id)
        for key in {one["key"] for one in told(browser)["topics"]} - {""}:
            found = told(browser, f"{WEEK}&topic={key}{more}&by=topic")
            assert [one["key"] for one in found["topics"]] == [key]
            assert [(one["key"], one["requests"], one["open"]) for one in found["rows"]] == [(key, 1, 1)]

    @pytest.mark.parametrize("filters", ["", "&channel=email", "&when=out", "&team={day}", "&agent={ben}",
        "&agent={ben}&team={day}", "&channel=email&team={day}&when=in", "&customer={olive}&channel=email",
        "&topic=none&channel=email&when=in"])  # fmt: skip
    def test_whatever_is_filtered_the_lists_are_as_long_as_the_figures(
        self, days: Days, browser: Browser, filters: str
    ) -> None:
        values = {"day": days.team("Day").id, "ben": days.world.ben.id, "olive": days.world.olive.organization_id}
        asked = filters.format(**values)
        for by in ("agent", "team", "channel", "topic", "customer"):
            found = told(browser, f"{WEEK}{asked}&by={by}")
            for name, what in (("requests", "arrived"), ("replies", "replied"), ("done", "done")):
                assert found[name] == len(listed(days, browser, f"what={what}{asked}"))
                if by != "topic":
                    assert sum(one[name] for one in found["rows"]) == found[name]
            assert found["first_replies"]["count"] == len(listed(days, browser, f"what=first{asked}"))
            assert found["open"]["count"] == len(listed(days, browser, f"what=open{asked}"))
            assert sum(one["requests"] for one in found["hours"]) == found["requests"]

    def test_of_a_day_in_the_past_is_as_it_was_at_its_end(self, days: Days, browser: Browser) -> None:
        found = told(browser, "from=2026-11-20&to=2026-11-23")
        assert (found["open"]["count"], found["open"]["ages"]) == (2, [0, 1, 0, 1, 0])
        assert found["reopened"] == 0

    def test_a_zone_of_its_own_moves_days_and_hours(self, days: Days, browser: Browser) -> None:
        monday = "from=2026-11-23&to=2026-11-23"
        assert told(browser, monday)["replies"] == 1
        manager = days.world.browser(days.world.mei)
        with travel(to=NOON):
            assert manager.post("/promises/zone", {"zone": "Pacific/Kiritimati"}).status_code == 303
        assert told(browser, monday)["replies"] == 1  # Sunday noon in New York is Monday 07:00 there
        assert told(browser, "from=2026-11-24&to=2026-11-24")["replies"] == 1
        assert list(checking.verify()) == []


class TestPage:
    def test_says_it_in_words_and_links_each_figure_to_its_definition(self, days: Days, browser: Browser) -> None:
        with travel(to=NOON):
            text = browser.get(f"/promises/service?{WEEK}").text
            defined = browser.get("/promises/definitions").text
        said = " ".join(re.sub(r"<[^>]+>", " ", text).split())
        assert "2 requests got a first reply. Usually 0 min of working hours, 25 h by the clock." in said
        assert "5 open now; 1 of them is a week old or older." in said
        assert "4 requests, 1 of them outside working hours. Apart from these, 1 that only machines wrote." in said
        anchors = set(re.findall(r'href="/promises/definitions#([\w-]+)"', text))
        assert len(anchors) >= 9
        assert anchors <= set(re.findall(r'id="([\w-]+)"', defined))
        assert text.count('role="img"') >= 3

    def test_links_lead_where_the_figure_is(self, days: Days, browser: Browser) -> None:
        with travel(to=NOON):
            text = browser.get(f"/promises/service?{WEEK}&channel=email").text
            links = set(re.findall(r'href="(/promises/service/tickets\?[^"]+)">([\d,]+)<', text))
            assert len(links) > 15
            for address, number in links:
                page = browser.get(address.replace("&amp;", "&")).text
                assert page.count('class="listed__row"') == int(number.replace(",", "")), address

    def test_a_question_that_is_none_is_said_at_the_field(self, browser: Browser) -> None:
        for asked in ("from=2026-02-31", "team=x", "by=colour", "when=never", "hour=out", f"team={'9' * 5000}"):
            assert browser.get(f"/promises/service?{asked}").status_code == 422, asked
            assert browser.get(f"/api/v1/promises/service?{asked}").status_code == 422, asked
        for asked in ("what=all", "what=first&clock=9", "what=open&age=x"):
            assert browser.get(f"/promises/service/tickets?{asked}").status_code == 422, asked
        assert browser.get("/promises/service/wakes?who=999999").status_code == 404

    def test_before_anything_happened_it_says_so(self, world: World) -> None:
        text = world.browser(world.mei).get("/promises/service?from=2020-01-01&to=2020-01-02").text
        assert "Nobody got a first reply in these days." in text
        assert "Nobody was woken or on call in these days." in text


class TestOnCall:
    def test_parts_of_wakes_beside_parts_of_hours(self, world: World) -> None:
        rotas.schedule([world.ben, world.mei])
        for agent in (world.ben, world.mei):
            agent.zone = "America/New_York"
        db.session.commit()
        first, second = _in_turn(world)
        for at in ("2026-11-16T23:00:00-05:00", "2026-11-17T05:59:59-05:00", "2026-11-21T12:00:00-05:00"):
            _wake(first, at)
        _wake(second, "2026-11-24T12:00:00-05:00")
        _wake(second, "2026-11-24T23:30:00-05:00", is_test=True)
        _wake(second, "2026-11-23T03:00:00-05:00")
        with travel(to=datetime(2026, 11, 30, 15, tzinfo=UTC)):
            db.session.execute(update(Brand).values(zone="America/New_York"))
            db.session.commit()
            browser = world.browser(world.mei)
            asked = "from=2026-11-16&to=2026-11-29"
            found = {one["agent"]: one for one in browser.get(f"/api/v1/promises/service?{asked}").json["on_call"]}
            text = browser.get(f"/promises/service?{asked}").text
            wakes = browser.get(f"/promises/service/wakes?{asked}&who={first.id}&kind=night").text
        assert found[first.id]["wakes"] == {"night": 2, "weekend": 1, "day": 0}
        assert found[second.id]["wakes"] == {"night": 1, "weekend": 0, "day": 1}
        # Monday 08:00 to Monday 08:00, seven nights of 8 h, 2 days of weekend of 16 h, the rest by day; at the ends of
        # the days shown the second has the first Monday's 6 h of night and 2 h of day, and loses Monday's end.
        assert found[first.id]["seconds"] == {"night": 56 * 3600, "weekend": 32 * 3600, "day": 80 * 3600}
        assert found[second.id]["seconds"] == {"night": (6 + 50) * 3600, "weekend": 32 * 3600, "day": 80 * 3600}
        assert "4 wakes out of hours. " in text
        assert f"{first.name} had 75 % of them with 50 % of the hours." in text
        assert wakes.count("listed__row--wake") == 2


def _in_turn(world: World):
    """Who has the week from Monday 16 November, and who has the next."""
    weeks = (datetime(2026, 11, 16).date() - datetime(2026, 1, 5).date()) // timedelta(weeks=1)
    people = [world.ben, world.mei]
    return people[weeks % 2], people[(weeks + 1) % 2]


def _wake(agent, at: str, *, is_test: bool = False) -> None:
    begun = datetime.fromisoformat(at)
    db.session.add(
        Page(
            target=f"agent:{agent.id}",
            agent_id=agent.id,
            name=agent.name,
            is_test=is_test,
            made_at=begun,
            not_before=begun,
            begun_at=begun,
            ended_at=begun,
            end="acknowledged",
        )
    )
    db.session.commit()
