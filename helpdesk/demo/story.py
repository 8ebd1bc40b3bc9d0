"""The story as values: what `story.toml` says, checked and typed."""

from __future__ import annotations

import tomllib
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Literal

from pydantic import ConfigDict, TypeAdapter
from pydantic.dataclasses import dataclass

_STRICT = ConfigDict(extra="forbid")
"""A misspelt key in the story is an error, not a silence."""


@dataclass(frozen=True, config=_STRICT)
class Inside:
    """An agent; `key` is how steps name them."""

    key: str
    name: str
    email: str
    role: Literal["admin", "manager", "agent"]
    zone: str
    teams: tuple[str, ...]


@dataclass(frozen=True, config=_STRICT)
class Company:
    """A customer company and its mail domain."""

    name: str
    domain: str


@dataclass(frozen=True, config=_STRICT)
class Outside:
    """A contact; `also` are (kind, value) of addresses beside the mail one."""

    name: str
    email: str
    kind: Literal["person", "device"] = "person"
    title: str = ""
    phone: str = ""
    zone: str = ""
    also: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, config=_STRICT)
class Mailbox:
    """The one channel: its sender's name, its address, the team it belongs to."""

    name: str
    address: str
    team: str


@dataclass(frozen=True, config=_STRICT)
class Opened:
    """A device that opened the ticket before anybody wrote, and what it reported."""

    by: str
    at: datetime
    report: str


@dataclass(frozen=True, config=_STRICT)
class Step:
    """One thing somebody did. `who` is a contact's name or an agent's key; `to` an agent's key or a channel kind."""

    at: datetime
    who: str
    does: Literal["writes", "replies", "notes", "drafts", "moves", "assigns", "snoozes", "resolves"]
    text: str = ""
    to: str = ""
    files: tuple[str, ...] = ()
    waits_for: Literal["", "customer", "part", "someone"] = ""
    resolves: bool = False
    until: datetime | None = None
    """When a snoozed ticket wakes; None sleeps until a reply."""


@dataclass(frozen=True, config=_STRICT)
class Told:
    """A ticket and its steps, oldest first."""

    number: int
    subject: str
    contact: str
    steps: tuple[Step, ...]
    channel: str = "email"
    tags: tuple[str, ...] = ()
    opened: Opened | None = None
    follows: int | None = None
    unread: bool = False
    closed: bool = False
    spam: bool = False


@dataclass(frozen=True, config=_STRICT)
class Kept:
    """A saved view: its name, whose team sees it, and the list with its filter as the address says it, and a tag."""

    name: str
    by: str
    team: str
    view: str
    tag: str = ""


@dataclass(frozen=True, config=_STRICT)
class Story:
    """Everything the demo knows; times are wall times in `zone`."""

    now: datetime
    zone: str
    began: datetime
    brand: str
    mailbox: Mailbox
    agents: tuple[Inside, ...]
    organizations: tuple[Company, ...]
    contacts: tuple[Outside, ...]
    tickets: tuple[Told, ...]
    views: tuple[Kept, ...] = ()


@cache
def story() -> Story:
    """The story as it is written beside this module."""
    return TypeAdapter(Story).validate_python(tomllib.loads(_beside("story.toml").decode()))


def picture(name: str) -> bytes:
    """The bytes of a picture somebody in the story attached."""
    return _beside(name)


def _beside(name: str) -> bytes:
    return (files("helpdesk.demo") / name).read_bytes()
