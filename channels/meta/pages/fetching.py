"""A file of a message by its address at Meta, which opens it to whoever knows it for some days; no token goes along."""

from __future__ import annotations

from channels import downloading

MOST_BYTES = 100 * 1024 * 1024
_GONE = frozenset({400, 403, 404, 410})


def fetch(url: str) -> bytes:
    """The bytes.

    Raises:
        SendError: they did not come, for now or for good.
    """
    return downloading.content(downloading.follow(url, "Meta", most=MOST_BYTES), "Meta", gone=_GONE)
