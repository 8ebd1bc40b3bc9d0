"""Promises by customer and others as a table in words: names, what was said, twelve weeks as a line, when it renews."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sla.reports import risk, tables
from sla.reports.asking import Question
from sla.reports.tables import Line
from sla.web import dashdraw, dashnames, dashwords

HEADS = {
    "customer": "Customer",
    "agreement": "Agreement",
    "promise": "Promise",
    "team": "Team",
    "channel": "Channel",
    "product": "Product",
}


@dataclass(frozen=True, slots=True)
class Shows:
    """A row of the table in words."""

    line: Line
    name: str
    more: str
    """Under the name: the agreement of a customer."""
    words: str
    spark: str
    in_hand: str
    renews: str
    href: str
    """The customer's page, or the agreement's; empty for others."""
    left_alone: bool


@dataclass(frozen=True)
class Table:
    rows: list[Shows]
    after: str | None


@dataclass(frozen=True)
class _Known:
    """What all rows of a table are told with."""

    group: str
    names: Mapping[str, str]
    words: Mapping[str, str]
    agreed: Mapping[str, list[dashnames.Agreed]]
    left_alone: Collection[int]
    today: date


def table(question: Question, at: datetime, *, after: str | None = None, limit: int = 8) -> Table:
    """A page of it; a fixed number of queries."""
    found = tables.table(question, after=after, limit=limit)
    keys = [line.key for line in found.rows]
    known = _Known(
        group=question.group,
        names=dashnames.names(question.group, keys, at),
        words=dashnames.promises({line.promise for line in found.rows}, at),
        agreed=_agreements(question.group, keys, at),
        left_alone=risk.customers_left_alone() if question.group == "customer" else frozenset(),
        today=question.period.today(),
    )
    return Table([_shows(line, known) for line in found.rows], found.after)


def _agreements(group: str, keys: Collection[str], at: datetime) -> dict[str, list[dashnames.Agreed]]:
    ids = [int(key) for key in keys if key] if group in {"customer", "agreement"} else []
    if group == "customer":
        return {str(number): found for number, found in dashnames.agreements_of(ids, at).items()}
    return {str(number): [found] for number, found in dashnames.agreements(ids, at).items()}


def _shows(line: Line, known: _Known) -> Shows:
    mine = known.agreed.get(line.key, [])
    renews = min((one.renews_on for one in mine if one.renews_on is not None), default=None)
    is_customer = known.group == "customer" and bool(line.key)
    return Shows(
        line=line,
        name=known.names[line.key],
        more=(", ".join(one.name for one in mine) or "No agreement") if is_customer else "",
        words=known.words.get(line.promise, "") if known.group != "promise" else "",
        spark=dashdraw.spark(line.weeks),
        in_hand=dashwords.in_hand(line.in_hand),
        renews=dashwords.renewal(renews, known.today),
        href=_href(known.group, line.key, mine),
        left_alone=is_customer and int(line.key) in known.left_alone,
    )


def _href(group: str, key: str, mine: list[dashnames.Agreed]) -> str:
    if group == "customer" and key:
        return f"/customers/{key}"
    if group == "agreement" and mine:
        return f"/customers/{mine[0].organization_id}/agreements/{key}"
    return ""
