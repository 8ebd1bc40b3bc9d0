"""Files that came as names only: asked for with their message, and put on it when they are here."""

from __future__ import annotations

from collections.abc import Sequence

from channels.adapter import Envelope, Part
from channels.models import Fetch, Inbound
from helpdesk import blobs, events, jobs
from helpdesk.db import db
from helpdesk.now import now
from helpdesk.tickets.inputs import new_key
from helpdesk.tickets.models import Attachment, Message, Ticket


def on_its_way(filename: str) -> str:
    return f"{filename} is on its way here."


def ask_for(filed: Sequence[tuple[Inbound, Envelope]]) -> None:
    """Have the files of what was filed just now fetched, once this transaction has committed."""
    for inbound, envelope in filed:
        if inbound.state != "done" or inbound.message_id is None:
            continue
        for part in envelope.attachments:
            if part.reference:
                _ask(inbound, inbound.message_id, part)


def put(fetch: Fetch, content: bytes) -> None:
    """The file is here: it is the message's from now on, unless its author took that back meanwhile."""
    fetch.state, fetch.reason = "done", ""
    message = db.session.get_one(Message, fetch.message_id)
    if message.deleted_at is None:
        db.session.add(
            Attachment(
                key=new_key(),
                message_id=message.id,
                sha256=blobs.put(content),
                filename=fetch.filename,
                content_type=fetch.content_type,
                size=len(content),
            )
        )
    _say(message, fetch.filename, "")


def give_up(fetch: Fetch, reason: str) -> None:
    """The file will not come; the message says so."""
    fetch.state, fetch.reason = "failed", reason
    _say(db.session.get_one(Message, fetch.message_id), fetch.filename, f"{fetch.filename} is not here: {reason}")


def _ask(inbound: Inbound, message_id: int, part: Part) -> None:
    fetch = Fetch(
        channel_id=inbound.channel_id,
        message_id=message_id,
        reference=part.reference,
        filename=part.filename,
        content_type=part.content_type,
        not_before=now(),
    )
    db.session.add(fetch)
    db.session.flush()
    jobs.defer("fetch", fetch_id=fetch.id)


def _say(message: Message, filename: str, instead: str) -> None:
    """Take the sentence that it is on its way off the message, with another in its place."""
    left = list(message.missing_files)
    if on_its_way(filename) in left:
        left.remove(on_its_way(filename))
    message.missing_files = [*left, instead] if instead else left
    events.record(db.session.get_one(Ticket, message.ticket_id), "message.completed", message_id=message.id)
