"""How one page, account or number is connected, as values."""

from __future__ import annotations

from dataclasses import dataclass, field

from channels import sealing
from channels.models import Channel

GRAPH = "https://graph.facebook.com"
VERSION = "v25.0"
"""Of the Graph API; Meta keeps each for two years (developers.facebook.com/docs/graph-api/guides/versioning)."""
TOKEN = "token"  # noqa: S105 - its name
APP_SECRET = "app_secret"  # noqa: S105 - its name
VERIFY_TOKEN = "verify_token"  # noqa: S105 - its name


@dataclass(frozen=True, slots=True)
class Connection:
    """`base_url` is the Graph API's, without a slash at its end."""

    base_url: str
    address: str
    """Of the channel: the id of a page or an Instagram account, or a telephone number with its plus."""
    number_id: str = ""
    """What WhatsApp calls the number."""
    business: str = ""
    """The WhatsApp Business account the number and its templates belong to."""
    token: str = field(repr=False, default="")
    app_secret: str = field(repr=False, default="")
    verify_token: str = field(repr=False, default="")


def read(channel: Channel) -> Connection:
    """The connection of a channel.

    Raises:
        AuthExpired: a secret cannot be opened with the keys we have.
    """
    secrets = sealing.opened(channel)
    return Connection(
        base_url=str(channel.config.get("base_url") or GRAPH).rstrip("/"),
        address=channel.address,
        number_id=str(channel.config.get("number_id", "")),
        business=str(channel.config.get("business", "")),
        token=secrets.get(TOKEN, ""),
        app_secret=secrets.get(APP_SECRET, ""),
        verify_token=secrets.get(VERIFY_TOKEN, ""),
    )
