"""Saved views: whose they are, what they are called, and how many tickets each holds."""

from __future__ import annotations

import pytest

from helpdesk.access.permissions import visible_tickets
from helpdesk.db import db
from helpdesk.errors import Invalid, NotAllowed, NotFound
from helpdesk.people.models import Agent, Brand, Membership, Team
from helpdesk.tickets import queue, savedviews, triage, views
from helpdesk.tickets.counts import counts, of_views
from helpdesk.tickets.models import Priority
from tests.plugins.world import World

URGENT = "next-up?priority=urgent"


@pytest.fixture
def night(world: World) -> Team:
    """Ada and Ben are in it."""
    team = Team(brand_id=db.session.query(Brand).one().id, name="Night shift")
    db.session.add(team)
    db.session.flush()
    for agent in (world.ada, world.ben):
        db.session.add(Membership(team_id=team.id, agent_id=agent.id))
    db.session.commit()
    return team


def names(agent: Agent) -> list[str]:
    listed = [one.name for one in savedviews.listed(agent)]
    assert [one.name for one in counts(agent).saved] == listed
    return listed


def save(agent: Agent, name: str, view: str = URGENT, team: Team | None = None) -> int:
    saved = savedviews.save(agent, name=name, view=views.view_of(view), team_id=team.id if team else None)
    db.session.commit()
    return saved.id


class TestWhose:
    def test_is_its_owners_alone(self, world: World, night: Team):
        one = save(world.ben, "Urgent")
        assert (names(world.ben), names(world.ada)) == (["Urgent"], [])
        with pytest.raises(NotFound):
            savedviews.of(world.ada, one)
        assert savedviews.seen(world.ada, one) is None

    def test_of_a_team_is_its_members(self, world: World, night: Team):
        one = save(world.ben, "Urgent", team=night)
        assert (names(world.ben), names(world.ada), names(world.mei)) == (["Urgent"], ["Urgent"], [])
        savedviews.rename(savedviews.of(world.ada, one), name="Quick")
        assert names(world.ben) == ["Quick"]
        with pytest.raises(NotFound):
            savedviews.of(world.mei, one)

    def test_nobody_saves_for_a_team_they_are_not_in(self, world: World, night: Team):
        with pytest.raises(NotAllowed):
            save(world.mei, "Urgent", team=night)

    def test_stand_by_name(self, world: World):
        for name in ("zebra", "Apple", "banana"):
            save(world.ben, name)
        assert names(world.ben) == ["Apple", "banana", "zebra"]


class TestRemoving:
    def test_twice_is_harmless_and_it_comes_back(self, world: World):
        one = save(world.ben, "Urgent")
        for _ in range(2):
            savedviews.remove(savedviews.of(world.ben, one))
        assert names(world.ben) == []
        savedviews.restore(savedviews.of(world.ben, one))
        assert names(world.ben) == ["Urgent"]


class TestNames:
    @pytest.mark.parametrize("name", ["", "  ", "x" * 61, "a\x00b", "a\x1bb"])
    def test_that_are_none_are_refused_at_the_field(self, world: World, name: str):
        with pytest.raises(Invalid) as refused:
            save(world.ben, name)
        assert set(refused.value.fields) == {"name"}

    def test_the_whole_list_needs_none(self, world: World):
        with pytest.raises(Invalid) as refused:
            save(world.ben, "All", "next-up")
        assert set(refused.value.fields) == {"view"}

    def test_nobody_has_more_than_fifty(self, world: World):
        for number in range(50):
            savedviews.save(world.ben, name=str(number), view=views.view_of(URGENT))
        with pytest.raises(Invalid, match="does not fit"):
            save(world.ben, "One more")


class TestNumbers:
    def test_are_what_the_lists_hold(self, world: World):
        for place in range(5):
            ticket = world.ticket(f"T{place}")
            if place % 2:
                triage.prioritise(ticket, Priority.URGENT, by=world.ben)
            if place == 3:
                triage.assign(ticket, to=world.ben, by=world.ben)
        db.session.commit()
        asked = [
            views.view_of(one) for one in (URGENT, "next-up?person=me", "mine?sort=newest", "next-up?promise=past")
        ]
        held = [len(queue.page(visible_tickets(world.ben), view, world.ben).rows) for view in asked]
        assert of_views(visible_tickets(world.ben), asked, world.ben) == held == [2, 1, 1, 0]

    def test_of_no_view_asks_nothing(self, world: World):
        assert of_views(visible_tickets(world.ben), [], world.ben) == []
