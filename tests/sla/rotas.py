"""On-call schedules, contact methods and escalation policies for tests."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from helpdesk.db import db
from helpdesk.people.models import Agent
from sla.escalations.models import ContactMethod, EscalationPolicy
from sla.oncall.models import OnCallSchedule, ScheduleVersion
from tests.sla.promising import LONG_AGO


def schedule(
    *lanes: Sequence[Agent], name: str = "Refrigeration", calendar_id: int | None = None, fallback: str = ""
) -> OnCallSchedule:
    """Each lane in turns of a week from Monday 08:00 in New York."""
    made = OnCallSchedule(
        name=name,
        calendar_id=calendar_id,
        fallback_name="Duty phone" if fallback else "",
        fallback_kind="call" if fallback else "",
        fallback_address=fallback,
        feed_token=secrets.token_hex(8),
        created_at=LONG_AGO,
    )
    db.session.add(made)
    db.session.flush()
    layers = [
        {
            "name": f"Lane {number}",
            "lane": number,
            "participants": [agent.id for agent in people],
            "unit": "weekly",
            "anchor": "2026-01-05",
            "hand_over": "08:00",
        }
        for number, people in enumerate(lanes, 1)
    ]
    spec = {"zone": "America/New_York", "layers": layers}
    db.session.add(ScheduleVersion(schedule_id=made.id, number=1, valid_from=LONG_AGO, spec=spec, created_at=LONG_AGO))
    db.session.flush()
    return made


def method(
    agent: Agent, kind: str = "email", address: str = "", after: int = 0, *, verified: bool = True
) -> ContactMethod:
    made = ContactMethod(
        agent_id=agent.id,
        kind=kind,
        address=address or agent.email,
        delay_seconds=after,
        verified_at=LONG_AGO if verified else None,
        created_at=LONG_AGO,
    )
    db.session.add(made)
    db.session.flush()
    return made


def rota(of: OnCallSchedule, lane: int = 1) -> dict[str, Any]:
    return {"kind": "rota", "id": of.id, "lane": lane}


def person(agent: Agent) -> dict[str, Any]:
    return {"kind": "agent", "id": agent.id}


def step(after: int, *targets: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"after": after, "targets": list(targets), **more}


def policy(*steps: dict[str, Any], causes: Sequence[str] = ("warning", "break"), **more: Any) -> EscalationPolicy:
    """Without words of its own it wakes people at any hour."""
    columns = {"name": "At night", "rank": 1, "runs": "always", "starts": {}} | {
        key: more.pop(key) for key in ("name", "rank", "runs", "holds", "starts") if key in more
    }
    columns["starts"] = {"causes": list(causes), **columns["starts"]}
    plan = {"steps": list(steps), "only_out_of_hours": columns["runs"] == "out_of_hours", **more}
    made = EscalationPolicy(**columns, plan=plan, created_at=LONG_AGO)
    db.session.add(made)
    db.session.flush()
    return made


def minutes(count: float) -> int:
    return int(count * 60)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)
