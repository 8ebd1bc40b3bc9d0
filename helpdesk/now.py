"""The only reader of the wall clock; tests and the frozen demo move it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

_offset = timedelta()
_frozen: datetime | None = None


def now() -> datetime:
    """This instant in UTC."""
    return _frozen if _frozen is not None else datetime.now(UTC) + _offset


def freeze(at: datetime | None) -> None:
    """Stop the clock at `at`, or let it run again with None."""
    global _frozen
    _frozen = at.astimezone(UTC) if at is not None else None


@contextmanager
def travel(*, to: datetime | None = None, **delta: float) -> Iterator[None]:
    """Move the clock inside a `with` block: to an instant, or by `timedelta` arguments."""
    global _offset
    before = (_offset, _frozen)
    if to is not None:
        freeze(to)
    elif _frozen is not None:
        freeze(_frozen + timedelta(**delta))
    else:
        _offset += timedelta(**delta)
    try:
        yield
    finally:
        _offset = before[0]
        freeze(before[1])
