"""What the conformance suite needs of an adapter: its channel, its peer, what the peer sends, and how it misbehaves.

An adapter registers one `Bench` in `tests/channels/contract/conftest.py`; the suite does the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from channels.models import Channel

Story = TypeVar("Story", bound=Any)


@dataclass(frozen=True)
class Said:
    """What a customer does: `number` names the message, `at` is seconds of an arbitrary clock."""

    number: int = 1
    text: str = "The cold room is warm."
    author: str = "Olive Tran"
    at: int = 1_790_000_000
    chat: int = 501


def needs(what: str) -> Callable[[Story], Story]:
    """A story that is told only of benches that have this."""

    def marked(story: Story) -> Story:
        story.needs = what
        return story

    return marked


class Peer(Protocol):
    """The provider on loopback, turned to what the suite asks for."""

    def channel(self) -> Channel:
        """A connected channel of this kind, committed."""
        ...

    def accept(self) -> None:
        """Take what is sent from now on."""
        ...

    def refuse_for_now(self, seconds: int) -> None:
        """Say that the next message comes too early by so many seconds."""
        ...

    def break_down(self) -> None:
        """Answer the next message with a 5xx."""
        ...

    def hang_up(self) -> None:
        """Take the next messages and give no answer."""
        ...

    def forget_us(self) -> None:
        """Know our credentials no more."""
        ...

    def lose_the_customer(self) -> None:
        """Refuse the next message for good."""
        ...

    def taken(self) -> list[str]:
        """The texts that arrived, in their order."""
        ...


@dataclass
class Turned:
    """A peer whose provider on loopback, `there`, can be cut off and told to refuse."""

    there: Any

    def accept(self) -> None:
        self.there.cut = False
        self.there.refusals.clear()

    def hang_up(self) -> None:
        self.there.cut = True


@dataclass(frozen=True)
class Bench:
    """`message`, `edit` and `delete` make one raw call each; None where the provider tells no such thing.

    `sign` gives the headers of a genuine call and `forge` those of one that is not, by what is wrong: missing, wrong,
    altered (right for other bytes), old. A provider without signatures over bytes leaves the last two out. `garbage` is
    kept aside and answered; None where it is refused in words, because our own page would have sent it.
    """

    kind: str
    peer: Callable[[], AbstractContextManager[Peer]]
    message: Callable[[Said], bytes]
    sign: Callable[[bytes], dict[str, str]]
    forge: dict[str, Callable[[bytes], dict[str, str]]]
    edit: Callable[[Said], bytes] | None = None
    delete: Callable[[Said], bytes] | None = None
    content_type: str = "application/json"
    """Of its calls."""
    answers: bool | None = True
    """What it brings are words that can be answered; None: machines, and places that are only read."""
    window: Callable[[Any], None] | None = None
    """Close the reply window of a ticket's conversation."""
    door: str = "/hooks/{kind}/{key}"
    """Where calls come in."""
    elsewhere: bool | None = True
    """None: the provider is the product itself, which can neither be away nor refuse."""
    garbage: tuple[bytes, ...] | None = field(
        default=(b"", b"\xff\xfe\x00", b"[]", b"{", b'{"a": NaN}', b"[" * 5000, b'"\\ud800"', b'{"update_id": "x"}')
    )
