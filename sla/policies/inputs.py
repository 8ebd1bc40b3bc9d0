"""What is promised, as somebody writes it down, and what each field of it may hold."""

from __future__ import annotations

from dataclasses import dataclass, field

from sla.policies.models import METRICS, WAITING, Clause

PRIORITIES = ("low", "normal", "high", "urgent")
ZONE_SOURCES = {"calendar": "The hours' own zone", "site": "The site's zone", "contact": "The customer's zone"}
_MOST_SECONDS = 10 * 366 * 86_400
_MOST_CENTS = 10**12
Mistakes = dict[str, str]


@dataclass(frozen=True, slots=True)
class CreditRule:
    """What a break costs us: `value` is cents for "amount", percent of the fee for "percent"; `cap` is cents."""

    kind: str
    value: float
    cap: int | None = None

    def stored(self) -> dict[str, object]:
        rule: dict[str, object] = {"kind": self.kind, "value": self.value}
        if float(self.value).is_integer():
            rule["value"] = int(self.value)
        return rule if self.cap is None else {**rule, "cap": self.cap}


@dataclass(frozen=True, slots=True)
class Promise:
    """One clause in the customer's words. Targets are business seconds; `line` is a place in an agreement's lines."""

    words: str
    metric: str
    target_seconds: int
    number: str = ""
    targets: dict[str, int] = field(default_factory=dict)
    calendar_id: int | None = None
    zone_source: str = "calendar"
    pauses: tuple[str, ...] = ()
    warn_percent: int = 75
    credit: CreditRule | None = None
    line: int | None = None

    def mistakes(self) -> Mistakes:
        found = (
            {} if len(self.number) <= 40 and self.number.isprintable() else {"number": "At most 40 letters and digits."}
        )
        if not self.words.strip() or len(self.words) > 500 or not self.words.isprintable():
            found["words"] = "Say it in the customer's words, in one sentence."
        if self.metric not in METRICS:
            found["metric"] = "Choose what is promised."
        if not 1 <= self.target_seconds <= _MOST_SECONDS:
            found["target"] = "Enter a time longer than nothing, like 30 min or 4 h."
        if any(p not in PRIORITIES or not 1 <= target <= _MOST_SECONDS for p, target in self.targets.items()):
            found["targets"] = "Each priority needs a time longer than nothing."
        if self.zone_source not in ZONE_SOURCES:
            found["zone_source"] = "Choose whose clock counts."
        if not set(self.pauses) <= set(WAITING):
            found["pauses"] = "It can pause while we wait for the customer, a part or someone else."
        if not 1 <= self.warn_percent <= 100:
            found["warn_percent"] = "Between 1 and 100."
        return found | _mistaken_credit(self.credit)


def clause_of(promise: Promise, position: int) -> Clause:
    """A row of it that belongs to nothing yet."""
    return Clause(
        position=position,
        number=promise.number.strip(),
        words=promise.words.strip(),
        metric=promise.metric,
        target_seconds=promise.target_seconds,
        targets=dict(promise.targets),
        calendar_id=promise.calendar_id,
        zone_source=promise.zone_source,
        pauses=list(promise.pauses),
        warn_percent=promise.warn_percent,
        credit=promise.credit.stored() if promise.credit else {},
    )


def promise_of(clause: Clause, *, line: int | None = None) -> Promise:
    return Promise(
        words=clause.words,
        metric=clause.metric,
        target_seconds=clause.target_seconds,
        number=clause.number,
        targets=dict(clause.targets),
        calendar_id=clause.calendar_id,
        zone_source=clause.zone_source,
        pauses=tuple(clause.pauses),
        warn_percent=clause.warn_percent,
        credit=CreditRule(**clause.credit) if clause.credit else None,
        line=line,
    )


def _mistaken_credit(rule: CreditRule | None) -> Mistakes:
    if rule is None:
        return {}
    if rule.kind not in {"amount", "percent"}:
        return {"credit": "Choose an amount or a share of the fee."}
    if not 0 < rule.value <= (100 if rule.kind == "percent" else _MOST_CENTS):
        return {"credit": "More than nothing, and at most 100 percent."}
    if rule.cap is not None and not 0 < rule.cap <= _MOST_CENTS:
        return {"cap": "More than nothing, or leave it empty."}
    return {}
