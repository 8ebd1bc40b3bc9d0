"""The sentences of the promises' page: days, what moved, what each picture shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from sla.reports import hours
from sla.reports.headline import Headline
from sla.reports.movements import Movement
from sla.reports.periods import Period
from sla.reports.trends import Week
from sla.web.dashdraw import Cell

SO_FAR = {"today": "today", "week": "this week", "month": "this month", "quarter": "this quarter", "year": "this year"}
_A_DAY = timedelta(days=1)


def days(period: Period, today: date) -> str:
    """Such as "1 to 15 October", with the year where it is not this one."""
    first, last = period.since, period.until - _A_DAY
    end = f"{last.day} {last:%B}" if last.year == today.year else f"{last.day} {last:%B %Y}"
    if first == last:
        return end
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day} to {end}"
    year = "" if first.year == last.year else f" {first.year}"
    return f"{first.day} {first:%B}{year} to {end}"


def percent(value: float | None) -> str:
    """With one decimal, cut and not rounded, so that 100 is said only where nothing was missed."""
    return "—" if value is None else f"{int(value * 10) / 10:g}" if value < 100 else "100"


def points(value: float) -> str:
    """How many percentage points, without a sign."""
    return f"{abs(value):.1f}"


def compared(found: Headline, period: Period) -> str:
    """Such as "Up 1.8 on last year." or on the days before; empty where there is nothing to compare with."""
    if found.points is None:
        return ""
    before = "the day before" if period.days == 1 else f"the {period.days} days before"
    what = "last year" if found.is_a_year else before
    if abs(found.points) < 0.05:
        return f"As {what}."
    return f"{'Up' if found.points > 0 else 'Down'} {points(found.points)} on {what}."


def moved(one: Movement, name: str) -> str:
    """Such as "phone slipped from 97 to 93 percent"."""
    verb = "got better" if one.promises > 0 else "slipped"
    return f"{name} {verb}, from {percent(one.before.percent)} to {percent(one.now.percent)}\u00a0%"


def counting_since(found: Headline, period: Period) -> str:
    """Where not all days of the period were counted."""
    if found.since is None or found.since <= period.since:
        return ""
    return f"Counting since {found.since.day} {found.since:%B %Y}." if found.since < period.until else ""


def trend_summary(weeks: Sequence[Week]) -> str:
    """What the picture of the weeks shows, for who does not see it."""
    now = [week.now.percent for week in weeks if week.now.percent is not None]
    before = [week.before.percent for week in weeks if week.before.percent is not None]
    said = f"Promises kept by week, from {percent(now[0])} to {percent(now[-1])} percent" if now else "Nothing decided"
    return f"{said}; last year from {percent(before[0])} to {percent(before[-1])} percent." if before else f"{said}."


def heat_summary(rows: Sequence[Sequence[Cell]]) -> str:
    """When most requests came and where promises were missed."""
    each = [cell for row in rows for cell in row]
    busiest = max(each, key=lambda cell: cell.requests)
    missed = sum(cell.missed for cell in each)
    outside = sum(cell.missed for cell in each if cell.is_closed)
    said = f"Busiest {hours.name(busiest.hour)}, {busiest.requests} requests." if busiest.requests else "No requests."
    if not missed:
        return f"{said} No promise was missed."
    worst = max(each, key=lambda cell: cell.missed)
    many = "One promise was" if missed == 1 else f"{missed:,} promises were"
    where = f", {outside:,} of them outside working hours" if outside else ""
    return f"{said} {many} missed{where}, most on {hours.name(worst.hour)}."


def filtered(names: Mapping[str, str]) -> str:
    """What is counted, under the title."""
    said = [names[name] for name in names if name != "kind"]
    return ", ".join(said) if said else "all channels, every agreement"


def in_hand(seconds: int | None) -> str:
    """Working time left when it was kept."""
    if seconds is None:
        return "—"
    minutes = seconds // 60
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60:02}" if minutes % 60 else f"{minutes // 60} h"


def renewal(on: date | None, today: date) -> str:
    if on is None:
        return "—"
    return f"{on.day} {on:%b}" if abs((on - today).days) < 300 else f"{on.day} {on:%b %Y}"
