"""Recognising: a visitor of a chat is somebody we know, shown by both halves at one page; recorded, and undoable.

The one half is the token of the page that began the conversation. The other is what the site signed for that page, or
the link that came to the address the visitor gave. What an agent took apart since is joined again by `proving` alone.
"""

from __future__ import annotations

from sqlalchemy import exists, or_, select

from channels import intake, proving, visiting
from channels.chat.identity import Identity
from channels.models import Channel, Visit
from channels.transcript import KIND
from helpdesk.db import db
from helpdesk.errors import Conflict
from helpdesk.now import now
from helpdesk.people import contacts
from helpdesk.people.models import Address
from helpdesk.tickets import joining
from helpdesk.tickets.models import ContactJoin


def is_anothers(channel: Channel, key: str, identity: Identity | None) -> bool:
    """Whether somebody else is signed in at this browser than who is known to have begun this conversation."""
    if not key or identity is None:
        return False
    visit = visiting.find(channel.id, key)
    return visit is not None and visit.is_known and visit.email != identity.email


def arrive(channel: Channel, key: str, identity: Identity, *, zone: str) -> Visit:
    """They are here now, and are who their site says, unless they are another's (`is_anothers`)."""
    before = visiting.find(channel.id, key)
    if before is not None and before.verified_at is None:
        intake.one_at_a_time()  # before any row is held; of a new one nothing can be filed meanwhile
    visit = visiting.arrive(channel, key, zone=zone)
    visit.name = identity.name or visit.name
    if visit.verified_at is None and _become(visit, identity.email, identity.name):
        visit.email, visit.verified_at = identity.email, now()
    return visit


def by_link(visit: Visit, email: str) -> None:
    """The page that began the conversation has opened the link that we mailed to `email`. Twice is harmless."""
    if visit.is_known:
        return
    intake.one_at_a_time()
    visit = visiting.arrive(db.session.get_one(Channel, visit.channel_id), visit.key)
    if not visit.is_known and _become(visit, email, visit.name):
        visit.email, visit.proven_at = email, now()


def _become(visit: Visit, email: str, name: str) -> bool:
    """Whether the chat's contact and who has the address are one person now."""
    own = contacts.find_or_create(visit.key, name=visit.name or "Visitor", kind=KIND)
    known = contacts.find(email)
    if known is not None and known.contact_id == own.contact_id:
        return True
    if _is_somebody(own) or _was_parted(own) or proving.refusal(own.contact, email):
        return False
    try:
        with db.session.begin_nested():
            address = contacts.find_or_create(email, name=name)
            joining.join(own.contact, address.contact, proven=address)
    except Conflict:
        return False  # their words are taken all the same
    return True


def _is_somebody(own: Address) -> bool:
    """Shown by a code to be a person: who comes to that browser later does not make two people one."""
    others = exists().where(Address.contact_id == own.contact_id, Address.id != own.id)
    return bool(db.session.scalar(select(others)))


def _was_parted(own: Address) -> bool:
    """An agent has said that it is not them; the site and the link would only say the same again."""
    joined = or_(ContactJoin.contact_id == own.contact_id, ContactJoin.into_id == own.contact_id)
    return bool(db.session.scalar(select(exists().where(joined, ContactJoin.parted_at.is_not(None)))))
