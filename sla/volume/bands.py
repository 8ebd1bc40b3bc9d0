"""How long is how long: the bands replies and open tickets are counted in. Seconds; the last one has no end."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

_HOUR, _DAY = 3600, 86_400
REPLY = (_HOUR, 4 * _HOUR, 8 * _HOUR, _DAY, 3 * _DAY)
REPLY_WORDS = ("within 1 h", "1 to 4 h", "4 to 8 h", "8 to 24 h", "24 to 72 h", "longer")
AGE = (_DAY, 3 * _DAY, 7 * _DAY, 30 * _DAY)
AGE_WORDS = ("under a day", "1 to 3 days", "3 to 7 days", "7 to 30 days", "30 days or more")


def of_reply(seconds: int) -> int:
    """A reply after exactly an hour is one within an hour."""
    return bisect_left(REPLY, seconds)


def of_age(seconds: int) -> int:
    """What is open for exactly a day is open for a day."""
    return bisect_right(AGE, seconds)
