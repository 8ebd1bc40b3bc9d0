"""What a manager decides about a promise at risk: promise again and tell the customer, or leave it alone on purpose.

Neither changes the promise that was made: it is counted as it is kept or broken.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from helpdesk import events
from helpdesk.access.permissions import may
from helpdesk.db import db
from helpdesk.errors import Conflict, Invalid, NotAllowed
from helpdesk.now import now
from helpdesk.people.models import Agent
from helpdesk.tickets import conversing
from helpdesk.tickets.inputs import Answer
from helpdesk.tickets.models import Ticket
from sla.commitments.models import Commitment
from sla.reports.models import PromiseDecision

_MOST_WORDS = 2000


def leave_alone(ticket: Ticket, commitment: Commitment, *, by: Agent, reason: str) -> PromiseDecision:
    """It leaves the list until somebody takes it up again. The caller holds the ticket.

    Raises:
        NotAllowed: by somebody who is no manager. Invalid: no reason was given. Conflict: it does not run any more.
    """
    _check(commitment, by)
    words = reason.strip()
    if not words or len(words) > _MOST_WORDS:
        raise Invalid("That does not fit yet.", {"reason": "Say why, in a sentence."})
    made = _decide(commitment, PromiseDecision(kind="left", words=words), by)
    events.record(ticket, "commitment.left", by=by, commitment=commitment.id, reason=words)
    return made


def promise_again(ticket: Ticket, commitment: Commitment, *, by: Agent, words: str, until: datetime) -> PromiseDecision:
    """Send the new sentence to the customer as a reply; it comes back to the list when `until` (aware) is near.

    The caller holds its ticket.

    Raises:
        NotAllowed: by somebody who is no manager. Conflict: it does not run any more.
        Invalid: there is no sentence, the time is past, or the customer cannot be answered.
    """
    _check(commitment, by)
    said, mistakes = words.strip(), {}
    if not said or len(said) > _MOST_WORDS:
        mistakes["words"] = "Write what the customer gets, in your own words."
    if until <= now():
        mistakes["until"] = "Choose a time to come."
    if mistakes:
        raise Invalid("That does not fit yet.", mistakes)
    message = conversing.reply(ticket, Answer(body=said), by=by)
    made = _decide(commitment, PromiseDecision(kind="again", words=said, until=until, message_id=message.id), by)
    told = {"commitment": commitment.id, "until": until.isoformat()}
    events.record(ticket, "commitment.promised", by=by, message_id=message.id, **told)
    return made


def take_up(ticket: Ticket, commitment: Commitment, *, by: Agent) -> None:
    """What was decided counts no more; it is back in the list. Twice is harmless. The caller holds its ticket.

    Raises:
        NotAllowed: by somebody who is no manager.
    """
    _manages(by)
    standing = standing_of(commitment.id)
    if standing is None:
        return
    standing.undone_at = now()
    events.record(ticket, "commitment.reconsidered", by=by, commitment=commitment.id)


def standing_of(commitment_id: int) -> PromiseDecision | None:
    """What was decided last, unless it was taken back."""
    rows = select(PromiseDecision).where(PromiseDecision.commitment_id == commitment_id)
    return db.session.scalars(rows.where(PromiseDecision.undone_at.is_(None))).one_or_none()


def _decide(commitment: Commitment, made: PromiseDecision, by: Agent) -> PromiseDecision:
    before = standing_of(commitment.id)
    if before is not None:
        before.undone_at = now()
        db.session.flush()
    made.commitment_id, made.at, made.by_id = commitment.id, now(), by.id
    db.session.add(made)
    db.session.flush()
    return made


def _check(commitment: Commitment, by: Agent) -> None:
    _manages(by)
    if commitment.ended_at is not None:
        raise Conflict("This promise does not run any more, so there is nothing to decide.")


def _manages(by: Agent) -> None:
    if not may(by, "manage"):
        raise NotAllowed("Only managers and administrators decide this. Ask one of them.")
