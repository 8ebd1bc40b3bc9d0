"""How often one telephone or mailbox may be rung for pages; the figures are GoAlert's. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

_M, _H = timedelta(minutes=1), timedelta(hours=1)
LIMITS: Mapping[str, Sequence[tuple[timedelta, int]]] = {
    "sms": ((_M, 1), (15 * _M, 5), (_H, 11), (3 * _H, 21)),
    "call": ((_M, 1), (15 * _M, 3), (_H, 7), (3 * _H, 15)),
    "email": ((_M, 1),),
    "slack": ((_M, 1),),
    "push": ((_M, 1),),
}
"""Within each of these spans at most so many, by kind of method."""
LONGEST = 3 * _H


def allowed(kind: str, before: Sequence[datetime], at: datetime) -> bool:
    """Whether one more may be tried at `at`, after those `before`."""
    return all(sum(at - one < span for one in before) < most for span, most in LIMITS[kind])
