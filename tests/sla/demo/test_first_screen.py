"""The first screen of the demo story: its list, judged by the engine at every step, says what the design's shot says."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from helpdesk import now
from helpdesk.people import agents
from helpdesk.people.models import Agent
from helpdesk.text.initials import tint
from helpdesk.text.promised import Promised
from helpdesk.text.promised import State as Promise
from helpdesk.text.timeleft import time_left
from helpdesk.tickets.counts import counts
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.queue import Row, group_of, page
from helpdesk.tickets.views import VIEWS
from tests.sla.demo.conftest import STORY_NOW

CHICAGO = ZoneInfo("America/Chicago")


def maya() -> Agent:
    found = agents.find_by_email("maya@halden.example")
    assert found is not None
    return found


def next_up() -> list[Row]:
    return list(page(select(Ticket), VIEWS["next-up"], maya()).rows)


def shown(row: Row) -> tuple[str, str, str, str, str, bool]:
    """What one row of the list says, but for the time left."""
    return (
        group_of(row, now.now(), CHICAGO)[1],
        row.contact_name,
        row.organization_name or "",
        f"{row.last_message_at.astimezone(CHICAGO):%a %H:%M}",
        row.subject,
        row.unread,
    )


def left(ticket: Row) -> str:
    """The words beside the rail, from nothing but the row's own columns."""
    assert ticket.next_due_at is not None
    assert ticket.next_due_since is not None
    wakes = ticket.next_due_asleep["until"]
    promise = Promised(
        start=ticket.next_due_since,
        due=ticket.next_due_at,
        state=Promise.ASLEEP if wakes else Promise.RUNNING,
        what=ticket.next_due_kind.replace("_", " "),
        starts=datetime.fromisoformat(wakes) if wakes else None,
    )
    return time_left(promise, now.now(), CHICAGO)


@pytest.mark.usefixtures("frozen_story")
class TestNextUp:
    def test_says_what_the_first_screen_says(self) -> None:
        assert [shown(row) for row in next_up()][:9] == [
            ("past", "Owen Brandt", "Osprey Foods", "Thu 13:52", "Re: Blast chiller not reaching setpoint", False),
            (
                "soon",
                "Priya Nair",
                "Meridian Cold Storage",
                "Thu 16:31",
                "Walk-in freezer 2 alarm: −11 °C and rising",
                False,
            ),
            ("soon", "CRAC-07", "Pinecrest Data Hall", "Thu 16:22", "Supply air 4 °C over band for 20 minutes", True),
            (
                "soon",
                "Lena Kowalski",
                "Calloway Hotels",
                "Thu 15:47",
                "Kitchen hood: warranty part still on order?",
                True,
            ),
            (
                "tomorrow",
                "Sam Boateng",
                "St. Brigid Hospital",
                "Thu 16:20",
                "Chiller 1 log for the infection audit",
                False,
            ),
            ("tomorrow", "@harborrow", "Harbor Row Apartments", "Thu 14:58", "Lobby is freezing, anyone home?", True),
            (
                "tomorrow",
                "Joan Duarte",
                "Lakeside Ice Arena",
                "Thu 11:06",
                "Can we move the service to Tuesday?",
                False,
            ),
            ("asleep", "Eli Fontaine", "Tandem Bakery", "Wed 17:18", "Invoice 20931: which visit is this for?", False),
            (
                "asleep",
                "Ada Whitlock",
                "Whitlock Dental",
                "Wed 17:41",
                "Thermostat schedule after the clocks change",
                False,
            ),
        ]

    def test_counts_down_in_the_words_of_the_first_screen(self) -> None:
        assert [left(row) for row in next_up()][:9] == [
            "12 min past",
            "1 h 28 to on site",
            "1 h 40 to reply",
            "1 h 55 to update",
            "3 h 10 to reply",
            "4 h 05 to reply",
            "Tomorrow 10:30",
            "Starts Fri 08:00",
            "Starts Fri 08:00",
        ]

    def test_is_warm_where_the_first_screen_is(self) -> None:
        warm = [row.next_due_warn_at <= STORY_NOW for row in next_up()[:7]]  # type: ignore[operator]
        assert warm == [True, True, True, True, False, False, False]

    def test_tints_faces_as_the_first_screen_does(self) -> None:
        people = next_up()[:9]
        tints = {row.contact_name: tint(row.contact_id) for row in people if row.contact_kind == "person"}
        assert tints == {
            "Owen Brandt": 5,
            "Priya Nair": 2,
            "Lena Kowalski": 6,
            "Sam Boateng": 4,
            "@harborrow": 3,
            "Joan Duarte": 1,
            "Eli Fontaine": 5,
            "Ada Whitlock": 2,
        }

    @pytest.mark.parametrize(
        ("place", "now_at", "gaps"),
        [
            (0, 107.6, [(49.4, 73.4)]),  # the drill, 15:10 to 15:48
            (1, 63.3, []),
            (2, 16.7, []),
            (3, 92.0, [(14.1, 51.6)]),  # the night, 22:00 to 07:00
            (4, 86.8, [(8.9, 46.4)]),
            (5, 83.0, [(5.1, 42.6)]),
            (6, 25.8, [(47.9, 85.4)]),
            (7, 54.8, [(0, 34.4), (43.8, 90.6)]),  # what is not a morning
        ],
    )
    def test_hatches_the_hours_in_which_nothing_is_counted(
        self, place: int, now_at: float, gaps: list[tuple[float, float]]
    ) -> None:
        ticket = next_up()[place]
        since, due = ticket.next_due_since, ticket.next_due_at
        assert since is not None
        assert due is not None

        def along(instant: datetime) -> float:
            return 100 * ((instant - since) / (due - since))

        assert along(STORY_NOW) == pytest.approx(now_at, abs=0.1)
        drawn = [tuple(along(datetime.fromisoformat(end)) for end in ends) for ends in ticket.next_due_asleep["gaps"]]
        assert drawn == [pytest.approx(gap, abs=0.1) for gap in gaps]

    def test_shows_who_has_it_and_by_which_channel(self) -> None:
        assert [(r.assignee_name or "", r.channel_kind) for r in next_up()[:9]] == [
            ("Tomás Rivera", "email"),
            ("Maya Okafor", "chat"),
            ("", "device"),
            ("Dev Patel", "email"),
            ("", "portal"),
            ("", "x"),
            ("Maya Okafor", "facebook"),
            ("", "email"),
            ("", "email"),
        ]

    def test_numbers_beside_the_views_are_those_of_the_first_screen(self) -> None:
        here = counts(maya())
        assert (here.next_up, here.mine, here.snoozed) == (12, 9, 6)
        # Its list shows five rows without an owner, its sidebar four: the rows are the truth.
        assert (here.unassigned, here.waiting) == (5, 6)
