"""What the automatic "we have it" says of the nearest promise, in the customer's language and zone."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select

from helpdesk.db import db
from helpdesk.now import now
from helpdesk.people.models import Agent, Contact
from helpdesk.text.languages import DEFAULT
from helpdesk.text.until import until
from helpdesk.text.zones import zones
from helpdesk.tickets.models import Ticket
from sla.assets.models import Asset, Site
from sla.calendars.loading import ALWAYS, versions_of
from sla.commitments.grounds import Zones
from sla.commitments.models import Commitment
from sla.commitments.sayings import SAYINGS, Sayings
from sla.entitlements.models import TicketAsset
from sla.policies.models import Clause

_SAYS = {
    "first_response": "answer",
    "next_response": "answer",
    "update": "news",
    "ownership": "ownership",
    "on_site": "on_site",
    "restore": "restore",
    "resolution": "resolution",
    "wait": "done",
    "work": "done",
}
"""Metric -> which of the sayings is about it."""


def sentence(ticket: Ticket, language: str = DEFAULT, telephone: str = "") -> str:
    """Such as "Lena answers by Monday 30 November, 10:30 your time."; empty when nothing is promised from now on.

    `telephone`, in E.164, is for what cannot wait; it is said while the hours of that promise are over, and always
    where it counts around the clock.
    """
    nearest = (
        select(Commitment.metric, Commitment.due_at, Clause)
        .join(Clause, Clause.id == Commitment.clause_id)
        .where(Commitment.ticket_id == ticket.id, Commitment.ended_at.is_(None), Commitment.excused_at.is_(None))
        .where(Commitment.due_at > now())
        .order_by(Commitment.due_at, Commitment.id)
    )
    found = db.session.execute(nearest.limit(1)).first()
    if found is None:
        return ""
    metric, due_at, clause = found
    assert due_at is not None
    says = SAYINGS[language]
    by = _by(ticket, due_at, clause.calendar_id, language)
    said: str = getattr(says, _SAYS[metric]).format(who=_who(ticket, says), until=by)
    if telephone and not _at_work(ticket, clause):
        said = f"{said} {says.call.format(number=telephone)}"
    return said


def _at_work(ticket: Ticket, clause: Clause) -> bool:
    """Whether it counts in hours, and these are now."""
    if clause.calendar_id is None:
        return False
    zone = dict(Zones([ticket], [clause]).of(ticket)).get(clause.zone_source, "")
    at = now().timestamp()
    hours = versions_of({clause.calendar_id})[clause.calendar_id].timeline(at, zone=zone).at(at)
    return hours.rules.weekly != ALWAYS.weekly and hours.is_open(at)


def _who(ticket: Ticket, says: Sayings) -> str:
    owner = db.session.get(Agent, ticket.assignee_id) if ticket.assignee_id is not None else None
    return owner.first_name if owner is not None else says.someone


def _by(ticket: Ticket, due_at: datetime, calendar_id: int | None, language: str) -> str:
    """On the customer's wall where it is known, else on that of our hours, and then it is named."""
    theirs = _their_zone(ticket)
    zone = theirs or _our_zone(calendar_id, due_at)
    at = until(due_at.astimezone(ZoneInfo(zone)), language)
    return f"{at}{SAYINGS[language].your_time}" if theirs else f"{at} ({zone})"


def _their_zone(ticket: Ticket) -> str:
    """Of the person, else of the place of the equipment the ticket is about, else of all places of the customer."""
    contact = db.session.get_one(Contact, ticket.contact_id)
    site = (
        select(Site.zone)
        .join(Asset, Asset.site_id == Site.id)
        .join(TicketAsset, TicketAsset.asset_id == Asset.id)
        .where(TicketAsset.ticket_id == ticket.id, TicketAsset.state != "dismissed")
    )
    places = select(Site.zone).where(Site.organization_id == ticket.organization_id, Site.archived_at.is_(None))
    for known in ([contact.zone], db.session.scalars(site), db.session.scalars(places)):
        distinct = {zone for zone in known if zone in zones()}
        if len(distinct) == 1:
            return distinct.pop()
    return ""


def _our_zone(calendar_id: int | None, at: datetime) -> str:
    if calendar_id is None:
        return "UTC"
    timeline = versions_of({calendar_id})[calendar_id].timeline(now().timestamp())
    return timeline.at(at.timestamp()).rules.zone.key
