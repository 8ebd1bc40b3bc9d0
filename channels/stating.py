"""Stating: what a ticket is told of a message: its words in a line and in full, its files, what speaks against it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from channels import missing
from channels.adapter import Envelope, Kind, Part, Party
from channels.models import Inbound
from channels.routing import Route
from helpdesk import blobs
from helpdesk.now import now
from helpdesk.text.plain import snippet
from helpdesk.tickets.inputs import File, Incoming

_LATE = timedelta(seconds=1)
_SUBJECT = 80
"""Characters of the first words that stand for a subject."""


def incoming(inbound: Inbound, envelope: Envelope, found: Route) -> Incoming:
    """The message as words for a ticket; its files are stored."""
    files = tuple(_store(part) for part in envelope.attachments if not (part.reference or part.missing))
    return Incoming(
        subject=envelope.subject or _in_a_line(envelope),
        text=envelope.text,
        reply_text=envelope.reply_text or (envelope.text if envelope.is_chat else ""),
        html=envelope.shown_html,
        source_html=envelope.html,
        remote_images=envelope.remote_images,
        kind=envelope.kind.value,
        channel_id=inbound.channel_id,
        channel_kind=inbound.channel.kind,
        author_name=envelope.author.name,
        author_address=envelope.author.address,
        to={"to": _pairs(envelope.to), "cc": _pairs(envelope.cc), "reply_to": _pairs(envelope.reply_to)},
        files=files,
        warning=_warning(envelope, found),
        external_id=envelope.message_id,
        inbound_id=inbound.id,
        sent_at=envelope.date,
        received_at=inbound.received_at if now() - inbound.received_at > _LATE else None,
        team_id=inbound.channel.team_id,
        suggested_number=found.suggested_number,
        missing_files=_missing(envelope),
    )


def _missing(envelope: Envelope) -> tuple[str, ...]:
    """A sentence for each file that is not here, or not yet."""
    absent = (part for part in envelope.attachments if part.reference or part.missing)
    return tuple(part.missing or missing.on_its_way(part.filename) for part in absent)


def _in_a_line(envelope: Envelope) -> str:
    """What a conversation, which has no subject, is about: its first words, or what came instead of words."""
    if not envelope.is_chat:
        return ""
    words = snippet(envelope.text.strip().partition("\n")[0], _SUBJECT)
    return words or next((f"A file: {part.filename}" for part in envelope.attachments), "")


def _store(part: Part) -> File:
    return File(
        sha256=blobs.put(part.content),
        filename=part.filename,
        content_type=part.content_type,
        size=len(part.content),
        inline=part.inline,
        cid=part.cid,
        key=part.key,
    )


def _warning(envelope: Envelope, found: Route) -> str:
    if envelope.kind is Kind.BOUNCE:
        return ""
    if envelope.authentication.failed:
        return "The sender’s mail server did not confirm this address. It may be forged."
    if envelope.suspicion:
        return envelope.suspicion
    if found.stranger:
        return "Somebody new to this ticket. Nothing goes to them until you let them in."
    return ""


def _pairs(parties: Iterable[Party]) -> list[list[str]]:
    return [[party.name, party.address] for party in list(parties)[:100]]
