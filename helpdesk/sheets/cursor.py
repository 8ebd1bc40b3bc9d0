"""Rows read by a cursor of the database, so that a million of them take the room of two thousand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Select, text

from helpdesk.db import db

Columns = Select[*tuple[Any, ...]]
"""A statement of so many columns that nobody names their types."""
BATCH = 2_000
_PATIENCE = text("SET LOCAL statement_timeout = '10min'")
"""The first row of a long table comes when all of them are sorted."""


def batches(rows: Columns, size: int = BATCH) -> Iterator[Sequence[Any]]:
    """The rows of one statement, as they were when it began, some at a time. Ask for columns, not for models."""
    db.session.execute(_PATIENCE)
    with db.session.execute(rows, execution_options={"yield_per": size}) as found:
        yield from found.partitions()
