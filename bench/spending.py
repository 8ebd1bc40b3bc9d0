"""Money over a year: the page's first byte, any filter, and what is behind a figure; and all gauges at once."""

from __future__ import annotations

from collections.abc import Iterator

from bench.ground import METRICS_TOKEN
from bench.pages import Sample, Visitor
from bench.table import Line

_MONEY = (
    ("", 150),
    ("by=agreement", 1000),
    ("by=month", 1000),
    ("customer=3", 1000),
    ("agreement=3", 1000),
    ("period=year", 1000),
    ("period=year&by=agreement", 1000),
    ("period=year&customer=3", 1000),
)
_BEHIND = ("what=cost", "what=untimed&period=year", "what=work&customer=3")


def lines(visitor: Visitor, postmaster: int | None, rounds: int, size: str) -> Iterator[Line]:
    for filtered, goal in _MONEY:
        name = f"money, {filtered or f'month, {size}'}"
        yield _line(visitor, f"/promises/money?{filtered}", name, goal, postmaster, rounds)
    for what in _BEHIND:
        yield _line(visitor, f"/promises/money/behind?{what}", f"behind, {what}", 1000, postmaster, rounds)
    visitor.client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {METRICS_TOKEN}"
    yield _line(visitor, "/metrics", f"/metrics, {size}", 150, postmaster, rounds)


def _line(visitor: Visitor, path: str, name: str, goal: int, postmaster: int | None, rounds: int) -> Line:
    sample = Sample()
    try:
        for _ in range(2):
            visitor.get(path)
    except RuntimeError as error:
        return Line(name, f"no page: {str(error).rpartition(': ')[2]}", f"<= {goal} ms", met=False)
    for _ in range(rounds):
        visitor.sample(lambda: visitor.get(path), sample, postmaster, times=5)
    return sample.line(name, goal)
