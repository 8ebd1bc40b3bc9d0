"""Filters of the lists: what each lets through, how the address says it, and that an index bears it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import text

from helpdesk.access.permissions import visible_tickets
from helpdesk.db import db
from helpdesk.errors import Invalid, NotFound
from helpdesk.now import now
from helpdesk.people.models import Brand, Team
from helpdesk.tickets import filters, lifecycle, queue, triage, views
from helpdesk.tickets.dues import Due, set_next_due
from helpdesk.tickets.models import Priority, Ticket
from tests.plugins.world import World


def team(name: str) -> Team:
    made = Team(brand_id=db.session.query(Brand).one().id, name=name)
    db.session.add(made)
    db.session.flush()
    return made


def promised(ticket: Ticket, hours: float, *, asleep: bool = False) -> None:
    at = now()
    until = at + timedelta(hours=1) if asleep else None
    set_next_due(
        ticket, Due("reply", at, at + timedelta(hours=hours), at + timedelta(hours=hours / 2), asleep_until=until)
    )


def listed(world: World, name: str) -> list[str]:
    """What a view lists for Ben, by its name with filter and order."""
    found = queue.page(visible_tickets(world.ben), views.view_of(name), world.ben).rows
    return [row.subject for row in found]


def by_channel(world: World, ticket: Ticket) -> str:
    ticket.channel_kind = "telegram"
    return "channel=telegram"


def mine(world: World, ticket: Ticket) -> str:
    triage.assign(ticket, to=world.ben, by=world.ben)
    return "person=me"


def of_ada(world: World, ticket: Ticket) -> str:
    triage.assign(ticket, to=world.ada, by=world.ben)
    return f"person={world.ada.id}"


def of_a_team(world: World, ticket: Ticket) -> str:
    made = team("Night shift")
    triage.hand_over(ticket, to=made, by=world.ben)
    return f"team={made.id}"


def urgent(world: World, ticket: Ticket) -> str:
    triage.prioritise(ticket, Priority.URGENT, by=world.ben)
    return "priority=urgent"


def tagged(world: World, ticket: Ticket) -> str:
    triage.tag(ticket, ["coolant"], by=world.ben)
    return f"tag={ticket.tag_ids[0]}"


def of_a_customer(world: World, ticket: Ticket) -> str:
    ticket.organization_id = world.nora.organization_id
    return f"customer={world.nora.organization_id}"


def past(world: World, ticket: Ticket) -> str:
    promised(ticket, -1)
    return "promise=past"


def soon(world: World, ticket: Ticket) -> str:
    promised(ticket, 1)
    return "promise=soon"


def later(world: World, ticket: Ticket) -> str:
    promised(ticket, 3)
    return "promise=later"


def asleep(world: World, ticket: Ticket) -> str:
    promised(ticket, 3, asleep=True)
    return "promise=asleep"


KINDS = (by_channel, mine, of_ada, of_a_team, urgent, tagged, of_a_customer, past, soon, later, asleep)


class TestEachFilter:
    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize("order", ["", "&sort=newest", "&sort=oldest"])
    def test_lets_through_what_it_says_and_nothing_else(
        self, world: World, kind: Callable[[World, Ticket], str], order: str
    ):
        world.ticket("There")
        query = kind(world, world.ticket("Here"))
        db.session.commit()
        assert listed(world, f"next-up?{query}{order}") == ["Here"]

    def test_of_nobody_and_of_no_team_and_of_no_promise_let_through_what_has_none(self, world: World):
        mine(world, world.ticket("taken"))
        of_a_team(world, world.ticket("handed"))
        soon(world, world.ticket("promised"))
        db.session.commit()
        shown = {
            query: set(listed(world, f"next-up?{query}")) for query in ("person=nobody", "team=none", "promise=none")
        }
        own = {"taken", "handed", "promised"}
        assert {query: own - found for query, found in shown.items()} == {
            "person=nobody": {"taken"}, "team=none": {"handed"}, "promise=none": {"promised"},
        }  # fmt: skip

    def test_several_must_all_fit(self, world: World):
        urgent(world, world.ticket("urgent"))
        both = world.ticket("urgent and mine")
        urgent(world, both)
        mine(world, both)
        db.session.commit()
        assert listed(world, "next-up?person=me&priority=urgent") == ["urgent and mine"]

    def test_follows_the_clock(self, world: World, travel):
        soon(world, world.ticket("Here"))
        db.session.commit()
        with travel(hours=1.5):
            assert listed(world, "next-up?promise=soon") == []
            assert listed(world, "next-up?promise=past") == ["Here"]

    @pytest.mark.parametrize("view", ["mine", "unassigned", "done", "spam", "snoozed", "waiting"])
    def test_narrows_every_view(self, world: World, view: str):
        verbs = {
            "mine": lambda t: triage.assign(t, to=world.ben, by=world.ben),
            "done": lambda t: lifecycle.resolve(t, by=world.ben),
            "spam": lambda t: lifecycle.mark_spam(t, by=world.ben),
            "snoozed": lambda t: lifecycle.snooze(t, by=world.ben, until=lifecycle.UNTIL_REPLY),
            "waiting": lambda t: triage.wait_for(t, "customer", by=world.ben),
        }
        for name in ("There", "Here"):
            ticket = world.ticket(name)
            if name == "Here":
                urgent(world, ticket)
            if view in verbs:
                verbs[view](ticket)
        db.session.commit()
        assert listed(world, f"{view}?priority=urgent") == ["Here"]
        number = next(row.number for row in queue.page(visible_tickets(world.ben), views.VIEWS[view], world.ben).rows
                      if row.subject == "There")  # fmt: skip
        narrowed = views.view_of(f"{view}?priority=urgent")
        assert queue.row(visible_tickets(world.ben), narrowed, world.ben, number) is None


class TestPaging:
    @pytest.mark.parametrize("order", ["due", "newest", "oldest"])
    def test_of_a_filter_meets_every_ticket_once_in_its_order(
        self, world: World, monkeypatch: pytest.MonkeyPatch, travel, order: str
    ):
        monkeypatch.setattr(queue, "PAGE", 3)
        for place in range(10):
            with travel(hours=-place):
                ticket = world.ticket(f"T{place}")
            promised(ticket, (place * 7) % 10 + 1)
            if place % 5:
                urgent(world, ticket)
        db.session.commit()
        view, seen, after = views.view_of(f"next-up?priority=urgent&sort={order}"), [], None
        while True:
            found = queue.page(visible_tickets(world.ben), view, world.ben, after=after)
            seen += found.rows
            after = found.after
            if after is None:
                break
        keys = {
            "due": [row.queue_at for row in seen],
            "newest": [-row.last_message_at.timestamp() for row in seen],
            "oldest": [row.last_message_at for row in seen],
        }[order]
        assert (len({row.id for row in seen}), len(seen)) == (8, 8)
        assert keys == sorted(keys)


@pytest.mark.usefixtures("world")
class TestTheAddress:
    def test_says_the_same_whatever_the_order_it_was_written_in(self):
        one = views.view_of("next-up?sort=newest&priority=high&promise=soon")
        assert one.key == "next-up?promise=soon&priority=high&sort=newest"
        assert views.view_of(one.key).key == one.key

    def test_of_nothing_is_the_view_itself(self):
        assert views.view_of("mine?promise=&sort=due") is views.VIEWS["mine"]

    def test_loses_one_part_alone(self):
        view = views.view_of("next-up?promise=soon&priority=high&sort=oldest")
        assert view.of(view.filter.without("promise"), view.order).key == "next-up?priority=high&sort=oldest"

    def test_of_a_list_without_clocks_has_no_promise_in_it(self):
        assert views.view_of("done?promise=past").is_whole

    @pytest.mark.parametrize(
        "query",
        ["promise=green", "channel=%27or", "channel=a%00b", "person=0", "person=you", "team=-1", "tag=1x", "customer=٣",
         "priority=5", "tag=99999999999999999999", "sort=subject"],
    )  # fmt: skip
    def test_of_nothing_we_know_is_refused_in_words(self, query: str):
        with pytest.raises(Invalid, match="choose again"):
            views.view_of(f"next-up?{query}")

    def test_of_no_view_is_not_there(self):
        with pytest.raises(NotFound):
            views.view_of("everything?priority=high")

    @pytest.mark.parametrize("name", ["tag", "customer", "team", "person"])
    def test_of_what_is_gone_lists_nothing(self, world: World, name: str):
        world.ticket("Here")
        assert listed(world, f"next-up?{name}=999999999999999999") == []


class TestCost:
    @pytest.mark.parametrize("query", ["channel=slack", "priority=urgent", "team=1", "person=1", "tag=1&person=1"])
    @pytest.mark.parametrize(
        ("view", "index"),
        [("next-up", "ix_ticket_next_up"), ("next-up?sort=newest", "ix_ticket_recent"), ("done", "ix_ticket_done")],
    )
    def test_is_checked_along_the_index_in_the_order_of_the_list(self, world: World, view: str, index: str, query: str):
        joined = f"{view}{'&' if '?' in view else '?'}{query}"
        rows = visible_tickets(world.ben).where(views.view_of(joined).where).with_only_columns(Ticket.id)
        order = {
            "next-up": (Ticket.queue_rank, Ticket.queue_at, Ticket.id),
        }.get(view, (Ticket.last_message_at.desc(), Ticket.id.desc()))
        for setting in ("enable_seqscan", "enable_bitmapscan", "enable_sort"):
            db.session.execute(text(f"SET LOCAL {setting} = off"))
        asked = rows.order_by(*order).params(**filters.asked(world.ben.id, now()))
        compiled = asked.compile(db.engine, compile_kwargs={"render_postcompile": True, "literal_binds": True})
        plan = "\n".join(db.session.scalars(text(f"EXPLAIN {str(compiled).replace(':', chr(92) + ':')}")))
        mine = "ix_ticket_assignee" if view == "next-up" and "person" in query else index
        assert index in plan or mine in plan, "that of a person's own list has the same order"
        assert "Index Cond" in plan
        assert "Sort" not in plan
