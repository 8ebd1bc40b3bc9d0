"""A message that is several calls to its provider: what was sent in an earlier try is not sent again."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from channels.adapter import Outbound, SendError


def send(outbound: Outbound, calls: Sequence[Callable[[], str]], begin: Callable[[], None]) -> tuple[str, ...]:
    """Make those of `calls` that `outbound.done` does not hold; the provider's names of all the pieces.

    Raises:
        SendError: what a call raised; `done` are the pieces that were sent.
    """
    done = list(outbound.done)
    begin()
    try:
        for call in calls[len(done) :]:
            done.append(call())  # noqa: PERF401 - what was sent is known when the next one fails
    except SendError as error:
        error.done = tuple(done)
        raise
    return tuple(done)
