"""Our own letters to people who work here: a greeting, what is to be said, and a link."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from helpdesk import outbox
from helpdesk.outbox import Delivery, DeliveryRecipient
from helpdesk.people.models import Agent

_LINE = Markup("<p>{}</p>")
_LINK = Markup('<p><a href="{0}">{0}</a></p>')


def write(agent: Agent, subject: str, said: Sequence[str], link: str, after: Sequence[str] = ()) -> Delivery:
    """Put a letter in the outbox; it leaves after the commit by the first channel that can send."""
    before = [f"Hello {agent.first_name},", *said]
    html = Markup().join([*map(_LINE.format, before), _LINK.format(link), *map(_LINE.format, after)])
    return outbox.enqueue(
        Delivery(
            purpose="letter",
            channel_id=None,
            content={"subject": subject, "text": "\n\n".join([*before, link, *after]) + "\n", "html": str(html)},
            recipients=[DeliveryRecipient(address=agent.email, name=agent.name)],
        )
    )
