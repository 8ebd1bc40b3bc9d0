"""Letters of the house: an invitation, or a link to set a new password, handed to the outbox."""

from __future__ import annotations

from sqlalchemy import select

from helpdesk.db import db
from helpdesk.outbox import Delivery
from helpdesk.people import letters
from helpdesk.people.models import Agent, Brand

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
