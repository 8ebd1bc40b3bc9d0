"""A rota edited while somebody is on call: what was stays, and the running turn goes on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import zip_longest
from zoneinfo import ZoneInfo

from sla.calendars.rules import Rules
from sla.oncall.roster import Entry, Layer, Schedule
from sla.oncall.rotating import Rotation


def carried(old: Schedule, new: Schedule, at: int) -> Schedule:
    """`new`, with the participants of layers it shares by name with `old` in the order in which they follow at `at`."""
    before = {layer.name: layer for layer in old.layers if layer.until is None or layer.until > at}
    layers = tuple(
        replace(layer, participants=succeed(before[layer.name], layer, old.zone, at, old.office)[1].participants)
        if layer.name in before
        else layer
        for layer in new.layers
    )
    return replace(new, layers=layers)


def in_course(versions: Sequence[tuple[int, Schedule]]) -> Schedule:
    """Versions of a schedule, each from its instant until the next: all their layers, and the rest as the last has it.

    Versions come in order. Before the first there is nobody; a shift that two versions share is one.
    """
    ends = [since for since, _ in versions[1:]]
    layers = tuple(
        found
        for (since, version), until in zip_longest(versions, ends)
        for layer in version.layers
        if (found := _within(layer, version.zone, since, until)) is not None
    )
    return replace(versions[-1][1], layers=layers)


def succeed(old: Layer, new: Layer, zone: ZoneInfo, at: int, office: Rules | None = None) -> tuple[Layer, Layer]:
    """`old` until `at`, and `new` from then on with its participants in the order in which they now follow.

    Whoever holds the running turn keeps it, whatever the new order is. If they are no more among the participants,
    the next of the old order takes over at once. Both keep their hand-overs.
    """
    ended, begun = replace(old, until=at), replace(new, start=at, until=new.until)
    if not new.participants or not old.participants:
        return ended, begun
    current = _following(old, new.participants, Rotation(old, zone, None, office).turn_at(at).number, zone, office)
    rotation = Rotation(begun, zone, None, office)
    place = rotation.counted(rotation.turn_at(at).number)
    shift = (current - place) % len(new.participants)
    return ended, replace(begun, participants=(*new.participants[shift:], *new.participants[:shift]))


def _within(layer: Layer, zone: ZoneInfo, since: int, until: int | None) -> Layer | None:
    """The layer in the time of its version; None where that is none."""
    start = since if layer.start is None else max(layer.start, since)
    ends = [one for one in (layer.until, until) if one is not None]
    if ends and min(ends) <= start:
        return None
    return replace(layer, zone=layer.zone or zone, start=start, until=min(ends, default=None))


def _following(old: Layer, participants: tuple[Entry, ...], number: int, zone: ZoneInfo, office: Rules | None) -> int:
    """The place among the new participants of the first of the old order, from the running turn on, who is in both."""
    count = len(old.participants)
    running = Rotation(old, zone, None, office).counted(number) % count
    for step in range(count):
        entry = old.participants[(running + step) % count]
        for place, candidate in enumerate(participants):
            if entry == candidate or set(entry) & set(candidate):
                return place
    return 0
