"""Slack's names, checked: ids of capitals and digits, time stamps that name messages (1700000000.000100)."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from channels.adapter import Quarantine

_ID = re.compile(r"[A-Z0-9]{2,40}\Z")
_STAMP = re.compile(r"[0-9]{1,11}\.[0-9]{1,6}\Z")


def name(given: str) -> str:
    """An id of a workspace, person, channel or file.

    Raises:
        Quarantine: it is none.
    """
    if not _ID.match(given):
        raise Quarantine("It names somebody or something as Slack does not.")
    return given


def stamp(given: str) -> str:
    """The time stamp that names a message in its channel.

    Raises:
        Quarantine: it is none.
    """
    if not _STAMP.match(given):
        raise Quarantine("It names a message as Slack does not.")
    return given


def instant(of: str) -> datetime:
    """The time (UTC) a stamp says; to the microsecond, as far as Slack's clock goes."""
    seconds, _, rest = of.partition(".")
    return datetime.fromtimestamp(int(seconds), UTC).replace(microsecond=int(rest.ljust(6, "0")))
