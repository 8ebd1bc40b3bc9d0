"""How one Slack workspace is connected: an app's tokens, its signing secret, and how Slack tells us, as values.

Names are Slack's: a bot token begins with xoxb-, an app-level token with xapp- (docs.slack.dev/authentication/tokens).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from channels import sealing
from channels.models import Channel
from helpdesk.settings import settings

SLACK = "https://slack.com/api"
BOT, SIGNING, APP = "bot_token", "signing_secret", "app_token"


@dataclass(frozen=True, slots=True)
class Connection:
    """`base_url` is of Slack's methods; neither address ends with a slash."""

    base_url: str
    workspace: str
    """Its domain, in small letters: meridian.slack.com."""
    by_socket: bool
    hook: str
    """Where Slack reaches this channel."""
    bot_token: str = field(repr=False)
    signing_secret: str = field(repr=False, default="")
    app_token: str = field(repr=False, default="")


def read(channel: Channel) -> Connection:
    """The connection of a channel.

    Raises:
        AuthExpired: a secret cannot be opened with the keys we have.
    """
    secrets = sealing.opened(channel)
    return Connection(
        base_url=str(channel.config.get("base_url") or SLACK).rstrip("/"),
        workspace=channel.address.lower(),
        by_socket=channel.config.get("incoming") == "stream",
        hook=f"{settings().base_url.rstrip('/')}/hooks/slack/{channel.hook_key}",
        bot_token=secrets.get(BOT, ""),
        signing_secret=secrets.get(SIGNING, ""),
        app_token=secrets.get(APP, ""),
    )
