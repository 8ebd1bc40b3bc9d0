"""The sidebar's ways to the customers, to the rotas and to the policies; who takes over next at its foot."""

from __future__ import annotations

from flask import current_app, render_template, request

from helpdesk.access.guards import signed_in_agent
from helpdesk.web.rendering import zone_of
from sla.web import takeover


def customers() -> str:
    is_here = request.path == "/customers" or request.path.startswith("/customers/")
    return render_template("sla/customers/_entry.html", is_here=is_here)


def rotas() -> str:
    return render_template("sla/oncall/_entry.html", is_here=_is_at_rotas())


def rotas_below() -> str:
    """In the bar at the foot of a small screen."""
    return render_template("sla/oncall/_tab.html", is_here=_is_at_rotas())


def next_on_call() -> str:
    """The card that says who takes over today; nothing when nobody does."""
    found = takeover.next_one(current_app)
    if found is None:
        return ""
    return render_template("sla/oncall/_takeover.html", found=found, zone=zone_of(signed_in_agent()))


def policies() -> str:
    """Calendars belong to them: a promise is counted in one."""
    is_here = request.path.startswith(("/policies", "/calendars"))
    return render_template("sla/policies/_entry.html", is_here=is_here)


def _is_at_rotas() -> bool:
    return request.path == "/on-call" or request.path.startswith("/on-call/")
