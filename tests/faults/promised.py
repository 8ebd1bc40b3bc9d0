"""Requests with a promise that falls due while things are killed, each at an instant of its own."""

from __future__ import annotations

from datetime import datetime, timedelta

from channels.models import Channel
from helpdesk.db import db
from helpdesk.now import now, travel
from helpdesk.people import contacts
from helpdesk.people.models import Agent
from helpdesk.tickets import conversing, lifecycle
from helpdesk.tickets.inputs import Incoming
from sla.policies import editing
from sla.policies.drafting import Draft
from sla.policies.inputs import Promise

TARGET = 1200
WARNS_BEFORE = 12
"""Seconds: 99 percent of the target are used then, the latest point a promise can name."""
LEAD = 22
"""Seconds from the loading to the first that falls due, in which the product starts."""
SPAN = 14
"""Seconds from the first that falls due to the last."""
_WORDS = "Done within twenty minutes."
_KEPT_EVERY = 10
"""One in so many is done in time, and must never be told of."""
_AT_ONCE = 50


def write(count: int, maya: Agent, channel: Channel) -> None:
    """Commits as it goes."""
    first = now() + timedelta(seconds=LEAD - TARGET)
    with travel(to=first - timedelta(days=1)):
        draft = Draft((), (Promise(_WORDS, "resolution", TARGET, warn_percent=99),))
        policy = editing.create("Everybody", draft, by=maya)
        editing.put_in_force(policy)
        db.session.commit()
    for number in range(count):
        _ticket(number, first + timedelta(seconds=SPAN * number / count), maya, channel)
        if number % _AT_ONCE == _AT_ONCE - 1:
            _commit(first)
    _commit(first)


def _ticket(number: int, at: datetime, maya: Agent, channel: Channel) -> None:
    address = f"p{number}@customer.example"
    with travel(to=at):
        contact = contacts.find_or_create(address, name=f"P {number}").contact
        words = Incoming(
            subject=f"Promise {number}",
            text=f"Words of {number}.",
            reply_text=f"Words of {number}.",
            channel_id=channel.id,
            author_address=address,
            external_id=f"<{number}@customer.example>",
        )
        ticket = conversing.open_ticket(contact, words)
        conversing.receive(ticket, contact, words)
    if number % _KEPT_EVERY == 0:
        with travel(to=at + timedelta(seconds=SPAN)):
            lifecycle.resolve(ticket, by=maya)


def _commit(first: datetime) -> None:
    """Promises are judged with the commit, as of a moment at which all have arrived and none is near its end."""
    with travel(to=first + timedelta(seconds=2 * SPAN)):
        db.session.commit()
