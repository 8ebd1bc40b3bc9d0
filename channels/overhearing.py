"""Overhearing: what a source tells of its posts becomes rows that can be listed. No ticket, no clock, no answer.

Every arrival has one end: kept (new, or other words than before), a duplicate, or ignored with the reason. What a post
says by now follows it onto the ticket somebody made of it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import func, select, tuple_

from channels import heard
from channels.adapter import Envelope, Overheard
from channels.models import Inbound
from channels.observe.models import ObservedPost
from helpdesk import live
from helpdesk.db import among, db, locked
from helpdesk.now import now
from helpdesk.tickets import revising
from helpdesk.tickets.models import Message, Ticket

Posts = Sequence[tuple[Inbound, Envelope]]
Key = tuple[int, str]

_LATER = "It is older than what is known by now."
_NEVER_READ = "Its author took it back before it was read."
_NO_SUBJECT = "(deleted by its author)"


def take(posts: Posts) -> None:
    """File these, in the caller's transaction; whoever calls files alone."""
    batch = _loaded(posts)
    for inbound, envelope in posts:
        inbound.reason = ""
        if envelope.post is not None and envelope.post.is_gone:
            _gone(batch, inbound, envelope)
        else:
            _told(batch, inbound, envelope)
    db.session.flush()
    live.announce(kind="post.heard")


@dataclass
class _Batch:
    """The posts these arrivals name, locked; and those of other sources that stand at the same addresses."""

    posts: dict[Key, ObservedPost] = field(default_factory=dict)
    elsewhere: dict[tuple[str, str], ObservedPost] = field(default_factory=dict)
    """By address and words."""


def _loaded(posts: Posts) -> _Batch:
    keys = [(inbound.channel_id, one.message_id) for inbound, one in posts]
    named = select(ObservedPost).where(tuple_(ObservedPost.channel_id, ObservedPost.name).in_(keys))
    rows = db.session.scalars(named.order_by(ObservedPost.id).with_for_update())
    urls = {one.post.url for _, one in posts if one.post is not None and one.post.url}
    placed = select(ObservedPost).where(among(ObservedPost.url, urls), ObservedPost.gone_at.is_(None))
    return _Batch(
        {(row.channel_id, row.name): row for row in rows},
        {(row.url, _words(row.title, row.text)): row for row in db.session.scalars(placed)} if urls else {},
    )


def _told(batch: _Batch, inbound: Inbound, envelope: Envelope) -> None:
    key = inbound.channel_id, envelope.message_id
    post, digest = batch.posts.get(key), _digest(envelope)
    if post is None:
        _begin(batch, inbound, envelope, digest)
    elif inbound.id < post.inbound_id:
        inbound.state, inbound.reason = "ignored", _LATER
    elif post.digest == digest and post.gone_at is None:
        _end(inbound, post, "duplicate")
    else:
        post.changed_at, post.gone_at = now(), None
        _write(post, inbound, envelope, digest)
        _tell_ticket(post, inbound)
        _end(inbound, post, "done")


def _begin(batch: _Batch, inbound: Inbound, envelope: Envelope, digest: str) -> None:
    url = _place(envelope).url
    twin = batch.elsewhere.get((url, _words(envelope.subject, envelope.text))) if url else None
    if twin is not None:
        _end(inbound, twin, "duplicate")
        return
    post = ObservedPost(channel_id=inbound.channel_id, name=envelope.message_id, heard_at=inbound.received_at, tags=[])
    _write(post, inbound, envelope, digest)
    db.session.add(post)
    batch.posts[post.channel_id, post.name] = post
    if url:
        batch.elsewhere[url, _words(post.title, post.text)] = post
    _end(inbound, post, "done")


def _gone(batch: _Batch, inbound: Inbound, envelope: Envelope) -> None:
    post = batch.posts.get((inbound.channel_id, envelope.message_id))
    if post is None:
        inbound.state, inbound.reason = "ignored", _NEVER_READ
        return
    if post.gone_at is not None or inbound.id < post.inbound_id:
        _end(inbound, post, "duplicate")
        return
    if post.message_id is not None:
        _take_from_ticket(post, inbound)
    post.gone_at, post.inbound_id = now(), inbound.id
    post.title = post.text = post.html = post.digest = ""
    post.words = func.to_tsvector("simple", "")
    _end(inbound, post, "done")


def _write(post: ObservedPost, inbound: Inbound, envelope: Envelope, digest: str) -> None:
    post.url = _place(envelope).url or post.url or ""
    post.title = envelope.subject or post.title or ""  # some sources name it in lists alone
    post.text, post.html, post.digest = envelope.text, envelope.html, digest
    post.author_name, post.author_address = envelope.author.name, envelope.author.address
    post.posted_at, post.inbound_id = envelope.date, inbound.id
    post.words = heard.document(post)


def _tell_ticket(post: ObservedPost, inbound: Inbound) -> None:
    message = db.session.get(Message, post.message_id) if post.message_id is not None else None
    if message is not None:
        revising.edit(_ticket(message), message, heard.as_message(post), at=now(), inbound_id=inbound.id)


def _take_from_ticket(post: ObservedPost, inbound: Inbound) -> None:
    """Its words leave the ticket too; where they stood for a subject, that one as well."""
    message = db.session.get(Message, post.message_id)
    if message is None:
        return
    ticket = _ticket(message)
    if not post.title and ticket.subject == message.subject:
        ticket.subject = message.subject = _NO_SUBJECT
    revising.delete(ticket, message, at=now(), inbound_id=inbound.id)


def _ticket(message: Message) -> Ticket:
    """Locked: somebody may be at it."""
    return locked(select(Ticket).where(Ticket.id == message.ticket_id))


def _end(inbound: Inbound, post: ObservedPost, state: str) -> None:
    inbound.state, inbound.ticket_id = state, post.ticket_id


def _place(envelope: Envelope) -> Overheard:
    return envelope.post or Overheard()


def _words(title: str, text: str) -> str:
    """The same for the same words, however they are set."""
    return hashlib.sha256(" ".join(f"{title}\n{text}".split()).encode()).hexdigest()


def _digest(envelope: Envelope) -> str:
    said = [envelope.subject, envelope.text, envelope.html, _place(envelope).url]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()
