"""What a channel of machines needs to listen, as values: its keys, the labels of alerts, its broker."""

from __future__ import annotations

from dataclasses import dataclass, field

from channels import sealing
from channels.device import alertmanager, keys, topics
from channels.device.topics import Pattern
from channels.models import Channel

PASSWORD = "password"  # noqa: S105 - its name
DEFAULT_TOPICS = "devices/{device}/faults"


@dataclass(frozen=True, slots=True)
class Broker:
    """Where MQTT is spoken. `client_id` stays the same, so that the broker keeps for us what we miss."""

    host: str
    port: int
    is_encrypted: bool
    topics: tuple[Pattern, ...]
    client_id: str
    username: str = ""
    ca_file: str | None = None
    password: str = field(repr=False, default="")


@dataclass(frozen=True, slots=True)
class Connection:
    keys: tuple[tuple[int, str], ...] = field(repr=False, default=())
    """Id and SHA-256 of each that opens."""
    labels: tuple[str, ...] = alertmanager.LABELS
    broker: Broker | None = None


def read(channel: Channel) -> Connection:
    """The connection of a channel.

    Raises:
        AuthExpired: a secret cannot be opened with the keys we have.
    """
    given = tuple(one.strip() for one in str(channel.config.get("labels") or "").split(",") if one.strip())
    known = tuple((key.id, key.hash) for key in keys.of(channel))
    return Connection(known, given or alertmanager.LABELS, _broker(channel))


def _broker(channel: Channel) -> Broker | None:
    config = {name: str(value) for name, value in channel.config.items()}
    if config.get("incoming") != "stream":
        return None
    port = config.get("port", "")
    return Broker(
        host=config.get("host", ""),
        port=int(port) if port.isdecimal() else 8883,
        is_encrypted=config.get("security", "tls") == "tls",
        topics=topics.patterns(config.get("topics") or DEFAULT_TOPICS),
        client_id=f"kept-{(channel.hook_key or '')[:17]}",
        username=config.get("username", ""),
        ca_file=config.get("ca_file") or None,
        password=sealing.opened(channel).get(PASSWORD, ""),
    )
