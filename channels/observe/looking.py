"""One look at a source: what is new, changed or gone, each handed over once; how long to wait until the next.

The cursor keeps what is known of the last posts, {"of", "next", "failures", "known": [[name, digest], ...], "marks"}:
what is still the same is no arrival. Posts that were known and are not listed any more are looked at again, a few each
time, since authors change their words and take them back. Failures are waited out, longer each time, over restarts too.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from channels.adapter import Arrival, Retryable, SendError
from channels.doors import Batch, Json
from channels.observe.connection import Connection
from helpdesk.now import now

_KNOWN = 300
_AGAIN = 10
"""Posts looked at again in one look."""
_MOST_FAILURES = 6
_LONGEST = 6 * 3600.0
_NAME = 400


@dataclass(frozen=True, slots=True)
class Told:
    """One post as its source tells it: `post` is the source's own object; None when its author took it back."""

    name: str
    post: Json | None


@dataclass(frozen=True, slots=True)
class Found:
    """What a source lists now, the oldest first, and what it wants to be told the next time."""

    told: Sequence[Told] = ()
    marks: Json = field(default_factory=dict)


class Source(Protocol):
    """What the look at one kind of source is made of."""

    def latest(self, connection: Connection, marks: Json) -> Found:
        """What it lists now; `marks` as the last look left them.

        Raises:
            SendError: it does not say.
        """
        ...

    def again(self, connection: Connection, names: Sequence[str]) -> Iterable[Told]:
        """These posts once more, as far as the source tells of each alone."""
        ...

    def digest(self, raw: bytes) -> str:
        """The same as long as the post of this arrival says the same."""
        ...


def look(source: Source, connection: Connection, cursor: Json) -> Batch:
    """Look, if it is time; what is new since the cursor, and the cursor behind it. It never fails."""
    of = hashlib.sha256(connection.asks.encode()).hexdigest()[:16]
    if cursor.get("of") != of:
        cursor = {"of": of}
    wait = float(cursor.get("next", 0)) - now().timestamp()
    if wait > 0:
        return Batch((), cursor, min(wait, _LONGEST))
    seen = _Seen(source, connection, {name: digest for name, digest in cursor.get("known", ())})  # noqa: C416
    marks, trouble = dict(cursor.get("marks", {})), None
    try:
        found = source.latest(connection, marks)
        marks = found.marks
        listed = {one.name for one in found.told}
        seen.take(found.told)
        seen.take(source.again(connection, seen.others(listed)))
    except SendError as error:
        trouble = error
    failures = min(int(cursor.get("failures", 0)) + 1, _MOST_FAILURES) if trouble is not None else 0
    pause = _pause(connection, failures, trouble)
    behind = {
        "of": of, "next": now().timestamp() + pause, "failures": failures, "known": seen.kept(), "marks": marks,
    }  # fmt: skip
    return Batch(seen.arrivals, behind, pause, told=_rhythm(connection), trouble=trouble)


def named(name: str) -> str:
    """A name of a source, short enough to be a key."""
    return name if len(name) <= _NAME else f"sha256:{hashlib.sha256(name.encode()).hexdigest()}"


@dataclass
class _Seen:
    """What is known, the one that was looked at longest ago first, and what has to be handed over."""

    source: Source
    connection: Connection
    known: dict[str, str]
    arrivals: list[Arrival] = field(default_factory=list)

    def take(self, told: Iterable[Told]) -> None:
        for one in told:
            before = self.known.pop(one.name, None)
            if one.post is None:
                self._add(one, f"gone#{int(now().timestamp())}")
                continue
            digest = self.source.digest(self._raw(one))
            self.known[one.name] = digest
            if before is None:
                self._add(one, digest)
            elif before != digest:  # words that come back are news again, so the digest alone would not name them
                self._add(one, f"{digest}#{int(now().timestamp())}")

    def others(self, listed: set[str]) -> list[str]:
        return [name for name in self.known if name not in listed][:_AGAIN]

    def kept(self) -> list[list[str]]:
        return [[name, digest] for name, digest in self.known.items()][-_KNOWN:]

    def _add(self, one: Told, what: str) -> None:
        self.arrivals.append(Arrival(f"{one.name}#{what}", self._raw(one)))

    def _raw(self, one: Told) -> bytes:
        wrapped: dict[str, Any] = {"name": one.name, "at": self.connection.base_url, "gone": one.post is None}
        return json.dumps({**wrapped, "post": one.post or {}}, ensure_ascii=False).encode("utf-8", "replace")


def _pause(connection: Connection, failures: int, trouble: SendError | None) -> float:
    """Seconds; never less than we were asked for."""
    usual = connection.every * 60.0
    if trouble is None:
        return usual
    asked = trouble.retry_after if isinstance(trouble, Retryable) else 0.0
    return max(asked, min(usual * 2.0 ** (failures - 1), max(usual, _LONGEST)))


def _rhythm(connection: Connection) -> str:
    hours, minutes = divmod(connection.every, 60)
    if hours and not minutes:
        return f"It is read every {hours} hours." if hours > 1 else "It is read every hour."
    return f"It is read every {connection.every} minutes."
