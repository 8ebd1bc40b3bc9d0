"""Stretches of time as pairs of a start and an end: put together, and cut out of each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

Span = tuple[int, int]


def merged(spans: Iterable[Span]) -> list[Span]:
    """Sorted, overlapping and touching ones as one, empty ones gone."""
    found: list[Span] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def without(spans: Iterable[Span], holes: Sequence[Span]) -> Iterator[Span]:
    """What of `spans` lies in no hole; both sorted and apart."""
    waiting = list(reversed(holes))
    for start, end in spans:
        at = start
        while waiting and waiting[-1][0] < end:
            hole_start, hole_end = waiting[-1]
            if hole_start > at:
                yield at, hole_start
            at = max(at, hole_end)
            if hole_end > end:
                break
            waiting.pop()
        if at < end:
            yield at, end
