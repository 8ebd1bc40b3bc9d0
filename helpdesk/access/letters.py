"""Letters of the house: an invitation, a link to set a new password, an alarm, handed to the outbox."""

from __future__ import annotations

from sqlalchemy import select

from helpdesk.access.browsers import described
from helpdesk.access.models import Session
from helpdesk.db import db
from helpdesk.outbox import Delivery
from helpdesk.people import letters
from helpdesk.people.models import Agent, Brand
from helpdesk.settings import settings

_SUBJECTS = {"invitation": "Your way in to {brand}", "reset": "A new password for {brand}"}
_BEFORE = {
    "invitation": "Your colleagues at {brand} answer their customers here and want you with them. "
    "Choose a password and you are in:",
    "reset": "Somebody, most likely you, asked for a new password for {brand}. Choose it here:",
}
_AFTER = {
    "invitation": "The link works once, for seven days.",
    "reset": "The link works once, for one hour. If it was not you, leave it: your password stays as it is.",
}


def send(agent: Agent, purpose: str, link: str) -> Delivery:
    """Put the letter in the outbox; it leaves after the commit by the first channel that can send."""
    brand = db.session.scalar(select(Brand.name).order_by(Brand.id).limit(1)) or "Kept"
    before, after = _BEFORE[purpose].format(brand=brand), _AFTER[purpose]
    return letters.write(agent, _SUBJECTS[purpose].format(brand=brand), [before], link, [after])


def alarm(reader: Agent, session: Session, reads: int) -> None:
    """Tell everybody who runs the house that a sign-in opened more tickets than a person reads."""
    runs = select(Agent).where(Agent.role == "admin", Agent.deactivated_at.is_(None), Agent.password_hash != "")
    said = [
        f"{reader.name} opened more than {reads} tickets within ten minutes. That sign-in was ended.",
        f"It came from {session.address} by {described(session.browser)}.",
        "Ask them whether it was they. If not, deactivate them, or have them choose a new password:",
    ]
    for admin in db.session.scalars(runs.order_by(Agent.id)):
        letters.write(admin, f"{reader.name} opened very many tickets", said, settings().address("/settings/people"))
