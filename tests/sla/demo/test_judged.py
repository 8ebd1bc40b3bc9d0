"""The tickets of the demo story owe what the engine says of their events; nobody wrote a due time down."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from channels.plugin import plugin as channels
from helpdesk.app import create_app
from helpdesk.db import db, one
from helpdesk.demo.seeding import load
from helpdesk.demo.story import story
from helpdesk.events import Event
from helpdesk.now import travel
from helpdesk.people import agents
from helpdesk.tickets.models import Ticket
from sla.commitments.models import Commitment
from sla.commitments.verifying import Verified, verify
from sla.contracts.models import PrepaidBalance, PrepaidEntry
from sla.entitlements.models import Entitlement
from sla.escalations.models import Escalation
from sla.plugin import plugin as sla
from tests.plugins.world import Browser, signed_in

CHICAGO = ZoneInfo("America/Chicago")


def numbered(number: int) -> Ticket:
    return one(select(Ticket).where(Ticket.number == number))


def promised(number: int) -> list[Commitment]:
    rows = select(Commitment).join(Ticket).where(Ticket.number == number).options(joinedload(Commitment.clause))
    return sorted(db.session.scalars(rows), key=lambda row: (row.clause.position, row.cycle))


def clock(at: datetime | None) -> str:
    return f"{at.astimezone(CHICAGO):%a %H:%M}" if at is not None else ""


def owed(number: int) -> list[tuple[str, str, str, str, str]]:
    return [
        (one.clause.number, one.outcome, clock(one.started_at), clock(one.due_at), clock(one.ended_at))
        for one in promised(number)
    ]


def words(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


@pytest.fixture
def desk(frozen_story: Flask) -> Browser:
    maya = agents.find_by_email("maya@halden.example")
    assert maya is not None
    return signed_in(frozen_story, maya)


@pytest.mark.usefixtures("frozen_story")
class TestTheFreezer:
    def test_owes_what_its_agreement_says_from_the_alarm_on(self) -> None:
        assert owed(4812) == [
            ("4.1", "kept", "Thu 14:10", "Thu 14:40", "Thu 14:35"),
            ("4.2", "running", "Thu 14:10", "Thu 18:10", ""),
            ("4.3", "running", "Thu 14:10", "Thu 22:10", ""),
        ]

    def test_was_judged_when_it_was_written_and_again_when_the_unit_was_known(self) -> None:
        ticket = numbered(4812)
        said = db.session.scalars(select(Entitlement).where(Entitlement.ticket_id == ticket.id)).all()
        assert [(clock(one.judged_at), clock(one.decided_at)) for one in said] == [
            ("Thu 14:10", "Thu 14:10"),
            ("Thu 14:10", "Thu 14:26"),
            ("Thu 14:10", "Thu 14:33"),
        ]
        assert said[-1].reason == "Gold 24×7 covers Kessel KX-40 condensing unit KX40-2291-0875."
        assert {one.source for one in said} == {"contract"}

    def test_drew_the_fifth_of_twelve_callouts(self) -> None:
        balance = db.session.scalars(select(PrepaidBalance)).one()
        used = db.session.scalar(select(func.sum(PrepaidEntry.amount)))
        assert (balance.bought, used) == (12, 5)

    def test_shows_its_promises_agreement_and_unit(self, desk: Browser) -> None:
        page = words(desk.get("/tickets/4812").text)
        panel = page.partition("Promises on this ticket")[2]
        assert "An engineer on site within 4 hours, day or night. 1 h 28 left, due 18:10" in page
        assert "Gold 24×7, clause 4.2 · Why 18:10?" in page
        assert panel.lstrip().startswith(
            "An answer in 30 min Kept in 25 min"
            " Engineer on site in 4 h 1 h 28 left"
            " Running again in 8 h 5 h 28 left"
            " Engineer on the way 14:10"
        )
        assert re.search(
            r"Gold 24×7 , renews 31 Jan 2027 Kept \d+ of \d+ this year Callouts 7 of 12 prepaid left"
            r" Outcome Rooms below −18 °C, 99.5 % of hours",
            panel,
        )
        assert "Kessel KX-40 condensing unit KX40-2291-0875" in panel
        assert "Parts covered to 14 Mar 2027" in panel
        assert "Labour cover ended 14 Mar 2026" in panel

    def test_says_why_1810_in_stretches_that_add_up(self, desk: Browser) -> None:
        on_site = promised(4812)[1]
        page = words(desk.get(f"/tickets/4812/why/{on_site.id}").text)
        assert "Why Thu 15 Oct, 18:10?" in page
        assert "Thu 14:10 The clock starts 4 h 00 Thu 14:10 Open. 4 h 00 used 0 min Thu 18:10 Due" in page
        told = desk.get(f"/api/v1/tickets/4812/commitments/{on_site.id}/ledger").get_json()
        assert sum(entry["seconds"] for entry in told["entries"]) == told["target_seconds"] == 4 * 3600


@pytest.mark.usefixtures("frozen_story")
class TestTheOthers:
    def test_the_blast_chiller_is_past_its_promise_since_1630(self) -> None:
        first = promised(4808)[0]
        assert (first.outcome, clock(first.due_at), clock(first.broken_at)) == ("broken", "Thu 16:30", "Thu 16:30")
        told = select(Event.at).where(Event.ticket_id == first.ticket_id, Event.kind == "commitment.broken")
        assert first.due_at is not None
        found_after = db.session.scalars(told).one() - first.due_at
        assert timedelta(0) < found_after <= timedelta(seconds=2)

    def test_it_was_done_in_time_the_week_before_though_we_waited_for_the_serial(self) -> None:
        plan = next(one for one in promised(4790) if one.metric == "resolution")
        assert (plan.outcome, clock(plan.started_at), clock(plan.due_at)) == ("kept", "Fri 15:10", "Tue 16:55")

    def test_only_the_blast_chiller_broke_its_promise(self) -> None:
        story_only = select(Ticket.number).join(Commitment).where(Ticket.number >= 4100, Commitment.outcome == "broken")
        judged = story_only.where(Ticket.id.in_(select(Event.ticket_id).where(Event.kind == "entitlement.decided")))
        assert db.session.scalars(judged).all() == [4808]

    def test_every_request_was_decided_as_it_came(self) -> None:
        decided = select(Event.at - Ticket.created_at).join(Ticket).where(Event.kind == "entitlement.decided")
        first = db.session.scalars(decided.where(Event.data["first"].as_boolean())).all()
        assert len(first) == len(story().tickets)
        assert set(first) == {timedelta(0)}

    def test_nobody_is_rung_for_them(self) -> None:
        assert db.session.scalar(select(func.count(Escalation.id))) == 0

    def test_the_page_for_managers_names_those_that_need_a_decision(self, desk: Browser) -> None:
        page = words(desk.get("/promises").text)
        asked = page.partition("Needs a decision 5")[2].partition("When they write")[0]
        customers = (
            "Osprey Foods",
            "Meridian Cold Storage",
            "Pinecrest Data Hall",
            "Calloway Hotels",
            "St. Brigid Hospital",
        )
        assert tuple(dict.fromkeys(re.findall("|".join(customers), asked))) == customers
        left = "12 min past", "1 h 28", "1 h 40", "1 h 55", "3 h 10"
        assert tuple(dict.fromkeys(re.findall("|".join(left), asked))) == left


class TestVerifying:
    def test_the_command_finds_no_difference(self, frozen_story: Flask) -> None:
        result = frozen_story.test_cli_runner().invoke(args=["sla", "verify"])
        assert result.exit_code == 0, result.output
        assert "31 tickets" in result.output

    @pytest.mark.parametrize(
        "at",
        [
            datetime(2027, 3, 14, 9, 30, tzinfo=UTC),  # the night the clocks change in Chicago
            datetime(2026, 12, 31, 5, 50, tzinfo=UTC),  # ten minutes to midnight there
            datetime(2028, 2, 29, 19, 5, tzinfo=UTC),  # a Tuesday noon, in a leap year
        ],
    )
    def test_nor_does_a_replay_of_the_story_told_at_any_moment(self, fresh_database_url: str, at: datetime) -> None:
        app = create_app([channels, sla], url=fresh_database_url)
        with app.app_context():
            load(story(), at=at)
            db.session.commit()
            with travel(to=at):
                count = Verified()
                assert list(verify(count)) == []
                assert count.tickets == len(story().tickets)
                freezer, fault = numbered(4812), numbered(4817)
                assert freezer.next_due_at == at + timedelta(hours=1, minutes=28)
                assert fault.next_due_at == at + timedelta(hours=1, minutes=40)
                asleep = select(Ticket).where(Ticket.next_due_asleep["until"].as_string().is_not(None))
                for ticket in db.session.scalars(asleep):
                    wakes = datetime.fromisoformat(ticket.next_due_asleep["until"])
                    assert at < wakes
                    assert clock(wakes)[4:] in {"07:00", "08:00"}
            db.session.remove()
            db.engine.dispose()
