"""When a unit is to be serviced: an interval in months, from its last service or from when it was put up. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from sla.assets import months
from sla.assets.models import Asset


def due(asset: Asset) -> date | None:
    """The next service by interval, None for a unit that needs none."""
    return next(_dues(asset), None)


def visits(asset: Asset, first: date, last: date) -> list[date]:
    """The last service and those due, as far as they lie between two days."""
    found = [asset.serviced_on] if asset.serviced_on and first <= asset.serviced_on <= last else []
    for day in _dues(asset):
        if day > last:
            break
        if day >= first:
            found.append(day)
    return found


def _dues(asset: Asset) -> Iterator[date]:
    """Anchored to the first day, so that the 31st stays the 31st."""
    if asset.service_months is None or asset.retired_at is not None:
        return
    since = asset.serviced_on or asset.installed_on or asset.created_at.date()
    count = 1
    while (day := months.after(since, count * asset.service_months)) < date.max:
        yield day
        count += 1
