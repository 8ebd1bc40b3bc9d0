"""Who was woken and who was on call for how long, from pages and the turns of the year's one rota, told by hand."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from bench.recount.hours import SECOND, micro
from bench.recount.log import Connection
from bench.recount.questions import DAY, Question
from bench.recount.year import Year

KINDS = ("night", "weekend", "day")
_DAWN, _DUSK = time(6), time(22)


class Nights:
    """Reads the rota as it is written: lanes whose people take turns of a week from a wall time on."""

    def __init__(self, connection: Connection, year: Year) -> None:
        self._year = year
        asked = "SELECT agent_id, begun_at, id FROM page WHERE NOT is_test AND agent_id IS NOT NULL"
        self._pages = [(agent, micro(at), key) for agent, at, key in connection.execute(asked) if at is not None]
        self._zones = {key: ZoneInfo(zone) for key, zone in connection.execute("SELECT id, zone FROM agent")}
        self._specs = [spec for (spec,) in connection.execute("SELECT spec FROM oncall_schedule_version")]
        self._away: dict[int, list[tuple[int, int]]] = defaultdict(list)
        absences = "SELECT agent_id, starts_at, ends_at FROM oncall_absence WHERE withdrawn_at IS NULL"
        for agent, since, until in connection.execute(absences):
            self._away[agent].append((micro(since), micro(until)))
        reasons = "SELECT page_id, number FROM page_reason JOIN escalation ON escalation.id = escalation_id"
        self._tickets: dict[int, set[int]] = defaultdict(set)
        for page, number in connection.execute(f"{reasons} JOIN ticket ON ticket.id = ticket_id"):
            self._tickets[page].add(number)

    def carried(self, question: Question) -> list[dict[str, Any]]:
        """Everybody; woken out of hours most first, then woken, then on call."""
        begin, end = self._days(question)
        wakes = Counter((agent, self._kind(agent, at)) for agent, at, _ in self._pages if begin <= at < end)
        stood: Counter[tuple[int, str]] = Counter()
        for agent, spans in self._shifts(begin, end).items():
            for since, until in _without(_joined(spans), _joined(self._away[agent])):
                for piece in self._cut(agent, since, until):
                    stood[agent, self._kind(agent, piece[0])] += (piece[1] - piece[0]) // SECOND
        people = {agent for agent, _ in [*wakes, *stood]}
        told = [
            {"agent": one, "wakes": {kind: wakes[one, kind] for kind in KINDS},
             "seconds": {kind: stood[one, kind] for kind in KINDS}}
            for one in people
        ]  # fmt: skip
        return sorted(told, key=_weight)

    def woken(self, question: Question, agent: int, kind: str) -> list[frozenset[int]]:
        """The tickets of each page, newest first."""
        begin, end = self._days(question)
        mine = [(at, key) for one, at, key in self._pages if one == agent and begin <= at < end]
        mine = [one for one in mine if not kind or self._kind(agent, one[0]) == kind]
        return [frozenset(self._tickets[key]) for _, key in sorted(mine, reverse=True)]

    def _days(self, question: Question) -> tuple[int, int]:
        begin, end = (micro(datetime.combine(day, time(), self._year.zone)) for day in (question.since, question.until))
        return begin, min(end, self._year.now)

    def _kind(self, agent: int, at: int) -> str:
        local = _utc(at).astimezone(self._zones[agent])
        if local.time() >= _DUSK or local.time() < _DAWN:
            return "night"
        return "weekend" if local.weekday() >= 5 else "day"

    def _shifts(self, begin: int, end: int) -> dict[int, list[tuple[int, int]]]:
        found: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for spec in self._specs:
            for layer in spec["layers"]:
                for agent, since, until in turns(layer, ZoneInfo(spec["zone"]), end):
                    if max(since, begin) < min(until, end):
                        found[agent].append((max(since, begin), min(until, end)))
        return found

    def _cut(self, agent: int, since: int, until: int) -> Iterator[tuple[int, int]]:
        """Where night begins and ends, and at midnight."""
        day, last = _utc(since).date() - DAY, _utc(until).date() + DAY
        walls: list[int] = []
        while day <= last:
            walls += [micro(datetime.combine(day, at, self._zones[agent])) for at in (time(), _DAWN, _DUSK)]
            day += DAY
        edges = [since, *(one for one in walls if since < one < until), until]
        yield from pairwise(edges)


def _utc(at: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)


def turns(layer: dict[str, Any], zone: ZoneInfo, end: int) -> Iterator[tuple[int, int, int]]:
    """A week each, from the anchor's Monday on, in the order they are written."""
    people, week = layer["participants"], date.fromisoformat(layer["anchor"])
    at, place = time.fromisoformat(layer["hand_over"]), 0
    while (since := micro(datetime.combine(week, at, zone))) < end:
        week += 7 * DAY
        yield people[place % len(people)], since, micro(datetime.combine(week, at, zone))
        place += 1


def _joined(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Once where they overlap."""
    found: list[tuple[int, int]] = []
    for since, until in sorted(spans):
        if found and since <= found[-1][1]:
            found[-1] = (found[-1][0], max(until, found[-1][1]))
        else:
            found.append((since, until))
    return found


def _without(spans: Sequence[tuple[int, int]], away: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Nobody rings who is away."""
    for since, until in spans:
        edges = [since, *(min(max(edge, since), until) for span in away for edge in span), until]
        yield from ((begin, end) for begin, end in zip(edges[::2], edges[1::2], strict=True) if begin < end)


def _weight(one: dict[str, Any]) -> tuple[int, int, int, int]:
    wakes, seconds = one["wakes"], one["seconds"]
    return -(wakes["night"] + wakes["weekend"]), -sum(wakes.values()), -sum(seconds.values()), one["agent"]
