"""What one source needs to be read, as values."""

from __future__ import annotations

from dataclasses import dataclass, field

from channels import sealing
from channels.models import Channel

TOKEN = "token"  # noqa: S105 - its name
BASE_URL = "base_url"
EVERY = "every"
_LEAST = 5


@dataclass(frozen=True, slots=True)
class Connection:
    """`address` is what is asked for: a feed's URL, a forum, words.

    `base_url` is of the place that is asked, without a slash at its end: typed, or the address where that is one.
    """

    address: str
    base_url: str
    query: str = ""
    username: str = ""
    every: int = 15
    """Minutes between two looks."""
    token: str = field(repr=False, default="")

    @property
    def asks(self) -> str:
        """The same as long as the same is asked for: what is known of the answers before is of use then."""
        return f"{self.base_url}\n{self.address}\n{self.query}"


def read(channel: Channel) -> Connection:
    """The connection of a channel.

    Raises:
        AuthExpired: a secret cannot be opened with the keys we have.
    """
    config = {name: str(value) for name, value in channel.config.items()}
    every = config.get(EVERY, "")
    address = channel.address.strip()
    place = config.get(BASE_URL, "") or (address if address.startswith(("https://", "http://")) else "")
    return Connection(
        address=address,
        base_url=place.rstrip("/"),
        query=config.get("query", ""),
        username=config.get("username", ""),
        every=max(_LEAST, int(every)) if every.isdecimal() else 15,
        token=sealing.opened(channel).get(TOKEN, ""),
    )
