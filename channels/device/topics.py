"""Topics of a broker: which to listen to, and which level of one names the device and the fault.

`plant/+/{device}/faults/{fault}` listens to `plant/+/+/faults/+`. The broker says who may write to a topic, so what a
topic says is believed before the words of the message.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_NAMED = frozenset({"{device}", "{fault}"})
_LONGEST = 500


@dataclass(frozen=True, slots=True)
class Pattern:
    levels: tuple[str, ...]

    @property
    def topic_filter(self) -> str:
        """As the broker is asked (MQTT 3.1.1, section 4.7)."""
        return "/".join("+" if level in _NAMED else level for level in self.levels)

    def read(self, topic: str) -> dict[str, str] | None:
        """The device and the fault it names, None when the topic is not one of these."""
        parts = topic.split("/")
        levels = self.levels
        if levels[-1] == "#":
            levels, parts = levels[:-1], parts[: len(levels) - 1]
        if len(levels) != len(parts):
            return None
        pairs = list(zip(levels, parts, strict=True))
        if any(level != part for level, part in pairs if level not in _NAMED and level != "+"):
            return None
        return {level[1:-1]: part for level, part in pairs if level in _NAMED}


def patterns(typed: str) -> tuple[Pattern, ...]:
    """Those written with commas between; for what `wrong` finds nothing in."""
    return tuple(Pattern(tuple(one.split("/"))) for one in _each(typed))


def wrong(typed: str) -> str:
    """What is wrong with them, as a sentence; empty when they can be listened to."""
    listed = _each(typed)
    if not listed:
        return "Enter a topic, such as devices/{device}/faults."
    return "This is no topic. One looks like devices/{device}/faults." if not all(map(_fits, listed)) else ""


def names(found: Sequence[Pattern], topic: str) -> dict[str, str]:
    """What the first pattern that fits reads in the topic."""
    return next((read for one in found if (read := one.read(topic)) is not None), {})


def _each(typed: str) -> list[str]:
    return [one.strip() for one in typed.split(",") if one.strip()]


def _fits(pattern: str) -> bool:
    levels = pattern.split("/")
    plain = [level for level in levels if level not in _NAMED and level != "+"]
    if len(pattern) > _LONGEST or pattern.startswith("$") or any(levels.count(one) > 1 for one in _NAMED):
        return False
    if "#" in plain and (plain.count("#") > 1 or levels[-1] != "#"):
        return False
    return not any(set("+#{}\0") & set(level) for level in plain if level != "#")
