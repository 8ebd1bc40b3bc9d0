"""A browser as a way to be reached: added, proven by what it showed, rung, gone, taken away."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from channels.push import connection, vapid
from helpdesk.db import db
from helpdesk.now import travel
from sla.escalations import methods, paging
from sla.escalations.models import PageAttempt
from tests.channels import lines
from tests.fakes.push import PushService, Subscriber
from tests.plugins.world import Browser, World
from tests.sla.escalations.test_running import WARNED, arrive, run_of, rung, tick

HERE = "/settings/on-call"
AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36"


@pytest.fixture
def service(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[PushService]:
    with lines.loopback(monkeypatch), PushService() as there:
        key = vapid.public(connection.read(connection.of_the_house()).key)
        db.session.commit()
        there.browser = there.subscribe(key)
        yield there


def add(browser: Browser, subscriber: Subscriber, agent: str = AGENT):
    return browser.post(f"{HERE}/browser", {"subscription": subscriber.told()}, User_Agent=agent)


def code(world: World, service: PushService) -> str:
    """As it stands in the notification."""
    lines.send_all(world)
    return re.search(r"\d{6}", service.taken[-1].said["title"])[0]


@pytest.fixture
def proven(night, service, ben_at_work):
    """Ben is reached in Chrome, at once; his mail comes ten minutes behind."""
    [mail] = methods.of(night.ben)
    mail.delay_seconds = 600
    db.session.commit()
    assert add(ben_at_work, service.browser).status_code == 303
    way = next(one for one in methods.of(night.ben) if one.kind == "push")
    assert ben_at_work.post(f"{HERE}/{way.id}/proof", {"code": code(night, service)}).status_code == 303
    return way


def tried():
    attempts = db.session.scalars(select(PageAttempt).order_by(PageAttempt.id))
    return [(one.kind, one.state) for one in attempts]


class TestAdding:
    def test_names_the_browser_and_keeps_nothing_of_it_in_plain_sight(self, world, service, ben_at_work):
        assert add(ben_at_work, service.browser).status_code == 303
        [way] = methods.of(world.ben)
        assert way.address == f"Chrome on Linux, {way.details['mark']}"
        assert way.verified_at is None
        assert service.browser.endpoint not in str(way.details)
        shown = ben_at_work.get(HERE).text
        assert "Six digits, in the notification it shows." in shown
        assert service.browser.endpoint not in shown

    def test_is_proven_by_the_code_it_showed(self, world, service, ben_at_work):
        add(ben_at_work, service.browser)
        [way] = methods.of(world.ben)
        shown = code(world, service)
        said = service.taken[0].said
        assert (said["asks"], said["link"].endswith(HERE)) == (False, True)
        assert ben_at_work.post(f"{HERE}/{way.id}/proof", {"code": shown}).status_code == 303
        assert methods.of(world.ben)[0].verified_at is not None

    def test_of_several_browsers_lists_each(self, world, service, ben_at_work):
        other = service.subscribe(service.application_key)
        add(ben_at_work, service.browser)
        with travel(minutes=2):
            add(ben_at_work, other, "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0")
        names = [one.address.split(",")[0] for one in methods.of(world.ben)]
        assert names == ["Chrome on Linux", "Firefox on Windows"]

    def test_twice_is_said(self, world, service, ben_at_work):
        add(ben_at_work, service.browser)
        with travel(minutes=2):
            again = add(ben_at_work, service.browser)
        assert (again.status_code, "You are reached there already." in again.text) == (422, True)

    def test_within_a_minute_of_another_code_waits_and_saves_nothing(self, world, service, ben_at_work):
        add(ben_at_work, service.browser)
        again = add(ben_at_work, service.subscribe(service.application_key))
        assert (again.status_code, len(methods.of(world.ben))) == (429, 1)
        assert "Wait a minute" in again.text

    @pytest.mark.parametrize("said", ["", "{}", "null"])
    def test_without_a_subscription_is_said_at_its_place(self, world, ben_at_work, said):
        answer = ben_at_work.post(f"{HERE}/browser", {"subscription": said})
        assert (answer.status_code, methods.of(world.ben)) == (422, [])
        assert "did not tell where it is reached" in answer.text

    def test_without_script_is_not_offered(self, world, ben_at_work):
        shown = ben_at_work.get(HERE).text
        assert "This works only with JavaScript" in shown
        assert re.search(r'<button[^>]* hidden=""[^>]*>Reach me in this browser', shown)


class TestPage:
    def test_rings_the_browser_with_the_ticket_and_its_link(self, night, steps, service, proven, ben_at_work):
        ticket = arrive(night)
        tick(WARNED)
        with travel(to=WARNED):
            lines.send_all(night)
        said = service.taken[-1].said
        assert said["title"].startswith(f"#{ticket.number} Cold room 2 is warm")
        assert (said["body"], said["asks"]) == ("Are you on it?", True)
        tick(WARNED + timedelta(seconds=1))
        assert tried()[0] == ("push", "sent")
        path = said["link"].removeprefix("http://127.0.0.1:8000")
        with travel(to=WARNED):
            visitor = Browser(night.app)
            assert 'id="on-it"' in visitor.get(path).text
            assert run_of(ticket).state == "running"
            visitor.post(path, {"answer": "on"}, on=path)
        assert run_of(ticket).state == "acknowledged"

    def test_of_a_test_arrives_too(self, night, service, proven, ben_at_work):
        ben_at_work.post(f"{HERE}/test")
        paging.tick()
        lines.send_all(night)
        assert service.taken[-1].said["title"] == "Test page"

    @pytest.mark.parametrize("status", [404, 410])
    def test_to_a_browser_that_is_gone_tries_the_next_way_at_once(
        self, night, steps, service, proven, ben_at_work, status
    ):
        arrive(night)
        tick(WARNED)
        service.refusal = (status, {})
        with travel(to=WARNED):
            lines.send_all(night)
        for second in (1, 2):
            tick(WARNED + timedelta(seconds=second))
        assert tried() == [("push", "failed"), ("email", "leaving")]
        assert rung() == ["Ben"]
        gone = next(one for one in methods.of(night.ben) if one.kind == "push")
        assert (gone.is_gone, gone.verified_at, gone.details) == (True, None, {"is_gone": True})
        assert "Nothing reaches this browser any more" in ben_at_work.get(HERE).text
        assert ben_at_work.post(f"{HERE}/{gone.id}/code").status_code == 409

    def test_that_finds_no_browser_any_more_rings_the_next_person(self, night, steps, service, proven, ben_at_work):
        for way in methods.of(night.ben):
            if way.kind == "email":
                methods.remove(way)
        db.session.commit()
        arrive(night)
        tick(WARNED)
        service.refusal = (410, {})
        with travel(to=WARNED):
            lines.send_all(night)
        tick(WARNED + timedelta(seconds=1))
        tick(WARNED + timedelta(seconds=2))
        assert rung() == ["Ben", "Ada"]

    def test_that_failed_for_another_reason_leaves_the_browser_in_place(self, night, steps, service, proven):
        arrive(night)
        tick(WARNED)
        service.refusal = (413, {})
        with travel(to=WARNED):
            lines.send_all(night)
        for second in (1, 2):
            tick(WARNED + timedelta(seconds=second))
        assert tried() == [("push", "failed"), ("email", "leaving")]
        assert any(one.kind == "push" and one.verified_at for one in methods.of(night.ben))

    def test_does_not_reach_a_browser_that_was_taken_away_meanwhile(self, night, steps, service, proven, ben_at_work):
        late = next(one for one in methods.of(night.ben) if one.kind == "push")
        late.delay_seconds = 60
        db.session.commit()
        arrive(night)
        tick(WARNED)
        assert ben_at_work.post(f"{HERE}/{late.id}/removal").status_code == 303
        before = service.asked
        tick(WARNED + timedelta(seconds=61))
        with travel(to=WARNED + timedelta(seconds=61)):
            lines.send_all(night)
        for second in (62, 63):
            tick(WARNED + timedelta(seconds=second))
        assert service.asked == before
        assert tried() == [("push", "failed"), ("email", "leaving")]

    def test_in_a_browser_two_people_use_goes_to_whom_it_is_for(self, night, steps, service, proven):
        ada = night.browser(night.ada)
        with travel(minutes=2):
            assert add(ada, service.browser).status_code == 303
        assert [one.kind for one in methods.of(night.ada)] == ["email", "push"]


class TestGone:
    def test_browser_that_subscribes_again_is_added_again(self, night, service, proven, ben_at_work):
        ben_at_work.post(f"{HERE}/test")
        paging.tick()
        service.refusal = (410, {})
        lines.send_all(night)
        paging.tick()
        service.refusal = None
        with travel(minutes=2):
            assert add(ben_at_work, service.browser).status_code == 303
        mine = [one for one in methods.of(night.ben) if one.kind == "push"]
        assert [(one.is_gone, one.verified_at) for one in mine] == [(False, None)]


def test_a_page_of_many_tickets_stays_short(night, steps, service, proven):
    for place in range(15):
        arrive(night, subject=f"Cold room {place} is much too warm, and the alarm in it will not stop ringing")
    tick(WARNED)
    with travel(to=WARNED):
        lines.send_all(night)
    said = service.taken[-1].said
    assert said["title"].startswith("15 tickets, first: ")
    assert said["body"].endswith("- and 5 more")
    assert len(said["body"].encode()) < 3000
