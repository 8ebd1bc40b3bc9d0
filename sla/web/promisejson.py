"""A promise as a program sends it, whether an agreement or a policy makes it."""

from __future__ import annotations

from helpdesk.web.json import Body
from sla.policies.inputs import PRIORITIES, ZONE_SOURCES, CreditRule, Promise
from sla.policies.models import METRICS

_MOST_SECONDS = 10 * 366 * 86_400
_MOST_CENTS = 10**12


def promise(body: Body) -> Promise:
    """What is promised, and what a break costs; the caller ends the reading."""
    targets = body.part("targets")
    return Promise(
        words=body.text("words", most=500),
        metric=body.one_of("metric", METRICS),
        target_seconds=body.number("target_seconds", 1, _MOST_SECONDS),
        number=body.text("number"),
        targets={name: targets.number(name, 1, _MOST_SECONDS) for name in PRIORITIES if name in targets},
        calendar_id=body.identity("calendar_id"),
        zone_source=body.one_of("zone_source", ZONE_SOURCES, "calendar"),
        pauses=body.texts("pauses"),
        warn_percent=body.number("warn_percent", 1, 100, 75),
        credit=_credit(body),
    )


def _credit(body: Body) -> CreditRule | None:
    """`value` is cents of an amount, or percent of the fee; nothing, or an empty object, is no credit."""
    credit = body.part("credit")
    if not credit.names():
        return None
    kind = credit.one_of("kind", ("amount", "percent"))
    value = credit.amount("value", 0.01, 100) if kind == "percent" else credit.number("value", 1, _MOST_CENTS)
    return CreditRule(kind, value, credit.number_or_none("cap", 1, _MOST_CENTS))
