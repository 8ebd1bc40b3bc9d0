"""A customer's equipment as a table: warranty bars and services on an axis of six years, today's cover in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sla.assets import covered, maintenance
from sla.assets.models import Asset, Warranty
from sla.assets.warranties import Cover
from sla.contracts import coverage
from sla.contracts.models import ContractVersion
from sla.web.amounts import day, until

_BEFORE, _AFTER = 3, 2
ICONS = (
    ("controller", "radio-tower"),
    ("sensor", "radio-tower"),
    ("condens", "fan"),
    ("evaporat", "fan"),
    ("fan", "fan"),
)


@dataclass(frozen=True, slots=True)
class Axis:
    """Whole years, and where today is among them, in percent."""

    first: date
    after: date
    today: date

    @classmethod
    def around(cls, today: date) -> Axis:
        return cls(date(today.year - _BEFORE, 1, 1), date(today.year + _AFTER + 1, 1, 1), today)

    @property
    def years(self) -> range:
        return range(self.first.year, self.after.year)

    @property
    def now(self) -> float:
        return self.at(self.today)

    def at(self, on: date) -> float:
        """Percent of the axis, kept within it."""
        share = (on - self.first).days / (self.after - self.first).days * 100
        return round(min(100.0, max(0.0, share)), 2)


@dataclass(frozen=True, slots=True)
class Bar:
    """A component's cover on the axis: kind, lane from above, left edge and width in percent."""

    kind: str
    y: int
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Today:
    """What covers a unit today: tone and shape of the sign, and the words."""

    tone: str
    shape: str
    words: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A unit's line in the table."""

    asset: Asset
    icon: str
    bars: tuple[Bar, ...]
    visits: tuple[float, ...]
    today: Today
    label: str


def shown(assets: Iterable[Asset], versions: Sequence[ContractVersion], axis: Axis, at: datetime) -> list[Shown]:
    """The lines of units, whose warranties are loaded, under the contract versions in force."""
    units = list(assets)
    covers = covered.covers(units)
    return [_shown(asset, covers[asset.id], _agreements(asset, versions, at), axis) for asset in units]


def said_today(covers: Sequence[tuple[Warranty, Cover]], agreements: Sequence[str], today: date) -> Today:
    """Cover on a day in words, by the warranties and the agreements that cover the unit."""
    names = [name for name in ("parts", "labour", "travel") if any(name in cover.covers(today) for _, cover in covers)]
    if "parts" in names and "labour" in names:
        return Today("cool", "ring", "Parts, labour and travel" if "travel" in names else "Parts and labour")
    if names:
        words = f"{names[0].capitalize()} only" if len(names) == 1 else " and ".join(names).capitalize()
        ends = max(
            last for _, cover in covers for name, last in cover.components() if name in names and last is not None
        )
        return Today("warm", "half", f"{words}, {until(ends, today)}")
    if agreements:
        return Today("paused", "bars", "Agreement only")
    return Today("paused", "bars", "Not covered")


def icon_of(asset: Asset) -> str:
    words = f"{asset.kind} {asset.model}".casefold()
    return next((icon for part, icon in ICONS if part in words), "settings-2")


def _agreements(asset: Asset, versions: Sequence[ContractVersion], at: datetime) -> list[str]:
    works = frozenset(work for version in versions for line in version.lines for work in line.works)
    found, _ = coverage.covering(
        versions, asset=asset, site_id=None, works=works, at=at, is_open=lambda _calendar, _at: True
    )
    return [one.version.name for one in found]


def _shown(asset: Asset, covers: list[tuple[Warranty, Cover]], agreements: list[str], axis: Axis) -> Shown:
    today = said_today(covers, agreements, axis.today)
    if asset.retired_at is not None:
        today = Today("paused", "bars", "Out of service")
    parts = [longest(covers, "parts"), longest(covers, "labour")]
    bars = [_bar(kind, y, span, axis) for (kind, y), span in zip((("parts", 6), ("labour", 17)), parts, strict=True)]
    said = [
        f"{kind} {day(span[0])} to {day(span[1])}" if span else f"no {kind}"
        for kind, span in zip(("parts", "labour"), parts, strict=True)
    ]
    return Shown(
        asset=asset,
        icon=icon_of(asset),
        bars=tuple(bar for bar in bars if bar is not None),
        visits=tuple(axis.at(on) for on in maintenance.visits(asset, axis.first, axis.after)[:2]),
        today=today,
        label=", ".join(said).capitalize(),
    )


def longest(covers: list[tuple[Warranty, Cover]], name: str) -> tuple[date, date] | None:
    """The component's cover that lasts longest."""
    spans = [
        (last, cover.starts_on) for _, cover in covers for kind, last in cover.components() if kind == name and last
    ]
    last, starts_on = max(spans, default=(None, None))
    return (starts_on, last) if starts_on and last else None


def _bar(kind: str, y: int, span: tuple[date, date] | None, axis: Axis) -> Bar | None:
    if span is None or span[1] < axis.first or span[0] >= axis.after:
        return None
    x = axis.at(span[0])
    return Bar(kind, y, x, round(max(0.8, axis.at(span[1]) - x), 2))
