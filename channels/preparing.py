"""Preparing: an approved text goes where nothing free does; its provider lists them, and an agent fills one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from channels import registry
from channels.doors import Preparing
from channels.models import Channel
from channels.templates import Template
from helpdesk.db import db
from helpdesk.errors import Invalid, NotFound
from helpdesk.tickets.inputs import Prepared
from helpdesk.tickets.models import Ticket

LONGEST = 1024
"""Characters of one gap."""


def asking(ticket: Ticket) -> Callable[[], Sequence[Template]]:
    """What asks the provider of the ticket's channel for its texts; it needs no database.

    Raises:
        NotFound: its channel has none.
        AuthExpired: a secret cannot be opened.
    """
    channel = db.session.get(Channel, ticket.channel_id) if ticket.channel_id is not None else None
    preparing = registry.offered(channel.kind, Preparing) if channel is not None else None  # type: ignore[type-abstract]
    if channel is None or preparing is None:
        raise NotFound("There are no templates here.")
    return partial(preparing.templates, registry.adapter(channel.kind).connect(channel))


def fill(template: Template, typed: Mapping[str, str]) -> Prepared:
    """The text with its gaps filled; `typed` is by the key of a gap.

    Raises:
        Invalid: by gap, what is missing.
    """
    values = {gap.key: " ".join(typed.get(gap.key, "").split()) for gap in template.gaps}
    errors = {key: "Fill this in." for key, value in values.items() if not value}
    errors |= {key: "This is too long for a gap." for key, value in values.items() if len(value) > LONGEST}
    if errors:
        raise Invalid("Nothing was sent. Look at the fields marked below.", errors)
    return Prepared(template.name, template.language, tuple(values.items()))
