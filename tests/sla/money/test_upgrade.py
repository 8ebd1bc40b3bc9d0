"""An upgrade to days that are added up: what there is waits, is told of, and is there once the scheduler was."""

from __future__ import annotations

from datetime import UTC, datetime

import psycopg

from bench.ground import app_on, direct
from helpdesk import migrating
from helpdesk.db import db
from sla.money import checking, days, figures
from tests.sla.money import books

_BEFORE = """
SET session_replication_role = replica;
INSERT INTO agent (id, email, name, role, password_hash, zone, theme, undo_seconds, single_keys, created_at)
VALUES (1, 'ben@meridian.example', 'Ben', 'agent', '', 'UTC', '', 10, true, now());
INSERT INTO ticket (id, number, subject, status, priority, contact_id, organization_id, channel_id, channel_kind,
  created_at, last_message_at, waiting_for, wake_on_reply, preview, message_count, tag_ids, next_due_kind,
  next_due_asleep, queue_rank, queue_at)
VALUES (1, 1001, 'It is warm', 1, 2, 1, 1, 1, 'email', now(), now(), '', true, '', 1, '{}', '', '{}', 0, now());
INSERT INTO money_rate (kind, agent_id, valid_from, cents, currency, created_at)
VALUES ('work', 1, '2026-01-01', 6000, 'USD', now());
INSERT INTO time_entry (ticket_id, key, agent_id, noted_by_id, day, minutes, what, is_billable, drawn, at)
SELECT 1, 'time:' || i, 1, 1, CAST('2026-11-01' AS date) + i, 60, 'Looked after it', false, 0, now()
FROM generate_series(0, 19) i;
"""
AT = datetime(2026, 11, 28, 17, tzinfo=UTC)


def _marks(url: str) -> int:
    with direct(url) as connection:
        found = connection.execute("SELECT count(*) FROM money_mark").fetchone()
    assert found is not None
    return int(str(found[0]))


class TestUpgrade:
    def test_of_books_tells_of_days_that_wait_until_all_are_there(self, empty_database_url: str) -> None:
        migrating.upgrade(empty_database_url, "0024")
        with direct(empty_database_url) as connection:
            _write(connection)
        migrating.upgrade(empty_database_url)
        assert _marks(empty_database_url) == 1
        with app_on(empty_database_url).app_context():
            november = books.question("2026-11-01", "2026-11-30")
            found = figures.money(november, AT)
            assert found.waiting == 28 - figures.FRESH
            assert found.whole.of("work").many < 20
            days.catch_up()
            found = figures.money(november, AT)
            assert (found.waiting, found.whole.of("work").cents) == (0, {"USD": 20 * 6000})
            assert list(checking.verify()) == []
            half = figures.money(books.question("2026-11-01", "2026-11-10"), AT)
            assert half.whole.of("work").cents == {"USD": 10 * 6000}
            db.session.rollback()

    def test_of_nothing_marks_nothing(self, fresh_database_url: str) -> None:
        assert _marks(fresh_database_url) == 0


def _write(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    connection.execute(_BEFORE.encode())
    connection.commit()
