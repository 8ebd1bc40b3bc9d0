"""One IMAP folder read by UID: mail newer than a cursor comes out, and is settled once it is stored."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from types import TracebackType
from typing import Any, Self

from imapclient import SEEN
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError

from channels.adapter import Permanent
from channels.email import idling
from channels.email.configs import MailboxConfig, Secret
from channels.email.connecting import Client, checked_folder, close, connect, in_words, select
from channels.email.deadline import deadline

LARGEST = 50 * 1024 * 1024
"""Bytes; a larger mail is not fetched, only its header is."""
_BATCH_BYTES = 4 * 1024 * 1024
_BATCH_MAILS = 50
_WINDOW = 50_000
_SLOWEST = 8 * 1024
"""Bytes a second; a fetch slower than this is given up."""
_HEADER = 64 * 1024
_TOO_LARGE = f"This mail is larger than {LARGEST // 1024 // 1024} MB. It waits on the server."
_WITHHELD = "The mail server could not hand over this mail."


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a folder has been read. `uidvalidity` 0 means never."""

    folder: str
    uidvalidity: int = 0
    last_uid: int = 0

    def past(self, mails: Sequence[Fetched]) -> Cursor:
        """The cursor after `mails` are stored."""
        if not mails:
            return self
        newest = mails[-1]
        return Cursor(self.folder, newest.uidvalidity, newest.uid)


@dataclass(frozen=True, slots=True)
class Fetched:
    """One mail as the server holds it. `raw` is None when it was not fetched: `reason` says why, `header` remains."""

    uidvalidity: int
    uid: int
    size: int
    raw: bytes | None
    header: bytes = b""
    reason: str = ""

    def key(self, folder: str) -> str:
        """What names this mail for ever in its mailbox (RFC 3501 2.3.1.1)."""
        return f"{folder}:{self.uidvalidity}:{self.uid}"


class Mailbox:
    """An open folder. One per thread: the library is not thread safe."""

    def __init__(self, config: MailboxConfig, secret: Secret, *, fresh: bool = False) -> None:
        self.config = config
        self._secret = secret
        self._fresh = fresh
        self._client: Client
        self._facts: dict[bytes, Any] = {}

    def __enter__(self) -> Self:
        self._client = connect(self.config, self._secret, fresh=self._fresh)
        try:
            self._facts = select(self._client, self.config, readonly=self.config.after == "leave")
            self._client.told_of_mail()
        except BaseException:
            close(self._client)
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if kind is None:
            with deadline(self._client.socket(), 2):
                self._client.__exit__(None, None, None)
        else:
            close(self._client)

    @property
    def uidvalidity(self) -> int:
        return int(self._facts[b"UIDVALIDITY"])

    def end(self) -> Cursor:
        """The cursor that takes in only what arrives from now on."""
        with in_words(self.config):
            newest = max(self._client.search(["UID", "1:*"]) if not self._uidnext else [self._uidnext - 1], default=0)
        return Cursor(self.config.folder, self.uidvalidity, newest)

    def fetch(self, cursor: Cursor, limit: int = 200) -> Iterator[Fetched]:
        """At most `limit` mails behind `cursor`, oldest first, none marked as read.

        A changed UIDVALIDITY starts again from the first mail; `Fetched.key` keeps what was taken in from coming twice.

        Raises:
            Retryable: the connection broke; what was yielded before is whole.
        """
        same = cursor.uidvalidity == self.uidvalidity and cursor.folder == self.config.folder
        with in_words(self.config):
            self._client.told_of_mail()  # what it told of before, the search finds
            uids = list(islice(self._newer(cursor.last_uid if same else 0), limit))
            sizes = self._sizes(uids)
            for batch in _batches(uids, sizes):
                yield from self._bodies(batch, sizes)

    def settle(self, uids: Sequence[int]) -> None:
        """Flag or move what is safely stored, as the mailbox is set; nothing when mail is to be left alone."""
        if self.config.after == "leave" or not uids:
            return
        with in_words(self.config):
            for start in range(0, len(uids), 200):
                chunk = list(uids[start : start + 200])
                if self.config.after == "seen":
                    self._client.add_flags(chunk, [SEEN], silent=True)
                else:
                    self._move(chunk)

    def wait(self, seconds: float, stop: threading.Event, *, without_idle: float = 15) -> bool:
        """True when something may be new; False after `seconds` (`without_idle` of them), or when `stop` is set."""
        with in_words(self.config):
            return idling.wait(self._client, seconds, stop, without_idle=without_idle)

    @property
    def _uidnext(self) -> int:
        return int(self._facts.get(b"UIDNEXT", 0))

    def _newer(self, last: int) -> Iterator[int]:
        """UIDs above `last`, ascending, in windows: one answer line must not outgrow what the library reads.

        The last window is open, and `n:*` names the newest mail even when it is older than n (RFC 3501 6.4.8).
        """
        low = last + 1
        while low + _WINDOW < self._uidnext:
            yield from sorted(uid for uid in self._search(f"{low}:{low + _WINDOW - 1}") if uid >= low)
            low += _WINDOW
        yield from sorted(uid for uid in self._search(f"{low}:*") if uid >= low)

    def _search(self, span: str) -> list[int]:
        with deadline(self._client.socket(), 120):
            return [int(uid) for uid in self._client.search(["UID", span])]

    def _sizes(self, uids: list[int]) -> dict[int, int]:
        """Sizes in bytes; a mail that another program removed meanwhile is missing."""
        sizes: dict[int, int] = {}
        for start in range(0, len(uids), 200):
            with deadline(self._client.socket(), 120):
                found = self._client.fetch(uids[start : start + 200], ["RFC822.SIZE"])
            sizes |= {uid: int(items.get(b"RFC822.SIZE") or 0) for uid, items in found.items()}
        return sizes

    def _bodies(self, batch: list[int], sizes: dict[int, int]) -> Iterator[Fetched]:
        if sizes[batch[0]] > LARGEST:
            yield self._header_only(batch[0], sizes[batch[0]], _TOO_LARGE)
            return
        found = self._read_each(batch, sizes)
        for uid in batch:
            raw = found.get(uid, b"")
            if raw is None:
                yield self._header_only(uid, sizes[uid], _WITHHELD)
            elif uid in found:
                yield Fetched(self.uidvalidity, uid, len(raw), raw)

    def _read_each(self, batch: list[int], sizes: dict[int, int]) -> dict[int, bytes | None]:
        """Bodies; one by one when the server refuses them together, as some do for one damaged mail."""
        try:
            return self._read(batch, "BODY.PEEK[]", sum(sizes[uid] for uid in batch))
        except IMAPClientAbortError:
            raise
        except IMAPClientError:
            if len(batch) == 1:
                return {batch[0]: None}
        return {uid: raw for each in batch for uid, raw in self._read_each([each], sizes).items()}

    def _header_only(self, uid: int, size: int, reason: str) -> Fetched:
        try:
            header = self._read([uid], f"BODY.PEEK[HEADER]<0.{_HEADER}>", _HEADER).get(uid) or b""
        except IMAPClientAbortError:
            raise
        except IMAPClientError:
            header = b""
        return Fetched(self.uidvalidity, uid, size, None, header, reason)

    def _read(self, uids: list[int], item: str, size: int) -> dict[int, bytes | None]:
        """What the server gave; None where it answered without a body, nothing where the mail is gone."""
        with deadline(self._client.socket(), 60 + size / _SLOWEST):
            found = self._client.fetch(uids, [item])
        return {uid: _body(items) for uid, items in found.items()}

    def _move(self, uids: list[int]) -> None:
        """MOVE (RFC 6851), else COPY and UID EXPUNGE (RFC 4315); never a bare EXPUNGE, which takes others' mail too."""
        target = checked_folder(self.config.move_to)
        if target == self.config.folder:
            raise Permanent("Mail cannot be moved to the folder it is read from. Choose another one.")
        if not self._client.folder_exists(target):
            self._client.create_folder(target)
        if self._client.has_capability("MOVE"):
            self._client.move(uids, target)
            return
        self._client.copy(uids, target)
        self._client.delete_messages(uids, silent=True)
        if self._client.has_capability("UIDPLUS"):
            self._client.uid_expunge(uids)


def _batches(uids: list[int], sizes: dict[int, int]) -> Iterator[list[int]]:
    """Neighbours that fit into one fetch; what is too large to be fetched stands alone."""
    batch: list[int] = []
    room = _BATCH_BYTES
    for uid in uids:
        if uid not in sizes:
            continue
        alone = sizes[uid] > LARGEST or bool(batch and sizes[batch[-1]] > LARGEST)
        if batch and (alone or sizes[uid] > room or len(batch) == _BATCH_MAILS):
            yield batch
            batch, room = [], _BATCH_BYTES
        batch.append(uid)
        room -= sizes[uid]
    if batch:
        yield batch


def _body(items: dict[bytes, Any]) -> bytes | None:
    """The one body item of a FETCH answer; servers write its name with or without the range."""
    return next((value for name, value in items.items() if name.startswith(b"BODY[") and value is not None), None)
