"""What a page says: shortest on screens of telephones, every ticket in a mail; of the customer's words the subject."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from helpdesk.db import db
from helpdesk.tickets.models import Ticket
from sla.commitments.models import Commitment
from sla.escalations import links
from sla.escalations.models import CAUSES, Escalation, Page, PageReason
from sla.policies.models import Clause

_NAMED = 10
"""So many tickets are named in a mail; the others are counted."""
_SHORT = 60
_ASKED = "Are you on it?"
TEST = "This is a test page. Nothing has happened, and you need do nothing."


def of(page: Page, kind: str) -> dict[str, Any]:
    """{"subject", "text", "how", "link", "speech"} for a method of this kind."""
    link = links.link(page.id)
    if page.is_test:
        return {"subject": "Test page", "text": TEST, "how": kind, "link": link, "speech": TEST}
    lines = _lines(page)
    head = lines[0] if len(lines) == 1 else f"{len(lines)} tickets, first: {lines[0]}"
    short = f"{head[: _SHORT + 40]} On it? {link} or answer ACK."
    named = "\n".join(f"- {line}" for line in lines[:_NAMED])
    more = f"\n- and {len(lines) - _NAMED} more" if len(lines) > _NAMED else ""
    full = f"{named}{more}\n\nOn it? Press the button here, or answer this with ACK:\n{link}\n"
    texts = {"sms": short, "push": named + more if len(lines) > 1 else _ASKED}
    return {
        "subject": head,
        "text": texts.get(kind, full),
        "how": kind,
        "link": link,
        "speech": f"This is the on-call line. {head}. Press 1 to say you are on it, or 2 to pass it on.",
    }


def _lines(page: Page) -> Sequence[str]:
    """One for each ticket, those with the nearest promise first."""
    rows = db.session.execute(
        select(Ticket, Escalation.cause, Clause.words, PageReason.step < 0)
        .join(Escalation, Escalation.ticket_id == Ticket.id)
        .join(PageReason, PageReason.escalation_id == Escalation.id)
        .outerjoin(Commitment, Commitment.id == Escalation.commitment_id)
        .outerjoin(Clause, Clause.id == Commitment.clause_id)
        .where(PageReason.page_id == page.id)
        .order_by(Commitment.due_at.nulls_last(), Ticket.id)
    )
    lines = {
        ticket.id: f"{'Still on it? ' if asked else ''}#{ticket.number} {ticket.subject[:_SHORT]}: "
        f"{(words or CAUSES[cause]).rstrip('.')}"
        for ticket, cause, words, asked in rows
    }
    return list(lines.values())
