"""The page of the next day and how last week's forecasts did, each beside what was to be told at its instant."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from bench.recount.clocks import Clocks
from bench.recount.comparing import Compared, Reader
from bench.recount.foretold import DAY, Due, Foretold, Known, Made, people, utc
from bench.recount.hands import Held
from bench.recount.hours import SECOND, micro
from bench.recount.log import Connection, Ticket
from bench.recount.suggestion import suggested
from bench.recount.year import Year

_DID = re.compile(
    r"Over (\d+) days? and (\d+) promises?: Brier score ([\d.]+), (better|no better) than ([\d.]+) of whoever says that"
    r" nothing slips and ([\d.]+) of whoever says that as much slips as usual\. What came lay within the bounds on"
    r" (\d+) of (\d+)\."
)
_EXPECTS = re.compile(r"([\d.]+) of these 24 hours are expected to slip: between (\d+) and (\d+), four times in five")
_LIKELY = re.compile(r"(\w+) (?:is|are) likely to slip")
_ASKS = re.compile(r"Ask \w+ to begin at .*? done in time\.")
_NUMBERS = ("None", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten")
_MANY = 300
"""Beyond so many the product takes a curve for the sum, which is right to the third place."""
_REMEMBERED = 57 * DAY
"""What was decided before that neither makes a habit nor counts as usual."""
_EXACT, _SHOWN, _NEARLY = 1e-9, 1e-4, 2e-3
"""Of what is kept; of what a table shows, with four digits; of the curve."""


class Told(NamedTuple):
    """A forecast as it was kept."""

    at: int
    is_judged: bool
    mean: float
    low: int
    high: int
    usual: float
    slips: dict[int, float]
    suggestion: dict[str, int] | None


class Outlook:
    """Needs the log once more, to see each ticket as it stood at each of the instants."""

    def __init__(self, connection: Connection, year: Year, reader: Reader, compared: Compared) -> None:
        self._connection, self._year, self._reader, self._compared = connection, year, reader, compared

    def compare(self) -> None:
        told = list(self._told())
        who = people(self._connection)
        foretold = {one.at: Foretold(known, who, self._year)
                    for one, known in zip(told, self._known([one.at for one in told]), strict=True)}  # fmt: skip
        for one in told:
            self._forecast(one, foretold[one.at])
        self._did([_anew(one, foretold[one.at]) for one in told if one.is_judged])
        self._latest(foretold[max(foretold)])

    def _forecast(self, told: Told, mine: Foretold) -> None:
        where = f"foretold {utc(told.at)}"
        near = _NEARLY if len(mine.due) > _MANY else _EXACT
        mean, low, high = mine.expected()
        self._compared.near(f"{where} usual", told.usual, mine.usual(), _EXACT)
        self._compared.near(f"{where} mean", told.mean, mean, near * max(1, len(mine.today)))
        bounds = int(len(mine.today) > _MANY)
        self._compared.near(f"{where} low", told.low, low, bounds)
        self._compared.near(f"{where} high", told.high, high, bounds)
        asked = suggested(mine)
        advice = asked and [asked.agent, asked.at // SECOND, asked.usual // SECOND, asked.more]
        given = told.suggestion and [told.suggestion[name] for name in ("agent_id", "at", "usual", "short")]
        self._compared.same(f"{where} suggestion", given, advice)
        due = {one.id for one in mine.today}
        self._compared.same(f"{where} promises", sorted(told.slips), sorted(due))
        for key in due & told.slips.keys():
            self._compared.near(f"{where} {key}", told.slips[key], mine.chances[key], near)

    def _did(self, judged: Sequence[Told]) -> None:
        """Of those of seven days whose day is over, by what became of each promise since."""
        now, became = self._year.now, {one.id: one.outcome for one in self._year.decided}
        last = [one for one in judged if now - 7 * DAY < one.at + DAY <= now]
        came = [[(slips, one.usual, became[key] == "broken") for key, slips in one.slips.items() if key in became]
                for one in last]  # fmt: skip
        every = [each for mine in came for each in mine]
        if not every:
            return
        score, none, usual = (sum((said - is_so) ** 2 for said, is_so in mine) / len(every) for mine in (
            [(slips, is_so) for slips, _, is_so in every], [(0.0, is_so) for _, _, is_so in every],
            [(share, is_so) for _, share, is_so in every]))  # fmt: skip
        within = sum(
            one.low <= sum(is_so for *_, is_so in mine) <= one.high for one, mine in zip(last, came, strict=True)
        )
        better = "better" if score < min(none, usual) else "no better"
        due = [str(len(last)), str(len(every)), f"{score:.3f}", better, f"{none:.3f}", f"{usual:.3f}", str(within),
               str(len(last))]  # fmt: skip
        said = _DID.search(self._reader.page("/promises/next"))
        self._compared.same("how last week's forecasts did", list(said.groups()) if said else None, due)

    def _latest(self, mine: Foretold) -> None:
        """As the page and its tables tell it."""
        near = _NEARLY if len(mine.due) > _MANY else _SHOWN
        hours = [one for one in mine.hours if one[0] < mine.at + DAY]
        told = self._reader.json("/api/v1/tables/next-hours")["rows"]
        self._compared.same("next hours", len(told), len(hours))
        for row, (since, until, room) in zip(told, hours, strict=False):
            due = sum(since <= one.at < until for one in mine.due)
            self._compared.same(f"next hour {row['from']}", row["due"], due)
            self._compared.near(f"next hour {row['from']} room", row["room"], room, _SHOWN)
        days = list(mine.days())
        told = self._reader.json("/api/v1/tables/next-days")["rows"]
        self._compared.same(
            "next days", [[row["day"], row["due"]] for row in told], [[d["day"], d["due"]] for d in days]
        )
        for row, day in zip(told, days, strict=False):
            self._compared.near(f"next day {row['day']} room", row["room"], day["room"], _SHOWN)
            self._compared.near(f"next day {row['day']} slips", row["slips"], day["slips"], near * max(1, day["due"]))
        named = Counter(
            f"{row['ticket']} {row['slips']}" for row in self._reader.json("/api/v1/tables/next-promises")["rows"]
        )
        due_now = Counter(f"{one.ticket} {round(100 * mine.chances[one.id])}" for one in mine.today)
        if near < _NEARLY:
            self._compared.same("next promises", sorted(named.elements()), sorted(due_now.elements()))
        text = self._reader.page("/promises/next")
        said = _ASKS.search(text)
        self._compared.same("who could begin earlier", said[0] if said else None, self._advice(mine))
        mean, low, high = mine.expected()
        said = _EXPECTS.search(text)
        if near < _NEARLY:
            self._compared.same("expected to slip", list(said.groups()) if said else None,
                                [f"{mean:.1f}", str(low), str(high)])  # fmt: skip
            likely = sum(mine.chances[one.id] > 0.5 for one in mine.today)
            number = _NUMBERS[likely] if likely < len(_NUMBERS) else str(likely)
            found = _LIKELY.search(text)
            self._compared.same("likely to slip", found[1] if found else None, number)

    def _advice(self, mine: Foretold) -> str | None:
        """As long as there is time for it."""
        asked = suggested(mine)
        if asked is None or asked.at <= self._year.now:
            return None
        named = "SELECT split_part(name, ' ', 1) FROM agent WHERE id = %s"
        [(name,)] = self._connection.execute(named, [asked.agent]).fetchall()
        more = "one more gets" if asked.more == 1 else f"{asked.more} more get"
        begin, usual = (f"{self._year.wall(at):%H:%M}" for at in (asked.at, asked.usual))
        return f"Ask {name} to begin at {begin} instead of {usual}: {more} done in time."

    def _told(self) -> Iterator[Told]:
        asked = "SELECT id, picture -> 'suggestion', made_at, is_judged, mean, low, high, usual FROM forecast"
        for key, suggestion, at, *rest in self._connection.execute(f"{asked} ORDER BY made_at").fetchall():
            items = "SELECT commitment_id, slips FROM forecast_item WHERE forecast_id = %s"
            yield Told(micro(at), *rest, dict(self._connection.execute(items, [key]).fetchall()), suggestion)

    def _known(self, instants: Sequence[int]) -> list[Known]:
        """Each ticket once, as it was at every instant."""
        rows = self._connection.execute("SELECT id, ticket_id, clause_id, cycle FROM commitment")
        names = {row[1:]: row[0] for row in rows}
        found = [Known(at) for at in instants]
        for ticket in self._year.log.tickets():
            parted = next((one.at for one in ticket.events if one.kind == "ticket.parted"), 0)
            last, many = None, 0
            for known in found:
                events = [one for one in ticket.events if one.at <= known.at]
                if not events or parted > known.at:
                    continue
                if last is None or last.due or len(events) > many:
                    last, many = self._stood(replace(ticket, events=events), known.at, names), len(events)
                known.made += [one for one in last.made if one.at >= known.at - _REMEMBERED]
                known.due += last.due
        return found

    def _stood(self, ticket: Ticket, at: int, names: dict[tuple[int, int, int], int]) -> Known:
        """One ticket; nothing becomes of it until something happens, unless a clock runs."""
        known, held = Known(at), Held(ticket)
        for one in Clocks(ticket, self._year.log.hours).run(ticket, at):
            name = names.get((ticket.id, one.clause.id, one.number), 0)
            if one.outcome in {"kept", "broken"}:
                day, hour = self._year.when(one.settled)
                agent = held.at(one.settled).agent
                known.made.append(Made(one.settled, day, hour, agent, one.outcome == "broken"))
            elif one.ended is None and one.runs and (due := one.due()) is not None:
                known.due.append(Due(name, ticket.number, due, one.breaks() or due))
        return known


def _anew(told: Told, mine: Foretold) -> Told:
    """As it should have been told; where the product takes the curve, as it was."""
    if len(mine.due) > _MANY:
        return told
    mean, low, high = mine.expected()
    slips = {one.id: mine.chances[one.id] for one in mine.today}
    return Told(told.at, told.is_judged, mean, low, high, mine.usual(), slips, told.suggestion)
