"""The keys of a channel: made, shown once, taken over by another, revoked. Operations flush only."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from datetime import timedelta

from sqlalchemy import or_, select, update

from channels import logbook
from channels.device.models import DeviceKey
from channels.models import Channel
from helpdesk.db import among, db, locked
from helpdesk.errors import Invalid
from helpdesk.now import now

PREFIX = "kept_"
"""So that people, and programs that look for leaked keys, know one when they see it."""
OVERLAP = timedelta(hours=24)
"""So long a key that was replaced still opens."""
_MOST = 500
_MOST_NAME = 100
_USED = timedelta(minutes=1)


def make(channel: Channel, name: str, *, by: str) -> tuple[DeviceKey, str]:
    """A new key, and the key itself in plain text, which nobody can be told again.

    Raises:
        Invalid: it has no name, or there are too many.
    """
    named = " ".join(name.split())
    if not named or len(named) > _MOST_NAME or not named.isprintable():
        raise Invalid("No key was made.", {"name": f"Say whose key it is, in at most {_MOST_NAME} characters."})
    if len(of(channel)) >= _MOST:
        raise Invalid("No key was made.", {"name": f"At most {_MOST} keys open one channel. Revoke some first."})
    plain = PREFIX + secrets.token_urlsafe(32)
    made = DeviceKey(
        channel_id=channel.id, name=named, hash=digest(plain), tail=plain[-4:], made_by=by, created_at=now()
    )
    db.session.add(made)
    logbook.note(channel, "off" if channel.is_paused else "working", f"{by} made a key for {named}.")
    return made, plain


def rotate(channel: Channel, key_id: int, *, by: str) -> tuple[DeviceKey, str]:
    """A new key in the place of one that goes on for a day.

    Raises:
        NotFound: it has no such key. Invalid: as for `make`.
    """
    old = _locked(channel, key_id)
    made = make(channel, old.name, by=by)
    old.ends_at = min(old.ends_at or now() + OVERLAP, now() + OVERLAP)
    db.session.flush()
    return made


def revoke(channel: Channel, key_id: int, *, by: str) -> DeviceKey:
    """It opens nothing any more. Twice is harmless.

    Raises:
        NotFound: it has no such key.
    """
    key = _locked(channel, key_id)
    if key.ends_at is None or key.ends_at > now():
        key.ends_at = now()
        logbook.note(channel, channel.state, f"{by} revoked the key of {key.name}.")
    return key


def of(channel: Channel) -> list[DeviceKey]:
    """Those that open, the oldest first."""
    opens = or_(DeviceKey.ends_at.is_(None), DeviceKey.ends_at > now())
    rows = select(DeviceKey).where(DeviceKey.channel_id == channel.id, opens).order_by(DeviceKey.id)
    return list(db.session.scalars(rows))


def used(key_ids: Collection[int]) -> None:
    """Remember that these were used, to the minute."""
    if key_ids:
        stale = or_(DeviceKey.used_at.is_(None), DeviceKey.used_at < now() - _USED)
        db.session.execute(update(DeviceKey).where(among(DeviceKey.id, key_ids), stale).values(used_at=now()))


def digest(plain: str) -> str:
    """What is kept of it. It has 256 random bits, so that a plain hash cannot be searched."""
    return hashlib.sha256(plain.encode("utf-8", "replace")).hexdigest()


def _locked(channel: Channel, key_id: int) -> DeviceKey:
    return locked(select(DeviceKey).where(DeviceKey.id == key_id, DeviceKey.channel_id == channel.id), what="key")
