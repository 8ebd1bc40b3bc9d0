"""The frame of every page about one customer: its name, its tabs, and the sentence after a form."""

from __future__ import annotations

from typing import Any

from flask import redirect, request
from werkzeug.wrappers import Response

from helpdesk.access.guards import current_agent
from helpdesk.now import now
from helpdesk.people.models import Organization
from helpdesk.web.rendering import page, zone_of
from sla.web import amounts, firms
from sla.web.managers import manages

_SAID = {
    "made": "The customer is on record.",
    "drafted": "The agreement is written down. It promises nothing until it is put in force.",
    "changed": "The change is a version of its own. Tickets keep what was in force when they arrived.",
    "taken": "It counts for open tickets too. Each of them says so in its record.",
    "in-force": "The agreement is in force. New tickets are judged by it.",
    "suspended": "Suspended. New tickets get no promise from it.",
    "resumed": "In force again.",
    "cancelled": "Cancelled. What was promised under it stays promised.",
    "renewed": "Renewed. The next term begins the day after this one ends.",
    "bought": "It is on the ledger.",
    "unit": "The unit is on record.",
    "units": "All units of the file are on record.",
    "saved": "Saved.",
    "retired": "Out of service. It stays on record.",
    "back": "In service again.",
    "replaced": "The new unit is on record and goes on with the warranties. The old one is out of service.",
    "moved": "The unit belongs to this customer now.",
    "serviced": "Service recorded. The next one counts from there.",
    "visit": "The visit is planned. Until it ends its alarms open no ticket, unless they last longer.",
    "visit-over": "The visit is over. Alarms of this unit count again.",
    "warranty": "The warranty is on record.",
    "voided": "The warranty gives nothing from now on.",
    "site": "The site is on record.",
    "aside": "The site is offered no more.",
    "issued": "Issued and signed. It stays as it is, whatever changes.",
    "corrected": "A new revision is issued. It names the one it corrects, which stays.",
    "granted": "The credit is granted.",
    "excused": "Excused. The record keeps it with your name and reason.",
}
"""What a page says after the form that led to it; the address only names the sentence."""


def shown(template: str, organization: Organization, *, tab: str, **context: Any) -> str:
    """A page about a customer, under its tab: agreement, equipment, tickets, people or money."""
    agent = current_agent()
    return page(
        template,
        section="customers",
        organization=organization,
        tab=tab,
        tabs=firms.tabs(organization, agent),
        manages=manages(agent),
        said=_SAID.get(request.args.get("said", ""), ""),
        today=now().astimezone(zone_of(agent)).date(),
        money=amounts.money,
        day=amounts.day,
        length=amounts.length,
        **context,
    )


def said(url: str, what: str) -> Response:
    """See the page again, with the sentence of what was done."""
    return redirect(f"{url}?said={what}", 303)
