"""What operations on equipment take, and what each field of it may hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from helpdesk.text.zones import zones
from sla.assets import serials

STARTS = {
    "install": "When it was installed",
    "purchase": "When it was bought",
    "ship": "When it was shipped",
    "manufacture": "When it was made",
    "earliest": "The earliest of these that is known",
    "date": "On a day of its own",
}
MOST_MONTHS = 1200
MOST_TEXT = 200
_MOST_WORDS = 2000


@dataclass(frozen=True, slots=True)
class Part:
    """A spare part recommended for a unit."""

    name: str
    number: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Unit:
    """A piece of equipment as somebody describes it."""

    serial: str
    model: str
    maker: str = ""
    kind: str = ""
    place: str = ""
    site_id: int | None = None
    purchased_on: date | None = None
    shipped_on: date | None = None
    installed_on: date | None = None
    manufactured_on: date | None = None
    service_months: int | None = None
    serviced_on: date | None = None
    parts: tuple[Part, ...] = field(default=())

    def mistakes(self) -> dict[str, str]:
        """What does not fit, by field."""
        found = texts({name: getattr(self, name) for name in ("serial", "model", "maker", "kind", "place")})
        key = serials.key(self.serial)
        if not key:
            found["serial"] = "Enter the serial as it stands on the plate."
        elif len(key) > serials.LONGEST:
            found["serial"] = f"A serial has at most {serials.LONGEST} letters and digits."
        if not self.model.strip():
            found["model"] = "Enter the model."
        if self.service_months is not None and not 1 <= self.service_months <= MOST_MONTHS:
            found["service_months"] = f"Between 1 and {MOST_MONTHS} months."
        if self.installed_on and self.manufactured_on and self.installed_on < self.manufactured_on:
            found["installed_on"] = "It was not made yet on that day."
        if any(texts({"name": p.name, "number": p.number, "note": p.note}) or not p.name.strip() for p in self.parts):
            found["parts"] = "Each part needs a name, and all of it on one line."
        return found


@dataclass(frozen=True, slots=True)
class Rule:
    """A warranty as somebody grants it; months of None are not covered, -1 lifelong."""

    name: str
    starts: str
    starts_on: date | None = None
    parts_months: int | None = None
    labour_months: int | None = None
    travel_months: int | None = None
    exclusions: str = ""
    transferable: bool = True
    restarts_when_replaced: bool = False
    least_days_when_replaced: int = 0

    def mistakes(self) -> dict[str, str]:
        found = texts({"name": self.name})
        if not self.name.strip():
            found["name"] = "Name the warranty, like Maker's warranty."
        if self.starts not in STARTS:
            found["starts"] = "Choose when it begins."
        if (self.starts == "date") != (self.starts_on is not None):
            found["starts_on"] = "Enter the day it begins." if self.starts == "date" else "Leave the day empty."
        found |= self._mistaken_terms()
        if not 0 <= self.least_days_when_replaced <= 3660:
            found["least_days_when_replaced"] = "Between 0 and 3660 days."
        if len(self.exclusions) > _MOST_WORDS or "\0" in self.exclusions:
            found["exclusions"] = f"At most {_MOST_WORDS} characters."
        return found

    def _mistaken_terms(self) -> dict[str, str]:
        terms = {"parts": self.parts_months, "labour": self.labour_months, "travel": self.travel_months}
        if all(term is None for term in terms.values()):
            return {"parts_months": "Enter months for at least one of parts, labour and travel."}
        wrong = (
            name for name, term in terms.items() if term is not None and term != -1 and not 1 <= term <= MOST_MONTHS
        )
        return {f"{name}_months": f"Between 1 and {MOST_MONTHS} months, or -1 for life." for name in wrong}


@dataclass(frozen=True, slots=True)
class Place:
    """A customer's site as somebody describes it."""

    name: str
    address: str = ""
    zone: str = ""

    def mistakes(self) -> dict[str, str]:
        found = texts({"name": self.name})
        if not self.name.strip():
            found["name"] = "Name the site, like Joliet."
        if len(self.address) > _MOST_WORDS or "\0" in self.address:
            found["address"] = f"At most {_MOST_WORDS} characters."
        if self.zone and self.zone not in zones():
            found["zone"] = "There is no such time zone. One looks like America/Chicago."
        return found


def texts(values: dict[str, str]) -> dict[str, str]:
    """Which of some one-line texts are too long or hold what nobody can read."""
    found = {name: f"At most {MOST_TEXT} characters." for name, value in values.items() if len(value) > MOST_TEXT}
    unreadable = {name for name, value in values.items() if not value.isprintable()}
    return found | dict.fromkeys(unreadable, "Use letters, digits and signs on one line.")
