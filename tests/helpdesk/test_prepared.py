"""What the driver prepared stays over transactions that only read; what was written and rolled back is gone."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select, text

from helpdesk import jobs
from helpdesk.db import db
from helpdesk.people.models import Agent
from tests.plugins.world import World

_ASKED = "SELECT count(*) AS all_the_teams FROM team"
_PREPARED = text("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%all_the_teams%' AND name <> ''")

_PAGES = (
    "/inbox/next-up",
    "/heard",
    "/tickets/{number}",
    "/customers",
    "/promises",
    "/promises/next",
    "/promises/service",
    "/promises/money",
    "/on-call",
    "/policies",
    "/settings/channels",
)


def often(times: int = 8) -> int:
    """Ask so often on one connection, each time in a transaction that is rolled back; how often that is prepared."""
    db.session.remove()
    db.engine.dispose()
    for _ in range(times):
        db.session.execute(text(_ASKED))
        db.session.rollback()
    return db.session.scalar(_PREPARED) or 0


class TestReading:
    def test_leaves_prepared_what_was_asked_often(self, world: World):
        assert often() == 1

    @pytest.mark.parametrize(
        "statement",
        [
            "WITH here AS (SELECT 1 AS one) SELECT one FROM here",
            "(SELECT 1 AS one LIMIT 1) UNION ALL (SELECT 2 LIMIT 1)",
            "\n  SELECT 1",
        ],
    )
    def test_in_other_forms_is_reading_too(self, world: World, statement: str):
        often()
        db.session.execute(text(statement))
        db.session.rollback()
        assert db.session.scalar(_PREPARED) == 1

    @pytest.mark.parametrize("page", _PAGES)
    def test_of_a_page_leaves_prepared_what_was_asked_often(self, world: World, page: str):
        address = page.format(number=world.ticket().number)
        browser = world.browser(world.ada)
        assert browser.get(address).status_code == 200  # what only the first visit writes
        often()
        db.session.remove()
        assert browser.get(address).status_code == 200
        assert db.session.scalar(_PREPARED) == 1


class TestWriting:
    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE agent SET name = 'Gone'",
            "WITH made AS (UPDATE agent SET name = 'Gone' RETURNING id) SELECT id FROM made",
            "/* a word before */ UPDATE agent SET name = 'Gone'",
        ],
    )
    def test_that_is_rolled_back_is_gone(self, world: World, statement: str):
        db.session.scalar(select(func.count(Agent.id)))
        db.session.execute(text(statement))
        db.session.rollback()
        assert db.session.scalar(select(func.count(Agent.id)).where(Agent.name == "Gone")) == 0

    def test_a_job_of_a_transaction_that_only_read_goes_with_it(self, world: World):
        waiting = text("SELECT count(*) FROM procrastinate_jobs")
        before = db.session.scalar(waiting)
        jobs.defer("deliver", delivery_id=1)
        db.session.rollback()
        assert db.session.scalar(waiting) == before

    def test_after_reading_on_the_same_connection_is_kept_by_a_commit(self, world: World):
        often(2)
        db.session.execute(text("UPDATE agent SET name = 'Kept'"))
        db.session.commit()
        db.session.rollback()
        assert db.session.scalar(select(func.count(Agent.id)).where(Agent.name == "Kept")) != 0
