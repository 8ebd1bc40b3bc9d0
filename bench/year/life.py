"""A ticket as it stands, its words, and what was told of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from bench.year.house import Customer

OPEN, PENDING, ON_HOLD, RESOLVED, CLOSED = range(1, 6)


class Told(NamedTuple):
    """An event of a ticket."""

    ticket: int
    kind: str
    at: datetime
    agent: int | None
    contact: int | None
    message: int | None
    data: dict[str, Any]


class Held(NamedTuple):
    """In whose hands, and by which channel, a ticket stood before an instant."""

    before: datetime
    team: int | None
    agent: int | None
    channel: str


@dataclass
class Said:
    """A message; the ticket is where it is in the end."""

    id: int
    ticket: int
    direction: str
    kind: str
    channel: str
    contact: int | None
    agent: int | None
    at: datetime


@dataclass
class Life:
    """A ticket as it stands, with what happened."""

    id: int
    customer: Customer
    contact: int
    created_at: datetime
    channel: str
    team: int | None = None
    agent: int | None = None
    status: int = OPEN
    waiting_for: str = ""
    priority: int = 2
    spam_at: datetime | None = None
    resolved_at: datetime | None = None
    merged_into: int | None = None
    tags: tuple[int, ...] = ()
    assets: tuple[tuple[int, str], ...] = ()
    said: list[Said] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    unheard: list[Said] = field(default_factory=list)
    """Words nobody has answered."""
    absorbed: list[Life] = field(default_factory=list)
    """What was merged into it."""
    parted_at: datetime | None = None
    """When it was made of messages of another; before that nobody knew it."""
    visit: str = ""
    """The newest that was not called back."""
    visits: int = 0
    is_on_the_way: bool = False
    is_refused: bool = False
    says: dict[str, bool] = field(default_factory=dict)
    """What agents said of the work itself, by kind of event."""

    @property
    def began_at(self) -> datetime:
        """Since when there is such a ticket."""
        return self.parted_at or self.created_at

    def held_at(self, at: datetime) -> Held:
        """In whose hands it was."""
        later = (one for one in self.held if one.before > at)
        return next(later, Held(at, self.team, self.agent, self.channel))._replace(before=at)

    def tell(self, kind: str, at: datetime, agent: int | None = None, contact: int | None = None,
             message: int | None = None, **data: Any) -> None:  # fmt: skip
        self.told.append(Told(self.id, kind, at, agent, contact, message, data))

    def standing(self) -> dict[str, Any]:
        return {"status": self.status, "for": self.waiting_for, "asleep": None}

    def hand(self, at: datetime, *, team: int | None, agent: int | None) -> None:
        self.held.append(Held(at, self.team, self.agent, self.channel))
        self.team, self.agent = team, agent

    def write_by(self, at: datetime, channel: str) -> None:
        if channel != self.channel:
            self.held.append(Held(at, self.team, self.agent, self.channel))
            self.channel = channel
