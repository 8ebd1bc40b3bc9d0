"""The link in a page: opening it says nothing, the form does, and nobody takes from another what they are on."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from helpdesk.db import db
from helpdesk.now import travel
from sla.escalations import links, methods
from sla.escalations.models import Page
from tests.plugins.world import Browser
from tests.sla.escalations.test_running import WARNED, acknowledge, arrive, run_of, tick


@pytest.fixture
def telephone(world):
    return Browser(world.app)


@pytest.fixture
def ringing(night, steps):
    """Ben was rung, and ten minutes later Ada."""
    ticket = arrive(night)
    for after in (0, 10):
        tick(WARNED + timedelta(minutes=after))
    return ticket


def address(name):
    """Of the page for them."""
    mine = select(Page.id).where(Page.name.startswith(name)).order_by(Page.id.desc()).limit(1)
    return f"/on-it/{links.token(db.session.scalars(mine).one())}"


def press(telephone, path, answer, after=11):
    with travel(to=WARNED + timedelta(minutes=after)):
        return telephone.post(path, {"answer": answer}, on=path).status_code


class TestTheLink:
    def test_says_nothing_when_it_is_opened(self, ringing, telephone):
        with travel(to=WARNED + timedelta(minutes=11)):
            assert f"#{ringing.number}" in telephone.get(address("Ben")).text
        assert run_of(ringing).state == "running"

    def test_makes_it_theirs_by_its_form(self, night, ringing, telephone):
        assert press(telephone, address("Ben"), "on") == 303
        run = run_of(ringing)
        assert (run.state, run.acknowledged_by_id, run.acknowledged_how) == ("acknowledged", night.ben.id, "link")

    def test_passes_on_what_is_theirs(self, night, ringing, telephone):
        acknowledge(ringing, night.ada, WARNED + timedelta(minutes=10))
        press(telephone, address("Ada"), "pass")
        assert run_of(ringing).state == "running"

    def test_takes_nothing_from_somebody_else_who_is_on_it(self, night, ringing, telephone):
        acknowledge(ringing, night.ada, WARNED + timedelta(minutes=10))
        assert press(telephone, address("Ben"), "pass") == 303
        run = run_of(ringing)
        assert (run.state, run.acknowledged_by_id) == ("acknowledged", night.ada.id)
        with travel(to=WARNED + timedelta(minutes=12)):
            shown = telephone.get(address("Ben")).text
        assert "Ada is on it." in shown
        assert "Pass on" not in shown

    @pytest.mark.parametrize("token", ["1-forged", "999999", "x", "1-"])
    def test_that_is_not_ours_is_none(self, ringing, telephone, token):
        assert telephone.get(f"/on-it/{token}").status_code == 404

    def test_is_over_after_a_week_and_when_its_agent_left(self, night, ringing, telephone):
        path = address("Ben")
        with travel(to=WARNED + timedelta(days=8)):
            assert telephone.get(path).status_code == 404
        night.ben.deactivated_at = WARNED
        db.session.commit()
        with travel(to=WARNED + timedelta(minutes=11)):
            assert telephone.get(path).status_code == 404

    def test_of_a_test_page_says_that_it_came_and_asks_nothing(self, night, telephone):
        with travel(to=WARNED):
            methods.test(night.ben)
            db.session.commit()
            shown = telephone.get(address("Ben")).text
        assert "The test page arrived." in shown
        assert "<form" not in shown


class TestAfterPassingOn:
    def test_it_says_so_and_who_is_rung_then(self, night, steps, telephone):
        ticket = arrive(night)
        tick(WARNED)
        press(telephone, address("Ben"), "pass", after=1)
        with travel(to=WARNED + timedelta(minutes=1)):
            shown = telephone.get(address("Ben")).text
            assert "You passed it on." in shown
            assert "The next one is rung in a moment." in shown
            assert "On it" in shown
            assert "Pass on" not in shown
        tick(WARNED + timedelta(minutes=1))
        with travel(to=WARNED + timedelta(minutes=1)):
            assert "Ada Berg is rung now." in telephone.get(address("Ben")).text
            assert "needs you" in telephone.get(address("Ada")).text
        assert run_of(ticket).state == "running"

    def test_they_may_take_it_after_all(self, night, ringing, telephone):
        press(telephone, address("Ada"), "pass")
        press(telephone, address("Ada"), "on", after=12)
        with travel(to=WARNED + timedelta(minutes=13)):
            assert "Ada is on it." in telephone.get(address("Ada")).text

    def test_it_says_where_nobody_comes_after_them(self, night, ringing, telephone):
        press(telephone, address("Ada"), "pass")
        with travel(to=WARNED + timedelta(minutes=12)):
            assert "Nobody comes after you" in telephone.get(address("Ada")).text

    def test_what_somebody_else_passed_on_is_still_theirs(self, night, ringing, telephone):
        press(telephone, address("Ada"), "pass")
        with travel(to=WARNED + timedelta(minutes=12)):
            assert "needs you" in telephone.get(address("Ben")).text
