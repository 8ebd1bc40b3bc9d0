"""Page by page: what is asked of the managers' pages, and each answer beside what was counted again."""

from __future__ import annotations

import html
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

from bench.recount.comparing import Compared, Reader
from bench.recount.hours import SECOND, micro
from bench.recount.nights import KINDS, Nights
from bench.recount.promises import Promises
from bench.recount.questions import Question, Weeks, asked
from bench.recount.volume import Volume
from bench.recount.year import Year

_LIST = re.compile(r'href="(/promises/(?:service/)?tickets\?[^"]+)"')
_LATER = re.compile(r'hx-get="(/promises/parts/[^"]+)"')
"""Pieces of a page that take long are asked for after it."""
_DAYS = (
    "period=today", "period=week", "period=month", "period=quarter", "period=year",
    "from=2025-11-01&to=2026-03-14", "from=2026-03-08&to=2026-03-08", "from=2026-11-01&to=2026-11-01",
    "from=2025-10-15&to=2026-11-20",
)  # fmt: skip
"""Among them both days on which the clocks change, and all there is."""
_PROMISES = (
    *_DAYS, "period=quarter&by=agreement", "period=quarter&by=promise", "period=year&by=team",
    "period=month&by=channel", "period=quarter&by=product", "period=quarter&channel=email&by=team",
    "period=month&team=2", "period=month&team=none",
    "period=month&agent=3&by=promise", "period=month&agent=none", "period=year&customer=1&by=promise",
    "period=year&agreement=1", "period=month&agreement=none", "period=quarter&kind=resolution&by=channel",
    "period=month&hour=out", "period=month&hour=in&by=team", "period=year&hour=33", "period=quarter&product=KX-3",
    "period=month&product=none", "period=quarter&promise=p1:first_response", "period=quarter&channel=email&team=2",
    "period=quarter&channel=chat&hour=out", "period=quarter&team=2&kind=first_response&agent=3",
    "from=2026-05-20&to=2026-07-10&channel=email&hour=in", "period=year&customer=2&channel=phone&hour=in&by=promise",
)  # fmt: skip
_SERVICE = (
    *_DAYS, "period=month&by=team", "period=quarter&by=channel", "period=month&by=topic", "period=month&by=customer",
    "period=month&team=2", "period=month&team=none&by=topic", "period=month&agent=3&by=channel",
    "period=month&agent=none", "period=year&customer=1", "period=quarter&channel=email&by=team",
    "period=quarter&topic=3&by=team", "period=quarter&topic=3&by=topic", "period=month&topic=none",
    "period=month&when=out", "period=month&when=in&by=team", "period=year&hour=33&by=channel",
    "period=quarter&team=2&channel=email&by=topic", "period=quarter&topic=3&customer=1&by=topic",
    "from=2026-02-01&to=2026-04-30&topic=5&when=out", "from=2026-05-20&to=2026-07-10&when=out&by=agent",
)  # fmt: skip


class Pages:
    """Compares the tabs of the managers; `clicks` figures of each page are clicked, or all of them where it is None."""

    def __init__(self, year: Year, nights: Nights, reader: Reader, compared: Compared, clicks: int | None) -> None:
        weeks = Weeks(year.log)
        self.compared = compared
        self._promises, self._volume, self._nights = Promises(year, weeks), Volume(year, weeks), nights
        self._year, self._reader, self._clicks = year, reader, clicks
        self._chance = random.Random(3)
        self._clicked: set[str] = set()

    def each(self) -> Iterator[tuple[str, Callable[[], None]]]:
        """What is to be compared, by name."""
        for address in _PROMISES:
            yield f"promises?{address}", lambda address=address: self._of_promises(address)  # type: ignore[misc]
        for address in _SERVICE:
            yield f"service?{address}", lambda address=address: self._of_service(address)  # type: ignore[misc]
        yield "promises/open", self._owed
        yield "promises/next", self._next

    def _asked(self, address: str) -> Question:
        return asked(address, self._year.today)

    def _of_promises(self, address: str) -> None:
        question, told = self._asked(address), self._reader.json(f"/api/v1/promises?{address}")
        counted = self._promises.page(question)
        at_risk = [{"ticket": ticket, "due": _iso(due)} for ticket, due in counted.pop("at_risk")]
        self.compared.same(f"promises?{address}", told, {**counted, "at_risk": at_risk})
        rows = self._promises.rows(self._by(question, "customer"))
        self.compared.same(f"promises?{address} rows", self._all_rows(address, told), rows)
        self._click(f"/promises?{address}", has_some=told["counted"] > 0)
        for what in ("counted", "kept", "broken", "excused", "requests"):
            self._open(f"/promises/tickets?{address}&what={what}")

    def _all_rows(self, address: str, told: Any) -> dict[str, Any]:
        rows = list(told["rows"])
        while told["after"]:
            told = self._reader.json(f"/api/v1/promises?{address}&after={told['after']}")
            rows += told["rows"]
        found = {row["key"]: row for row in rows}
        if len(found) != len(rows):
            self.compared.differences.append(f"promises?{address}: a row is told twice")
        return found

    def _of_service(self, address: str) -> None:
        question, told = self._asked(address), self._reader.json(f"/api/v1/promises/service?{address}")
        counted = self._volume.page(question)
        at = counted["open"]["at"]
        counted["open"]["at"] = None if at is None else self._year.wall(at).isoformat()
        self.compared.same(f"service?{address}", told, {**counted, "on_call": self._nights.carried(question)})
        self._rows_of_service(address, question, told)
        self._click(f"/promises/service?{address}", has_some=told["requests"] > 0)
        for what in ("arrived", "machine", "first", "replied", "done", "reopened", "open"):
            self._open(f"/promises/service/tickets?{address}&what={what}")
        for one in told["on_call"][:: 1 if self._clicks is None else 4]:
            for kind in ("", *KINDS):
                self._wakes(address, question, one["agent"], kind)

    def _rows_of_service(self, address: str, question: Question, told: Any) -> None:
        rows = self._volume.rows(self._by(question, "agent"))
        shown = {row["key"]: row for row in told["rows"]}
        self.compared.same(f"service?{address} rows", shown, {key: rows.get(key, "no such row") for key in shown})
        table = self._reader.json(f"/api/v1/tables/service?{address}")["rows"]
        self.compared.same(f"service?{address} table", {row["key"]: row for row in table}, _as_table(rows))
        if len(table) != len(rows):
            self.compared.differences.append(f"service?{address}: {len(table)} rows are told, {len(rows)} counted")

    def _by(self, question: Question, usually: str) -> Question:
        return question if question.by else Question(question.since, question.until, question.filters, usually)

    def _click(self, page: str, *, has_some: bool) -> None:
        """Whatever figure of the page leads to tickets."""
        text = self._reader.page(page)
        later = [html.unescape(one) for one in _LATER.findall(text)]
        text += "".join(self._reader.page(one) for one in later)
        links = sorted({html.unescape(one) for one in _LIST.findall(text)})
        if not links and has_some:
            self.compared.differences.append(f"{page}: no figure leads to tickets")
        if self._clicks is not None and len(links) > self._clicks:
            links = self._chance.sample(links, self._clicks)
        for link in links:
            self._open(link)

    def _open(self, link: str) -> None:
        if link in self._clicked:
            return
        self._clicked.add(link)
        path, _, address = link.partition("?")
        said, question = dict(parse_qsl(address)), self._asked(address)
        if path == "/promises/tickets":
            found = self._promises.tickets(question, said.get("what", "counted"))
            self.compared.listed(self._reader, "promise-tickets", link, found)
        else:
            band = next(((name, int(said[name])) for name in ("clock", "working", "age") if said.get(name)), None)
            found = self._volume.tickets(question, said.get("what", "arrived"), band)
            self.compared.listed(self._reader, "service-tickets", link, found)

    def _wakes(self, address: str, question: Question, agent: int, kind: str) -> None:
        self.compared.lists += 1
        asks = f"/api/v1/tables/wakes?{address}&who={agent}&kind={kind}"
        told = [frozenset(map(int, re.findall(r"\d+", row["tickets"]))) for row in self._reader.json(asks)["rows"]]
        if told != self._nights.woken(question, agent, kind):
            self.compared.differences.append(f"{asks}: other wakes are listed")

    def _owed(self) -> None:
        for address in ("period=month", "period=month&team=2", "period=month&kind=resolution"):
            found = self._promises.owed(self._asked(address))
            self.compared.listed(self._reader, "open-promises", f"/promises/open?{address}", found)

    def _next(self) -> None:
        """What falls due hour by hour, and day by day."""
        for row in self._reader.json("/api/v1/tables/next-hours")["rows"]:
            since, until = (micro(datetime.fromisoformat(row[name])) for name in ("from", "until"))
            due = sum(since <= one < until for one in self._promises.soon(until))
            self.compared.same(f"next hour {row['from']}", row, {"due": due})
        ten_days = self._promises.soon(self._year.now + 864_000 * SECOND)
        days = Counter(str(self._year.wall(one).date()) for one in ten_days)
        for row in self._reader.json("/api/v1/tables/next-days")["rows"]:
            self.compared.same(f"next day {row['day']}", row, {"due": days[row["day"]]})
        tickets = Counter(self._promises.falling_due(self._year.now + 86_400 * SECOND))
        told = Counter(row["ticket"] for row in self._reader.json("/api/v1/tables/next-promises")["rows"])
        self.compared.same("next promises", dict(sorted(told.items())), dict(sorted(tickets.items())))


def _as_table(rows: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    same = ("requests", "requests_outside", "replies", "replies_outside", "done", "reopened", "open")
    return {
        key: {
            **{name: row[name] for name in same},
            "first_reply_clock": (row["usual_first_reply"] or {}).get("clock"),
            "first_reply_working": (row["usual_first_reply"] or {}).get("working"),
        }
        for key, row in rows.items()
    }


def _iso(at: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)).isoformat()
