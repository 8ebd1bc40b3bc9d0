"""A mailbox as an administrator wants it, and what stands against it: an address that is taken, a secret to type."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import func, or_, select

from channels import secrecy
from channels.models import Channel
from channels.secrecy import Endpoints
from helpdesk.db import db
from helpdesk.errors import Invalid

_FIELDS = {"imap": "imap_password", "smtp": "smtp_password", "oauth_client": "oauth_client_secret"}
_TYPE = {
    "imap": "Type the password of the mailbox.",
    "smtp": "Type the password of the outgoing server.",
    "oauth_client": "Type the secret of the application.",
}
_TYPE_AGAIN = {
    "imap": "The password would go to another server than before. Type it again.",
    "smtp": "The password would go to another server than before. Type it again.",
    "oauth_client": "This is another application than before. Type its secret.",
}


@dataclass(frozen=True, slots=True)
class Typed:
    """Secrets as somebody typed them; empty means: leave what is stored."""

    imap: str = field(default="", repr=False)
    smtp: str = field(default="", repr=False)
    oauth_client: str = field(default="", repr=False)

    def of(self, name: str) -> str:
        value: str = getattr(self, name)
        return value


@dataclass(frozen=True, slots=True)
class Wanted:
    """A mailbox as an administrator wants it, checked field by field."""

    name: str
    address: str
    endpoints: Endpoints
    aliases: tuple[str, ...] = ()
    team_id: int | None = None
    plus_addressing: bool = True
    acknowledges: bool = False
    urgent_telephone: str = ""
    """In E.164; where customers may call when it cannot wait for us to open."""
    from_now_on: bool = True
    """Take in what arrives from now on; otherwise also what lies in the folder already."""
    typed: Typed = field(default_factory=Typed)


def usable_secrets(wanted: Wanted, channel: Channel | None) -> frozenset[str]:
    """The stored secrets that may be used on.

    Raises:
        Invalid: another one is needed and was not typed.
    """
    usable: frozenset[str] = frozenset()
    if channel is not None:
        usable = secrecy.kept(secrecy.stored(channel), wanted.endpoints) & channel.secrets.keys()
    missing = [n for n in secrecy.needed(wanted.endpoints) if not wanted.typed.of(n) and n not in usable]
    if missing:
        had = channel.secrets if channel is not None else {}
        words = {_FIELDS[name]: (_TYPE_AGAIN if name in had else _TYPE)[name] for name in missing}
        raise Invalid("Nothing was saved and nobody was signed in.", words)
    return usable


def refuse_taken(wanted: Wanted, channel: Channel | None) -> None:
    """An address belongs to one mailbox, whether as its own or as a further one."""
    for address in (wanted.address, *wanted.aliases):
        own_or_alias = or_(func.lower(Channel.address) == address, Channel.aliases["addresses"].contains([address]))
        others = select(Channel.id).where(Channel.kind == "email", own_or_alias)
        if channel is not None:
            others = others.where(Channel.id != channel.id)
        if db.session.scalars(others.limit(1)).first() is not None:
            raise taken(address, "address" if address == wanted.address else "aliases")


def taken(address: str, name: str = "address") -> Invalid:
    return Invalid("Nothing was saved.", {name: f"{address} is connected already. Change that mailbox instead."})


def reads_elsewhere(wanted: Wanted, channel: Channel | None) -> bool:
    before = secrecy.stored(channel).imap if channel is not None else None
    after = wanted.endpoints.imap
    if before is None or after is None:
        return before is not after
    return (before.host.lower(), before.username, before.folder) != (after.host.lower(), after.username, after.folder)
