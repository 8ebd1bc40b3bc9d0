"""The product's engine judges what was made up, and counts it: each ticket as it stood before every change of hands.

Promises are folded by the engine and written at once, many by COPY, as its own rows say them; what became of them is
counted by the product while the ticket is in the hands it was in then, so that it counts for whoever had it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count, pairwise
from typing import Any

import psycopg
from sqlalchemy import select, text

from bench.year import owing
from bench.year.house import END, FORETOLD, House
from bench.year.life import Held, Life
from bench.year.lives import Lives
from bench.year.writing import copy_rows, number_on, tell, write
from helpdesk.db import among, db
from helpdesk.now import travel
from helpdesk.tickets.models import Ticket
from sla.commitments.clock import fold
from sla.commitments.facts import Cycle
from sla.commitments.grounds import History
from sla.commitments.history import histories
from sla.commitments.stored import instant, instant_or_none
from sla.reports import counting as promises
from sla.reports import outlook, tallying
from sla.volume import counting as service

_BATCH = 500
_BEFORE_ALL = datetime(2020, 1, 1, tzinfo=UTC)
_RUNS = ("running", "paused")
_JUST_BEFORE = timedelta(microseconds=1)
_COLUMNS = (
    "id, ticket_id, entitlement_id, clause_id, cycle, metric, outcome, target_seconds, started_at, due_at, breaks_at,"
    " warns_at, fires_at, ended_at, broken_at, broken_on_change, elapsed_seconds, excuse"
)
_SET = ", ".join(f"{name} = excluded.{name}" for name in _COLUMNS.split(", ")[1:])
_JUDGED = f"CREATE TEMP TABLE IF NOT EXISTS judged AS SELECT {_COLUMNS} FROM commitment LIMIT 0"
_TAKE = f"""
    INSERT INTO commitment ({_COLUMNS}) OVERRIDING SYSTEM VALUE SELECT {_COLUMNS} FROM judged
    ON CONFLICT (id) DO UPDATE SET {_SET}
"""
_HOLD = """
    UPDATE ticket SET team_id = held.team, assignee_id = held.agent, channel_kind = held.channel
    FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::text[]) held (id, team, agent, channel)
    WHERE ticket.id = held.id
"""
Key = tuple[int, int, int]
"""Ticket, clause, cycle."""


class Judging:
    """Writes and judges lives, a batch at a time, beside the app's context it is used in."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._ids = count(1)
        self._keys: dict[Key, int] = {}
        self._said: dict[Key, Cycle] = {}
        self._unfinished: list[Life] = []
        connection.execute(_JUDGED)

    def judge(self, lives: Sequence[Life]) -> None:
        """Up to the first day that is foretold."""
        write(self._connection, lives)
        self._unfinished += self._go_on(lives, _BEFORE_ALL, FORETOLD[0])

    def foretell(self) -> None:
        """Whatever is not finished goes on from one outlook to the next, each made by what was known then."""
        for since, until in pairwise((*FORETOLD, END)):
            with travel(to=since):
                tallying.tick()
                outlook.tick()
            lives, self._unfinished = self._unfinished, []
            for place in range(0, len(lives), _BATCH):
                self._unfinished += self._go_on(lives[place : place + _BATCH], since, until)

    def _go_on(self, lives: Sequence[Life], since: datetime, until: datetime) -> list[Life]:
        """Those to which more happens, or whose promises still run."""
        tell(self._connection, lives, since, until)
        mine = [one for one in lives if one.began_at <= until]
        asked = select(Ticket).where(among(Ticket.id, [one.id for one in mine])).order_by(Ticket.id)
        told = histories(list(db.session.scalars(asked)))
        db.session.rollback()
        held = {one.id: [each for each in one.held if since < each.before <= until] for one in mine}
        for place in range(max(map(len, held.values()), default=0)):
            self._round([(one, held[one.id][place], _before(told[one.id], held[one.id][place].before))
                         for one in mine if place < len(held[one.id])])  # fmt: skip
        self._round([(one, one.held_at(until), (told[one.id], until)) for one in mine], is_last=True)
        runs = {key[0] for key, one in self._said.items() if one.outcome in _RUNS}
        goes_on = [one for one in lives if one.id in runs or one.told[-1].at > until]
        finished = {one.id for one in lives} - {one.id for one in goes_on}
        self._keys = {key: one for key, one in self._keys.items() if key[0] not in finished}
        self._said = {key: one for key, one in self._said.items() if key[0] not in finished}
        return goes_on

    def _round(self, standing: Iterable[tuple[Life, Held, tuple[History, datetime]]], *, is_last: bool = False) -> None:
        """Whoever had them: what was decided until then is written and counted."""
        held, rows = [], []
        for life, hands, (history, at) in standing:
            found = {self._key(life, one): one for one in fold(history.facts, history.timelines, at=at.timestamp())}
            if is_last or self._is_news(found):
                held.append((life.id, hands))
                rows += [self._row(life, key, one) for key, one in found.items()]
        self._write(held, rows)

    def _key(self, life: Life, one: Cycle) -> Key:
        key = life.id, one.clause, one.number
        if key not in self._keys:
            self._keys[key] = next(self._ids)
        return key

    def _is_news(self, found: Mapping[Key, Cycle]) -> bool:
        """Whether anything was decided that is not written so, at that instant, or was taken back."""
        return any(_settled(one) != _settled(self._said.get(key)) for key, one in found.items())

    def _row(self, life: Life, key: Key, one: Cycle) -> Sequence[Any]:
        self._said[key] = one
        fires = one.breaks if one.outcome == "running" else None
        return (
            self._keys[key], life.id, life.id, one.clause, one.number, one.metric, one.outcome, one.target,
            instant(one.started), *map(instant_or_none, (one.due, one.breaks, one.warns, fires, one.ended, one.broken)),
            one.on_change, int(one.elapsed), "",
        )  # fmt: skip

    def _write(self, held: Sequence[tuple[int, Held]], rows: Sequence[Sequence[Any]]) -> None:
        columns = [[key for key, _ in held], *([getattr(one, name) for _, one in held] for name in Held._fields[1:])]
        self._connection.execute(_HOLD, columns)
        self._connection.execute("TRUNCATE judged")
        copy_rows(self._connection, "judged", _COLUMNS, rows)
        self._connection.execute(_TAKE)
        self._connection.commit()
        if rows:
            promises.count([row[0] for row in rows])
            db.session.commit()


def fill(connection: psycopg.Connection[Any], house: House, tickets: int, seed: int) -> int:
    """Write, judge and count about so many tickets in the app's context, up to the end of the year; how many."""
    judging, batch, made = Judging(connection), list[Life](), 0
    for lives in Lives(house, tickets, seed).all():
        batch += lives
        if len(batch) >= _BATCH:
            judging.judge(batch)
            made, batch = made + len(batch), []
    if batch:
        judging.judge(batch)
    judging.foretell()
    number_on(connection)
    with travel(to=END):
        owing.settle(house.boss, seed)
        _count()
    return made + len(batch)


def _before(history: History, change: datetime) -> tuple[History, datetime]:
    at = change - _JUST_BEFORE
    return replace(history, facts=tuple(one for one in history.facts if one.at <= at.timestamp())), at


def _settled(one: Cycle | None) -> tuple[str, float | None]:
    """What became of it and when, as far as that is counted."""
    if one is None or one.outcome not in {"kept", "broken"}:
        return "", None
    return one.outcome, one.broken if one.outcome == "broken" else one.ended


def _count() -> None:
    """What the scheduler does: days added up, service folded, the outlook of the hour made."""
    db.session.execute(text("INSERT INTO volume_mark (ticket_id) SELECT id FROM ticket"))
    db.session.commit()
    while service.tick():
        pass
    tallying.tick()
    outlook.tick()
