"""Tickets without time that are answered on several days: each counts once in any days, and once in each month."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from helpdesk.db import db
from helpdesk.tickets import merging
from helpdesk.tickets.models import Ticket
from sla.money import checking, days, figures
from tests.plugins.world import World
from tests.sla.money import books
from tests.sla.money.books import worked

LATER = datetime(2026, 11, 28, 17, tzinfo=UTC)
_ANSWER = text("""
    INSERT INTO volume_fact (ticket_id, kind, number, at, day, hour, is_out, is_first, organization_id, channel_kind,
        topics)
    SELECT :ticket, 'replied', number, day, day, 1, false, false, 1, 'email', '{}'
    FROM unnest(CAST(:days AS date[])) WITH ORDINALITY answered (day, number)
""")


def _answered(ticket: Ticket, *on: str) -> None:
    db.session.execute(_ANSWER, {"ticket": ticket.id, "days": list(on)})
    db.session.commit()


@pytest.fixture
def tickets(world: World) -> list[Ticket]:
    """One answered in three months, one in two of them, one on a day alone."""
    books.settle()
    days.catch_up()
    found = [world.ticket(f"Ticket {number}") for number in range(3)]
    _answered(found[0], "2026-09-30", "2026-10-01", "2026-10-20", "2026-11-05")
    _answered(found[1], "2026-10-10", "2026-11-05", "2026-11-06")
    _answered(found[2], "2026-10-20")
    return found


def _many(since: str, until: str) -> tuple[int, dict[str, int]]:
    db.session.expire_all()
    found = figures.money(books.question(since, until), LATER)
    assert found.waiting == 0
    assert [line.of("untimed").unknown for line in found.by.values() if line.of("untimed").many] in (
        [],
        [found.whole.of("untimed").many],
    )
    months = {str(month)[:7]: line.of("untimed").many for month, line in found.months.items()}
    return found.whole.of("untimed").many, months


class TestAnswered:
    @pytest.mark.parametrize("is_added_up", [False, True])
    @pytest.mark.parametrize(
        ("since", "until", "many", "months"),
        [
            ("2026-01-01", "2026-12-31", 3, {"2026-09": 1, "2026-10": 3, "2026-11": 2}),
            ("2026-10-01", "2026-11-30", 3, {"2026-10": 3, "2026-11": 2}),
            ("2026-10-02", "2026-11-30", 3, {"2026-10": 3, "2026-11": 2}),
            ("2026-10-02", "2026-10-19", 1, {"2026-10": 1}),
            ("2026-10-11", "2026-11-05", 3, {"2026-10": 2, "2026-11": 2}),
            ("2026-11-06", "2026-11-30", 1, {"2026-11": 1}),
            ("2026-11-07", "2026-11-30", 0, {}),
        ],
    )
    def test_count_once(
        self, tickets: list[Ticket], since: str, until: str, many: int, months: dict[str, int], *, is_added_up: bool
    ) -> None:
        if is_added_up:
            days.catch_up()
        assert _many(since, until) == (many, months)

    def test_count_as_the_one_they_were_merged_into(self, world: World, tickets: list[Ticket]) -> None:
        days.catch_up()
        merging.merge(tickets[1], into=tickets[0], by=world.ben)
        db.session.commit()
        for _ in range(2):
            assert _many("2026-01-01", "2026-12-31") == (2, {"2026-09": 1, "2026-10": 2, "2026-11": 1})
            assert _many("2026-10-02", "2026-10-19") == (1, {"2026-10": 1})
            assert _many("2026-10-10", "2026-10-31") == (2, {"2026-10": 2})
            days.catch_up()
        assert list(checking.verify()) == []

    def test_count_no_more_once_there_is_time(self, world: World, tickets: list[Ticket]) -> None:
        days.catch_up()
        worked(tickets[0], world.ben, 5, "2026-11-20")
        for _ in range(2):
            assert _many("2026-01-01", "2026-12-31") == (2, {"2026-10": 2, "2026-11": 1})
            days.catch_up()
        assert list(checking.verify()) == []
