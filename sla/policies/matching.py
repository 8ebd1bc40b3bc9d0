"""Which policy applies to a request, and why: the first that matches wins. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sla.policies.models import PolicyVersion

LEVELS = ("agreement", "warranty", "customer", "team", "default")
"""From the most to the least specific; a policy belongs to the first that its conditions name."""


@dataclass(frozen=True)
class Facts:
    """What is known of a request. Empty means there is none."""

    agreement: str = ""
    cover: str = ""
    """contract or warranty."""
    organization_id: int | None = None
    team_id: int | None = None
    channel: str = ""
    priority: str = "normal"
    tags: frozenset[str] = frozenset()
    model: str = ""
    site_id: int | None = None


@dataclass(frozen=True)
class Field:
    """What a condition may ask: its words, how values are chosen, and what a request says of it."""

    label: str
    kind: str
    of: Callable[[Facts], Collection[str]]


FIELDS: dict[str, Field] = {
    "agreement": Field("the agreement", "text", lambda facts: _some(facts.agreement)),
    "cover": Field("the cover", "choice", lambda facts: _some(facts.cover)),
    "customer": Field("the customer", "organization", lambda facts: _some(facts.organization_id)),
    "team": Field("the team", "team", lambda facts: _some(facts.team_id)),
    "channel": Field("the channel", "choice", lambda facts: _some(facts.channel)),
    "priority": Field("the priority", "choice", lambda facts: _some(facts.priority)),
    "tag": Field("the request", "text", lambda facts: facts.tags),
    "model": Field("the equipment", "text", lambda facts: _some(facts.model)),
    "site": Field("the site", "site", lambda facts: _some(facts.site_id)),
}


@dataclass(frozen=True)
class Condition:
    """One condition: the request's `field` is one of `values`, or is none of them."""

    field: str
    values: tuple[str, ...]
    negated: bool = False

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Condition:
        negated = "is" not in stored
        return cls(stored["field"], tuple(map(str, stored["not" if negated else "is"])), negated)

    def stored(self) -> dict[str, Any]:
        return {"field": self.field, "not" if self.negated else "is": list(self.values)}

    def holds(self, facts: Facts) -> bool:
        """A request that says nothing of the field is none of the values."""
        said = {one.casefold() for one in FIELDS[self.field].of(facts)}
        return bool(said & {one.casefold() for one in self.values}) is not self.negated

    def words(self, names: Names) -> str:
        values = " or ".join(names.get((self.field, one), one) for one in self.values)
        return f"{FIELDS[self.field].label} is {'not ' if self.negated else ''}{values}"


Names = Mapping[tuple[str, str], str]
"""What a value of a field is called where it is an id: ("team", "3") -> "Service"."""


@dataclass(frozen=True)
class Verdict:
    """Whether a policy matches, and the sentence why."""

    version: PolicyVersion
    matches: bool
    why: str


def level(version: PolicyVersion) -> str:
    return level_of(conditions(version))


def level_of(asked: Sequence[Condition]) -> str:
    """The most specific thing the conditions name; what they only rule out names nothing."""
    named = {one.field: one.values for one in asked if not one.negated}
    if "agreement" in named or "contract" in named.get("cover", ()):
        return "agreement"
    if "cover" in named:
        return "warranty"
    if named.keys() & {"customer", "site"}:
        return "customer"
    return "team" if "team" in named else "default"


def conditions(version: PolicyVersion) -> tuple[Condition, ...]:
    return tuple(map(Condition.read, version.conditions.get("all", [])))


def verdict(version: PolicyVersion, facts: Facts, names: Names | None = None) -> Verdict:
    """Judged by every condition; the sentence names the first that fails, or all that match."""
    asked, known = conditions(version), names or {}
    for condition in asked:
        if not condition.holds(facts):
            return Verdict(version, matches=False, why=f"It asks that {condition.words(known)}.")
    if not asked:
        return Verdict(version, matches=True, why="It asks nothing.")
    words = " and ".join(condition.words(known) for condition in asked)
    return Verdict(version, matches=True, why=f"{words[0].upper()}{words[1:]}.")


def in_order(versions: Sequence[PolicyVersion]) -> list[PolicyVersion]:
    """As they are tried: by level, then by rank."""
    return sorted(versions, key=_order)


def explain(versions: Sequence[PolicyVersion], facts: Facts, names: Names | None = None) -> list[Verdict]:
    """Every policy in the order they are tried."""
    return [verdict(version, facts, names) for version in in_order(versions)]


def first(
    versions: Sequence[PolicyVersion], facts: Facts, levels: Collection[str] | None = None
) -> PolicyVersion | None:
    """The first that matches, among those of `levels` where given."""
    for version in in_order(versions):
        if (levels is None or level(version) in levels) and verdict(version, facts).matches:
            return version
    return None


def _order(version: PolicyVersion) -> tuple[int, int, int]:
    return LEVELS.index(level(version)), version.policy.rank, version.policy_id


def _some(value: str | int | None) -> Collection[str]:
    return (str(value),) if value not in {"", None} else ()
