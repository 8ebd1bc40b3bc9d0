"""The lists: who is in which, in which order, page by page, and what that costs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from helpdesk.access.permissions import visible_tickets
from helpdesk.db import db
from helpdesk.errors import Invalid
from helpdesk.now import now
from helpdesk.people.models import Agent
from helpdesk.tickets import lifecycle, queue, timeline, triage, views
from helpdesk.tickets.counts import counts
from helpdesk.tickets.dues import Due, set_next_due
from helpdesk.tickets.models import Ticket
from tests.plugins.product import queries
from tests.plugins.world import World

CHICAGO = ZoneInfo("America/Chicago")


def subjects(agent: Agent, view: str) -> list[str]:
    """What a view lists beside the noise."""
    found = queue.page(visible_tickets(agent), views.VIEWS[view], agent).rows
    return [row.subject for row in found if not row.subject.startswith("Proofer")]


def due(hours: float, *, asleep: bool = False) -> Due:
    at = now()
    until = at + timedelta(hours=1) if asleep else None
    return Due("reply", at, at + timedelta(hours=hours), at + timedelta(hours=hours / 2), asleep_until=until)


PLACES = {
    "as it came": (lambda _t, _w: None, {"next-up", "unassigned"}),
    "taken": (lambda t, w: triage.assign(t, to=w.ben, by=w.ben), {"next-up", "mine"}),
    "given away": (lambda t, w: triage.assign(t, to=w.mei, by=w.ben), {"next-up"}),
    "waiting": (lambda t, w: triage.wait_for(t, "customer", by=w.ben), {"unassigned", "waiting"}),
    "snoozed": (lambda t, w: lifecycle.snooze(t, by=w.ben, until=lifecycle.UNTIL_REPLY), {"snoozed"}),
    "done": (lambda t, w: lifecycle.resolve(t, by=w.ben), {"done"}),
    "spam": (lambda t, w: lifecycle.mark_spam(t, by=w.ben), {"spam"}),
}


class TestViews:
    @pytest.mark.parametrize("place", PLACES)
    def test_hold_what_they_say(self, world: World, place: str):
        verb, expected = PLACES[place]
        verb(world.ticket("Here"), world)
        db.session.commit()
        assert {view for view in views.VIEWS if "Here" in subjects(world.ben, view)} == expected

    @pytest.mark.parametrize("place", PLACES)
    def test_count_what_they_hold(self, world: World, place: str):
        PLACES[place][0](world.ticket("Here"), world)
        db.session.commit()
        numbers = counts(world.ben)
        for key in ("next-up", "mine", "unassigned", "waiting", "snoozed"):
            listed = queue.page(visible_tickets(world.ben), views.VIEWS[key], world.ben).rows
            assert numbers.of(key) == len(listed), key
        assert numbers.of("done") is None

    def test_next_up_puts_running_promises_first_then_sleeping_ones_then_the_longest_wait(self, world: World, travel):
        names = {"soon": 1, "later": 5, "asleep": 3}
        with travel(hours=-2):
            world.ticket("waits longer")
        with travel(hours=-1):
            world.ticket("waits")
        for name, hours in names.items():
            set_next_due(world.ticket(name), due(hours, asleep=name == "asleep"))
        db.session.commit()
        assert subjects(world.ben, "next-up") == ["soon", "later", "asleep", "waits longer", "waits"]

    def test_a_promise_taken_away_leaves_the_wait(self, world: World):
        ticket = world.ticket()
        set_next_due(ticket, due(1))
        set_next_due(ticket, None)
        assert (ticket.queue_rank, ticket.queue_at, ticket.next_due_kind) == (2, ticket.waiting_since, "")

    def test_unread_is_for_each_agent(self, world: World):
        ticket = world.ticket("Here")
        newest = timeline.page(ticket).newest
        assert timeline.mark_read(ticket, world.ben, newest)
        assert not timeline.mark_read(ticket, world.ben, newest)

        def unread(agent: Agent) -> bool:
            found = queue.row(visible_tickets(agent), views.VIEWS["next-up"], agent, ticket.number)
            assert found is not None
            return found.unread

        assert (unread(world.ben), unread(world.ada)) == (False, True)

    def test_a_row_that_left_is_none(self, world: World):
        ticket = lifecycle.resolve(world.ticket(), by=world.ben)
        assert queue.row(visible_tickets(world.ben), views.VIEWS["next-up"], world.ben, ticket.number) is None

    def test_somebody_who_left_sees_nothing(self, world: World):
        world.ticket()
        world.ben.deactivated_at = now()
        assert queue.page(visible_tickets(world.ben), views.VIEWS["next-up"], world.ben).rows == []


class TestPaging:
    @pytest.mark.parametrize("view", ["next-up", "done"])
    def test_meets_every_ticket_once_in_order(self, world: World, monkeypatch: pytest.MonkeyPatch, view: str):
        monkeypatch.setattr(queue, "PAGE", 4)
        for place in range(11):
            ticket = world.ticket(f"T{place}")
            if place % 3 == 0:
                set_next_due(ticket, due(place))
            if view == "done":
                lifecycle.resolve(ticket, by=world.ben)
        db.session.commit()
        seen: list[Ticket] = []
        after = None
        while True:
            found = queue.page(visible_tickets(world.ben), views.VIEWS[view], world.ben, after=after)
            assert len(found.rows) <= 4
            seen += found.rows
            after = found.after
            if after is None:
                break
        assert len({one.id for one in seen}) == len(seen) >= 11
        keys = [(one.queue_rank, one.queue_at, one.id) for one in seen]
        if view == "done":
            keys = [(-one.last_message_at.timestamp(), -one.id) for one in seen]
        assert keys == sorted(keys)

    @pytest.mark.parametrize("cursor", ["x", "W10", "WzEsMl0", "////", "WyJhIiwgImIiLCAiYyJd", "\u2603", "bnVsbA"])
    def test_a_cursor_that_is_not_ours_is_refused_in_words(self, world: World, cursor: str):
        with pytest.raises(Invalid, match="Start from the top"):
            queue.page(visible_tickets(world.ben), views.VIEWS["next-up"], world.ben, after=cursor)


class TestGroups:
    AT = datetime(2026, 10, 15, 16, 42, tzinfo=CHICAGO)

    @pytest.mark.parametrize(
        ("rank", "when", "group"),
        [
            (0, AT - timedelta(seconds=1), "past"),
            (0, AT, "soon"),
            (0, AT + timedelta(hours=2), "soon"),
            (0, AT + timedelta(hours=2, seconds=1), "tomorrow"),
            (0, datetime(2026, 10, 16, 23, 59, tzinfo=CHICAGO), "tomorrow"),
            (0, datetime(2026, 10, 17, 0, 0, tzinfo=CHICAGO), "later"),
            (1, AT - timedelta(days=1), "asleep"),
            (2, AT, "unpromised"),
        ],
    )
    def test_follow_the_clock_of_the_agent(self, rank: int, when: datetime, group: str):
        ticket = Ticket(queue_rank=rank, queue_at=when.astimezone(UTC))
        assert queue.group_of(ticket, self.AT.astimezone(UTC), CHICAGO)[1] == group

    def test_stand_in_the_order_of_the_list(self):
        order = [queue.group_of(Ticket(queue_rank=rank, queue_at=self.AT + timedelta(hours=h)), self.AT, CHICAGO)
                 for rank, h in [(0, -1), (0, 1), (0, 10), (0, 50), (1, 0), (2, 0)]]  # fmt: skip
        assert [place for place, _ in order] == sorted(place for place, _ in order)


class TestCost:
    def test_a_page_is_one_query_however_many_rows(self, world: World):
        for n in range(3):
            triage.assign(world.ticket(f"T{n}"), to=world.mei, by=world.ben)
        db.session.commit()
        ben_id = world.ben.id
        db.session.expunge_all()
        ben = db.session.get_one(Agent, ben_id)
        with queries() as sent:
            rows = queue.page(visible_tickets(ben), views.VIEWS["next-up"], ben).rows
            for row in rows:
                people = (row.contact_name, row.assignee_name, row.organization_name)
                assert people[0]
                assert row.preview
        assert len(rows) > 4
        assert len(sent) == 1
