"""How one telephone number is connected: account, number and secret, and what happens to calls, as values."""

from __future__ import annotations

from dataclasses import dataclass, field

from channels import sealing
from channels.models import Channel
from helpdesk.settings import settings

TWILIO = "https://api.twilio.com"
SECRET = "token"  # noqa: S105 - its name
"""The name of the one secret: Twilio's Auth Token, which signs us in and signs what Twilio tells us."""


@dataclass(frozen=True, slots=True)
class Connection:
    """`base_url` is the provider's, `hooks` ours, where it reaches this channel; neither ends with a slash."""

    account: str
    number: str
    """Ours, in E.164: a plus sign and digits."""
    base_url: str
    hooks: str
    token: str = field(repr=False)
    name: str = ""
    """Of the house, as callers hear it."""
    forward: str = ""
    """Whom calls ring first: a number, or the name of a rota; empty for nobody."""
    greeting: str = ""
    """Said in place of our own words."""
    transcribes: bool = False
    is_arranged: bool = False
    """We tell the provider where calls and messages go."""


def read(channel: Channel) -> Connection:
    """The connection of a channel.

    Raises:
        AuthExpired: its secret cannot be opened with the keys we have.
    """
    config = channel.config
    return Connection(
        account=str(config["account"]),
        number=channel.address,
        base_url=str(config.get("base_url") or TWILIO).rstrip("/"),
        hooks=f"{settings().base_url.rstrip('/')}/hooks/phone/{channel.hook_key}",
        token=sealing.opened(channel).get(SECRET, ""),
        name=channel.name,
        forward=str(config.get("forward", "")),
        greeting=str(config.get("greeting", "")),
        transcribes=config.get("transcribe") == "yes",
        is_arranged=config.get("incoming") == "arranged",
    )
