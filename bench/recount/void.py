"""What never was: replies that reached nobody or were taken back, merges that were taken apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench.recount.log import Event

_REPLIES = {"message.sent", "message.overheard"}


def true_events(events: Sequence[Event]) -> Iterator[Event]:
    """All but these."""
    back = {one.message for one in events if one.kind == "message.unsent"}
    reached = {one.message: bool(one.data["reached"]) for one in events if one.kind.startswith("delivery.")}
    apart = {one.data["merge"] for one in events if one.kind == "ticket.unmerged"}
    for one in events:
        if one.kind in _REPLIES and (one.message in back or not reached.get(one.message, True)):
            continue
        if one.data.get("merge") not in apart or "merge" not in one.data:
            yield one
