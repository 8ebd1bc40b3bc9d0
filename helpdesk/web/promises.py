"""A ticket's nearest promise as screens take it."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from helpdesk.text.promised import Promised, Segment, State
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.queue import Row
from helpdesk.web.shown import Shown, show

_WORDS = {"reply": "reply", "update": "update", "on_site": "on site", "restore": "restore", "resolve": "solve"}
_WHOM = {"customer": "them", "part": "a part", "someone": "someone else"}


def listed(ticket: Ticket | Row, now: datetime, zone: ZoneInfo) -> Shown | None:
    """What a list shows of the ticket's next promise; None when none runs."""
    promised = next_promise(ticket)
    return show(promised, now, zone) if promised is not None else None


def next_promise(ticket: Ticket | Row) -> Promised | None:
    if ticket.next_due_at is None or ticket.next_due_since is None:
        return None
    asleep = ticket.next_due_asleep
    until = asleep.get("until")
    state = State.PAUSED if ticket.waiting_for else State.ASLEEP if until else State.RUNNING
    return Promised(
        start=ticket.next_due_since,
        due=ticket.next_due_at,
        state=state,
        what=_WORDS.get(ticket.next_due_kind, ticket.next_due_kind),
        segments=tuple(
            Segment(datetime.fromisoformat(start), datetime.fromisoformat(end)) for start, end in asleep.get("gaps", ())
        ),
        warn_at=ticket.next_due_warn_at,
        starts=datetime.fromisoformat(until) if until else None,
        waiting_for=_WHOM.get(ticket.waiting_for, "them"),
    )
