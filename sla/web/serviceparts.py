"""What the page of service shows and its JSON tells: every figure of a question, asked once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sla.volume import backlog, figures, usual, waking
from sla.volume.asking import Question
from sla.volume.backlog import Open
from sla.volume.dimensions import ALL, TOPIC
from sla.volume.figures import By, Sums
from sla.volume.usual import Usual
from sla.volume.waking import Carried

LONGEST = 50
"""Rows of a table; those with most to show."""


@dataclass(frozen=True, slots=True)
class Line:
    """A value of the grouping with its figures."""

    key: str
    sums: Sums
    usual: Usual | None
    open: int


@dataclass(frozen=True)
class Service:
    """`at` is when what is open is counted, None for now."""

    sums: Sums
    usual: Usual | None
    at: datetime | None
    open: Open
    hours: By
    channels: Sequence[tuple[str, Sums]]
    topics: Sequence[tuple[str, Sums]]
    closed: frozenset[int]
    lines: Sequence[Line]
    more: int
    """How many values the table leaves out."""
    carried: Sequence[Carried]


def service(question: Question, now: datetime) -> Service:
    """A fixed number of statements, whatever is asked."""
    period, filters, group = question.period, question.filters, question.group
    names = dict.fromkeys([ALL, "hour", "channel", TOPIC, group])
    found = figures.several(list(names), period, filters)
    at = backlog.instant(period, now)
    in_hands = backlog.by(group, at, now, filters)
    keys = _keys(found[group], in_hands)
    sums, shown = figures.total(found), keys[:LONGEST]
    return Service(
        sums=sums,
        usual=usual.first_reply(period, filters) if sums.first else None,
        at=at,
        open=backlog.total(at, now, filters),
        hours=found["hour"],
        channels=_most(found["channel"]),
        topics=_most(found[TOPIC]),
        closed=period.closed(),
        lines=_lines(question, shown, found[group], in_hands),
        more=max(0, len(keys) - LONGEST),
        carried=waking.carried(period, now),
    )


def lines(question: Question, now: datetime) -> Iterator[Line]:
    """Every value of the grouping, read some at a time."""
    period, filters, group = question.period, question.filters, question.group
    sums = figures.several([group], period, filters)[group]
    in_hands = backlog.by(group, backlog.instant(period, now), now, filters)
    for some in _batched(_keys(sums, in_hands), LONGEST):
        yield from _lines(question, some, sums, in_hands)


def _batched(keys: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (keys[place : place + size] for place in range(0, len(keys), size))


def _lines(question: Question, keys: Sequence[str], sums: By, in_hands: Mapping[str, Open]) -> list[Line]:
    answered = [key for key in keys if sums.get(key, Sums()).first]
    usually = usual.by(question.group, answered, question.period, question.filters)
    return [
        Line(key, sums.get(key, Sums()), usually.get(key), in_hands[key].count if key in in_hands else 0)
        for key in keys
    ]


def _keys(sums: By, in_hands: Mapping[str, Open]) -> list[str]:
    """Who did most first; then what has most open; ties by the text."""

    def weight(key: str) -> tuple[int, int, str]:
        one = sums.get(key, Sums())
        held = in_hands[key].count if key in in_hands else 0
        return -(one.replied + one.done + one.arrived), -held, key

    return sorted({*sums, *in_hands}, key=weight)


def _most(found: By) -> list[tuple[str, Sums]]:
    return sorted(
        ((key, one) for key, one in found.items() if one.arrived), key=lambda each: (-each[1].arrived, each[0])
    )
