"""What a warranty covers of a unit, component by component, and until which day. No clock, no database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sla.assets import months
from sla.assets.models import Asset, Warranty

LIFELONG = -1
FOREVER = date.max
COMPONENTS = ("parts", "labour", "travel")
_MOST_REPLACED = 10


@dataclass(frozen=True, slots=True)
class Cover:
    """The days a unit is covered for; the last ones are counted in, None is not covered."""

    starts_on: date
    parts_until: date | None
    labour_until: date | None
    travel_until: date | None

    def covers(self, on: date) -> frozenset[str]:
        """Which of "parts", "labour" and "travel" are covered on that day."""
        if on < self.starts_on:
            return frozenset()
        return frozenset(name for name, until in self.components() if until is not None and on <= until)

    def components(self) -> tuple[tuple[str, date | None], ...]:
        return tuple(zip(COMPONENTS, (self.parts_until, self.labour_until, self.travel_until), strict=True))

    @property
    def ends_on(self) -> date | None:
        """The last day anything is covered."""
        return max((until for _, until in self.components() if until is not None), default=None)


def cover(
    warranty: Warranty, asset: Asset, replaced: Cover | None = None, *, at: datetime | None = None
) -> Cover | None:
    """What `warranty` gives to `asset`, or None when it gives nothing. What was void after `at` gave until then.

    A term of months ends on the same day of its last month, counted in: 12 months from 2028-02-29 end on 2029-02-28.
    With `replaced`, the cover of the unit it took the place of, it goes on with what that had left, at least
    `least_days_when_replaced` from the exchange, unless the rule starts anew.
    """
    if warranty.voided_at is not None and (at is None or warranty.voided_at <= at):
        return None
    if not warranty.transferable and asset.organization_id != warranty.holder_id:
        return None
    if replaced is not None and not warranty.restarts_when_replaced:
        return _rest(warranty, asset, replaced)
    starts_on = start(warranty, asset)
    if starts_on is None:
        return None
    terms = (warranty.parts_months, warranty.labour_months, warranty.travel_months)
    return _something(Cover(starts_on, *(_until(starts_on, term) for term in terms)))


def start(warranty: Warranty, asset: Asset) -> date | None:
    """The day its term begins by its rule, None when that day is not known."""
    if warranty.starts == "date":
        return warranty.starts_on
    days = {
        "purchase": asset.purchased_on,
        "ship": asset.shipped_on,
        "install": asset.installed_on,
        "manufacture": asset.manufactured_on,
    }
    if warranty.starts == "earliest":
        return min((day for day in days.values() if day is not None), default=None)
    return days[warranty.starts]


def covers(
    asset: Asset, replaced: Mapping[int, Asset] | None = None, *, at: datetime | None = None
) -> list[tuple[Warranty, Cover]]:
    """Every warranty that gives `asset` anything, or did at `at`, by id.

    `replaced` holds, by id, the units it took the place of. A warranty goes on from the one of the same name
    on the unit replaced. All need their `warranties` loaded.
    """
    chain = [asset]
    while len(chain) <= _MOST_REPLACED and (before := (replaced or {}).get(chain[-1].replaces_id or 0)):
        chain.append(before)
    return _of_chain(chain, at)


def _of_chain(chain: Sequence[Asset], at: datetime | None) -> list[tuple[Warranty, Cover]]:
    given: list[tuple[Warranty, Cover]] = []
    for asset in reversed(chain):
        left = {warranty.name: one for warranty, one in given}
        found = [(w, cover(w, asset, left.get(w.name), at=at)) for w in asset.warranties]
        given = [(warranty, one) for warranty, one in found if one is not None]
    return given


def _rest(warranty: Warranty, asset: Asset, replaced: Cover) -> Cover | None:
    since = asset.installed_on or asset.created_at.date()
    at_least = since + timedelta(days=warranty.least_days_when_replaced)

    def left(until: date | None) -> date | None:
        if until is None:
            return None
        return max(until, at_least) if warranty.least_days_when_replaced else until

    untils = (left(until) for _, until in replaced.components())
    return _something(Cover(max(since, replaced.starts_on), *untils))


def _until(starts_on: date, term: int | None) -> date | None:
    if term is None or term == 0:
        return None
    return FOREVER if term == LIFELONG else months.after(starts_on, term)


def _something(given: Cover) -> Cover | None:
    return given if given.ends_on is not None else None
