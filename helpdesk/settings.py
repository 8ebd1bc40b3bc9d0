"""Typed settings, read once from the environment; a bad or missing one stops the start by name."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

Token = str
"""A secret that programs show; no sentence repeats one."""


class Unusable(ValueError):
    """A setting whose value cannot be read; says which and why in one sentence."""


@dataclass(kw_only=True)
class Settings:
    """Every setting of the product, by the type its value is read as."""

    database_url: str = ""
    """A PostgreSQL server; empty means the embedded one in `var`."""
    listen_database_url: str = ""
    """A direct connection for LISTEN where DATABASE_URL goes through a pooler; empty means the same."""
    pg_bin: str = ""
    """The folder of the embedded server's programs; empty means the wheel's, then the system's."""
    var: Path = Path("var")
    """Where data lives: database, blobs, keys."""
    base_url: str = "http://127.0.0.1:8000"
    """The address people open; every absolute link is built from it, never from a request's Host."""
    host: str = "127.0.0.1"
    port: int = 8000
    mail_host: str = "127.0.0.1"
    mail_port: int = 2525
    """Where the SMTP listener takes mail in; 0 turns it off."""
    lmtp_port: int = 0
    """Where a mail server in front may hand mail over by LMTP, on the same host; 0 turns it off."""
    secret_keys: str = ""
    """Comma-separated keys, newest first; empty means `var/secret.key`, made at the first start."""
    trusted_proxies: int = 0
    """How many proxies in front may be believed for the client's address."""
    web_workers: int = 2
    streams: int = 600
    """Live streams one web worker holds before it answers 503."""
    visitor_streams: int = 20_000
    """Streams of chat visitors one web worker holds; beyond that their pages ask every few seconds."""
    ticket_reads: int = 300
    """Different tickets one sign-in may open within ten minutes at one web worker; beyond that it is ended."""
    trusted_authserv: str = ""
    """Comma-separated names of mail servers whose Authentication-Results may be believed (RFC 8601)."""
    allow_private_hosts: str = ""
    """Comma-separated host names or networks that outgoing connections may reach though they are private."""
    heartbeat_url: str = ""
    """An address of a watcher outside, called once a minute while all is well; empty calls nobody."""
    metrics_token: Token = ""
    """What a monitoring system shows to read /metrics, at least 24 characters; empty lets nobody read it."""
    demo: bool = False
    frozen_at: datetime | None = None
    """The product's clock stands still at this instant (with its offset): only to compare screens."""

    def address(self, path: str) -> str:
        """Where the world finds a path of ours."""
        return self.base_url.rstrip("/") + path

    @property
    def blobs(self) -> Path:
        return self.var / "blobs"


@lru_cache
def settings() -> Settings:
    """The settings of this process.

    Raises:
        Unusable: one cannot be read.
    """
    return read(os.environ)


def variable(name: str) -> str:
    """What a setting is called in the environment."""
    return name.upper() if name.endswith("database_url") else f"HELPDESK_{name.upper()}"


def variables() -> list[str]:
    """What every setting is called in the environment."""
    return [variable(field.name) for field in fields(Settings)]


def read(environment: Mapping[str, str]) -> Settings:
    """The settings an environment gives; what it does not name is as it was meant to be.

    Raises:
        Unusable: one cannot be read.
    """
    kinds = {field.name: str(field.type) for field in fields(Settings) if variable(field.name) in environment}
    return Settings(**{name: _value(name, kind, environment[variable(name)]) for name, kind in kinds.items()})


def _value(name: str, kind: str, written: str) -> Any:
    reader, wanted = _READERS[kind]
    try:
        return reader(written)
    except (ValueError, KeyError) as error:
        said = "it" if kind == "Token" else repr(written)
        raise Unusable(f"{variable(name)} is not usable: {said} is not {wanted}.") from error


def _token(written: str) -> str:
    if not re.fullmatch(r"|[!-~]{24,}", written):
        raise ValueError
    return written


_YES_OR_NO = dict.fromkeys(("1", "true", "t", "yes", "y", "on"), True) | dict.fromkeys(
    ("0", "false", "f", "no", "n", "off"), False
)
_READERS: Mapping[str, tuple[Callable[[str], Any], str]] = {
    "str": (str, "text"),
    "int": (int, "a whole number"),
    "bool": (lambda written: _YES_OR_NO[written.lower()], "1 or 0"),
    "Path": (Path, "a path"),
    "Token": (_token, "24 or more letters, digits and signs without spaces"),
    "datetime | None": (datetime.fromisoformat, "a time like 2026-10-15T16:42-05:00"),
}
"""By the type of a field: how a value is read, and what it must be."""
