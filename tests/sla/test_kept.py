"""What a process keeps of versions is what the database says, whoever changed it and whatever was rolled back."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from helpdesk import database
from helpdesk.db import db
from helpdesk.now import now
from sla.calendars.loading import INDEX, SHELF, versions_of
from sla.calendars.models import CalendarVersion
from sla.kept import Card, Kept, ask
from sla.policies.loading import in_force
from sla.policies.models import PolicyVersion
from tests.plugins.product import queries
from tests.sla import promising

LATER = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture
def policy(world):
    made = promising.policy("Default", promising.clause("first_response", 7200))
    db.session.commit()
    assert within(60, policies_ask_once)
    return made


@pytest.fixture
def elsewhere(database_url):
    """Another process on the same database."""
    with psycopg.connect(database.conninfo(database_url)) as connection:
        yield connection


def said() -> list[tuple[str, list[int]]]:
    """What counts now: names of policies with their targets."""
    found = [(one.policy.name, [clause.target_seconds for clause in one.clauses]) for one in in_force(now())]
    db.session.rollback()
    return found


def asks_once(calendar_id: int) -> bool:
    """Whether what the calendar says is kept, so that only what counts is asked."""
    with queries() as asked:
        versions_of([calendar_id])
    db.session.rollback()
    return len(asked) == 1


def policies_ask_once() -> bool:
    with queries() as asked:
        in_force(now())
    db.session.rollback()
    return len(asked) == 1


def within(seconds: float, is_so: Callable[[], bool]) -> bool:
    until = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def version(policy: PolicyVersion, seconds: int, **more) -> PolicyVersion:
    made = PolicyVersion(policy_id=policy.policy_id, number=2, valid_from=LATER, created_at=LATER, **more)
    made.conditions, made.clauses = {"all": []}, [promising.clause("first_response", seconds)]
    db.session.add(made)
    db.session.flush()
    return made


class TestKept:
    def test_is_read_once_and_asked_for_in_one_query(self, policy):
        with queries() as asked:
            assert said() == [("Default", [7200])]
        assert len(asked) == 1

    def test_sees_a_version_that_another_process_put_in_force(self, policy, elsewhere):
        elsewhere.execute(
            "INSERT INTO policy_version (id, policy_id, number, valid_from, conditions, created_at)"
            " SELECT 900, policy_id, 2, %s, conditions, %s FROM policy_version WHERE id = %s",
            [LATER, LATER, policy.id],
        )
        elsewhere.execute(
            "INSERT INTO clause (policy_version_id, position, number, words, metric, target_seconds, targets, zone_source,"
            " pauses, warn_percent, credit) SELECT 900, position, number, words, metric, 60, targets, zone_source, pauses,"
            " warn_percent, credit FROM clause WHERE policy_version_id = %s",
            [policy.id],
        )
        assert said() == [("Default", [7200])]
        elsewhere.commit()
        assert said() == [("Default", [60])]

    @pytest.mark.parametrize(
        ("change", "then"),
        [
            ("UPDATE sla_policy SET name = 'Renamed'", [("Renamed", [7200])]),
            ("UPDATE sla_policy SET archived_at = now()", []),
            ("UPDATE policy_version SET valid_from = NULL", []),
        ],
    )
    def test_sees_what_another_process_changed_of_its_rows(self, policy, elsewhere, change, then):
        elsewhere.execute(change)
        assert said() == [("Default", [7200])]
        elsewhere.commit()
        assert said() == then

    def test_never_serves_what_was_rolled_back_even_if_its_id_comes_again(self, policy):
        taken = version(policy, 60).id
        assert [clause.target_seconds for clause in in_force(now())[0].clauses] == [60]
        db.session.rollback()
        assert said() == [("Default", [7200])]
        version(policy, 90, id=taken)
        db.session.commit()
        assert said() == [("Default", [90])]

    def test_forgets_what_a_savepoint_took_back(self, policy):
        savepoint = db.session.begin_nested()
        version(policy, 60)
        assert len(in_force(now())[0].clauses) == 1
        savepoint.rollback()
        assert [clause.target_seconds for clause in in_force(now())[0].clauses] == [7200]

    def test_sees_what_the_same_transaction_adds_to_a_version(self, policy):
        made = version(policy, 60)
        assert len(in_force(now())[0].clauses) == 1
        db.session.add(promising.clause("restore", 120, policy_version_id=made.id))
        db.session.flush()
        assert len(in_force(now())[0].clauses) == 2
        db.session.commit()
        assert said() == [("Default", [60, 120])]

    def test_keeps_nothing_that_is_younger_than_a_transaction_under_way(self, policy, elsewhere):
        elsewhere.execute("SELECT pg_current_xact_id()")
        version(policy, 60)
        db.session.commit()
        assert not any(policies_ask_once() for _ in range(3))
        elsewhere.rollback()
        assert within(60, policies_ask_once)  # a transaction of any other database of the server counts too
        assert said() == [("Default", [60])]

    def test_calendars_are_asked_for_in_one_query_and_a_new_version_is_seen(self, world):
        made = promising.calendar()
        db.session.commit()
        calendar_id = made.id
        assert len(versions_of([calendar_id])[calendar_id].versions) == 1
        db.session.rollback()
        assert within(60, lambda: asks_once(calendar_id))  # kept once no older transaction runs, in any database
        db.session.add(
            CalendarVersion(
                calendar_id=calendar_id, valid_from=LATER, rules=promising.OFFICE, names={}, created_at=LATER
            )
        )
        db.session.commit()
        assert len(versions_of([calendar_id])[calendar_id].versions) == 2

    def test_a_change_that_is_withdrawn_while_it_is_read_is_left_out(self, world, elsewhere):
        made = promising.calendar()
        later = CalendarVersion(
            calendar_id=made.id, valid_from=LATER, rules=promising.OFFICE, names={}, created_at=LATER
        )
        db.session.add(later)
        db.session.commit()
        cards = ask(INDEX)[SHELF]
        elsewhere.execute("DELETE FROM calendar_version WHERE id = %s", [later.id])
        elsewhere.commit()
        assert [one.valid_from for one in versions_of([made.id], cards)[made.id].versions] == [promising.LONG_AGO]

    def test_keeps_no_more_than_it_is_told(self, world):
        read: list[int] = []

        def load(_session, ids):
            read.extend(ids)
            return {one: str(one) for one in ids}

        cards = [
            Card(one, one, LATER, LATER + timedelta(seconds=one), 1, None, 0, str(one), settled=True)
            for one in range(1, 4)
        ]
        kept = Kept(load, most=2)
        assert kept.of(cards) == {1: "1", 2: "2", 3: "3"}
        kept.of(cards[1:])
        assert read == [1, 2, 3]
        kept.of(cards[:1])
        assert read == [1, 2, 3, 1]
