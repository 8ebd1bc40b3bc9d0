"""Which lines of which contracts cover a request, the most specific first, and why the others do not. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from weakref import WeakKeyDictionary

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
class _Line:
    """A line with all that is asked of it, looked up quickly; `models` and `works` are casefolded."""

    line: CoverageLine
    what: str
    elsewhere: Lost
    """For a request about something it does not name."""
    assets: frozenset[int]
    models: frozenset[str]
    sites: frozenset[int]
    works: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request, as the lines of a version see it; `model` is casefolded."""

    asset_id: int | None
    model: str | None
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
    days = {zone: terms.local(at, zone) for zone in {version.zone for version in versions}}
    bare = _Asked(None, None, site_id, frozenset(map(str.casefold, works)), at, is_open)
    about = bare if asset is None else _about(asset, bare)
    found: list[Covering] = []
    lost: list[Lost] = []
    for version in versions:
        on = days[version.zone]
        why = terms.trouble(version, on) or _without_lines(version)
        if why:
            lost.append(Lost(version.name, why))
            continue
        is_foreign = asset is None or asset.organization_id != version.contract.organization_id
        asked = bare if is_foreign else about
        for one in _lines(version):
            specificity = _specificity(one, asked)
            if specificity is None:
                lost.append(one.elsewhere)
            elif why := _untimely(one, on) or _unfit(one, asked):
                lost.append(Lost(one.what, why))
            else:
                found.append(Covering(version, one.line, specificity))
    return sorted(found, key=lambda one: _rank(one, days[one.version.zone])), lost


def _about(asset: Asset, asked: _Asked) -> _Asked:
    site_id = asked.site_id if asked.site_id is not None else asset.site_id
    return replace(asked, asset_id=asset.id, model=asset.model.casefold(), site_id=site_id)


def _lines(version: ContractVersion) -> Sequence[_Line]:
    """Made once: a version is never changed, and one that is kept judges every request of its customer."""
    if version not in _made:
        alone = len(version.lines) == 1
        _made[version] = [_line(one, version.name if alone else f"{version.name}, {one.name}") for one in version.lines]
    return _made[version]


_made: WeakKeyDictionary[ContractVersion, Sequence[_Line]] = WeakKeyDictionary()


def _line(line: CoverageLine, what: str) -> _Line:
    models, works = (frozenset(map(str.casefold, each)) for each in (line.models, line.works))
    elsewhere = Lost(what, f"{what} covers {_named(line)}, and this is about something else")
    return _Line(line, what, elsewhere, frozenset(line.asset_ids), models, frozenset(line.site_ids), works)


def _specificity(one: _Line, asked: _Asked) -> int | None:
    if asked.asset_id in one.assets:
        return ASSET
    if asked.model in one.models:
        return MODEL
    if asked.site_id in one.sites:
        return SITE
    return None if one.assets or one.models or one.sites else CUSTOMER


def _untimely(one: _Line, on: date) -> str:
    starts_on, ends_on = one.line.starts_on, one.line.ends_on
    if starts_on is not None and on < starts_on:
        return f"{one.what} begins on {terms.written(starts_on)}"
    if ends_on is not None and on > ends_on:
        return f"{one.what} ended on {terms.written(ends_on)}"
    return ""


def _unfit(one: _Line, asked: _Asked) -> str:
    if one.works and asked.works.isdisjoint(one.works):
        return f"{one.what} covers only {_listed(one.line.works)}"
    calendar_id = one.line.calendar_id
    if calendar_id is not None and not asked.is_open(calendar_id, asked.at):
        return f"{one.what} does not cover the hour it arrived in"
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


def _rank(one: Covering, on: date) -> tuple[int, int, date, int]:
    term = terms.of(one.version, on)
    ends_on = min(term.ends_on, one.line.ends_on or date.max)
    return one.specificity, one.line.position, ends_on, one.line.id
