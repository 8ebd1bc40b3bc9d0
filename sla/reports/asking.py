"""What a report is asked, as the address says it: days, filters, grouping; and the address of any other question."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from urllib.parse import urlencode

from helpdesk.errors import Invalid
from helpdesk.now import now
from helpdesk.text.numbers import BIGGEST, whole
from sla.reports import periods
from sla.reports.dimensions import DIMENSIONS, NUMBERED, Filters
from sla.reports.hours import OUT_OR_IN, WEEK
from sla.reports.periods import Period

NONE = "none"
"""What the address says for a value that is not there, such as no team."""
GROUPS = ("customer", "agreement", "promise", "team", "channel", "product")
_DEFAULT_PERIOD, _LONGEST = "month", 200


@dataclass(frozen=True)
class Question:
    """One report; equal questions have equal addresses."""

    period: Period
    filters: Filters = field(default_factory=dict)
    group: str = GROUPS[0]

    def filtered(self, dimension: str, value: str) -> Question:
        """The same about less; the empty value stands for none."""
        return replace(self, filters={**self.filters, dimension: value})

    def without(self, dimension: str) -> Question:
        return replace(self, filters={name: value for name, value in self.filters.items() if name != dimension})

    def during(self, period: Period) -> Question:
        return replace(self, period=period)

    def query(self, **more: str) -> str:
        """As the address says it, with what else the page wants to know."""
        return urlencode({**self._days(), **self._rest(), **more})

    def of(self, name: str) -> str:
        """The address of the same question about another of the named periods."""
        return urlencode({"period": name, **self._rest()})

    def by(self, group: str) -> str:
        return replace(self, group=group).query()

    def kept(self) -> dict[str, str]:
        """What a form about the days has to keep."""
        return self._rest()

    def days(self) -> dict[str, str]:
        """What a form about filters has to keep."""
        return self._days()

    def _days(self) -> dict[str, str]:
        if self.period.name != "days":
            return {"period": self.period.name}
        return {"from": str(self.period.since), "to": str(self.period.until - timedelta(days=1))}

    def _rest(self) -> dict[str, str]:
        shown = {} if self.group == GROUPS[0] else {"by": self.group}
        return {**{name: value or NONE for name, value in sorted(self.filters.items())}, **shown}


def asked(address: Mapping[str, str]) -> Question:
    """The question of an address; what it leaves open is this month, everything, by customer.

    Raises:
        Invalid: a day, a period, a filter or a grouping that is none; `fields` says which.
    """
    return Question(period(address), dict(_filters(address)), _group(address))


def period(address: Mapping[str, str]) -> Period:
    """The days an address asks for; this month where it names none.

    Raises:
        Invalid: a day or a period that is none; `fields` says which.
    """
    here = periods.house()
    if address.get("from") or address.get("to"):
        return periods.between(address.get("from") or address["to"], address.get("to", ""), here)
    return periods.named(address.get("period") or _DEFAULT_PERIOD, now(), here)


def _filters(address: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(name, _value(name, address[name].strip())) for name in DIMENSIONS if address.get(name, "").strip()]


def _value(name: str, said: str) -> str:
    if said == NONE:
        return ""
    if name == "hour" and said in OUT_OR_IN:
        return said
    number = whole(said, below=WEEK if name == "hour" else BIGGEST) if name in NUMBERED else None
    if number is not None:
        return str(number)
    if name in NUMBERED or len(said) > _LONGEST or not said.isprintable():
        raise Invalid("There is nothing to filter by here.", {name: "Choose one of the list."})
    return said


def _group(address: Mapping[str, str]) -> str:
    group = address.get("by") or GROUPS[0]
    if group not in GROUPS:
        raise Invalid("Promises are not grouped by this.", {"by": f"Choose one of {', '.join(GROUPS)}."})
    return group
