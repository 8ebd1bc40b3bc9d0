"""The secrets of a channel: sealed for it alone, opened only to connect, never shown."""

from __future__ import annotations

from channels.adapter import AuthExpired
from channels.models import Channel
from helpdesk.vault import Unreadable, vault


def seal(channel: Channel, secrets: dict[str, str]) -> None:
    """Store secrets, encrypted for this channel; names that are not given, or are empty, keep what they had."""
    sealed = {name: vault().seal(value, context(channel.id, name)) for name, value in secrets.items() if value}
    channel.secrets = {**channel.secrets, **sealed}


def forget(channel: Channel, *names: str) -> None:
    channel.secrets = {name: sealed for name, sealed in channel.secrets.items() if name not in names}


def opened(channel: Channel) -> dict[str, str]:
    """All of them in plain text.

    Raises:
        AuthExpired: one cannot be opened with the keys we have.
    """
    try:
        return {name: vault().open(sealed, context(channel.id, name)) for name, sealed in channel.secrets.items()}
    except Unreadable as error:
        raise AuthExpired("The stored secret cannot be opened with the key of this server. Enter it again.") from error


def context(channel_id: int, name: str) -> str:
    """What a secret is sealed for: elsewhere it does not open."""
    return f"channel:{channel_id}:{name}"
