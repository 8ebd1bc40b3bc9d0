"""What is done beside answering: nights people are rung in, and working time that is noted, with what an hour costs."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg

from bench.year.house import AGENTS, BEGIN, END, ZONE
from bench.year.writing import copy_rows, number_on
from helpdesk.db import db
from sla.escalations.models import EscalationPolicy
from sla.money import days
from sla.money.models import MoneyRate
from sla.oncall.models import OnCallAbsence, OnCallSchedule, ScheduleVersion

LANES = ((2, 3, 4, 5, 6), (7, 8, 3))
"""Who is on call in turns of a week, first and backup; one of them in both."""
ANCHOR = date(2024, 1, 1)
HAND_OVER = 8
_LONG_AGO = datetime(2024, 1, 1, tzinfo=UTC)
_ONE_RUNG, _ONE_NOTED = 15, 3
"""One ticket in so many rings somebody; one in so many has time noted."""


def arrange() -> None:
    """Before anything happens: who is on call when, who will be away, what an hour costs. Commits."""
    _rota()
    _absences()
    _rates()
    db.session.commit()


def fill(connection: psycopg.Connection[Any], tickets: int, seed: int) -> None:
    """Of tickets that are there; in the app's context."""
    chance = random.Random(seed)
    connection.execute("SET session_replication_role = replica")
    _nights(connection, tickets, chance)
    _hours(connection, tickets, chance)
    number_on(connection, [("time_entry", "id")])
    connection.commit()
    days.again()  # whoever fills as a replica marks nothing
    db.session.commit()


def _rota() -> None:
    made = OnCallSchedule(name="Night", feed_token="n" * 32, created_at=_LONG_AGO)
    db.session.add(made)
    db.session.flush()
    layers = [
        {"name": f"Lane {number}", "lane": number, "participants": list(people), "unit": "weekly",
         "anchor": str(ANCHOR), "hand_over": f"{HAND_OVER:02}:00"}
        for number, people in enumerate(LANES, 1)
    ]  # fmt: skip
    spec = {"zone": ZONE, "layers": layers}
    db.session.add(
        ScheduleVersion(schedule_id=made.id, number=1, valid_from=_LONG_AGO, spec=spec, created_at=_LONG_AGO)
    )
    db.session.add(EscalationPolicy(name="Night", rank=1, starts={"causes": ["device"]}, created_at=_LONG_AGO))


def _absences() -> None:
    """In the last days, and those foretold from there; one of whoever is on call."""
    for agent, before, after in ((2, 6, 2), (5, 30, -20), (9, -4, 70), (11, 200, 100), (14, 3, 240), (16, 300, 300)):
        withdrawn = END - timedelta(hours=290) if agent == 16 else None
        away = {"starts_at": END - timedelta(hours=before), "ends_at": END + timedelta(hours=after)}
        db.session.add(OnCallAbsence(agent_id=agent, created_at=_LONG_AGO, withdrawn_at=withdrawn, **away))


def _rates() -> None:
    """Everybody has one but the last two."""
    for agent in range(1, AGENTS - 1):
        for kind, cents in (("work", 4000 + 37 * agent), ("standby", 300 + agent), ("night", 2500), ("billed", 9000)):
            made = {"valid_from": _LONG_AGO.date(), "created_by_id": 1, "created_at": _LONG_AGO}
            db.session.add(MoneyRate(kind=kind, agent_id=agent, cents=cents, currency="USD", **made))


def _nights(connection: psycopg.Connection[Any], tickets: int, chance: random.Random) -> None:
    pages, runs, reasons = [], [], []
    for key in range(1, tickets // _ONE_RUNG + 1):
        at = BEGIN + chance.random() * (END - BEGIN)
        agent, ticket = chance.choice(LANES[0] + LANES[1]), chance.randrange(1, tickets + 1)
        pages.append((key, f"agent:{agent}", agent, f"Agent {agent}", chance.random() < 0.05, True, at, at, at, at, ""))
        runs.append((key, f"ticket:{ticket}:{key}", ticket, "device", 1, {}, "ended", 0, 1, at, at, "", at, "answered"))
        reasons.append((key, key, key, 0, 0, f"agent:{agent}"))
    page = 'id, target, agent_id, name, is_test, is_urgent, made_at, not_before, begun_at, ended_at, "end"'
    copy_rows(connection, "page", page, pages)
    copy_rows(connection, "escalation", "id, key, ticket_id, cause, policy_id, plan, state, round, step, started_at,"
              " round_started_at, acknowledged_how, ended_at, reason", runs)  # fmt: skip
    copy_rows(connection, "page_reason", "id, page_id, escalation_id, round, step, target", reasons)


def _hours(connection: psycopg.Connection[Any], tickets: int, chance: random.Random) -> None:
    rows = []
    for key in range(1, tickets // _ONE_NOTED + 1):
        at = BEGIN + chance.random() * (END - BEGIN - timedelta(days=1))
        agent, ticket = chance.randrange(1, AGENTS + 1), chance.randrange(1, tickets + 1)
        rows.append((key, ticket, f"t{key}", agent, agent, at.date(), chance.choice((5, 15, 20, 45, 90)), "Looked",
                     chance.random() < 0.4, 0, at))  # fmt: skip
    copy_rows(connection, "time_entry", "id, ticket_id, key, agent_id, noted_by_id, day, minutes, what, is_billable,"
              " drawn, at", rows)  # fmt: skip
