"""Escalations: one tick with 10,000 open runs of which 100 are due, beside one bare UPDATE of as many rows."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any

from sqlalchemy import event, text

from bench.ground import Ground, app_on, direct
from bench.seeding import base, fill
from bench.table import Line
from helpdesk.db import db
from sla.escalations import running

_OPEN, _DUE, _ROUNDS = 10_000, 100, 5
_RUNS = """
INSERT INTO escalation_policy (name, rank, starts, runs, holds, plan, created_at) VALUES ('Nights', 1,
  '{"causes": ["arrival"]}', 'always', false, '{"steps": []}', now());
INSERT INTO escalation (key, ticket_id, cause, policy_id, plan, state, round, step, started_at, round_started_at,
  next_at, acknowledged_how, reason)
SELECT 'bench:' || id, id, 'device', 1, '{"steps": [{"after": 0, "targets": [{"kind": "agent", "id": 1}]},
  {"after": 86400, "targets": [{"kind": "agent", "id": 1}]}], "only_out_of_hours": false}', 'running', 0, 0,
  now(), now(), now() + interval '1 day', '', '' FROM ticket ORDER BY id LIMIT 10000;
UPDATE ticket SET status = 1, resolved_at = NULL, spam_at = NULL, waiting_for = '';
ANALYZE escalation;
"""
_AGAIN = """
UPDATE escalation SET round = round + 1, step = 0, round_started_at = now(), next_at = now()
WHERE id IN (SELECT id FROM escalation WHERE next_at > now() ORDER BY id LIMIT 100)
"""
_BARE = "UPDATE escalation SET reason = '' WHERE id IN (SELECT id FROM escalation ORDER BY id LIMIT 100)"


def lines(place: Ground) -> list[Line]:
    url = place.fresh("escalations")
    try:
        with direct(url) as connection:
            base(connection)
            fill(connection, _OPEN)
            connection.execute(_RUNS)
        app = app_on(url)
        with app.app_context():
            rounds = [_round() for _ in range(_ROUNDS)]
            db.session.remove()
            db.engine.dispose()
    finally:
        place.drop("escalations")
    ours, bare, asked = (median(column) for column in zip(*rounds, strict=True))
    return [
        Line(
            f"escalation tick, {_OPEN} open, {_DUE} due",
            f"{1000 * ours:.0f} ms in {asked:.0f} statements",
            "<= 50 ms of database time",
            ours <= 0.05,
            limit=f"{ours / bare:.0f} times a bare UPDATE of {_DUE} ({1000 * bare:.1f} ms)",
            peer="",
        )
    ]


def _round() -> tuple[float, float, float]:
    """Seconds in statements of the tick, of the bare update, and how many statements the tick took."""
    _do(_AGAIN)
    with _timed() as spent:
        done = running.tick()
    if done != _DUE:
        raise RuntimeError(f"{_DUE} runs were due, {done} were taken")
    with _timed() as bare:
        _do(_BARE)
    return sum(spent), sum(bare), float(len(spent))


def _do(statement: str) -> None:
    db.session.execute(text(statement))
    db.session.commit()


@contextmanager
def _timed() -> Iterator[list[float]]:
    """Seconds of each statement as its caller waits for it: the database's time and the way there."""
    spent: list[float] = []

    def before(_connection: object, _cursor: object, _sql: str, _values: object, context: Any, _many: object) -> None:
        context.began = time.perf_counter()

    def after(_connection: object, _cursor: object, _sql: str, _values: object, context: Any, _many: object) -> None:
        spent.append(time.perf_counter() - context.began)

    heard: dict[str, Callable[..., None]] = {"before_cursor_execute": before, "after_cursor_execute": after}
    for name, hear in heard.items():
        event.listen(db.engine, name, hear)
    try:
        yield spent
    finally:
        for name, hear in heard.items():
            event.remove(db.engine, name, hear)
