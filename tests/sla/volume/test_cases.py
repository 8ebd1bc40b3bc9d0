"""Each metric by hand: what happened on tickets, and what counts of it (`tests/cases/volume.toml`)."""

from __future__ import annotations

import tomllib
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from helpdesk.db import db
from helpdesk.people.models import Brand, Team
from sla.volume import checking, counting
from sla.volume.models import VolumeFact, VolumeStretch
from tests.sla.volume.living import Days

CASES = tomllib.loads((Path(__file__).parents[2] / "cases" / "volume.toml").read_text(encoding="utf-8"))["case"]
NEW_YORK = ZoneInfo("America/New_York")


def told(days: Days) -> list[str]:
    """Every fact as a line of the cases."""
    facts = db.session.scalars(
        select(VolumeFact).where(VolumeFact.ticket_id.in_([one.id for one in days.tickets.values()]))
    )
    people = {days.agent(name).id: name for name in ("ada", "ben", "mei")}
    return sorted(_line(days.name_of(one.ticket_id), one, people) for one in facts)


def _line(name: str, one: VolumeFact, people: dict[int, str]) -> str:
    spans = [] if one.clock_seconds is None else [_hours(one.clock_seconds), _hours(one.working_seconds or 0)]
    flags = ["first"] * one.is_first + ["out"] * one.is_out
    whom = [f"by {people[one.agent_id]}"] if one.agent_id is not None else []
    return " ".join([name, one.kind, _instant(one.at), *spans, *flags, *whom])


def _hours(seconds: int) -> str:
    return f"{seconds // 3600}:{seconds % 3600 // 60:02}"


def _instant(at: datetime) -> str:
    return at.astimezone(NEW_YORK).isoformat()


@pytest.mark.parametrize("case", CASES, ids=[one["name"] for one in CASES])
class TestCases:
    def test_count_as_worked_out_by_hand(self, case: dict[str, Any], world: Any) -> None:
        db.session.execute(update(Brand).values(zone="America/New_York"))
        days = Days(world, case.get("hours"))
        for step in case["steps"]:
            days.live(*step)
        counting.tick()
        assert told(days) == sorted(case["facts"])
        for name, spans in case.get("open", {}).items():
            assert _stretches(days, name) == spans
        assert list(checking.verify()) == []


def _stretches(days: Days, name: str) -> list[str]:
    """Since when it is open in whose hands."""
    teams = {one.id: one.name for one in db.session.scalars(select(Team))}
    people = {days.agent(each).id: f"by {each}" for each in ("ada", "ben", "mei")}
    rows = select(VolumeStretch).where(VolumeStretch.ticket_id == days.tickets[name].id).order_by(VolumeStretch.number)
    hands = [
        (_instant(one.since), teams.get(one.team_id or 0, ""), people.get(one.agent_id or 0, ""))
        for one in db.session.scalars(rows)
    ]
    return [" ".join(filter(None, each)) for each in hands]
