"""How one Telegram bot is connected: its token, and how it tells us what came in, as values."""

from __future__ import annotations

from dataclasses import dataclass, field

from channels import sealing
from channels.models import Channel
from helpdesk.settings import settings

TELEGRAM = "https://api.telegram.org"
TOKEN = "token"  # noqa: S105 - its name
HOOK_SECRET = "hook_secret"  # noqa: S105 - its name
"""What Telegram sends with each call; made here, of A-Z, a-z, 0-9, _ and - (core.telegram.org/bots/api#setwebhook)."""


@dataclass(frozen=True, slots=True)
class Connection:
    """`base_url` is the Bot API's, which may be a server of one's own; neither address ends with a slash."""

    base_url: str
    username: str
    """Of the bot, in small letters, without the @."""
    by_webhook: bool
    hook: str
    """Where Telegram reaches this channel."""
    token: str = field(repr=False)
    hook_secret: str = field(repr=False, default="")


def read(channel: Channel) -> Connection:
    """The connection of a channel.

    Raises:
        AuthExpired: a secret cannot be opened with the keys we have.
    """
    secrets = sealing.opened(channel)
    return Connection(
        base_url=str(channel.config.get("base_url") or TELEGRAM).rstrip("/"),
        username=channel.address.lstrip("@").lower(),
        by_webhook=channel.config.get("incoming") == "webhook",
        hook=f"{settings().base_url.rstrip('/')}/hooks/telegram/{channel.hook_key}",
        token=secrets.get(TOKEN, ""),
        hook_secret=secrets.get(HOOK_SECRET, ""),
    )
