"""The database: one declarative base, one session, UTC timestamps and the row lock every write path takes."""

from __future__ import annotations

import re
import select as polling
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar

import psycopg
from flask_sqlalchemy import SQLAlchemy
from psycopg.pq import TransactionStatus
from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Connection,
    DateTime,
    Engine,
    MetaData,
    Select,
    String,
    any_,
    inspect,
    literal,
    select,
    text,
)
from sqlalchemy import event as sa_event
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute, Session, SessionTransaction
from sqlalchemy.orm import registry as Registry  # noqa: N812 - a class by another name
from sqlalchemy.pool import ConnectionPoolEntry, Pool

from helpdesk.errors import NotFound
from helpdesk.session import Writing

T = TypeVar("T", bound="Base")
V = TypeVar("V")

Json = dict[str, Any]


_METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
"""Names of constraints are fixed so that migrations can find them."""


class Base(DeclarativeBase):
    """Every table of the product."""

    registry = Registry(
        metadata=_METADATA,
        type_annotation_map={datetime: DateTime(timezone=True), int: BigInteger, str: String, Json: JSONB},
    )


db = SQLAlchemy(model_class=Base, session_options={"class_": Writing})

_RESTED_SECONDS = 30.0
"""After so long something between us and a server elsewhere may have forgotten the connection."""
_WRITES = re.compile(r"\b(INSERT|UPDATE|DELETE|MERGE)\b", re.IGNORECASE)


def engine_options(url: str) -> dict[str, Any]:
    """How every process connects: UTC sessions, dead connections noticed, a bounded pool."""
    return {
        "url": url,
        "pool_size": 10,
        "max_overflow": 10,
        "pool_timeout": 2,
        "connect_args": {"options": "-c timezone=UTC -c statement_timeout=30000", "connect_timeout": 5},
    }


@sa_event.listens_for(Pool, "checkin")
def _rests(driver: Any, record: ConnectionPoolEntry) -> None:  # noqa: ARG001 - the event gives it
    record.info["since"] = time.monotonic()


@sa_event.listens_for(Pool, "checkout")
def _lives(driver: Any, record: ConnectionPoolEntry, proxy: Any) -> None:  # noqa: ARG001 - the event gives it
    """Ask the server whether the connection lives, where that is in doubt: it has sent something, or rested for long.

    A server that ends, however it ends, closes the connection, and that can be read here without asking anybody. A
    question each time would be one more round trip for every page, and a sixth of the time of a provider's call.

    Raises:
        InvalidatePoolError: it is dead; the pool connects anew.
    """
    since = record.info.get("since")
    if since is None or (time.monotonic() - since < _RESTED_SECONDS and not _has_word(driver)):
        return
    try:
        driver.autocommit = True
        driver.execute("")
        driver.autocommit = False
    except psycopg.OperationalError as error:
        raise InvalidatePoolError("the server has closed this connection") from error


def _has_word(driver: Any) -> bool:
    """Whether the server has sent something that nobody read, its farewell for one."""
    try:
        poll = polling.poll()
        poll.register(driver.fileno(), polling.POLLIN)
        return bool(poll.poll(0))
    except psycopg.OperationalError:
        return True


@sa_event.listens_for(Engine, "begin")
def _began(connection: Connection) -> None:
    connection.info.pop("wrote", None)


@sa_event.listens_for(Engine, "before_cursor_execute")
def _sent(connection: Connection, _cursor: Any, statement: str, *_: Any) -> None:
    said = statement.lstrip("( \n")
    reads = said.startswith("SELECT") and not said.startswith("SELECT pg_notify")
    if not reads and not (said.startswith("WITH") and not _WRITES.search(said)):
        connection.info["wrote"] = True


@sa_event.listens_for(Engine, "rollback")
def _keep_prepared(connection: Connection) -> None:
    """A transaction that only read ends by COMMIT: at a ROLLBACK the driver forgets every statement it has prepared.

    Every page that changes nothing ends so; each of its statements would be planned anew. A connection the server has
    cut has nothing left to end: an answer that was ready before is no error because of it.
    """
    if connection.invalidated:
        return
    driver: Any = connection.connection.driver_connection
    read = "wrote" not in connection.info and driver.info.transaction_status == TransactionStatus.INTRANS
    try:
        driver.commit() if read else driver.rollback()
    except psycopg.OperationalError as error:
        connection.invalidate(error)


def by_hand() -> Any:
    """The driver's own connection in this transaction, which counts as written to from now on."""
    connection = db.session.connection()
    connection.info["wrote"] = True
    return connection.connection.driver_connection


_ONE_INSTANT = text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
_PATIENCE = text("SET LOCAL statement_timeout = 0")


@contextmanager
def one_instant() -> Iterator[None]:
    """All that is read inside is as it was at one instant, however long a statement takes; nothing can be written."""
    db.session.rollback()
    db.session.execute(_ONE_INSTANT)
    db.session.execute(_PATIENCE)
    try:
        yield
    finally:
        db.session.rollback()


def locked(rows: Select[T], *, what: str = "ticket") -> T:
    """The one row of `rows`, locked until the transaction ends.

    Raises:
        NotFound: there is none, or none the reader may see.
    """
    found = db.session.scalars(rows.with_for_update(of=rows.column_descriptions[0]["entity"])).one_or_none()
    if found is None:
        raise NotFound(f"There is no such {what} here.")
    return found


def one(rows: Select[T], *, what: str = "ticket", **asked: object) -> T:
    """The one row of `rows`, as they are; `asked` are the values of their parameters.

    Raises:
        NotFound: there is none, or none the reader may see.
    """
    found = db.session.scalars(rows, asked).unique().one_or_none()
    if found is None:
        raise NotFound(f"There is no such {what} here.")
    return found


def among(column: ColumnElement[V] | InstrumentedAttribute[V], values: Iterable[V]) -> ColumnElement[bool]:
    """`column` is one of `values`; the same statement for any number of them, so that it is prepared once."""
    return column == any_(literal(list(values), ARRAY(column.type)))


def in_hand(model: type[T], ids: Iterable[int]) -> dict[int, T]:
    """Those rows of a table this transaction has read or written already, by id; it asks nothing."""
    session = db.session()
    known = {one: session.identity_map.get(session.identity_key(model, one)) for one in ids}
    return {key: one for key, one in known.items() if one is not None and not inspect(one).expired}


def by_id(model: type[T], ids: Iterable[int | None]) -> dict[int | None, T]:
    """Those rows of a table; what this transaction has read or written already is not asked for again."""
    wanted = {one for one in ids if one is not None}
    found: dict[int | None, T] = dict(in_hand(model, wanted).items())
    if missing := wanted - found.keys():
        mapper = inspect(model)
        rows = db.session.scalars(select(model).where(among(mapper.primary_key[0], missing)))
        found |= {mapper.primary_key_from_instance(one)[0]: one for one in rows}
    return found


_KEYS = text(
    "SELECT asked.name, nextval(CAST(asked.name || '_id_seq' AS regclass))"
    " FROM unnest(CAST(:tables AS text[]), CAST(:counts AS bigint[])) AS asked (name, count),"
    " generate_series(1, asked.count)"
)


def new_id(table: str) -> int:
    """The next key of a table, before its row is written, so that rows that name it need no flush in between."""
    waiting: dict[str, list[int]] = db.session.info.setdefault("ids", {})
    if not waiting.get(table):
        reserve(**{table: 1})
    return waiting[table].pop()


def reserve(**rows: int) -> None:
    """Have the next keys of so many rows of some tables at hand, fetched at once; it asks nothing where they are.

    Those this transaction leaves unused are lost, as a sequence loses them: used later they would say a wrong order.
    """
    waiting: dict[str, list[int]] = db.session.info.setdefault("ids", {})
    missing = {table: count - len(waiting.get(table, ())) for table, count in rows.items()}
    asked = {table: count for table, count in missing.items() if count > 0}
    if not asked:
        return
    with db.session.no_autoflush:
        made = db.session.execute(_KEYS, {"tables": [*asked], "counts": [*asked.values()]}).all()
    for table in asked:
        keys = sorted((key for name, key in made if name == table), reverse=True)
        waiting[table] = [*keys, *waiting.get(table, [])]


def next_values(sequence: str, count: int) -> Sequence[int]:
    """The next `count` values of a sequence, in one statement."""
    asked = text("SELECT nextval(CAST(:sequence AS regclass)) FROM generate_series(1, :count)")
    with db.session.no_autoflush:
        return db.session.scalars(asked, {"sequence": sequence, "count": count}).all()


Work = Callable[[list[int]], None]

_WAITING = "before_commit", "last_before_commit"
"""Where work waits for the commit; the second, while there is nothing in the first."""


def before_commit(work: Work, key: int) -> None:
    """Have `work` done once for all its keys, just before this transaction commits and as part of it.

    What happens to fifty tickets in one transaction is so settled in few statements, not in fifty times as many.
    """
    _have_done("before_commit", work, key)


def last_before_commit(work: Work, key: int) -> None:
    """The same, after everything else that waits for the commit: for what only notes that something happened."""
    _have_done("last_before_commit", work, key)


def settle() -> None:
    """Do now what waits for the commit, for code that reads the outcome in the same transaction."""
    _work_off(db.session())


@sa_event.listens_for(Session, "before_commit")
def _work_off(session: Session) -> None:
    if session.in_nested_transaction():
        return
    session.flush()
    while waiting := next(filter(None, (session.info.pop(one, None) for one in _WAITING)), None):
        for work, keys in waiting.items():
            work(list(keys))
    session.flush()


@sa_event.listens_for(Session, "after_soft_rollback")
def _forget(session: Session, rolled_back: SessionTransaction) -> None:
    if rolled_back.parent is None:
        for one in _WAITING:
            session.info.pop(one, None)


@sa_event.listens_for(Session, "after_transaction_end")
def _lose_keys(session: Session, ended: SessionTransaction) -> None:
    if ended.parent is None:
        session.info.pop("ids", None)


def _have_done(when: str, work: Work, key: int) -> None:
    waiting: dict[Work, dict[int, None]] = db.session().info.setdefault(when, {})
    waiting.setdefault(work, {})[key] = None


_EACH_ITS_PLAN = text("SELECT set_config('plan_cache_mode', 'force_custom_plan', true)")


def each_its_plan() -> None:
    """Until the transaction ends every statement is planned for the values it is asked with.

    PostgreSQL keeps one plan for all values of a prepared statement once that looked no dearer five times. What costs
    the same for one row as for another is right so; a plan for a month's rows costs a year's a hundred times too much.
    Asked as a SELECT, since the transaction still only reads.
    """
    db.session.execute(_EACH_ITS_PLAN)
