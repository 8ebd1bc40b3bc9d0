"""The pictures of the promises' page: a trend of weeks, the hours of the week, a line for each row; numbers only."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor

from markupsafe import Markup

from sla.reports.hours import WEEK
from sla.reports.outlook import Hour

STEPS = 6
"""Shades of blue above the lightest."""
_LEAST_SPAN = 4.0
_CELL = 100 / 24


@dataclass(frozen=True, slots=True)
class Trend:
    """Two lines over twelve weeks in a square of 100 by 100; the last point in percent of it."""

    area: str
    now: str
    before: str
    last: tuple[float, float] | None
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Cell:
    """An hour of the week: its shade, whether it is closed, how many requests came and promises were missed."""

    hour: int
    shade: int
    is_closed: bool
    requests: int
    missed: int


def trend(now: Sequence[float | None], before: Sequence[float | None]) -> Trend:
    """Percents by week on a scale that both fit, wide enough that noise does not look like news."""
    known = [one for one in (*now, *before) if one is not None]
    low, high = _scale(known)
    points = _points(now, low, high)
    area = f"{_path(points)} L{points[-1][0]},100 L{points[0][0]},100 Z" if len(points) > 1 else ""
    return Trend(area, _path(points), _path(_points(before, low, high)), points[-1] if points else None, low, high)


def spark(weeks: Sequence[float | None]) -> str:
    """The path of a small line, 72 wide and 20 high, from 80 percent (or less) to 100."""
    known = [one for one in weeks if one is not None]
    low = min([80.0, *known])
    span = 100.0 - low or 1.0
    step = 72 / (len(weeks) - 1)
    return _path(
        [(round(i * step, 1), round(18 - 16 * (one - low) / span, 1)) for i, one in enumerate(weeks) if one is not None]
    )


def cells(requests: Mapping[int, int], missed: Mapping[int, int], closed: Collection[int]) -> list[list[Cell]]:
    """Seven days of 24 hours."""
    most = max([*requests.values(), 0])
    return [
        [
            Cell(hour, _shade(requests.get(hour, 0), most), hour in closed, requests.get(hour, 0), missed.get(hour, 0))
            for hour in range(day * 24, day * 24 + 24)
        ]
        for day in range(WEEK // 24)
    ]


def row(day: Sequence[Cell]) -> Markup:
    """The inside of a row of the picture."""
    return Markup("").join(_drawn(cell) for cell in day)


def against_room(hours: Sequence[Hour]) -> Markup:
    """A bar for each hour, what is beyond its room on top of it, and the room as a line."""
    most = max([1.0, *(max(one.due, one.room) for one in hours)])
    width = 100 / max(1, len(hours))
    parts = []
    for place, one in enumerate(hours):
        x, within = place * width, min(one.due, one.room)
        inside = f'width="{width * 0.76:.3f}%" rx="2"'
        if within:
            parts.append(f'<rect class="bar" x="{x + width * 0.12:.3f}%" {_tall(0, within, most)} {inside}/>')
        if one.due > one.room:
            parts.append(f'<rect class="missed" x="{x + width * 0.12:.3f}%" {_tall(within, one.due, most)} {inside}/>')
        level = f"{100 - 100 * one.room / most:.2f}%"
        parts.append(f'<line class="capline" x1="{x:.3f}%" x2="{x + width:.3f}%" y1="{level}" y2="{level}"/>')
    return Markup("".join(parts))  # noqa: S704 - numbers


def bars(*groups: Sequence[int]) -> Markup:
    """For each place a bar of every group beside each other; of two the first is plain and the other striped."""
    most = max([1, *(count for group in groups for count in group)])
    places = max(len(group) for group in groups)
    width = 100 / places
    thick = width * 0.76 / len(groups)
    drawn = []
    for number, group in enumerate(groups):
        kind = ("bar bar--now" if not number else "bar bar--other") if len(groups) > 1 else "bar"
        for place, count in enumerate(group):
            if count:
                x, tall = place * width + width * 0.12 + number * thick, max(1.5, 100 * count / most)
                drawn.append(
                    f'<rect class="{kind}" x="{x:.3f}%" y="{100 - tall:.2f}%" width="{thick * 0.94:.3f}%"'
                    f' height="{tall:.2f}%" rx="2"/>'
                )
    return Markup("".join(drawn))  # noqa: S704 - numbers


def _drawn(cell: Cell) -> Markup:
    x = round(cell.hour % 24 * _CELL, 3)
    box = 'x="1" y="1" width="90%" height="82%" rx="3"'
    inside = f'<rect class="h{cell.shade}" {box}/>'
    if cell.is_closed:
        inside += f'<rect class="off" {box}/>'
    if cell.missed:
        inside += '<circle class="missed" cx="46%" cy="46%" r="3.5"/>'
    return Markup(f'<svg x="{x}%" width="{_CELL:.3f}%" height="100%">{inside}</svg>')  # noqa: S704 - numbers


def _shade(count: int, most: int) -> int:
    return 0 if not count else max(1, ceil(STEPS * count / most))


def _scale(known: Sequence[float]) -> tuple[int, int]:
    if not known:
        return 0, 100
    low, high = floor(min(known) - 0.5), min(100, ceil(max(known) + 0.5))
    return max(0, min(low, int(high - _LEAST_SPAN))), high


def _points(weeks: Sequence[float | None], low: int, high: int) -> list[tuple[float, float]]:
    step = 100 / (len(weeks) - 1)
    return [
        (round(i * step, 1), round(100 - 100 * (one - low) / (high - low), 1))
        for i, one in enumerate(weeks)
        if one is not None
    ]


def _path(points: Sequence[tuple[float, float]]) -> str:
    return "M" + " ".join(f"{x},{y}" for x, y in points) if len(points) > 1 else ""


def _tall(low: float, high: float, most: float) -> str:
    return f'y="{100 - 100 * high / most:.2f}%" height="{100 * (high - low) / most:.2f}%"'
