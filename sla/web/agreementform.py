"""The form of an agreement: what was typed becomes what was agreed, and the other way round."""

from __future__ import annotations

import re
from collections.abc import Iterator

from werkzeug.datastructures import MultiDict

from sla.contracts.inputs import (
    MOST_ROWS,
    PERIODS,
    PRIORITIES,
    RENEWALS,
    ZONE_SOURCES,
    Agreed,
    CreditRule,
    Line,
    Outcome,
    Promise,
)
from sla.contracts.models import KINDS
from sla.policies.models import METRICS, WAITING
from sla.web.amounts import length
from sla.web.typed import Typed

Values = MultiDict[str, str]

_ROW = re.compile(r"(lines|clauses)-(\d{1,4})-(.+)")
_TELLING = {"lines": ("name", "models", "works", "site_ids", "asset_ids"), "clauses": ("words", "target")}
"""Fields whose being empty makes a row an empty one."""


def compacted(form: Values) -> Values:
    """The form without empty and removed rows, the others counted anew from 0, so that errors name rows by place."""
    found: Values = MultiDict([(name, value) for name, value in form.items(multi=True) if not _ROW.fullmatch(name)])
    for kind in ("lines", "clauses"):
        kept = [row for row in _rows(form, kind) if _is_filled(form, kind, row)]
        for place, row in enumerate(kept):
            for name in [name for name in form if name.startswith(f"{kind}-{row}-")]:
                field = name.removeprefix(f"{kind}-{row}-")
                values = [_moved(form, one) for one in form.getlist(name)] if field == "line" else form.getlist(name)
                found.setlist(f"{kind}-{place}-{field}", values)
    return found


def count(values: Values, kind: str) -> int:
    return len(_rows(values, kind))


def read(values: Values) -> Agreed:
    """What was agreed, from a compacted form.

    Raises:
        Invalid: by field, what does not fit.
    """
    typed = Typed(values)
    lines = tuple(_line(typed, f"lines-{place}") for place in range(count(values, "lines")))
    agreed = Agreed(
        name=typed.text("name"),
        kind=typed.one_of("kind", KINDS, "support"),
        starts_on=typed.needed_day("starts_on", "Enter the first day."),
        ends_on=typed.needed_day("ends_on", "Enter the last day."),
        zone=typed.text("zone"),
        renewal=typed.one_of("renewal", RENEWALS, "never"),
        notice_months=typed.number_or("notice_months", 0),
        value_cents=typed.cents("value"),
        hour_cents=typed.cents("hour"),
        currency=typed.text("currency").upper() or "USD",
        period=typed.one_of("period", PERIODS, "year"),
        outcome=Outcome(typed.text("outcome"), typed.text("promised"), typed.text("measured")),
        pauses_when_suspended=typed.is_on("pauses_when_suspended"),
        credit_cap_percent=typed.number_or("credit_cap_percent", 100),
        lines=lines or (Line(),),
        clauses=tuple(promise(typed, f"clauses-{place}") for place in range(count(values, "clauses"))),
    )
    typed.done()
    return agreed


def written(agreed: Agreed) -> Values:
    """What was agreed, as the form shows it."""
    values: Values = MultiDict(
        {
            "name": agreed.name,
            "kind": agreed.kind,
            "starts_on": agreed.starts_on.isoformat(),
            "ends_on": agreed.ends_on.isoformat(),
            "zone": agreed.zone,
            "renewal": agreed.renewal,
            "notice_months": str(agreed.notice_months),
            "value": _price(agreed.value_cents),
            "hour": _price(agreed.hour_cents),
            "currency": agreed.currency,
            "period": agreed.period,
            "outcome": agreed.outcome.words,
            "promised": agreed.outcome.promised,
            "measured": agreed.outcome.measured,
            "credit_cap_percent": str(agreed.credit_cap_percent),
        }
    )
    if agreed.pauses_when_suspended:
        values["pauses_when_suspended"] = "on"
    for place, line in enumerate(agreed.lines):
        _write_line(values, f"lines-{place}", line)
    for place, clause in enumerate(agreed.clauses):
        write_promise(values, f"clauses-{place}", clause)
    return values


def _line(typed: Typed, row: str) -> Line:
    return Line(
        name=typed.text(f"{row}-name") or "Everything",
        site_ids=typed.ids(f"{row}-site_ids"),
        asset_ids=typed.ids(f"{row}-asset_ids"),
        models=typed.listed(f"{row}-models"),
        works=typed.listed(f"{row}-works"),
        starts_on=typed.day(f"{row}-starts_on"),
        ends_on=typed.day(f"{row}-ends_on"),
        calendar_id=typed.id(f"{row}-calendar_id"),
        fills_gaps=typed.is_on(f"{row}-fills_gaps"),
    )


def promise(typed: Typed, row: str) -> Promise:
    targets = {priority: typed.seconds(f"{row}-target-{priority}") for priority in PRIORITIES}
    return Promise(
        words=typed.text(f"{row}-words"),
        metric=typed.one_of(f"{row}-metric", METRICS, "first_response"),
        target_seconds=typed.seconds(f"{row}-target") or 0,
        number=typed.text(f"{row}-number"),
        targets={priority: target for priority, target in targets.items() if target is not None},
        calendar_id=typed.id(f"{row}-calendar_id"),
        zone_source=typed.one_of(f"{row}-zone_source", ZONE_SOURCES, "calendar"),
        pauses=tuple(who for who in WAITING if who in typed.form.getlist(f"{row}-pauses")),
        warn_percent=typed.number_or(f"{row}-warn_percent", 75),
        credit=_credit(typed, row),
        line=typed.id(f"{row}-line"),
    )


def _credit(typed: Typed, row: str) -> CreditRule | None:
    kind = typed.one_of(f"{row}-credit_kind", ("none", "amount", "percent"), "none")
    if kind == "none":
        return None
    value = typed.amount(f"{row}-credit")
    cap = typed.cents(f"{row}-cap")
    owed = float(value or 0)
    return CreditRule(kind, round(owed * 100) if kind == "amount" else owed, cap)


def _write_line(values: Values, row: str, line: Line) -> None:
    values[f"{row}-name"] = line.name
    values.setlist(f"{row}-site_ids", [str(id_) for id_ in line.site_ids])
    values.setlist(f"{row}-asset_ids", [str(id_) for id_ in line.asset_ids])
    values[f"{row}-models"] = ", ".join(line.models)
    values[f"{row}-works"] = ", ".join(line.works)
    values[f"{row}-starts_on"] = line.starts_on.isoformat() if line.starts_on else ""
    values[f"{row}-ends_on"] = line.ends_on.isoformat() if line.ends_on else ""
    values[f"{row}-calendar_id"] = str(line.calendar_id or "")
    if line.fills_gaps:
        values[f"{row}-fills_gaps"] = "on"


def write_promise(values: Values, row: str, clause: Promise) -> None:
    values[f"{row}-words"] = clause.words
    values[f"{row}-number"] = clause.number
    values[f"{row}-metric"] = clause.metric
    values[f"{row}-target"] = length(clause.target_seconds)
    for priority, target in clause.targets.items():
        values[f"{row}-target-{priority}"] = length(target)
    values[f"{row}-calendar_id"] = str(clause.calendar_id or "")
    values[f"{row}-zone_source"] = clause.zone_source
    values.setlist(f"{row}-pauses", list(clause.pauses))
    values[f"{row}-warn_percent"] = str(clause.warn_percent)
    values[f"{row}-line"] = "" if clause.line is None else str(clause.line)
    if clause.credit is not None:
        is_amount = clause.credit.kind == "amount"
        values[f"{row}-credit_kind"] = clause.credit.kind
        values[f"{row}-credit"] = _decimal(int(clause.credit.value)) if is_amount else f"{clause.credit.value:g}"
        values[f"{row}-cap"] = "" if clause.credit.cap is None else _decimal(clause.credit.cap)


def _price(cents: int | None) -> str:
    """Empty where nobody said; 0 is a price."""
    return "" if cents is None else _decimal(cents) or "0"


def _decimal(cents: int) -> str:
    return f"{cents / 100:.2f}".removesuffix(".00") if cents else ""


def _rows(form: Values, kind: str) -> list[int]:
    matches: Iterator[re.Match[str] | None] = (_ROW.fullmatch(name) for name in form)
    return sorted({int(found[2]) for found in matches if found and found[1] == kind})[: MOST_ROWS + 1]


def _is_filled(form: Values, kind: str, row: int) -> bool:
    if f"{kind}-{row}-remove" in form:
        return False
    return any(form.get(f"{kind}-{row}-{name}", "").strip() for name in _TELLING[kind])


def _moved(form: Values, row: str) -> str:
    """The place a line has once empty ones are gone; one that is gone is none."""
    kept = [str(one) for one in _rows(form, "lines") if _is_filled(form, "lines", one)]
    return str(kept.index(row)) if row in kept else ""
