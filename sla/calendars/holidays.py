"""Public holidays by country and region, from the `holidays` library, in English where it knows the words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import import_module
from typing import Any

from helpdesk.errors import Invalid
from sla.calendars.drafts import NOTHING_SAVED

YEARS_BACK, YEARS_AHEAD = 1, 5
_SMALL = {"And": "and", "Of": "of", "The": "the"}


@dataclass(frozen=True, slots=True)
class Place:
    """A country or one of its regions; `code` as in ISO 3166."""

    code: str
    name: str


def years_around(today: date) -> range:
    """The years whose holidays are worth keeping: last year's to those of the longest promise."""
    return range(today.year - YEARS_BACK, today.year + YEARS_AHEAD + 1)


@cache
def countries() -> tuple[Place, ...]:
    """Every country the library knows, by name."""
    known = (Place(codes[1], _spaced(codes[0])) for codes in _library("holidays.registry").COUNTRIES.values())
    return tuple(sorted(known, key=lambda place: place.name))


@cache
def regions(country: str) -> tuple[Place, ...]:
    """The regions of a country that have holidays of their own; none for a country that is not known."""
    if country not in {place.code for place in countries()}:
        return ()
    found = getattr(_library(), country)
    names = found.get_subdivision_aliases()
    places = (Place(code, (names.get(code) or [code])[0]) for code in found.subdivisions)
    return tuple(sorted(places, key=lambda place: place.name))


def public(country: str, region: str, years: Iterable[int]) -> dict[str, str]:
    """The public holidays of a country, or of a region of it where one is given: "YYYY-MM-DD" -> name.

    Raises:
        Invalid: at "country" or "region".
    """
    if country not in {place.code for place in countries()}:
        raise Invalid(NOTHING_SAVED, {"country": "Choose a country of the list."})
    if region and region not in {place.code for place in regions(country)}:
        raise Invalid(NOTHING_SAVED, {"region": "This country has no such region."})
    found = _library().country_holidays(country, subdiv=region or None, years=years, language="en_US")
    return {day.isoformat(): name[:200] for day, name in sorted(found.items())}


def _library(part: str = "holidays") -> Any:
    """Loaded by who asks it: it takes 2 MB before the first country, and a calendar is written once in a while."""
    return import_module(part)


def _spaced(name: str) -> str:
    """`SaintKittsAndNevis` as people write it."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name).split()
    return " ".join(word if place == 0 else _SMALL.get(word, word) for place, word in enumerate(words))
