"""Making a ticket of a post that was said elsewhere: what a person decides, and nothing decides by itself.

The ticket has the post's words, its author and its link. It is answered by mail where its author is known here, with a
proven address; otherwise nothing can be answered, and the ticket says so. The promises count from now, or from when it
was posted, as its source is set.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from html import escape

from sqlalchemy import select

from channels import handing, heard, registry
from channels.doors import Observing
from channels.models import Channel
from channels.observe.models import ObservedPost
from helpdesk import events
from helpdesk.db import db
from helpdesk.errors import Conflict
from helpdesk.now import now
from helpdesk.people import contacts
from helpdesk.people.models import Address, Agent, Contact
from helpdesk.text.html import sanitise
from helpdesk.text.plain import snippet
from helpdesk.tickets import conversing, triage
from helpdesk.tickets.inputs import Incoming
from helpdesk.tickets.models import Ticket

_SUBJECT = 80
_NOBODY = "Somebody elsewhere"
_UNKNOWN = (
    "This was said {said}, not to us. Who wrote it is not known here, so an answer cannot be sent there: nothing is "
    "ever written where we only listen."
)
_KNOWN = "This was said {said}, not to us. Who wrote it is known here: an answer goes to them by mail, not there."


def promote(post: ObservedPost, *, by: Agent) -> Ticket:
    """A ticket of this post, which the caller holds locked, with its source. Twice gives the same ticket.

    Raises:
        Conflict: its author took it back.
    """
    if post.ticket_id is not None:
        return db.session.get_one(Ticket, post.ticket_id)
    if post.gone_at is not None:
        raise Conflict("Its author took this post back, so no ticket is made of it.")
    contact = _author(post)
    mailbox = handing.mailbox("") if _has_mail(contact) else None
    incoming = _incoming(post, is_known=mailbox is not None)
    answers = mailbox or post.channel
    ticket = conversing.open_ticket(contact, replace(incoming, channel_id=answers.id, channel_kind=answers.kind))
    message = conversing.receive(ticket, contact, incoming)
    events.record(ticket, "ticket.promoted", by=by, message_id=message.id, said=_said(post.channel), post=post.id)
    if post.tags:
        triage.tag(ticket, post.tags, by=by)
    db.session.flush()
    post.state, post.decided_by, post.ticket_id, post.message_id = "ticket", by.id, ticket.id, message.id
    db.session.flush()
    return ticket


def _author(post: ObservedPost) -> Contact:
    """Whoever has that very address; somebody new otherwise. A name proves nothing, so it finds nobody."""
    name = post.author_name or _NOBODY
    if post.author_address:
        return contacts.find_or_create(post.author_address, name=name, kind=post.channel.kind).contact
    contact = Contact(name=name, created_at=now())
    db.session.add(contact)
    db.session.flush()
    return contact


def _has_mail(contact: Contact) -> bool:
    mail = select(Address.id).where(Address.contact_id == contact.id, Address.kind == "email")
    return db.session.scalars(mail.where(Address.undeliverable_at.is_(None)).limit(1)).one_or_none() is not None


def _incoming(post: ObservedPost, *, is_known: bool) -> Incoming:
    text = heard.as_message(post)
    html = _with_link(post)
    safe = sanitise(html, cids={}) if html else None
    return Incoming(
        subject=post.title or snippet(post.text.strip().partition("\n")[0], _SUBJECT),
        text=text,
        reply_text=text,
        html=str(safe.html) if safe is not None else "",
        source_html=html,
        remote_images=safe.blocked if safe is not None else (),
        channel_id=post.channel_id,
        channel_kind=post.channel.kind,
        author_name=post.author_name or _NOBODY,
        author_address=post.author_address,
        warning=(_KNOWN if is_known else _UNKNOWN).format(said=_said(post.channel)),
        inbound_id=post.inbound_id,
        sent_at=post.posted_at,
        received_at=_counts_from(post),
        team_id=post.channel.team_id,
    )


def _with_link(post: ObservedPost) -> str:
    """Its HTML as it came, with where it stands; empty when it is plain text."""
    link = f'<p><a href="{escape(post.url)}">{escape(post.url)}</a></p>' if post.url else ""
    return f"{post.html}{link}" if post.html else ""


def _counts_from(post: ObservedPost) -> datetime | None:
    """None is now."""
    if post.channel.config.get("clock") != "posted" or post.posted_at is None:
        return None
    return min(post.posted_at, now())


def _said(channel: Channel) -> str:
    observing = registry.offered(channel.kind, Observing)  # type: ignore[type-abstract]
    return observing.said if observing is not None else "elsewhere"
