"""What covers a request, and which promises follow: contract line, then warranty, then policies. A pure decision."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from sla.assets.models import Asset, Warranty
from sla.assets.warranties import Cover
from sla.contracts import coverage
from sla.contracts.coverage import Covering, Lost
from sla.contracts.models import ContractVersion
from sla.policies import matching
from sla.policies.matching import Facts
from sla.policies.models import Clause, PolicyVersion

_BELOW = ("customer", "team", "default")
"""Levels of policies that need no agreement and no warranty."""


@dataclass(frozen=True)
class Request:
    """What is known of a ticket when its coverage is decided. `guess`: the unit was only read in its words."""

    at: datetime
    organization_id: int | None = None
    team_id: int | None = None
    channel: str = ""
    priority: str = "normal"
    tags: frozenset[str] = frozenset()
    asset: Asset | None = None
    guess: bool = False
    zone: str = ""
    """Of the unit's site."""


@dataclass(frozen=True)
class Book:
    """Everything that could cover it, as it was in force at its arrival; versions have lines and clauses loaded."""

    contracts: Sequence[ContractVersion]
    warranties: Sequence[tuple[Warranty, Cover]]
    policies: Sequence[PolicyVersion]
    is_open: Callable[[int, datetime], bool]


@dataclass(frozen=True)
class Decision:
    """One answer: the source, where its clauses come from, and the sentence why."""

    source: str
    reason: str
    clauses: tuple[Clause, ...] = ()
    contract: ContractVersion | None = None
    line_id: int | None = None
    warranty: Warranty | None = None
    policy: PolicyVersion | None = None
    billable: bool = False
    lost: tuple[Lost, ...] = ()

    @property
    def key(self) -> str:
        """What it is called in a form: its source with the ids of what decides."""
        ids = (self.contract, self.warranty) if self.source != "policy" else (self.policy,)
        return ":".join([self.source, *(str(one.id) for one in ids if one is not None), str(self.line_id or 0)])


def decide(request: Request, book: Book) -> Decision:
    """The winner, with the others as what lost. Metrics it lacks come from the next only where its line says so."""
    found, lost = _candidates(request, book)
    winner = found[0]
    if winner.source == "contract" and (not winner.clauses or _fills(winner)):
        winner = _filled(winner, found[1:])
    elif winner.source == "warranty" and not winner.clauses:
        winner = _filled(winner, [one for one in found[1:] if one.source == "policy"])
    others = tuple(Lost(_named(one), f"{_named(winner)} comes first.") for one in found[1:] if one.source != "none")
    return replace(winner, lost=(*others, *lost))


def choices(request: Request, book: Book) -> list[Decision]:
    """Every answer an agent may choose instead, best first; the last is that nothing was promised."""
    found, _ = _candidates(request, book)
    rest = [one for one in found if one.source == "policy"]
    return [one if one.clauses or one.source == "none" else _filled(one, rest) for one in found]


def _candidates(request: Request, book: Book) -> tuple[list[Decision], list[Lost]]:
    site_id = request.asset.site_id if request.asset is not None else None
    covering, lost = coverage.covering(
        book.contracts,
        asset=request.asset,
        site_id=site_id,
        works=request.tags,
        at=request.at,
        is_open=book.is_open,
    )
    found = [_by_contract(request, book, one) for one in covering]
    on = request.at.astimezone(ZoneInfo(request.zone) if request.zone else UTC).date()
    for warranty, cover in book.warranties:
        parts = cover.covers(on)
        if parts:
            found.append(_by_warranty(request, book, warranty, parts))
        else:
            lost.append(Lost(f"Warranty {warranty.name}".strip(), _ended(cover, on)))
    covered = bool(found)
    chargeable = not covered and bool(book.contracts or book.warranties)
    agreement = covering[0].version.name if covering else ""
    found += _by_policies(request, book, agreement=agreement, billable=chargeable)
    found.append(Decision("none", "Nothing was promised for this request.", billable=chargeable))
    return found, lost


def _by_contract(request: Request, book: Book, one: Covering) -> Decision:
    own = [c for c in one.version.clauses if c.coverage_line_id in {None, one.line.id}]
    special = {clause.metric for clause in own if clause.coverage_line_id is not None}
    clauses = tuple(c for c in own if c.coverage_line_id is not None or c.metric not in special)
    policy = None
    if not clauses:
        policy = _first(request, book, agreement=one.version.name, cover="contract", levels={"agreement"})
        clauses = tuple(policy.clauses) if policy is not None else ()
    what = f"{one.version.name} covers {_about(request)}"
    return Decision("contract", what, clauses, contract=one.version, line_id=one.line.id, policy=policy)


def _by_warranty(request: Request, book: Book, warranty: Warranty, parts: frozenset[str]) -> Decision:
    policy = _first(request, book, cover="warranty", levels={"warranty"})
    words = " and ".join(sorted(parts, key=("parts", "labour", "travel").index))
    clauses = tuple(policy.clauses) if policy is not None else ()
    reason = f"The warranty {warranty.name} covers {words} of {_about(request)}".replace("warranty  ", "warranty ")
    return Decision("warranty", reason, clauses, warranty=warranty, policy=policy)


def _by_policies(request: Request, book: Book, *, agreement: str, billable: bool) -> Iterator[Decision]:
    """Those that need no cover; that there is an agreement counts where one is for those without."""
    for level in _BELOW:
        policy = _first(request, book, levels={level}, agreement=agreement)
        if policy is not None:
            reason = f"No agreement or warranty covers it. {policy.policy.name} is promised."
            yield Decision("policy", reason, tuple(policy.clauses), policy=policy, billable=billable)


def _first(
    request: Request, book: Book, *, levels: set[str], agreement: str = "", cover: str = ""
) -> PolicyVersion | None:
    facts = Facts(
        agreement=agreement,
        cover=cover,
        organization_id=request.organization_id,
        team_id=request.team_id,
        channel=request.channel,
        priority=request.priority,
        tags=request.tags,
        model=request.asset.model if request.asset is not None else "",
        site_id=request.asset.site_id if request.asset is not None else None,
    )
    return matching.first(book.policies, facts, levels)


def _fills(decision: Decision) -> bool:
    lines = decision.contract.lines if decision.contract is not None else []
    return any(line.id == decision.line_id and line.fills_gaps for line in lines)


def _filled(decision: Decision, others: Sequence[Decision]) -> Decision:
    clauses = list(decision.clauses)
    for other in others:
        have = {clause.metric for clause in clauses}
        clauses += [clause for clause in other.clauses if clause.metric not in have]
    policy = decision.policy or next((other.policy for other in others if other.policy is not None), None)
    return replace(decision, clauses=tuple(clauses), policy=policy)


def _about(request: Request) -> str:
    if request.asset is None:
        return "this customer."
    unit = f"{request.asset.name} {request.asset.serial}"
    return f"{unit}, if the serial in the message is right." if request.guess else f"{unit}."


def _ended(cover: Cover, on: date) -> str:
    if on < cover.starts_on:
        return f"It begins on {cover.starts_on:%-d %b %Y}."
    return f"It ended on {cover.ends_on:%-d %b %Y}." if cover.ends_on is not None else "It gives nothing."


def _named(decision: Decision) -> str:
    if decision.contract is not None:
        return decision.contract.name
    if decision.warranty is not None:
        return f"Warranty {decision.warranty.name}".strip()
    return decision.policy.policy.name if decision.policy is not None else "Nothing"
