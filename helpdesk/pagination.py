"""Keyset pages: a cursor is the last row's sort key, never an offset."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from helpdesk.errors import Invalid

T = TypeVar("T")


@dataclass(frozen=True)
class Slice(Generic[T]):
    """Some rows and the cursor of the next ones, None at the end."""

    rows: Sequence[T]
    after: str | None


def cut(rows: Sequence[T], size: int, key: Callable[[T], tuple[Any, ...]]) -> Slice[T]:
    """A page of `size` from a query that asked for one row more."""
    if len(rows) <= size:
        return Slice(rows, None)
    return Slice(rows[:size], encode(key(rows[size - 1])))


def encode(key: tuple[Any, ...]) -> str:
    plain = [part.isoformat() if isinstance(part, datetime) else part for part in key]
    return base64.urlsafe_b64encode(json.dumps(plain).encode()).decode().rstrip("=")


def decode(cursor: str, *kinds: type) -> tuple[Any, ...]:
    """The sort key inside a cursor.

    Raises:
        Invalid: it is not one of ours.
    """
    try:
        parts = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        key = tuple(_read(part, kind) for part, kind in zip(parts, kinds, strict=True))
    except (ValueError, TypeError, binascii.Error) as error:
        raise Invalid("This page of the list is not there. Start from the top.") from error
    return key


def _read(part: object, kind: type) -> object:
    value = datetime.fromisoformat(str(part)) if kind is datetime else part
    if not isinstance(value, kind):
        raise TypeError
    return value
