"""Customers' pages: the list, the strips of agreements with a mark for each promise, and the statements of months."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from bench.recount.comparing import Compared, Reader
from bench.recount.log import Connection
from bench.recount.questions import asked
from bench.recount.year import Decided, Year

_CLAUSE = re.compile(r'<li><p class="promise">')
_STRIP = re.compile(r'Clause ([\d.]+),.*?<ol class="outcomes" aria-label="([^"]*)">(.*?)</ol>', re.DOTALL)
_MARK = re.compile(r'outcome--(\w+)" href="/tickets/(\d+)"')
_MOST_MARKS = 300


class Customers:
    """`many` agreements and customers are looked at, those with most to show first."""

    def __init__(self, connection: Connection, year: Year, reader: Reader, compared: Compared, many: int) -> None:
        self._year, self._reader, self._compared, self._many = year, reader, compared, many
        self._owners = dict(connection.execute("SELECT id, organization_id FROM contract").fetchall())
        self._by_agreement: dict[int, list[Decided]] = defaultdict(list)
        for one in sorted(year.decided, key=lambda each: (each.at, each.id)):
            if one.agreement is not None:
                self._by_agreement[one.agreement].append(one)

    def listed(self) -> None:
        """How many were kept of how many, of each customer, ever."""
        decided = Counter(one.customer for one in self._year.decided)
        kept = Counter(one.customer for one in self._year.decided if one.outcome == "kept")
        for row in self._reader.json("/api/v1/tables/customers")["rows"]:
            mine = {"kept": kept[row["id"]], "decided": decided[row["id"]]}
            self._compared.same(f"customers {row['id']}", row, mine)

    def strips(self) -> None:
        for agreement in self._busiest():
            for days in ("period=month", "period=quarter", "period=year", "from=2026-03-01&to=2026-03-31"):
                page = f"/customers/{self._owners[agreement]}/agreements/{agreement}?{days}"
                self._strip(page, agreement, days)

    def _strip(self, page: str, agreement: int, days: str) -> None:
        question = asked(days, self._year.today)
        mine = [one for one in self._by_agreement[agreement] if question.since <= one.day < question.until]
        each = map(_STRIP.search, _CLAUSE.split(self._reader.page(page))[1:])
        shown = {one[1]: (one[2], one[3]) for one in each if one is not None}
        for key, found in _by_promise(mine):
            label, marks = shown.pop(key.partition(":")[2], ("", ""))
            kept = sum(one.outcome == "kept" for one in found)
            excused = sum(one.is_excused and one.outcome == "broken" for one in found)
            said = f"{kept} kept, {len(found) - kept} broken" + (f", {excused} of these excused" if excused else "")
            self._compared.same(f"{page} {key}", label, said)
            self._compared.lists += 1
            drawn = [(word, int(number)) for word, number in _MARK.findall(marks)]
            self._compared.rows += len(drawn)
            due = [("excused" if one.is_excused else one.outcome, one.ticket) for one in found[-_MOST_MARKS:]]
            if drawn != due:
                self._compared.differences.append(f"{page} {key}: other marks are drawn")
        if shown:
            self._compared.differences.append(f"{page}: {[*shown]} were not called on")

    def statements(self) -> Iterator[dict[str, Any]]:
        """Each is given on, so that it can be handed to the script that checks it."""
        for agreement in self._busiest():
            owner = self._owners[agreement]
            for month in ("2026-03", "2026-10"):
                for address in (f"{month}?agreement={agreement}", month):
                    told = self._reader.json(f"/api/v1/customers/{owner}/statements/{address}")["statement"]
                    keys = [agreement] if "agreement" in address else self._of(owner)
                    mine = [one for key in keys for one in self._by_agreement[key] if str(one.day)[:7] == month]
                    self._statement(f"statement {owner} {address}", told, mine)
                    yield told

    def _statement(self, where: str, told: dict[str, Any], mine: Sequence[Decided]) -> None:
        self._compared.same(where, told["figures"], _figures(mine))
        by_promise = {one["promise"]: one for one in told["by_promise"]}
        self._compared.same(where, by_promise, {key: _figures(each) for key, each in _by_promise(mine)})
        self._compared.lists += 1
        lines = [(one["ticket"], one["promise"], one["outcome"], one["settled"]) for one in told["promises"]]
        due = [(one.ticket, one.promise, one.outcome, _utc(one.at)) for one in mine]
        self._compared.rows += len(lines)
        if sorted(lines) != sorted(due):
            self._compared.differences.append(f"{where}: other promises are listed")

    def _of(self, owner: int) -> list[int]:
        return [key for key in self._by_agreement if self._owners[key] == owner]

    def _busiest(self) -> list[int]:
        return sorted(self._by_agreement, key=lambda key: (-len(self._by_agreement[key]), key))[: self._many]


def _by_promise(found: Sequence[Decided]) -> Sequence[tuple[str, list[Decided]]]:
    groups: dict[str, list[Decided]] = defaultdict(list)
    for one in found:
        groups[one.promise].append(one)
    return sorted(groups.items())


def _figures(found: Sequence[Decided]) -> dict[str, Any]:
    kept = sum(one.outcome == "kept" for one in found)
    excused = sum(one.outcome == "broken" and one.is_excused for one in found)
    percent = None
    if found:
        hundredths = (20_000 * kept // len(found) + 1) // 2
        percent = f"{hundredths // 100}.{hundredths % 100:02}"
    return {"kept": kept, "broken": len(found) - kept, "counted": len(found), "excused": excused, "percent": percent}


def _utc(at: int) -> str:
    told = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)
    return told.isoformat(timespec="microseconds" if told.microsecond else "seconds")
