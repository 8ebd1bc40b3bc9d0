"""JSON from outside, read without trust: limits of size and depth, no NaN, and values only of the kind asked for.

An adapter reads a `Payload` field by field; whatever is of another kind than it should be makes the whole thing
unreadable, and so do errors nobody foresaw: it goes to quarantine, and the next one is read.
"""

from __future__ import annotations

import json
import logging
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any, NoReturn, TypeVar

from channels.adapter import Envelope, Quarantine

T = TypeVar("T")

log = logging.getLogger(__name__)

MOST_BYTES = 1024 * 1024
MOST_DEPTH = 40
MOST_TEXT = 100_000
"""Characters of one message."""
_BROKEN = "It is not JSON as this channel sends it."
_UNREADABLE = "It could not be read. The original is kept here."


class Payload:
    """One JSON object. Missing fields read as nothing; `name in payload` tells."""

    def __init__(self, fields: dict[str, Any]) -> None:
        self.fields = fields

    def __contains__(self, name: str) -> bool:
        return self.fields.get(name) is not None

    def part(self, name: str) -> Payload:
        """The object in this field, an empty one when there is none."""
        found = self.fields.get(name)
        return self._of(self._is_a(dict, found) if found is not None else {})

    def parts(self, name: str) -> list[Payload]:
        """The objects of a list."""
        found = self.fields.get(name)
        return [self._of(self._is_a(dict, one)) for one in self._is_a(list, found)] if found is not None else []

    def text(self, name: str) -> str:
        """Text without NUL and without halves of characters; empty when there is none."""
        found = self.fields.get(name)
        return clean(self._is_a(str, found)) if found is not None else ""

    def number(self, name: str) -> int | None:
        """A whole number."""
        found = self.fields.get(name)
        if found is None:
            return None
        if isinstance(found, bool) or not isinstance(found, int) or abs(found) >= 2**63:
            self._refuse()
        return int(found)

    def needed(self, name: str) -> int:
        """The same, which must be there."""
        found = self.number(name)
        return self._refuse() if found is None else found

    def flag(self, name: str) -> bool:
        return self.fields.get(name) is True

    def _of(self, fields: dict[str, Any]) -> Payload:
        return Payload(fields)

    def _refuse(self) -> NoReturn:
        raise Quarantine(_BROKEN)

    def _is_a(self, kind: type[T], found: object) -> T:
        return found if isinstance(found, kind) else self._refuse()


class PayloadParser(ABC):
    """The reading half of an adapter whose source sends JSON: `read` is all it adds."""

    @abstractmethod
    def read(self, payload: Payload) -> Envelope:
        """The envelope of one event.

        Raises:
            Quarantine: it is not what this source sends.
        """

    def parse(self, raw: bytes) -> Envelope:
        """Read one event; whatever goes wrong is a reason to keep it aside.

        Raises:
            Quarantine: always this, whatever went wrong.
        """
        try:
            envelope = self.read(load(raw))
        except Quarantine:
            raise
        except Exception as error:
            log.exception("payload_unreadable", extra={"kind": type(self).__name__})
            raise Quarantine(_UNREADABLE) from error
        if len(envelope.text) > MOST_TEXT:
            raise Quarantine(f"Its text is longer than {MOST_TEXT} characters.")
        return envelope

    def parse_each(self, raws: Sequence[bytes]) -> Iterator[Envelope | Quarantine]:
        """An envelope for each, or why it stands in quarantine."""
        for raw in raws:
            try:
                yield self.parse(raw)
            except Quarantine as reason:
                yield reason


def load(raw: bytes) -> Payload:
    """The object in `raw`.

    Raises:
        Quarantine: it is too large, too deep, or no JSON object.
    """
    if len(raw) > MOST_BYTES:
        raise Quarantine(f"It is larger than {MOST_BYTES // 1024} kB.")
    try:
        found = json.loads(raw.decode("utf-8"), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise Quarantine(_BROKEN) from error
    if not isinstance(found, dict):
        raise Quarantine(_BROKEN)
    _check_depth(found)
    return Payload(found)


def clean(text: str) -> str:
    """What the database can hold."""
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return whole.replace("\0", "")


def _check_depth(root: dict[str, Any]) -> None:
    level: list[Any] = [root]
    for _ in range(MOST_DEPTH):
        level = [inner for one in level if isinstance(one, (dict, list)) for inner in _inside(one)]
        if not level:
            return
    raise Quarantine(_BROKEN)


def _inside(one: dict[str, Any] | list[Any]) -> list[Any]:
    return list(one.values()) if isinstance(one, dict) else one


def _refuse(_constant: str) -> NoReturn:
    raise Quarantine(_BROKEN)
