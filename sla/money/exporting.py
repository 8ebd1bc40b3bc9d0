"""The facts of money as CSV files with the figures worked out from them, for `verify_money.py` or any spreadsheet.

Instants are ISO 8601 in UTC, days are those that are typed, amounts whole cents; an empty cell is what nobody knows.
All of it is of one instant, written row by row. A text that a spreadsheet would run as a formula begins with an
apostrophe.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import TextClause, select, text

from helpdesk.db import one_instant
from helpdesk.people.models import Agent, Membership
from helpdesk.sheets.cursor import batches
from helpdesk.sheets.formulas import harmless
from helpdesk.tickets.models import Ticket
from sla.commitments.models import Commitment
from sla.contracts.models import Contract, ContractVersion, Credit, PrepaidBalance, PrepaidEntry, TimeEntry
from sla.entitlements.models import Entitlement
from sla.escalations.models import Escalation, Page, PageReason
from sla.money import days, figures, standby
from sla.money.facts import Scope
from sla.money.models import MoneyRate
from sla.money.sums import Line
from sla.reports.asking import Question
from sla.reports.periods import Period
from sla.volume.models import VolumeFact

FORMAT = "kept-money-facts/1"
Asked = Any
"""A select of whatever columns a file has."""


def export(period: Period, folder: Path, now: datetime) -> dict[str, int]:
    """Write every file of a period; how many rows each has. Files that were there are written anew."""
    folder.mkdir(parents=True, exist_ok=True)
    days.catch_up()
    scope = figures.scope_of(Question(period), now)
    with one_instant():
        return {name: _write(folder / f"{name}.csv", *file) for name, file in _files(scope, period, now).items()}


def _files(scope: Scope, period: Period, now: datetime) -> dict[str, tuple[Sequence[str], Iterable[Sequence[Any]]]]:
    of = {
        "period": (("format", "since", "until", "zone", "now"), [(FORMAT, scope.since, scope.until, scope.zone, now)]),
        "figures": (("by", "key", "kind", "currency", "cents", "unknown"), _figures(period, now)),
        "shifts": (("agent", "begin", "end"), _shifts(scope, now)),
    }
    return {**of, **{name: (head, _rows(asked)) for name, (head, asked) in _asked(scope).items()}}


def _asked(scope: Scope) -> dict[str, tuple[Sequence[str], Asked]]:
    """The files that are rows of tables."""
    time, page, balance, entry, version = TimeEntry, Page, PrepaidBalance, PrepaidEntry, ContractVersion
    rung = page.begun_at >= scope.begin, page.begun_at < scope.end, ~page.is_test, page.agent_id.is_not(None)
    return {
        "rates": (
            ("id", "kind", "agent", "team", "valid_from", "cents", "currency"),
            select(MoneyRate.id, MoneyRate.kind, MoneyRate.agent_id, MoneyRate.team_id, MoneyRate.valid_from,
                   MoneyRate.cents, MoneyRate.currency).order_by(MoneyRate.id),
        ),
        "members": (
            ("team", "agent"),
            select(Membership.team_id, Membership.agent_id).order_by(Membership.team_id, Membership.agent_id),
        ),
        "agents": (("id", "name", "zone"), select(Agent.id, Agent.name, Agent.zone).order_by(Agent.id)),
        "tickets": (
            ("id", "number", "customer", "merged_into", "agreement"),
            select(Ticket.id, Ticket.number, Ticket.organization_id, Ticket.merged_into_id, version.contract_id)
            .outerjoin(Entitlement, (Entitlement.ticket_id == Ticket.id) & Entitlement.replaced_at.is_(None))
            .outerjoin(version, version.id == Entitlement.contract_version_id)
            .where(_named(scope)).order_by(Ticket.id),
        ),
        "time": (
            ("id", "ticket", "agent", "day", "minutes", "billable", "drawn", "what"),
            select(time.id, time.ticket_id, time.agent_id, time.day, time.minutes, time.is_billable, time.drawn,
                   time.what).where(time.returned_at.is_(None), time.day >= scope.since, time.day < scope.until)
            .order_by(time.id),
        ),
        "timed": (
            ("ticket",),
            select(time.ticket_id).where(time.returned_at.is_(None)).distinct().order_by(time.ticket_id),
        ),
        "replies": (
            ("ticket", "day"),
            select(VolumeFact.ticket_id, VolumeFact.day)
            .where(VolumeFact.kind == "replied", VolumeFact.day >= scope.since, VolumeFact.day < scope.until)
            .distinct().order_by(VolumeFact.ticket_id, VolumeFact.day),
        ),
        "pages": (
            ("page", "agent", "at", "ticket"),
            select(page.id, page.agent_id, page.begun_at, Escalation.ticket_id)
            .join(PageReason, PageReason.page_id == page.id)
            .join(Escalation, Escalation.id == PageReason.escalation_id)
            .where(*rung).distinct().order_by(page.id, Escalation.ticket_id),
        ),
        "credits": (
            ("id", "agreement", "ticket", "broken_at", "state", "cents", "currency"),
            select(Credit.id, Credit.contract_id, Commitment.ticket_id, Commitment.broken_at, Credit.state,
                   Credit.amount_cents, Credit.currency)
            .join(Commitment, Commitment.id == Credit.commitment_id)
            .where(Commitment.broken_at >= scope.begin, Commitment.broken_at < scope.end).order_by(Credit.id),
        ),
        "prices": (
            ("agreement", "version", "customer", "valid_from", "zone", "state", "starts_on", "ends_on", "renewal",
             "cents", "currency", "period", "hour_cents"),
            select(version.contract_id, version.number, Contract.organization_id, version.valid_from, version.zone,
                   version.state, version.starts_on, version.ends_on, version.renewal, version.value_cents,
                   version.currency, version.period, version.hour_cents)
            .join(Contract, Contract.id == version.contract_id)
            .order_by(version.contract_id, version.valid_from, version.number),
        ),
        "balances": (
            ("id", "agreement", "unit", "bought", "bought_on", "expires_on", "cents", "currency"),
            select(balance.id, balance.contract_id, balance.unit, balance.bought, balance.bought_on,
                   balance.expires_on, balance.price_cents, balance.currency).order_by(balance.id),
        ),
        "drawn": (
            ("id", "balance", "ticket", "amount", "at"),
            select(entry.id, entry.balance_id, entry.ticket_id, entry.amount, entry.at).order_by(entry.id),
        ),
    }  # fmt: skip


_NAMED = """
    WITH RECURSIVE named (id) AS (
        (SELECT ticket_id FROM time_entry WHERE returned_at IS NULL
        UNION SELECT ticket_id FROM prepaid_entry WHERE ticket_id IS NOT NULL
        UNION SELECT ticket_id FROM volume_fact WHERE kind = 'replied' AND day >= :since AND day < :until
        UNION SELECT escalation.ticket_id FROM page JOIN page_reason ON page_id = page.id
            JOIN escalation ON escalation.id = escalation_id WHERE begun_at >= :begin AND begun_at < :end
        UNION SELECT ticket_id FROM credit JOIN commitment ON commitment.id = commitment_id)
        UNION SELECT ticket.merged_into_id FROM named JOIN ticket ON ticket.id = named.id
        WHERE ticket.merged_into_id IS NOT NULL
    ) SELECT id FROM named
"""
"""The tickets any file names, with those they were merged into."""


def _named(scope: Scope) -> TextClause:
    values = {name: getattr(scope, name) for name in ("begin", "end", "since", "until")}
    return text(f"ticket.id IN ({_NAMED})").bindparams(**values)


def _figures(period: Period, now: datetime) -> Iterator[Sequence[Any]]:
    for group in figures.GROUPS:
        found = figures.money(Question(period, {}, group), now)
        if group == figures.GROUPS[0]:
            yield from _told("all", "", found.whole)
        for key, line in sorted(found.by.items()):
            yield from _told(group, key, line)


def _told(by: str, key: str, line: Line) -> Iterator[Sequence[Any]]:
    """A row for each currency; what is not known stands on the first, or on one without a currency."""
    for kind, amount in sorted(line.parts.items()):
        rows = sorted(amount.cents.items()) or [("", 0)]
        for place, (currency, cents) in enumerate(rows):
            yield by, key, kind, currency, cents, amount.unknown if place == 0 else 0


def _shifts(scope: Scope, now: datetime) -> Iterator[Sequence[Any]]:
    for agent_id, spans in standby.spans_of(scope.begin, min(scope.end, now)).items():
        for begin, end in spans:
            yield agent_id, datetime.fromtimestamp(begin, UTC), datetime.fromtimestamp(end, UTC)


def _rows(asked: Asked) -> Iterator[Sequence[Any]]:
    for batch in batches(asked):
        yield from batch


def _write(path: Path, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(head)
        for row in rows:
            out.writerow([_cell(value) for value in row])
            count += 1
    return count


def _cell(value: Any) -> str | int:
    if value is None:
        return ""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return value if isinstance(value, int) else harmless(str(value))
