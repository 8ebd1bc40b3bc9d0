"""Versions that are never changed once written, kept by this process; the database is asked only which of them count.

1. `ask` reads the cards of versions: id, since when each holds, and its stamp, which names the transactions that wrote
   its rows. A row that was edited, or one of a database put back to an older state, has another stamp.
2. `Kept.of` gives the versions of cards, and reads those it has not kept.
3. Kept is only what is settled: written by transactions that ended before all that ran when it was asked for. Nobody
   can take such a version back or still add rows to it.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, Executable, Select, and_, func, literal, literal_column, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from helpdesk.db import Base, db

T = TypeVar("T")
_OLDEST_RUNNING = select(func.age(literal_column("pg_snapshot_xmin(pg_current_snapshot())::xid"))).scalar_subquery()


class Card(NamedTuple):
    """What is asked of a version each time."""

    id: int
    of: int
    """The contract, policy or calendar it is a version of."""
    since: datetime
    """From when it holds, UTC."""
    written: datetime
    number: int
    """Among versions that hold from the same instant the highest counts."""
    owner: int | None
    """The customer a contract is with."""
    more: int
    """What may change without another version: a policy's rank, whether a contract sold incidents ahead (0 or 1)."""
    stamp: str
    settled: bool


Asked = Select[str, int, int, datetime, datetime, int, int | None, int, str, bool]


def cards(  # noqa: PLR0913 - the columns of a card, by name
    shelf: str,
    version: Any,
    of: InstrumentedAttribute[int],
    *,
    number: Any = 0,
    owner: Any = None,
    more: Any = 0,
    written_with: Collection[type[Base]] = (),
) -> Asked:
    """Asks for the cards of a table's rows; those of `written_with`, joined to it, are kept with them."""
    rows = [version, *written_with]
    ages = [func.age(_xmin(row)) > _OLDEST_RUNNING for row in rows]
    number, owner, more = (one if hasattr(one, "label") else literal(one) for one in (number, owner, more))
    return select(
        literal_column(f"'{shelf}'").label("shelf"),
        version.id,
        of,
        version.valid_from,
        version.created_at,
        number.label("number"),
        owner.label("owner"),
        more.label("more"),
        func.concat_ws(" ", *(_xmin(row) for row in rows)).label("stamp"),
        and_(*ages).label("settled"),
    )


def ask(shelves: Executable, **values: Any) -> dict[str, list[Card]]:
    """The cards on each of some shelves, in one query; `values` are what it leaves open."""
    found: dict[str, list[Card]] = {}
    for row in db.session.execute(shelves, values):
        found.setdefault(row[0], []).append(Card._make(row[1:]))
    return found


Load = Callable[[Session, Collection[int]], Mapping[int, T]]


class Kept(Generic[T]):
    """The last `most` settled versions used, of every database this process works with; for all its threads."""

    def __init__(self, load: Load[T], *, most: int) -> None:
        """`load` reads versions by id, with all that belongs to them; they are cut off from its session."""
        self._load, self._most = load, most
        self._lock = threading.Lock()
        self._by_database: WeakKeyDictionary[Engine, OrderedDict[tuple[object, ...], T]] = WeakKeyDictionary()

    def of(self, wanted: Collection[Card]) -> dict[int, T]:
        """The versions of these cards, by id; what is missing is read at once."""
        with self._lock:
            kept = self._by_database.setdefault(db.engine, OrderedDict())
            found = {card.id: kept[_key(card)] for card in wanted if _key(card) in kept}
            for card in wanted:
                if card.id in found:
                    kept.move_to_end(_key(card))
        missing = [card for card in wanted if card.id not in found]
        if missing:
            found |= self._read(missing, kept)
        return found

    def _read(self, missing: Collection[Card], kept: OrderedDict[tuple[object, ...], T]) -> Mapping[int, T]:
        """In a session of its own, on the same connection: rows of the caller's session may be changed by it."""
        with Session(db.session.connection(), autoflush=False, join_transaction_mode="rollback_only") as apart:
            loaded = self._load(apart, [card.id for card in missing])
            apart.expunge_all()
        with self._lock:
            kept.update({_key(card): loaded[card.id] for card in missing if card.settled and card.id in loaded})
            while len(kept) > self._most:
                kept.popitem(last=False)
        return loaded


def _key(card: Card) -> tuple[object, ...]:
    return card.id, card.stamp, card.written


def _xmin(row: Any) -> Any:
    return literal_column(f"{row.__table__.name}.xmin")
