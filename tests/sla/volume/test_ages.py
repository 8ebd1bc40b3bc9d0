"""How old an open ticket is: by the clock, also over a day of 25 hours."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import DateTime, and_, literal, select

from helpdesk.db import db
from sla.volume import bands, lists
from tests.plugins.world import World

END = datetime(2026, 11, 2, tzinfo=ZoneInfo("America/Chicago"))
"""Of a Sunday with 25 hours."""


def words(began: datetime) -> list[str]:
    """Of every age the ticket has."""
    at = literal(began, DateTime(timezone=True))
    mine = (and_(*lists.aged(END, place, at)) for place in range(len(bands.AGE_WORDS)))
    return [word for word, found in zip(bands.AGE_WORDS, mine, strict=True) if db.session.scalar(select(found))]


class TestAnAge:
    @pytest.mark.parametrize(
        ("began", "word"),
        [
            ("2026-11-01T00:00:01-05:00", "1 to 3 days"),  # 24 hours, 59 minutes
            ("2026-11-01T01:00:00-05:00", "1 to 3 days"),
            ("2026-11-01T01:00:01-05:00", "under a day"),
            ("2026-11-01T23:59:00-06:00", "under a day"),
            ("2026-10-30T01:00:00-05:00", "3 to 7 days"),
            ("2026-10-30T01:00:01-05:00", "1 to 3 days"),
        ],
    )
    def test_is_counted_by_the_clock_where_clocks_change(self, world: World, began: str, word: str) -> None:
        assert words(datetime.fromisoformat(began)) == [word]

    def test_of_thirty_days_is_in_the_last_band(self, world: World) -> None:
        assert words(END - timedelta(days=40)) == ["30 days or more"]
