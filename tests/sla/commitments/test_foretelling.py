"""What somebody hears before their first word: the policy's own calendar, and nothing of anybody's agreement."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from helpdesk.db import db
from helpdesk.now import travel
from helpdesk.plugins import Asking
from sla.commitments import foretelling
from tests.plugins.world import World
from tests.sla import promising

OFFICE_OPEN = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)  # Tuesday, 10:00 in New York
OFFICE_SHUT = datetime(2026, 11, 25, 23, 0, tzinfo=UTC)  # Wednesday evening before Thanksgiving


@pytest.fixture
def office(world: World) -> World:
    calendar = promising.calendar()
    promising.policy("Everybody", promising.clause("first_response", 7200, calendar_id=calendar.id))
    db.session.commit()
    return world


class TestASentence:
    def test_says_the_hour_now_and_then_where_the_visitor_is(self, office: World):
        with travel(to=OFFICE_OPEN):
            told = foretelling.sentence(Asking("chat", zone="Europe/Berlin"))
        assert told == "It is 16:00. A person answers by 18:00."

    def test_names_our_zone_where_theirs_is_not_known(self, office: World):
        for zone in ("", "Mars/Olympus", "../etc/passwd"):
            with travel(to=OFFICE_OPEN):
                told = foretelling.sentence(Asking("chat", zone=zone))
            assert told == "It is 10:00. A person answers by 12:00 (America/New_York)."

    def test_goes_over_night_and_holiday(self, office: World):
        with travel(to=OFFICE_SHUT):
            told = foretelling.sentence(Asking("chat", zone="America/New_York"))
        assert told == "A person answers by Friday 27 November, 11:00 your time."

    def test_is_in_their_language(self, office: World):
        with travel(to=OFFICE_SHUT):
            told = foretelling.sentence(Asking("chat", zone="Europe/Berlin", language="de"))
        assert told.startswith("Jemand von uns antwortet Ihnen spätestens am Freitag, 27. November")

    def test_is_empty_where_nothing_is_promised(self, world: World):
        assert foretelling.sentence(Asking("chat", zone="Europe/Berlin")) == ""

    def test_counts_an_agreement_for_its_proven_customer_alone(self, office: World):
        promising.contract("Orchard Dairy", "Gold", promising.clause("first_response", 1800))
        db.session.commit()
        organization_id = office.olive.organization_id
        with travel(to=OFFICE_SHUT):
            theirs = foretelling.sentence(Asking("chat", organization_id=organization_id, zone="America/New_York"))
            anybody = foretelling.sentence(Asking("chat", zone="America/New_York"))
        assert theirs == "It is 18:00. A person answers by 18:30."
        assert anybody == "A person answers by Friday 27 November, 11:00 your time."
