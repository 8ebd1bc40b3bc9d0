"""Jobs: rows of the same transaction, taken up once it has committed."""

from __future__ import annotations

import asyncio
import threading
from datetime import timedelta

import pytest
from procrastinate import PsycopgConnector
from sqlalchemy import text

from helpdesk import jobs, worker
from helpdesk.db import db
from helpdesk.now import now
from tests.plugins.world import World


def waiting() -> int:
    return db.session.scalar(text("SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo'")) or 0


class TestDefer:
    def test_is_part_of_the_transaction(self, world: World):
        jobs.defer("deliver", delivery_id=1)
        assert waiting() == 1
        db.session.rollback()
        assert waiting() == 0

    def test_twice_under_one_key_is_one_job_and_keeps_the_transaction_whole(self, world: World):
        ticket = world.ticket()
        ticket.subject = "Kept"
        for _ in range(3):
            jobs.defer("deliver", key="deliver:1", delivery_id=1)
        db.session.commit()
        assert waiting() == 1
        assert ticket.subject == "Kept"

    def test_waits_until_its_time(self, world: World):
        at = now() + timedelta(hours=1)
        jobs.defer("deliver", at=at, delivery_id=1)
        assert db.session.scalar(text("SELECT scheduled_at FROM procrastinate_jobs")) == at


class TestDeferEach:
    def keys(self) -> list[str]:
        waiting = "SELECT queueing_lock FROM procrastinate_jobs WHERE status = 'todo' ORDER BY queueing_lock"
        return list(db.session.scalars(text(waiting)))

    def test_leaves_those_alone_that_wait_already(self, world: World):
        jobs.defer("introduce", key="introduce:2", address="two")
        jobs.defer_each("introduce", {f"introduce:{number}": {"address": str(number)} for number in (1, 2, 3)})
        jobs.defer_each("introduce", {"introduce:3": {"address": "3"}})
        db.session.commit()
        assert self.keys() == ["introduce:1", "introduce:2", "introduce:3"]
        said = db.session.scalars(text("SELECT args ->> 'address' FROM procrastinate_jobs ORDER BY queueing_lock"))
        assert list(said) == ["1", "two", "3"]

    def test_is_part_of_the_transaction(self, world: World):
        jobs.defer_each("introduce", {"introduce:1": {"address": "1"}})
        db.session.rollback()
        assert waiting() == 0

    def test_keeps_the_transaction_whole_when_another_one_defers_the_same_at_this_instant(self, world: World):
        ticket = world.ticket()
        ticket.subject = "Kept"
        with db.engine.connect() as other:
            other.execute(
                text(
                    "INSERT INTO procrastinate_jobs (queue_name, task_name, queueing_lock)"
                    " VALUES ('default', 'introduce', 'introduce:2')"
                )
            )
            commits = threading.Timer(0.3, other.commit)
            commits.start()
            jobs.defer_each("introduce", {f"introduce:{number}": {"address": str(number)} for number in (1, 2, 3)})
            commits.join()
        db.session.commit()
        assert self.keys() == ["introduce:1", "introduce:2", "introduce:3"]
        assert ticket.subject == "Kept"


class TestWorker:
    @pytest.fixture
    def done(self) -> list[int]:
        return []

    def work(self, world: World, **functions) -> None:
        """Run the queue until the jobs so far are done."""
        db.session.commit()
        queue = jobs.queue.with_connector(PsycopgConnector(conninfo=world.app.config["JOBS_URL"]))
        for name, function in functions.items():
            queue.task(name=name)(worker.inside(world.app)(function))

        async def run() -> None:
            async with queue.open_async():
                await queue.run_worker_async(wait=False, install_signal_handlers=False, delete_jobs="successful")

        asyncio.run(run())

    def test_runs_each_job_in_a_context_of_its_own(self, world: World, done: list[int]):
        def count(number: int) -> None:
            done.append(number)
            db.session.execute(text("UPDATE ticket SET subject = 'lost' WHERE id = 1"))

        for number in range(3):
            jobs.defer("count", number=number)
        self.work(world, count=count)
        assert sorted(done) == [0, 1, 2]
        assert waiting() == 0
        assert db.session.scalar(text("SELECT subject FROM ticket WHERE id = 1")) != "lost", "only edges commit"

    def test_a_job_that_fails_does_not_stop_the_next(self, world: World, done: list[int]):
        def picky(number: int) -> None:
            if number == 0:
                raise RuntimeError("no")
            done.append(number)

        for number in range(2):
            jobs.defer("picky", number=number)
        self.work(world, picky=picky)
        assert done == [1]


class TestKeep:
    def test_starts_a_loop_again_that_fell_over(self, world: World, monkeypatch: pytest.MonkeyPatch):
        stop, runs = threading.Event(), []

        def loop(_app, _stop) -> None:
            runs.append(1)
            if len(runs) == 2:
                stop.set()
            raise RuntimeError("fell over")

        worker._keep(world.app, loop, stop)
        assert len(runs) == 2
