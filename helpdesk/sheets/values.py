"""A table on its way out: its columns, and rows that are read only when somebody takes them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

Cell = str | int | float | datetime | date | None
"""An instant has its zone; where there is nothing it is None."""


class Kind(StrEnum):
    """What the cells of a column are."""

    TEXT = "text"
    NUMBER = "number"
    DECIMAL = "decimal"
    PERCENT = "percent"
    """0 to 100."""
    SECONDS = "seconds"
    INSTANT = "instant"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class Column:
    """`key` is for programs and never changes; `head` is what people read."""

    key: str
    head: str
    kind: Kind = Kind.TEXT


@dataclass(frozen=True, slots=True)
class Sheet:
    """`name` becomes the file's; instants are shown in `zone`. `rows` may be called again, and reads anew."""

    name: str
    columns: Sequence[Column]
    rows: Callable[[], Iterable[Sequence[Cell]]]
    zone: ZoneInfo


def everybody(_agent: Any) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Export:
    """A table of a page that anybody who may see the page may take along.

    `ask` gets an Agent and the address's parameters and gives the Sheet of what this agent may see; it raises Invalid
    where the page would. `may` says who finds it at all. `page` is the path the table stands on, with the same
    parameters; `live` says that it tells of now, whatever days are asked for.
    """

    key: str
    label: str
    page: str
    ask: Callable[[Any, Mapping[str, str]], Sheet]
    may: Callable[[Any], bool] = everybody
    live: bool = False
