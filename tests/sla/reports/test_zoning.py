"""Where days begin can be changed: every promise finds its new day, in the same transaction."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from helpdesk.db import db
from helpdesk.now import travel
from helpdesk.people.models import Brand
from sla.reports import checking, figures, tallying
from sla.reports.hours import House
from sla.reports.models import PromiseOutcome
from sla.reports.periods import Period
from tests.plugins.world import World
from tests.sla import promising

HOUSE = House(ZoneInfo("UTC"))
EVENING = datetime(2026, 11, 23, 21, 30, tzinfo=UTC)  # half past eight on Tuesday in Sydney
MONDAY = Period("days", date(2026, 11, 23), date(2026, 11, 24), HOUSE)
TUESDAY = Period("days", date(2026, 11, 24), date(2026, 11, 25), HOUSE)


@pytest.fixture
def kept(world: World) -> World:
    promising.policy("Default", promising.clause("first_response", 7200))
    db.session.commit()
    with travel(to=EVENING):
        world.reply(world.ticket())
    tallying.tick()
    return world


class TestZone:
    def test_moves_every_day_and_hour_and_the_sums_agree(self, kept: World) -> None:
        assert (figures.share(MONDAY, {}).kept, figures.share(TUESDAY, {}).kept) == (1, 0)
        answer = kept.browser(kept.mei).post("/promises/zone", {"zone": "Australia/Sydney"})
        assert answer.status_code == 303
        db.session.expire_all()
        for _ in range(2):
            assert (figures.share(MONDAY, {}).kept, figures.share(TUESDAY, {}).kept) == (0, 1)
            assert list(checking.verify()) == []
            tallying.tick()
        assert db.session.scalars(select(PromiseOutcome.hour)).one() == 24 + 8

    def test_that_there_is_none_of_changes_nothing_and_says_so(self, kept: World) -> None:
        answer = kept.browser(kept.mei).post("/promises/zone", {"zone": "Mars/Olympus"})
        assert answer.status_code == 422
        assert "Choose a zone of the list" in answer.text
        assert db.session.scalars(select(Brand.zone)).first() == "UTC"

    def test_is_for_managers(self, kept: World) -> None:
        assert kept.browser(kept.ben).post("/promises/zone", {"zone": "Europe/Oslo"}).status_code == 403
        assert "Days begin in</label>" not in kept.browser(kept.ben).get("/promises/definitions").text
