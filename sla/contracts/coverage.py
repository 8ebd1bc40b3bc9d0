"""Which lines of which contracts cover a request, the most specific first, and why the others do not. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sla.assets.models import Asset
from sla.contracts import terms
from sla.contracts.models import ContractVersion, CoverageLine

ASSET, MODEL, SITE, CUSTOMER = range(4)
"""How closely a line names what a request is about, the closest first."""


@dataclass(frozen=True, slots=True)
class Covering:
    """A line that covers the request; `specificity` is 0 for the unit, 1 its model, 2 the site, 3 the customer."""

    version: ContractVersion
    line: CoverageLine
    specificity: int


@dataclass(frozen=True, slots=True)
class Lost:
    """What could have covered the request, and the sentence why it did not."""

    what: str
    why: str


@dataclass(frozen=True, slots=True)
class _Asked:
    asset: Asset | None
    site_id: int | None
    works: frozenset[str]
    at: datetime
    is_open: Callable[[int, datetime], bool]


def covering(  # noqa: PLR0913 - what a request is, by name
    versions: Sequence[ContractVersion],
    *,
    asset: Asset | None,
    site_id: int | None,
    works: frozenset[str],
    at: datetime,
    is_open: Callable[[int, datetime], bool],
) -> tuple[list[Covering], list[Lost]]:
    """The lines of `versions` that cover a request that arrived at `at`, and those that lost.

    Order: unit, model, site, customer; then the line's position, the contract that ends first, the id.
    Days are read in each contract's zone, last days count to 24:00. `is_open` tells whether a calendar (by id) is open
    at an instant. A unit of another customer counts as none. Versions need `lines` and `contract` loaded.
    """
    asked = _Asked(asset, site_id, frozenset(map(str.casefold, works)), at, is_open)
    found: list[Covering] = []
    lost: list[Lost] = []
    for version in versions:
        why = terms.trouble(version, terms.day(version, at)) or _without_lines(version)
        if why:
            lost.append(Lost(version.name, why))
            continue
        for line in version.lines:
            judged = _judged(version, line, asked)
            if isinstance(judged, Lost):
                lost.append(judged)
            else:
                found.append(judged)
    return sorted(found, key=lambda one: _rank(one, at)), lost


def _judged(version: ContractVersion, line: CoverageLine, asked: _Asked) -> Covering | Lost:
    specificity = _specificity(version, line, asked)
    what = version.name if len(version.lines) == 1 else f"{version.name}, {line.name}"
    if specificity is None:
        return Lost(what, f"{what} covers {_named(line)}, and this is about something else")
    why = _untimely(line, what, terms.day(version, asked.at)) or _unfit(line, what, asked)
    return Lost(what, why) if why else Covering(version, line, specificity)


def _specificity(version: ContractVersion, line: CoverageLine, asked: _Asked) -> int | None:
    asset = asked.asset
    if asset is not None and asset.organization_id != version.contract.organization_id:
        asset = None
    if asset is not None and asset.id in line.asset_ids:
        return ASSET
    if asset is not None and asset.model.casefold() in map(str.casefold, line.models):
        return MODEL
    site_id = asked.site_id if asked.site_id is not None or asset is None else asset.site_id
    if site_id is not None and site_id in line.site_ids:
        return SITE
    return None if line.asset_ids or line.models or line.site_ids else CUSTOMER


def _untimely(line: CoverageLine, what: str, on: date) -> str:
    if line.starts_on is not None and on < line.starts_on:
        return f"{what} begins on {terms.written(line.starts_on)}"
    if line.ends_on is not None and on > line.ends_on:
        return f"{what} ended on {terms.written(line.ends_on)}"
    return ""


def _unfit(line: CoverageLine, what: str, asked: _Asked) -> str:
    if line.works and not asked.works.intersection(map(str.casefold, line.works)):
        return f"{what} covers only {_listed(line.works)}"
    if line.calendar_id is not None and not asked.is_open(line.calendar_id, asked.at):
        return f"{what} does not cover the hour it arrived in"
    return ""


def _without_lines(version: ContractVersion) -> str:
    return "" if version.lines else f"{version.name} says nothing about what it covers"


def _named(line: CoverageLine) -> str:
    model = "model" if len(line.models) == 1 else "models"
    kinds = [
        (line.asset_ids, "listed equipment"),
        (line.models, f"the {model} {_listed(line.models)}"),
        (line.site_ids, "listed sites"),
    ]
    return _listed([words for some, words in kinds if some])


def _listed(words: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1]))) if words else ""


def _rank(one: Covering, at: datetime) -> tuple[int, int, date, int]:
    term = terms.of(one.version, terms.day(one.version, at))
    ends_on = min(term.ends_on, one.line.ends_on or date.max)
    return one.specificity, one.line.position, ends_on, one.line.id
