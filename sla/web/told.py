"""Equipment and agreements as the JSON face tells them: days as YYYY-MM-DD, instants with offset, money in cents."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sla.assets.models import Asset, Site, Warranty
from sla.assets.warranties import FOREVER, Cover
from sla.commitments.moving import Moves
from sla.contracts.consumption import Left
from sla.contracts.models import ContractVersion, CoverageLine, Credit, PrepaidBalance
from sla.policies.models import Clause

Told = dict[str, Any]


def unit(asset: Asset, covers: Iterable[tuple[Warranty, Cover]]) -> Told:
    """A unit with all its warranties and what they cover; it needs `warranties` loaded."""
    given = {warranty.id: cover for warranty, cover in covers}
    days = ("manufactured_on", "purchased_on", "shipped_on", "installed_on", "serviced_on", "service_due_on")
    return {
        "id": asset.id,
        "customer_id": asset.organization_id,
        "serial": asset.serial,
        "model": asset.model,
        "maker": asset.maker,
        "kind": asset.kind,
        "place": asset.place,
        "site_id": asset.site_id,
        **{name: _day(getattr(asset, name)) for name in days},
        "service_months": asset.service_months,
        "parts": asset.parts.get("recommended", []),
        "replaces_id": asset.replaces_id,
        "retired_at": asset.retired_at.isoformat() if asset.retired_at else None,
        "warranties": [warranty(one, given.get(one.id)) for one in asset.warranties],
    }


def warranty(row: Warranty, cover: Cover | None) -> Told:
    """A warranty's rule, and under "covers" its first day and the last one of each component ("lifelong" for ever)."""
    return {
        "id": row.id,
        "name": row.name,
        "starts": row.starts,
        "starts_on": _day(row.starts_on),
        "parts_months": row.parts_months,
        "labour_months": row.labour_months,
        "travel_months": row.travel_months,
        "exclusions": row.exclusions,
        "transferable": row.transferable,
        "restarts_when_replaced": row.restarts_when_replaced,
        "least_days_when_replaced": row.least_days_when_replaced,
        "voided_at": row.voided_at.isoformat() if row.voided_at else None,
        "covers": cover
        and {
            "from": _day(cover.starts_on),
            **{name: "lifelong" if last == FOREVER else _day(last) for name, last in cover.components()},
        },
    }


def agreement(version: ContractVersion, balances: Iterable[Left] = ()) -> Told:
    """One version of an agreement; it needs lines, clauses and contract loaded."""
    places = {line.id: place for place, line in enumerate(version.lines)}
    return {
        "id": version.contract_id,
        "number": version.contract.number,
        "external_ref": version.contract.external_ref,
        "renews_id": version.contract.renews_id,
        "version": version.number,
        "valid_from": version.valid_from.isoformat(),
        "state": version.state,
        "name": version.name,
        "kind": version.kind,
        "starts_on": _day(version.starts_on),
        "ends_on": _day(version.ends_on),
        "zone": version.zone,
        "renewal": version.renewal,
        "notice_months": version.notice_months,
        "outcome": version.outcome,
        "pauses_when_suspended": version.pauses_when_suspended,
        "lines": [_line(line) for line in version.lines],
        "clauses": [_clause(clause, places) for clause in version.clauses],
        "prepaid": [
            {
                "unit": one.balance.unit,
                "bought": one.balance.bought,
                "left": one.left,
                "expires_on": _day(one.balance.expires_on),
            }
            for one in balances
        ],
    }


def fee(version: ContractVersion) -> Told:
    """What it costs, for those who may see money."""
    return {
        "value_cents": version.value_cents,
        "currency": version.currency,
        "period": version.period,
        "hour_cents": version.hour_cents,
        "credit_cap_percent": version.credit_cap_percent,
    }


def site(row: Site) -> Told:
    return {
        "id": row.id,
        "customer_id": row.organization_id,
        "name": row.name,
        "address": row.address,
        "zone": row.zone,
        "archived": row.archived_at is not None,
    }


def purchase(balance: PrepaidBalance, used: int) -> Told:
    """Incidents or minutes bought ahead, and what is left of them."""
    named = ("round_to", "grace", "least", "warn_percent", "price_cents", "currency")
    rules = {name: getattr(balance, name) for name in named}
    return {
        "id": balance.id,
        "unit": balance.unit,
        "bought": balance.bought,
        "left": balance.bought - used,
        "bought_on": _day(balance.bought_on),
        "expires_on": _day(balance.expires_on),
        **rules,
    }


def credit(row: Credit, ticket: int) -> Told:
    """What a broken promise costs, and what became of it; `ticket` is the number it was broken on."""
    return {
        "id": row.id,
        "agreement_id": row.contract_id,
        "ticket": ticket,
        "metric": row.rule.get("metric", ""),
        "broken_on": row.rule.get("broken_on"),
        "amount_cents": row.amount_cents,
        "currency": row.currency,
        "state": row.state,
        "reason": row.reason,
        "decided_at": row.decided_at.isoformat() if row.decided_at else None,
    }


def moves(found: Moves) -> Told:
    """What would fall due at another time; "kind" is "new", "gone" or empty, and a time is null while it is paused."""
    return {
        "looked_at": found.looked_at,
        "more": found.more,
        "moves": [
            {
                "ticket": one.number,
                "promise": one.words,
                "kind": one.kind,
                "was": one.was and one.was.isoformat(),
                "becomes": one.becomes and one.becomes.isoformat(),
            }
            for one in found.moves
        ],
    }


def _line(line: CoverageLine) -> Told:
    return {
        "name": line.name,
        "site_ids": line.site_ids,
        "asset_ids": line.asset_ids,
        "models": line.models,
        "works": line.works,
        "starts_on": _day(line.starts_on),
        "ends_on": _day(line.ends_on),
        "calendar_id": line.calendar_id,
        "fills_gaps": line.fills_gaps,
    }


def _clause(clause: Clause, places: dict[int, int]) -> Told:
    return {
        "number": clause.number,
        "words": clause.words,
        "metric": clause.metric,
        "target_seconds": clause.target_seconds,
        "targets": clause.targets,
        "calendar_id": clause.calendar_id,
        "zone_source": clause.zone_source,
        "pauses": clause.pauses,
        "warn_percent": clause.warn_percent,
        "credit": clause.credit,
        "line": places.get(clause.coverage_line_id) if clause.coverage_line_id else None,
    }


def _day(on: object) -> str | None:
    return str(on) if on is not None else None
