"""What became of a policy, for its pages: its versions, and its draft replayed over past tickets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from helpdesk.access.guards import current_agent
from helpdesk.access.permissions import visible_tickets
from helpdesk.db import db
from helpdesk.people.models import Agent
from helpdesk.tickets.models import Ticket
from helpdesk.web.rendering import page
from sla.commitments import whatif
from sla.commitments.models import WhatIf
from sla.policies import drafting, matching, standing
from sla.policies.drafting import Draft
from sla.policies.models import SLAPolicy
from sla.web import policywords

_MOST_NAMED = 200
_CHANGES = {
    "later": "Would have been late",
    "sooner": "Were late, and would not have been",
    "joined": "Would have been promised this too",
    "left": "Would not have been promised this",
}


def history(policy: SLAPolicy) -> str:
    """Every version, the newest first."""
    known = standing.versions(policy)
    ids = {one.created_by_id for one in known if one.created_by_id is not None}
    who = dict(db.session.execute(select(Agent.id, Agent.name).where(Agent.id.in_(ids))).all()) if ids else {}
    names = policywords.names([one for version in known for one in matching.conditions(version)])
    calendars = policywords.calendars()
    past = [
        {
            "version": version,
            "by": who.get(version.created_by_id or 0, ""),
            "when": policywords.when(matching.conditions(version), names),
            "promises": [(one.words, policywords.summary(one, calendars)) for one in drafting.read(version).promises],
        }
        for version in reversed(known)
    ]
    return page(
        "sla/policies/history.html",
        section="policies",
        policy=policy,
        past=past,
        current=standing.in_force_in(known),
    )


def replay(policy: SLAPolicy, said: Draft) -> dict[str, Any]:
    """The card "If this had been in force"."""
    run = whatif.latest(policy.id)
    return {
        "run": run,
        "is_stale": run is not None and run.fingerprint != drafting.fingerprint(said),
        "share_now": whatif.share(run.result["now"]) if run is not None else None,
        "share_then": whatif.share(run.result["then"]) if run is not None else None,
        "counted": policywords.counted,
    }


def named(policy: SLAPolicy, run: WhatIf) -> str:
    """The tickets a replay names."""
    return page(
        "sla/policies/replay.html",
        section="policies",
        policy=policy,
        run=run,
        named=[
            (words, _named(run.result.get(kind, [])), run.result["changed"].get(kind, 0))
            for kind, words in _CHANGES.items()
        ],
        most=_MOST_NAMED,
    )


def _named(ids: Sequence[int]) -> Sequence[Ticket]:
    rows = visible_tickets(current_agent()).where(Ticket.id.in_(ids[:_MOST_NAMED])).order_by(Ticket.number.desc())
    return db.session.scalars(rows).all()
