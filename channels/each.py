"""One sending for each pending recipient, where a provider takes them one by one."""

from __future__ import annotations

from collections.abc import Callable

from channels.adapter import Outbound, Result, SendError


def each(outbound: Outbound, send: Callable[[str], Result]) -> tuple[Result, ...]:
    """What became of each; `send` is given an address.

    Raises:
        SendError: what `send` raised; it holds what became of those before.
    """
    results: list[Result] = []
    for recipient in (one for one in outbound.recipients if one.pending):
        try:
            results.append(send(recipient.address))
        except SendError as error:
            error.results = tuple(results)
            raise
    return tuple(results)
