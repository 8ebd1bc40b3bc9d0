"""A file between two forms: kept for a day under a name that only who sent it has, for one customer."""

from __future__ import annotations

import re
import secrets
from contextlib import suppress
from pathlib import Path

from helpdesk.access.guards import current_agent
from helpdesk.errors import NotFound
from helpdesk.now import now
from helpdesk.settings import settings

_KEPT = 86_400
"""Seconds."""
_KEY = re.compile(r"[\w-]{22}")


def keep(content: bytes, organization_id: int) -> str:
    """Write it down; the key to read it with. What is older than a day goes."""
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for old in folder.glob("*.csv"):
        with suppress(FileNotFoundError):  # another request may clear up too
            if old.stat().st_mtime < now().timestamp() - _KEPT:
                old.unlink()
    key = secrets.token_urlsafe(16)
    _path(key, organization_id).write_bytes(content)
    return key


def read(key: str, organization_id: int) -> bytes:
    """What was kept.

    Raises:
        NotFound: there is none of that key, from this agent, for this customer; or no more.
    """
    try:
        return _path(key, organization_id).read_bytes()
    except FileNotFoundError as error:
        raise NotFound("This file is not here any more. Choose it again.") from error


def forget(key: str, organization_id: int) -> None:
    _path(key, organization_id).unlink(missing_ok=True)


def _path(key: str, organization_id: int) -> Path:
    if not _KEY.fullmatch(key):
        raise NotFound("This file is not here any more. Choose it again.")
    return _folder() / f"{organization_id}-{current_agent().id}-{key}.csv"


def _folder() -> Path:
    return settings().var / "uploads"
