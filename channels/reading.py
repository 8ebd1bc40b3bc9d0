"""Reading: what waits is parsed a batch at a time, and the next batch while the last one is filed.

A raw mail never changes, so it is read without a lock; whether it still waits is asked when it is filed.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from sqlalchemy import func, select

from channels import registry
from channels.adapter import Envelope, Quarantine
from channels.models import Channel, Inbound
from helpdesk.db import db

_BATCH_BYTES = 16 * 2**20
_FIRST = 10

Raw = tuple[int, str, bytes]
"""The key of a mail's row, the kind of its channel, its bytes."""
Parsed = dict[int, Envelope | Quarantine]
"""What each mail says, by the key of its row."""


def batches(limit: int) -> Generator[Parsed, None, None]:
    """What waits when it is asked for, oldest first; each batch at most `limit` mails, and few large ones.

    The first ones are small and each has twice as many as the one before: what heads a long queue is filed at once,
    and while it is, the parser does not stand still.

    The thread only talks to the parser process, and reads its answers to the end whatever becomes of the caller:
    a parser that is left in the middle of them would have to be thrown away.
    """
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="reading") as beside:
        size = min(_FIRST, limit)
        ahead = _begin(beside, size, after=0)
        while ahead is not None:
            parsed = ahead.result()
            size = min(size * 2, limit)
            ahead = _begin(beside, size, after=max(parsed))
            yield parsed


def _begin(beside: ThreadPoolExecutor, limit: int, *, after: int) -> Future[Parsed] | None:
    raws = _waiting(limit, after)
    return beside.submit(_parsed, raws) if raws else None


def _waiting(limit: int, after: int) -> list[Raw]:
    size = Inbound.size
    first = (
        select(Inbound.id, (func.sum(size).over(order_by=Inbound.id) - size).label("before"))
        .where(Inbound.state == "waiting", Inbound.id > after)
        .order_by(Inbound.id)
        .limit(limit)
        .subquery()
    )
    rows = (
        select(Inbound.id, Channel.kind, Inbound.raw)
        .join(first, first.c.id == Inbound.id)
        .join(Channel, Channel.id == Inbound.channel_id)
        .where(first.c.before < _BATCH_BYTES)
        .order_by(Inbound.id)
    )
    return [(key, kind, raw) for key, kind, raw in db.session.execute(rows)]


def _parsed(raws: Sequence[Raw]) -> Parsed:
    parsed: Parsed = {}
    for kind in {kind for _, kind, _ in raws}:
        of_kind = [(key, raw) for key, its, raw in raws if its == kind]
        answers = registry.parser(kind).parse_each([raw for _, raw in of_kind])
        parsed |= zip((key for key, _ in of_kind), answers, strict=True)
    return parsed
