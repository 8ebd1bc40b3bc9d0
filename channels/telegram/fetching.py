"""A file of a message: its path by getFile, then its bytes from /file/bot{token}/{path}.

Source: core.telegram.org/bots/api#getfile.
"""

from __future__ import annotations

import re

from channels import downloading
from channels.adapter import Permanent
from channels.telegram.asking import ask
from channels.telegram.connection import Connection
from channels.telegram.reading import MOST_BYTES

_PATH = re.compile(r"[A-Za-z0-9_./-]{1,300}\Z")
_GONE = frozenset({400, 404, 410})


def fetch(reference: str, connection: Connection) -> bytes:
    """The bytes.

    Raises:
        SendError: they did not come, for now or for good.
    """
    file = ask(connection, "getFile", file_id=reference, is_read=True).part("result")
    path = file.text("file_path")
    if not _PATH.match(path) or ".." in path:
        raise Permanent("Telegram does not say where it is.")
    url = f"{connection.base_url}/file/bot{connection.token}/{path}"
    return downloading.content(downloading.ask(url, "Telegram", most=MOST_BYTES), "Telegram", gone=_GONE)
