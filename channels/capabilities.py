"""What can be said in one conversation of a channel, and how long a text is as that channel counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from helpdesk.text.weighing import weighed


class Unit(StrEnum):
    """In what the length of a text is counted."""

    CHARACTERS = "characters"
    UTF16 = "utf16"
    """As JavaScript counts: an emoji is two."""
    BYTES = "bytes"
    """Of UTF-8."""
    WEIGHED = "weighed"
    """As X counts (`helpdesk.text.weighing`)."""


@dataclass(frozen=True, slots=True)
class Files:
    """What may go with one message. `size` is bytes of each; `types` are beginnings of media types, none: any."""

    count: int = 0
    size: int = 0
    types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Talk:
    """One conversation as an adapter may know it: its own key and facts, and when the customer last wrote there."""

    key: str
    facts: Mapping[str, str] = field(default_factory=dict)
    last_inbound_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What goes in one conversation now. Two sentences are for the agent, in the words of somebody who answers."""

    max_length: int | None = None
    """Of the text of one message; None: as long as we take."""
    unit: Unit = Unit.CHARACTERS
    files: Files = field(default_factory=Files)
    html: bool = False
    threads: bool = False
    """A message can answer another one."""
    edit: bool = False
    delete: bool = False
    typing: bool = False
    """The other side is shown that somebody is writing."""
    immediate: bool = False
    """What is sent is said: it is there at once, and nobody waits for an undo."""
    can_initiate: bool = False
    """We may write first."""
    reply_window_until: datetime | None = None
    """After this nothing free can be sent until the customer writes again."""
    automatic_until: datetime | None = None
    """After this only a person's own words can be sent, nothing the product says by itself."""
    requires_summons: bool = False
    """We may only answer who called us."""
    public: bool = False
    """Everybody can read what is said there."""
    shared: bool = False
    """Others than the customer may be there: a group, a channel."""
    cost_hint: str = ""
    """What an answer costs, when it does: "An answer with a link costs $0.20."."""
    templates: bool = False
    """What nothing free does, a text of `channels.templates` does."""
    closed: str = ""
    """Why nothing can be sent here now and what to do instead; empty when it can."""


def length(text: str, unit: Unit) -> int:
    """How long `text` is."""
    if unit is Unit.UTF16:
        return len(text.encode("utf-16-le", "surrogatepass")) // 2
    if unit is Unit.BYTES:
        return len(text.encode("utf-8", "surrogatepass"))
    return weighed(text) if unit is Unit.WEIGHED else len(text)
