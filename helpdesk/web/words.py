"""Small words that templates ask for."""

from __future__ import annotations

import secrets
from datetime import datetime
from zoneinfo import ZoneInfo

from flask import Flask

from helpdesk.now import now
from helpdesk.plugins import installed
from helpdesk.text.timeleft import span, when
from helpdesk.tickets import reach
from helpdesk.tickets.models import Priority, Ticket
from helpdesk.tickets.queue import Row

_UNITS = ((1_000_000, "MB"), (1_000, "kB"))


def install(app: Flask) -> None:
    app.jinja_env.globals.update(
        client_id=client_id,
        has_mailbox=has_mailbox,
        local_time=local_time,
        priority_word=priority_word,
        reach_of=reach.of,
        size_in_words=size_in_words,
        waiting_words=waiting_words,
        when_iso=when_iso,
    )


def size_in_words(size: int) -> str:
    """420 kB, 2.4 MB: decimal units, as people read them."""
    for unit, word in _UNITS:
        if size >= unit:
            amount = size / unit
            return f"{amount:.1f} {word}" if amount < 10 and word == "MB" else f"{amount:.0f} {word}"
    return f"{size} B"


def client_id() -> str:
    """Names one sending, so that the same form sent twice adds one message."""
    return secrets.token_hex(16)


def has_mailbox() -> bool:
    return bool(installed().senders())


def priority_word(priority: int) -> str:
    return Priority(priority).name.lower()


def waiting_words(ticket: Ticket | Row) -> str:
    """How long the customer has waited, when nobody promised anything."""
    return f"Waiting {span(now() - ticket.waiting_since)}" if ticket.waiting_since else ""


def local_time(theirs: str, mine: ZoneInfo) -> str:
    """What time it is for the customer, and whether that differs."""
    there, here = now().astimezone(ZoneInfo(theirs)), now().astimezone(mine)
    same = there.utcoffset() == here.utcoffset()
    return f"{there:%H:%M} for them, same as you" if same else f"{there:%a %H:%M} for them"


def when_iso(instant: str, zone: ZoneInfo) -> str:
    return when(datetime.fromisoformat(instant), now(), zone)
