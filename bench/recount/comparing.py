"""What the product tells beside what was counted again: every figure of a page, and the list that each one opens."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

_NUMBER = re.compile(r'href="/tickets/(\d+)"')
_MORE = re.compile(r'<a[^>]*href="([^"]*[?&;]after=[^"]*)"')
_MOST_PAGED = 500
"""Lists up to so long are paged through as they are clicked; longer ones are taken along whole."""


class Reader(Protocol):
    """Somebody who may see everything."""

    def json(self, address: str) -> Any: ...
    def page(self, address: str) -> str: ...


@dataclass
class Compared:
    """How many figures and lists were compared, and what differs."""

    figures: int = 0
    lists: int = 0
    rows: int = 0
    """Lines of these lists."""
    scripts: int = 0
    """Statements and books that the scripts we give away worked out anew."""
    differences: list[str] = field(default_factory=list)

    def same(self, where: str, told: Any, counted: Any) -> None:
        """Leaf by leaf; what is not counted again is not compared."""
        if isinstance(counted, Mapping):
            for key, value in counted.items():
                self.same(f"{where} {key}", told.get(key) if isinstance(told, Mapping) else None, value)
        elif isinstance(counted, (list, tuple)):
            if not isinstance(told, (list, tuple)) or len(told) != len(counted):
                self.differences.append(f"{where}: {told} is told, {counted} counted")
                return
            for place, value in enumerate(counted):
                self.same(f"{where}[{place}]", told[place], value)
        else:
            self.figures += 1
            if told != counted:
                self.differences.append(f"{where}: {told} is told, {counted} counted")

    def near(self, where: str, told: float | None, counted: float, tolerance: float) -> None:
        """Chances and rates, whose last digits depend on the order of a sum."""
        self.figures += 1
        if told is None or abs(told - counted) > tolerance:
            self.differences.append(f"{where}: {told} is told, {counted} counted")

    def listed(self, reader: Reader, table: str, address: str, counted: Counter[int]) -> None:
        """What a click on the figure opens holds exactly its tickets, a line each time one counts."""
        self.lists += 1
        many = sum(counted.values())
        path, _, query = address.partition("?")
        found = {"table": Counter(row["ticket"] for row in reader.json(f"/api/v1/tables/{table}?{query}")["rows"])}
        if many <= _MOST_PAGED:
            found["pages"] = Counter(_paged(reader, f"{path}?{query}"))
        for how, lines in found.items():
            self.rows += sum(lines.values())
            if lines != counted:
                differs = f"{_few(lines - counted)} too many, {_few(counted - lines)} missing"
                self.differences.append(f"{address}, {how}: {differs}")


def _paged(reader: Reader, address: str) -> Iterator[int]:
    """Page by page to the end, as the links lead."""
    while address:
        text = reader.page(address)
        yield from map(int, _NUMBER.findall(text))
        more = _MORE.search(text)
        address = html.unescape(more[1]) if more else ""


def _few(found: Counter[int]) -> str:
    return f"{sum(found.values())} {[*found][:5]}"
