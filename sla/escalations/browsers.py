"""Browsers as a way to be reached: added by the browser itself, laid aside when its push service says it is gone."""

from __future__ import annotations

from sqlalchemy import select, update

from helpdesk.access.browsers import described
from helpdesk.db import db
from helpdesk.now import now
from helpdesk.people import subscriptions
from helpdesk.people.models import Agent
from sla.escalations import methods
from sla.escalations.models import ContactMethod, PageAttempt

KIND = "push"


def add(agent: Agent, said: str, user_agent: str) -> ContactMethod:
    """Write down what a browser told of itself, and send it a code.

    Raises:
        Invalid: at "subscription", what does not fit. TooMany: a code was sent within the last minute.
    """
    subscription = subscriptions.read(said)
    address = f"{described(user_agent)}, {subscription.mark}"
    _make_room(agent, subscription.mark)
    details = {"mark": subscription.mark, "subscription": subscriptions.seal(subscription, address)}
    return methods.write_down(
        agent, ContactMethod(kind=KIND, address=address, details=details, delay_seconds=0), field="subscription"
    )


def subscription_of(attempt: PageAttempt) -> str:
    """How the browser of this attempt is reached, sealed; empty when it was taken away meanwhile."""
    mine = select(ContactMethod).where(
        ContactMethod.agent_id == attempt.page.agent_id,
        ContactMethod.kind == KIND,
        ContactMethod.address == attempt.address,
        ContactMethod.removed_at.is_(None),
    )
    method = db.session.scalars(mine).one_or_none()
    return str(method.details.get("subscription", "")) if method is not None else ""


def lay_aside(attempt: PageAttempt) -> None:
    """It rings no more, and its owner sees why until they take it away."""
    gone = update(ContactMethod).where(
        ContactMethod.agent_id == attempt.page.agent_id,
        ContactMethod.kind == attempt.kind,
        ContactMethod.address == attempt.address,
        ContactMethod.removed_at.is_(None),
    )
    db.session.execute(gone.values(verified_at=None, code_hash="", details={"is_gone": True}))


def _make_room(agent: Agent, mark: str) -> None:
    """One that was laid aside, and comes back under its old name, is the same no more."""
    for method in methods.of(agent):
        if method.kind == KIND and method.is_gone and method.address.endswith(f", {mark}"):
            method.removed_at = now()
    db.session.flush()
