"""How browsers are reached: by one channel of the house, made when the first is added, and its sealed key."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from channels import sealing
from channels.adapter import AuthExpired, Permanent
from channels.models import Channel
from channels.push import vapid
from helpdesk.db import db
from helpdesk.now import now
from helpdesk.people.models import Brand
from helpdesk.settings import settings

SECRET = "vapid"  # noqa: S105 - its name
_KIND = "push"
_LOST = (
    "The key for browser notifications cannot be opened with the secret keys of this server. "
    "An administrator must bring the old secret key back."
)


@dataclass(frozen=True, slots=True)
class Connection:
    """`subject` tells a push service how we are reached (RFC 8292, section 2.1)."""

    subject: str
    key: EllipticCurvePrivateKey = field(repr=False)


def read(channel: Channel) -> Connection:
    """The connection of the channel.

    Raises:
        Permanent: its key cannot be opened; every browser was given that one, so a new one would reach none.
    """
    try:
        key = sealing.opened(channel)[SECRET]
    except (AuthExpired, KeyError) as error:
        raise Permanent(_LOST) from error
    return Connection(_subject(settings().base_url), vapid.read(key))


def of_the_house() -> Channel:
    """The one channel to all browsers; made with its key where there is none, by whoever is first."""
    standing = select(Channel).where(Channel.kind == _KIND, Channel.address == _KIND)
    found = db.session.scalars(standing).one_or_none()
    return found if found is not None else _made()


def _made() -> Channel:
    brand_id = db.session.scalars(select(Brand.id).order_by(Brand.id).limit(1)).one()
    row = {"kind": _KIND, "address": _KIND, "name": "Browsers", "brand_id": brand_id, "created_at": now()}
    values = {**row, "config": {}, "secrets": {}, "cursor": {}, "aliases": {}, "state": "working", "state_text": ""}
    db.session.execute(insert(Channel).values(**values, acknowledges=False).on_conflict_do_nothing())
    mine = select(Channel).where(Channel.kind == _KIND, Channel.address == _KIND).with_for_update()
    channel = db.session.scalars(mine.execution_options(populate_existing=True)).one()
    if SECRET not in channel.secrets:
        sealing.seal(channel, {SECRET: vapid.made()})
        db.session.flush()
    return channel


def _subject(base_url: str) -> str:
    if base_url.startswith("https://"):
        return base_url
    return f"mailto:postmaster@{urlsplit(base_url).hostname}"
