"""What the page of service is asked, as the address says it: days, filters, grouping."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from helpdesk.errors import Invalid
from helpdesk.text.numbers import BIGGEST, whole
from sla.reports import asking
from sla.reports.asking import NONE, period
from sla.reports.hours import WEEK
from sla.volume.dimensions import DIMENSIONS, NUMBERED, WHEN

GROUPS = ("agent", "team", "channel", "topic", "customer")
_LONGEST = 200


@dataclass(frozen=True)
class Question(asking.Question):
    """One report; equal questions have equal addresses."""

    group: str = GROUPS[0]

    def _rest(self) -> dict[str, str]:
        shown = {} if self.group == GROUPS[0] else {"by": self.group}
        return {**{name: value or NONE for name, value in sorted(self.filters.items())}, **shown}


def asked(address: Mapping[str, str]) -> Question:
    """The question of an address; what it leaves open is this month, everything, by person.

    Raises:
        Invalid: a day, a period, a filter or a grouping that is none; `fields` says which.
    """
    group = address.get("by") or GROUPS[0]
    if group not in GROUPS:
        raise Invalid("Service is not grouped by this.", {"by": f"Choose one of {', '.join(GROUPS)}."})
    return Question(period(address), dict(_filters(address)), group)


def _filters(address: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name in DIMENSIONS:
        said = address.get(name, "").strip()
        if said:
            yield name, _value(name, said)


def _value(name: str, said: str) -> str:
    if said == NONE and name not in {"hour", "when"}:
        return ""
    if name in NUMBERED:
        number = whole(said, below=WEEK if name == "hour" else BIGGEST)
        if number is not None:
            return str(number)
    elif (said in WHEN) if name == "when" else (len(said) <= _LONGEST and said.isprintable()):
        return said
    raise Invalid("There is nothing to filter by here.", {name: "Choose one of the list."})
