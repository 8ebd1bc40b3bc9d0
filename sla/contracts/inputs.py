"""What an agreement says, as somebody writes it down, and what each field of it may hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from helpdesk.text.zones import zones
from sla.assets.inputs import texts
from sla.contracts.models import KINDS
from sla.policies.inputs import PRIORITIES, ZONE_SOURCES, CreditRule, Mistakes, Promise

__all__ = [
    "PRIORITIES", "ZONE_SOURCES", "Agreed", "Bought", "CreditRule", "Line", "Mistakes", "Outcome", "Promise",
]  # fmt: skip

PERIODS = {"month": "a month", "quarter": "a quarter", "year": "a year"}
RENEWALS = {"never": "It ends", "tacit": "It renews itself", "express": "It is renewed when both agree"}
MOST_ROWS = 50
_MOST_CENTS = 10**12


def is_currency(code: str) -> bool:
    """Whether it may be a code of ISO 4217."""
    return len(code) == 3 and code.isascii() and code.isalpha() and code.isupper()


@dataclass(frozen=True, slots=True)
class Line:
    """What is covered: everything of the customer, or some sites, units, models and work."""

    name: str = "Everything"
    site_ids: tuple[int, ...] = ()
    asset_ids: tuple[int, ...] = ()
    models: tuple[str, ...] = ()
    works: tuple[str, ...] = ()
    starts_on: date | None = None
    ends_on: date | None = None
    calendar_id: int | None = None
    fills_gaps: bool = False

    def mistakes(self) -> Mistakes:
        found = texts({"name": self.name, "models": "".join(self.models), "works": "".join(self.works)})
        if not self.name.strip():
            found["name"] = "Name what is covered, like Both freezers."
        if self.starts_on and self.ends_on and self.ends_on < self.starts_on:
            found["ends_on"] = "It ends before it begins."
        return found


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an outcome agreement is about: "Rooms below -18 °C", "99.5 % of hours", "99.7 % of hours"."""

    words: str = ""
    promised: str = ""
    measured: str = ""


@dataclass(frozen=True, slots=True)
class Agreed:
    """All that one version of a contract says but for its state."""

    name: str
    kind: str
    starts_on: date
    ends_on: date
    zone: str
    renewal: str = "never"
    notice_months: int = 0
    value_cents: int | None = None
    """None where nobody said; 0 where there is no fee."""
    currency: str = "USD"
    period: str = "year"
    hour_cents: int | None = None
    """What an hour of work costs them that nothing bought ahead pays."""
    outcome: Outcome = Outcome()
    pauses_when_suspended: bool = False
    credit_cap_percent: int = 100
    lines: tuple[Line, ...] = (Line(),)
    clauses: tuple[Promise, ...] = ()

    def mistakes(self) -> Mistakes:
        """What does not fit, by field; those of lines and clauses as `lines-0-name` and `clauses-0-target`."""
        found = texts({"name": self.name, "outcome": self.outcome.words, "promised": self.outcome.promised})
        found |= texts({"measured": self.outcome.measured}) | self._mistaken_choices() | self._mistaken_numbers()
        if not self.name.strip():
            found["name"] = "Name it as the customer knows it, like Gold 24x7."
        if self.ends_on < self.starts_on:
            found["ends_on"] = "It ends before it begins."
        if not self.lines or len(self.lines) > MOST_ROWS or len(self.clauses) > MOST_ROWS:
            found["lines"] = f"Between 1 and {MOST_ROWS} lines, and at most {MOST_ROWS} promises."
        return found | dict(self._mistaken_rows())

    def _mistaken_choices(self) -> Mistakes:
        choices = {
            "kind": (self.kind in KINDS, "Choose what kind of agreement it is."),
            "zone": (self.zone in zones(), "There is no such time zone. One looks like America/Chicago."),
            "renewal": (self.renewal in RENEWALS, "Choose what happens at its end."),
            "period": (self.period in PERIODS, "Choose what the fee pays for."),
            "currency": (is_currency(self.currency), "Three capital letters, like USD."),
        }
        return {name: words for name, (fits, words) in choices.items() if not fits}

    def _mistaken_numbers(self) -> Mistakes:
        numbers = {
            "notice_months": (0 <= self.notice_months <= 60, "Between 0 and 60 months."),
            "value": (0 <= (self.value_cents or 0) <= _MOST_CENTS, "Enter a fee of nothing or more."),
            "hour": (0 <= (self.hour_cents or 0) <= _MOST_CENTS, "Enter a price of nothing or more."),
            "credit_cap_percent": (0 <= self.credit_cap_percent <= 100, "Between 0 and 100."),
        }
        return {name: words for name, (fits, words) in numbers.items() if not fits}

    def _mistaken_rows(self) -> Iterator[tuple[str, str]]:
        for place, line in enumerate(self.lines):
            for name, words in line.mistakes().items():
                yield f"lines-{place}-{name}", words
        for place, clause in enumerate(self.clauses):
            for name, words in clause.mistakes().items():
                yield f"clauses-{place}-{name}", words
            if clause.line is not None and not 0 <= clause.line < len(self.lines):
                yield f"clauses-{place}-line", "There is no such line."


@dataclass(frozen=True, slots=True)
class Bought:
    """Incidents or minutes bought ahead."""

    unit: str
    bought: int
    bought_on: date
    expires_on: date | None = None
    round_to: int = 1
    grace: int = 0
    least: int = 0
    warn_percent: int = 80
    price_cents: int | None = None
    """For all of it; None where nobody said, 0 where the fee pays for it."""
    currency: str = ""
    """Empty for that of the agreement."""

    def mistakes(self) -> Mistakes:
        found = {}
        if not 0 <= (self.price_cents or 0) <= _MOST_CENTS:
            found["price"] = "Enter a price of nothing or more."
        if self.currency and not is_currency(self.currency):
            found["currency"] = "Three capital letters, like USD."
        if self.unit not in {"incidents", "minutes"}:
            found["unit"] = "Choose incidents or time."
        if not 1 <= self.bought <= 10**6:
            found["bought"] = "Enter how many, from one to a million."
        if self.expires_on is not None and self.expires_on < self.bought_on:
            found["expires_on"] = "It expires before it is bought."
        for name, least, most in (
            ("round_to", 1, 1440),
            ("grace", 0, 1440),
            ("least", 0, 1440),
            ("warn_percent", 1, 100),
        ):
            if not least <= getattr(self, name) <= most:
                found[name] = f"Between {least} and {most}."
        return found
