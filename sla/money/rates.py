"""Whose rate counts on which day: a person's own, else that of their first team that has one, else the house's.

Teams are those people are in now. Of two rates of a kind for the same, from the same day, the later written counts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy import select

from helpdesk.db import db
from helpdesk.people.models import Agent, Membership
from sla.money.models import KINDS, MoneyRate


class Rate(NamedTuple):
    """A person's rate of a kind in force from a day up to but without another."""

    kind: str
    agent_id: int
    since: date
    until: date
    cents: int
    currency: str


class Rates:
    """The rates of everybody."""

    def __init__(self, rates: Iterable[Rate]) -> None:
        self.all = tuple(rates)
        self._of: dict[tuple[str, int], list[Rate]] = defaultdict(list)
        for one in self.all:
            self._of[one.kind, one.agent_id].append(one)

    def on(self, kind: str, agent_id: int, day: date) -> Rate | None:
        """None where nobody said."""
        return next((one for one in self._of[kind, agent_id] if one.since <= day < one.until), None)


def known() -> Rates:
    """As they are written now; three statements."""
    rows = db.session.scalars(select(MoneyRate).order_by(MoneyRate.valid_from, MoneyRate.id)).all()
    teams: dict[int, list[int]] = defaultdict(list)
    of = select(Membership.agent_id, Membership.team_id).order_by(Membership.team_id)
    for agent_id, team_id in db.session.execute(of):
        teams[agent_id].append(team_id)
    people = db.session.scalars(select(Agent.id).order_by(Agent.id)).all()
    return Rates(held(rows, people, teams))


def held(rows: Sequence[MoneyRate], agent_ids: Iterable[int], teams: Mapping[int, Sequence[int]]) -> Iterable[Rate]:
    """Everybody's rates by kind and day; `rows` as they begin, `teams` by agent in the order they are tried."""
    said: dict[tuple[str, str, int], list[MoneyRate]] = defaultdict(list)
    for row in rows:
        said[row.kind, *_whose(row)].append(row)
    for agent_id in agent_ids:
        for kind in KINDS:
            ways = [(kind, "agent", agent_id), *((kind, "team", one) for one in teams.get(agent_id, ())), (kind, "", 0)]
            yield from _in_course(kind, agent_id, [said[way] for way in ways if way in said])


def _in_course(kind: str, agent_id: int, ways: Sequence[Sequence[MoneyRate]]) -> Iterable[Rate]:
    cuts = sorted({row.valid_from for rows in ways for row in rows})
    for since, until in zip(cuts, [*cuts[1:], date.max], strict=False):
        found = next((row for rows in ways if (row := _last(rows, since)) is not None and row.cents is not None), None)
        if found is not None and found.cents is not None:
            yield Rate(kind, agent_id, since, until, found.cents, found.currency)


def _last(rows: Sequence[MoneyRate], day: date) -> MoneyRate | None:
    return next((row for row in reversed(rows) if row.valid_from <= day), None)


def _whose(row: MoneyRate) -> tuple[str, int]:
    if row.agent_id is not None:
        return "agent", row.agent_id
    return ("team", row.team_id) if row.team_id is not None else ("", 0)
