"""A statement as open JSON: every promise with how its clock ran, the rules it is judged by, and the figures they give.

Whole numbers, texts and lists only, so that every reader writes the same bytes again (RFC 8785). Instants are UTC, to
the microsecond; seconds are business seconds. `verify_statement.py` recomputes each figure from it.
"""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from helpdesk.db import Json
from sla.calendars.rules import Rules, Windows
from sla.calendars.timeline import Timeline
from sla.commitments.stored import instant, instant_or_none
from sla.contracts.models import ContractVersion, Credit
from sla.policies.models import Clause
from sla.statements import summing
from sla.statements.gathering import Clock, Decided, Gathered, Prepaid

FORMAT = "kept-attainment-statement/1"
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HOW = {
    "kept": "A promise is kept when the business seconds its clock ran are not more than its target.",
    "broken": "It is broken at the first open instant after its target is used up, and stays so.",
    "counted": "Kept and broken promises. Excused ones stay among the broken.",
    "percent": "Kept of counted, rounded half up to two places. Nothing where none was counted.",
    "month": "A promise counts in the month in which it was kept or broke, by the days of the zone named here.",
    "clock": "Its clock ran in the stretches that say so; of these the open hours of its calendar count.",
    "calendar": "A holiday beats an override, an override the week; breaks are closed. Each version counts since its"
    " instant, the first also before. Windows past 24:00 belong to the day they begin on. A wall time that a change of"
    " clocks skips is the first instant after it; one that comes twice opens the first and closes the last time.",
    "credit": "What the rule gives, at most its cap for one break, and with all others of the fee's period not more"
    " than the agreed share of the fee; rounded half up to whole cents.",
}


def write(gathered: Gathered) -> Json:
    """Without who issued it, which revision it is, and its signature."""
    register = _Register()
    promises = [_promise(one, gathered.clocks.get(one.commitment_id), register) for one in gathered.promises]
    clauses = {str(one.id): _clause(one) for one in gathered.clauses.values()}
    credit_rows = [_credit(one) for one in gathered.credits]
    scope = gathered.scope
    return {
        "format": FORMAT,
        "issuer": gathered.issuer,
        "customer": {"id": gathered.customer.id, "name": gathered.customer.name},
        "scope": "customer" if scope.contract_id is None else "agreement",
        "agreements": [_agreement(one) for one in gathered.agreements],
        "period": {
            "month": scope.month.name,
            "zone": scope.month.zone.key,
            "from": _utc(scope.month.begins),
            "until": _utc(scope.month.ends),
        },
        "as_of": _utc(gathered.as_of),
        "how": HOW,
        "figures": summing.figures(promises),
        "by_promise": summing.by_promise(promises, clauses),
        "clauses": clauses,
        "calendars": register.told,
        "promises": promises,
        "credits": credit_rows,
        "credit_sums": summing.credits_of(credit_rows),
        "prepaid": [_prepaid(one) for one in gathered.prepaid],
    }


def canonical(told: Json) -> bytes:
    """The bytes that are signed: keys in order, no spaces, UTF-8 (RFC 8785)."""
    return json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


class _Register:
    """Calendars by a number of their own, each told once."""

    def __init__(self) -> None:
        self.told: Json = {}
        self._known: dict[tuple[object, ...], str] = {}

    def name(self, timeline: Timeline) -> str:
        key = tuple((segment.since, id(segment.hours)) for segment in timeline.segments)
        if key not in self._known:
            self._known[key] = str(len(self._known) + 1)
            self.told[self._known[key]] = [
                {"since": None if place == 0 else _utc(instant(segment.since)), **_rules(segment.hours.rules)}
                for place, segment in enumerate(timeline.segments)
            ]
        return self._known[key]


def _promise(one: Decided, clock: Clock | None, register: _Register) -> Json:
    told = {
        "id": one.commitment_id,
        "ticket": one.number,
        "promise": one.promise,
        "agreement": one.contract_id,
        "clause": str(one.clause_id),
        "cycle": one.cycle,
        "outcome": one.outcome,
        "excused": one.excuse or "Excused" if one.is_excused else None,
        "settled": _utc(one.settled_at),
        "ended": None if one.ended_at is None else _utc(one.ended_at),
        "left_seconds": one.left_seconds,
    }
    return told | (_clock(clock, register) if clock is not None else {"stretches": None})


def _clock(clock: Clock, register: _Register) -> Json:
    cycle = clock.cycle
    used = round(cycle.elapsed * 1_000_000) // 1_000_000
    return {
        "calendar": register.name(cycle.timeline),
        "started": _utc(instant(cycle.started)),
        "due": _maybe(cycle.due),
        "ended": _maybe(cycle.ended),
        "broken": _maybe(cycle.broken),
        "broken_on_change": cycle.on_change,
        "target_seconds": cycle.target,
        "targets": [[_utc(instant(since)), seconds] for since, seconds in cycle.targets],
        "used_seconds": used,
        "left_seconds": cycle.target - used,
        "stretches": [[_utc(instant(one.start)), _utc(instant(one.end)), one.why] for one in clock.stretches],
    }


def _agreement(version: ContractVersion) -> Json:
    return {
        "id": version.contract_id,
        "number": version.contract.number,
        "name": version.name,
        "from": version.starts_on.isoformat(),
        "to": version.ends_on.isoformat(),
    }


def _clause(clause: Clause) -> Json:
    return {
        "number": clause.number,
        "words": clause.words,
        "metric": clause.metric,
        "target_seconds": clause.target_seconds,
        "targets": dict(clause.targets),
        "pauses": list(clause.pauses),
        "calendar": clause.calendar.name if clause.calendar is not None else "Around the clock",
        "credit": {name: _exact(value) for name, value in clause.credit.items()},
    }


def _credit(credit: Credit) -> Json:
    rule = {name: _exact(value) for name, value in credit.rule.items() if name not in {"ticket_id", "metric"}}
    return {
        "promise": credit.commitment_id,
        "agreement": credit.contract_id,
        "amount_cents": credit.amount_cents,
        "currency": credit.currency,
        "state": credit.state,
        "reason": credit.reason,
        "rule": rule,
    }


def _prepaid(one: Prepaid) -> Json:
    balance, drawn = one.balance, sum(amount for _, _, amount in one.entries)
    return {
        "agreement": balance.contract_id,
        "unit": balance.unit,
        "bought": balance.bought,
        "bought_on": balance.bought_on.isoformat(),
        "expires_on": _day(balance.expires_on),
        "drawn_before": one.drawn_before,
        "entries": [[_utc(at), number, amount] for at, number, amount in one.entries],
        "drawn": drawn,
        "left": balance.bought - one.drawn_before - drawn,
    }


def _rules(rules: Rules) -> Json:
    yearly = [f"{month:02}-{day:02}" for month, day in rules.yearly]
    return {
        "zone": rules.zone.key,
        "hours": {name: _windows(windows) for name, windows in zip(_DAYS, rules.weekly, strict=True)},
        "holidays": sorted([*(day.isoformat() for day in rules.holidays), *yearly]),
        "overrides": {day.isoformat(): _windows(windows) for day, windows in rules.overrides.items()},
        "breaks": {day.isoformat(): _windows(windows) for day, windows in rules.breaks.items()},
    }


def _windows(windows: Windows) -> list[list[str]]:
    return [[_wall(one.start), _wall(one.end)] for one in windows]


def _wall(seconds: int) -> str:
    minutes, rest = divmod(seconds, 60)
    words = f"{minutes // 60:02}:{minutes % 60:02}"
    return f"{words}:{rest:02}" if rest else words


def _exact(value: Any) -> Any:
    """A number with a fraction as a text: not every reader writes it the same again."""
    return str(Decimal(str(value)).normalize()) if isinstance(value, float) else value


def _utc(at: datetime) -> str:
    return at.isoformat(timespec="microseconds" if at.microsecond else "seconds")


def _maybe(seconds: float | None) -> str | None:
    at = instant_or_none(seconds)
    return None if at is None else _utc(at)


def _day(on: date | None) -> str | None:
    return on.isoformat() if on is not None else None
