"""How one account on X is connected: an app's two keys and the account's two tokens (OAuth 1.0a), as values.

An access token begins with the number of its account (docs.x.com/resources/fundamentals/authentication/oauth-1-0a).
The app's secret also signs what X calls us with.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from channels import sealing
from channels.models import Channel
from helpdesk.settings import settings

X = "https://api.twitter.com"
"""Where tweepy asks; part of what it signs."""
SECRETS = ("api_key", "api_secret", "access_token", "access_secret")


@dataclass(frozen=True, slots=True)
class Connection:
    """`base_url` does not end with a slash; another one than X's is asked in the place of every host of X's."""

    base_url: str
    username: str
    """In small letters, without the @."""
    with_directs: bool
    """Whether direct messages are read."""
    is_called: bool
    """Whether X calls us, so that asking only finds what no call told of."""
    hook: str
    """Where X reaches this channel."""
    api_key: str = field(repr=False)
    api_secret: str = field(repr=False)
    access_token: str = field(repr=False)
    access_secret: str = field(repr=False)

    @property
    def user_id(self) -> str:
        """The account's; empty when the token does not tell."""
        number, dash, _ = self.access_token.partition("-")
        return number if dash and number.isascii() and number.isdigit() else ""


def read(channel: Channel) -> Connection:
    """The connection of a channel.

    Raises:
        AuthExpired: a secret cannot be opened with the keys we have.
    """
    secrets = sealing.opened(channel)
    return Connection(
        str(channel.config.get("base_url") or X).rstrip("/"),
        channel.address.lstrip("@").lower(),
        channel.config.get("reads", "both") != "posts",
        channel.config.get("incoming") == "both",
        f"{settings().base_url.rstrip('/')}/hooks/x/{channel.hook_key}",
        *(secrets.get(name, "") for name in SECRETS),
    )
