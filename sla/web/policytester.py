"""Which promise a request would get, and why: asked by a ticket's number or by chosen facts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import joinedload
from werkzeug.datastructures import MultiDict

from helpdesk.access.guards import current_agent
from helpdesk.access.permissions import visible_tickets
from helpdesk.db import db
from helpdesk.errors import Invalid
from helpdesk.text.numbers import whole
from helpdesk.tickets.models import Priority, Tag, Ticket
from sla.assets.models import Asset
from sla.contracts.models import ContractVersion
from sla.entitlements import resolving
from sla.entitlements.models import Entitlement, TicketAsset
from sla.policies import matching
from sla.policies.matching import Facts, Verdict
from sla.policies.models import Clause, PolicyVersion
from sla.web import policyforms, policywords

Given = MultiDict[str, str]

FIELDS = ("ticket", "agreement", "cover", "customer", "team", "channel", "priority", "tag", "model")
_MOST_TEXT = 200


@dataclass(frozen=True)
class Tested:
    """The verdicts in the order policies are tried; `before` is what decides without asking any."""

    verdicts: tuple[Verdict, ...]
    winner: Verdict | None
    ticket: Ticket | None = None
    decided: str = ""
    before: str = ""


def asks(given: Given) -> bool:
    return any(given.get(name, "").strip() for name in FIELDS)


def test(given: Given, versions: Sequence[PolicyVersion]) -> Tested:
    """Try the policies on what was given.

    Raises:
        Invalid: at the field, what is unknown.
    """
    ticket = _ticket(given.get("ticket", "").strip())
    if ticket is None:
        return _tested(_typed(given), versions)
    entitlement = resolving.current_of(ticket.id)
    contract = _contract(entitlement)
    tested = _tested(_known(ticket, entitlement, contract), versions)
    before = ""
    if contract is not None and _promises(contract):
        before = f"{contract.name} makes promises of its own; policies are asked only for what it leaves open."
    return replace(tested, ticket=ticket, decided=entitlement.reason if entitlement else "", before=before)


def _tested(facts: Facts, versions: Sequence[PolicyVersion]) -> Tested:
    known = policywords.names([one for version in versions for one in matching.conditions(version)])
    verdicts = tuple(matching.explain(versions, facts, known))
    return Tested(verdicts, next((one for one in verdicts if one.matches), None))


def _ticket(number: str) -> Ticket | None:
    if not number:
        return None
    wanted = whole(number.removeprefix("#"))
    if wanted is None:
        raise Invalid("That does not fit.", {"ticket": "Enter a ticket's number, like 4790."})
    found = db.session.scalar(visible_tickets(current_agent()).where(Ticket.number == wanted))
    if found is None:
        raise Invalid("That does not fit.", {"ticket": "There is no such ticket."})
    return found


def _typed(given: Given) -> Facts:
    def text(name: str) -> str:
        return given.get(name, "").strip()[:_MOST_TEXT]

    organization_id = None
    if text("customer"):
        try:
            organization_id = policyforms.customer(text("customer"))
        except Invalid as error:
            raise Invalid(error.message, {"customer": error.fields["value"]}) from error
    team, priority = text("team"), text("priority") or "normal"
    if team and whole(team) is None:
        raise Invalid("That does not fit.", {"team": "Choose a team of the list."})
    if priority.upper() not in Priority.__members__:
        raise Invalid("That does not fit.", {"priority": "Choose low, normal, high or urgent."})
    return Facts(
        agreement=text("agreement"),
        cover=text("cover") or ("contract" if text("agreement") else ""),
        organization_id=organization_id,
        team_id=whole(team),
        channel=text("channel"),
        priority=priority,
        tags=frozenset(filter(None, (one.strip() for one in text("tag").split(",")))),
        model=text("model"),
    )


def _known(ticket: Ticket, entitlement: Entitlement | None, contract: ContractVersion | None) -> Facts:
    asset = _unit(ticket)
    tags = db.session.scalars(select(Tag.name).where(Tag.id.in_(ticket.tag_ids))) if ticket.tag_ids else ()
    source = entitlement.source if entitlement is not None else ""
    return Facts(
        agreement=contract.name if contract is not None else "",
        cover=source if source in {"contract", "warranty"} else "",
        organization_id=ticket.organization_id,
        team_id=ticket.team_id,
        channel=ticket.channel_kind,
        priority=Priority(ticket.priority).name.lower(),
        tags=frozenset(tags),
        model=asset.model if asset is not None else "",
        site_id=asset.site_id if asset is not None else None,
    )


def _unit(ticket: Ticket) -> Asset | None:
    """A confirmed one before a guess, as coverage chooses it."""
    rows = (
        select(TicketAsset)
        .where(TicketAsset.ticket_id == ticket.id, TicketAsset.state != "dismissed")
        .order_by(TicketAsset.state, TicketAsset.created_at, TicketAsset.asset_id)
        .options(joinedload(TicketAsset.asset))
        .limit(1)
    )
    row = db.session.scalar(rows)
    return row.asset if row is not None else None


def _contract(entitlement: Entitlement | None) -> ContractVersion | None:
    if entitlement is None or entitlement.contract_version_id is None:
        return None
    return db.session.get_one(ContractVersion, entitlement.contract_version_id)


def _promises(contract: ContractVersion) -> bool:
    return db.session.scalar(select(Clause.id).where(Clause.contract_version_id == contract.id).limit(1)) is not None
