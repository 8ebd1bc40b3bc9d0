"""The card and the page of what will slip: its sentences, its pictures as tables, nothing before the first was made."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from helpdesk.db import db
from helpdesk.now import travel
from helpdesk.tickets.models import Ticket
from sla.reports import outlook
from sla.reports.outlook import Hour, Outlook, Record
from sla.reports.suggesting import Suggestion
from sla.web import outlookwords
from tests.sla.office import MONDAY, NEW_YORK, asked

HOUR = 3600


def told(*hours, likely=(), suggestion=None):
    start = int(MONDAY.timestamp())
    rows = tuple(Hour(start + at * HOUR, start + (at + 1) * HOUR, due, room) for at, (due, room) in enumerate(hours))
    return Outlook(MONDAY, rows, (), 0.0, 0, 0, likely, suggestion)


class TestSentences:
    def test_name_the_stretch_that_is_short_of_most(self):
        made = told((2, 1), (0, 1), (9, 7.4), (8, 6.4), (0, 9))
        assert outlookwords.sentence(made, NEW_YORK) == (
            "Today 11:00 to 13:00 has 17 promises falling due and room for 14."
        )

    def test_say_tomorrow_when_it_is(self):
        made = told(*[(0, 0)] * 20, (1, 0.2))
        assert outlookwords.sentence(made, NEW_YORK) == (
            "Tomorrow 05:00 to 06:00 has 1 promise falling due and room for none."
        )

    def test_say_that_there_is_room(self):
        assert (
            outlookwords.sentence(told((1, 3.6), (0, 2)), NEW_YORK) == "1 promise falls due, and there is room for 6."
        )

    @pytest.mark.parametrize(
        ("count", "words"),
        [(0, "None is likely"), (1, "One is likely"), (3, "Three are likely"), (25, "25 are likely")],
    )
    def test_count_what_will_slip(self, count, words):
        assert outlookwords.likely(told(likely=tuple(range(count)))).startswith(words)

    def test_ask_somebody_by_name_and_nobody_who_left(self):
        at = int(MONDAY.timestamp())
        one = Suggestion(7, at, at + HOUR // 2, 2)
        said = "Ask June to begin at 09:00 instead of 09:30: 2 more get done in time."
        assert outlookwords.suggestion(one, {7: "June"}, NEW_YORK) == said
        assert outlookwords.suggestion(one, {}, NEW_YORK) == ""

    def test_compare_what_was_foretold_with_who_looks_at_nothing(self):
        said = outlookwords.record(Record(7, 140, 0.05, 0.12, 0.1, 6))
        assert "Over 7 days and 140 promises: Brier score 0.050, better than 0.120" in said
        assert "within the bounds on 6 of 7." in said
        assert "no better than" in outlookwords.record(Record(7, 140, 0.11, 0.12, 0.1, 6))
        assert outlookwords.record(Record(0, 0, None, None, None, 0)).startswith("No forecast is old enough")


class TestPages:
    def test_before_the_first_there_is_no_card_and_the_page_says_so(self, office, ben_at_work):
        assert 'id="next"' not in ben_at_work.get("/promises").text
        assert "It is worked out within the hour" in ben_at_work.get("/promises/next").text

    def test_name_the_tickets_that_will_slip_the_likeliest_first(self, office, ben_at_work):
        asked(office, 9)
        outlook.make(MONDAY)
        db.session.commit()
        with travel(to=MONDAY + timedelta(minutes=5)):
            card = ben_at_work.get("/promises").text
            page = ben_at_work.get("/promises/next").text
        assert "Today 11:00 to 12:00 has 9 promises falling due and room for 4. Five are likely to slip." in card
        assert page.index("Down 8") < page.index("Down 0")
        assert "98 of 100" in page
        assert "Monday 23 November" in page
        assert "No forecast is old enough to be judged yet" in page

    def test_leave_out_what_was_answered_meanwhile(self, office, ben_at_work):
        asked(office, 2)
        outlook.make(MONDAY)
        with travel(to=MONDAY + timedelta(minutes=5)):
            office.reply(db.session.scalars(select(Ticket).where(Ticket.subject == "Down 0")).one())
            page = ben_at_work.get("/promises/next").text
        assert "Down 1" in page
        assert "Down 0" not in page.partition("Hour by hour")[0]
