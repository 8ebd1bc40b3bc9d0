"""One typed input per operation, shared by every face of the product."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote


def new_key() -> str:
    """128 random bits that name a file in its address."""
    return secrets.token_urlsafe(16)


def file_url(key: str, filename: str) -> str:
    """Our address of an attachment."""
    return f"/attachments/{key}/{quote(filename, safe='')}"


@dataclass(frozen=True)
class File:
    """A stored file to attach: its blob and how it calls itself."""

    sha256: str
    filename: str
    content_type: str
    size: int
    inline: bool = False
    cid: str = ""
    key: str = field(default_factory=new_key)

    @property
    def url(self) -> str:
        return file_url(self.key, self.filename)


@dataclass(frozen=True)
class Incoming:
    """A customer's words, made safe, ready to join a ticket."""

    subject: str
    text: str
    reply_text: str
    html: str = ""
    source_html: str = ""
    remote_images: tuple[str, ...] = ()
    kind: str = "message"
    channel_id: int | None = None
    channel_kind: str = "email"
    author_name: str = ""
    author_address: str = ""
    to: dict[str, list[list[str]]] = field(default_factory=dict)
    files: tuple[File, ...] = ()
    warning: str = ""
    external_id: str = ""
    inbound_id: int | None = None
    sent_at: datetime | None = None
    received_at: datetime | None = None
    """When it reached us, where that was noticeably before it is filed."""
    team_id: int | None = None
    suggested_number: int | None = None
    missing_files: tuple[str, ...] = ()
    """A sentence for each file that is not here, or not yet."""


@dataclass(frozen=True)
class Prepared:
    """A text its provider approved before, by name and language; `values` fill its gaps, in the order of the text."""

    name: str
    language: str
    values: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Answer:
    """An agent's reply or note."""

    body: str
    client_id: str | None = None
    waits_for: str = ""
    resolves: bool = False
    prepared: Prepared | None = None
    """The body is this, filled; it goes where nothing free does."""


@dataclass(frozen=True)
class NewTicket:
    """A ticket an agent writes to a customer."""

    address: str
    name: str
    subject: str
    body: str
    channel_id: int
    client_id: str | None = None
