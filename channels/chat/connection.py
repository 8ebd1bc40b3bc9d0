"""How one chat is connected: where it may stand, how it looks and what signs its visitors, as values."""

from __future__ import annotations

from dataclasses import dataclass, field

from channels import sealing
from channels.models import Channel
from helpdesk.settings import settings

SECRET = "identity_secret"  # noqa: S105 - its name
FALLBACK_MINUTES = 10
_ACCENT = "#1853a5"


@dataclass(frozen=True, slots=True)
class Connection:
    """`sites` are origins, where `https://*.example.com` stands for every name below; `accent` is #rrggbb."""

    key: str
    name: str
    sites: tuple[str, ...]
    accent: str
    side: str
    greeting: str
    fallback_minutes: int
    mailbox: str
    """Where unread answers leave from and mail comes back to; empty for the first mailbox."""
    secret: str = field(repr=False, default="")

    @property
    def place(self) -> str:
        """The address of everything of this chat."""
        return settings().address(f"/chat/{self.key}")


def read(channel: Channel) -> Connection:
    """The connection of a channel.

    Raises:
        AuthExpired: a secret cannot be opened with the keys we have.
    """
    return shown(channel, sealing.opened(channel).get(SECRET, ""))


def shown(channel: Channel, secret: str = "") -> Connection:
    """The same without opening any secret."""
    config = channel.config
    minutes = str(config.get("fallback_minutes", ""))
    return Connection(
        key=channel.hook_key or "",
        name=channel.name,
        sites=tuple(dict.fromkeys([channel.address, *str(config.get("sites", "")).split()])),
        accent=str(config.get("accent") or _ACCENT),
        side=str(config.get("side") or "right"),
        greeting=str(config.get("greeting", "")),
        fallback_minutes=int(minutes) if minutes.isdecimal() else FALLBACK_MINUTES,
        mailbox=str(config.get("mailbox", "")),
        secret=secret,
    )
