"""Recomputes every figure of an attainment statement from its own promises, and says in words what does not add up.

    python verify_statement.py statement.json [--keys keys.json]

It needs Python 3.11 and nothing else; the signature is checked where the package `cryptography` is installed.
`keys.json` is what the issuer publishes at the address the statement names: without it the key in the statement itself
is used. Ends with 0 when all is right, 1 when something is not, 2 when the file cannot be read.
"""

from __future__ import annotations

import argparse
import base64
import json
import sys
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
except ImportError:
    Ed25519PublicKey = None  # type: ignore[assignment, misc]

Json = dict[str, Any]
FORMAT = "kept-attainment-statement/1"
SECOND = 1_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WAITS = ("customer", "part", "someone")
ALWAYS_STOPS = ("done", "suspended", "refused", "paused")
OF_ITSELF = {"wait": ("customer",), "work": WAITS}


def instant(text: str) -> int:
    """Microseconds since 1970 of a UTC time."""
    return (datetime.fromisoformat(text) - EPOCH) // timedelta(microseconds=1)


def maybe(text: str | None) -> int | None:
    return None if text is None else instant(text)


class Calendar:
    """The open time of a calendar's versions between two days, as a table."""

    def __init__(self, versions: list[Json], first: date, last: date) -> None:
        since = [0 if one["since"] is None else instant(one["since"]) for one in versions]
        spans: list[tuple[int, int]] = []
        for place, version in enumerate(versions):
            low = since[place] if place else -(10**30)
            high = since[place + 1] if place + 1 < len(versions) else 10**30
            for start, end in opened(version, first, last):
                if max(start, low) < min(end, high):
                    spans.append((max(start, low), min(end, high)))
        joined = merged(spans)
        self.starts, self.ends = [start for start, _ in joined], [end for _, end in joined]
        self.through: list[int] = []
        total = 0
        for start, end in joined:
            total += end - start
            self.through.append(total)

    def before(self, at: int) -> int:
        """Open microseconds before an instant."""
        i = bisect_right(self.starts, at) - 1
        return 0 if i < 0 else self.through[i] - max(0, self.ends[i] - at)

    def between(self, start: int, end: int) -> int:
        return self.before(end) - self.before(start)

    def add(self, at: int, amount: int) -> int:
        """When so much open time has passed; the closing instant where it fills a stretch. IndexError: never."""
        i = bisect_right(self.ends, at)
        if not amount:
            return max(at, self.starts[i])
        target = self.before(at) + amount
        j = bisect_left(self.through, target)
        return self.ends[j] - (self.through[j] - target)


def opened(rules: Json, first: date, last: date) -> list[tuple[int, int]]:
    zone, holidays = ZoneInfo(rules["zone"]), set(rules["holidays"])
    spans, holes = [], []
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        windows = rules["overrides"].get(day.isoformat(), rules["hours"][DAYS[day.weekday()]])
        if day.isoformat() in holidays or day.isoformat()[5:] in holidays:
            windows = []
        spans += [(wall(day, start, zone, first=True), wall(day, end, zone, first=False)) for start, end in windows]
        broken = rules["breaks"].get(day.isoformat(), [])
        holes += [(wall(day, start, zone, first=True), wall(day, end, zone, first=False)) for start, end in broken]
    found = merged(spans)
    for hole in merged(holes):
        left = [(start, min(end, hole[0])) for start, end in found] + [
            (max(start, hole[1]), end) for start, end in found
        ]
        found = sorted((start, end) for start, end in left if start < end)
    return found


def merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], end)
        elif start < end:
            found.append((start, end))
    return found


def wall(day: date, text: str, zone: ZoneInfo, *, first: bool) -> int:
    """The instant of a wall time of a day. A skipped one is the first that exists after it."""
    parts = [int(part) for part in text.split(":")] + [0]
    at = datetime(day.year, day.month, day.day) + timedelta(hours=parts[0], minutes=parts[1], seconds=parts[2])  # noqa: DTZ001
    early, late = (int(at.replace(tzinfo=zone, fold=fold).timestamp()) for fold in (0, 1))
    if early > late:  # skipped: between the two lies the change
        low, high = late, early
        while high - low > 1:
            middle = (low + high) // 2
            moved = datetime.fromtimestamp(middle, zone).utcoffset() == datetime.fromtimestamp(early, zone).utcoffset()
            low, high = (low, middle) if moved else (middle, high)
        early = late = high
    return (early if first else late) * SECOND


class Check:
    """The faults of one statement."""

    def __init__(self, statement: Json) -> None:
        if statement["format"] != FORMAT:
            raise ValueError(f"it is no {FORMAT}")
        self.told, self.faults = statement, list[str]()
        self.period = statement["period"]
        self.begins, self.ends = instant(self.period["from"]), instant(self.period["until"])
        self.as_of = instant(statement["as_of"])
        self.calendars = self._calendars()

    def same(self, what: str, told: object, found: object) -> None:
        if told != found:
            self.faults.append(f"{what}: the statement says {words(told)}, recomputed it is {words(found)}.")

    def all(self) -> list[str]:
        self._month()
        seen = set()
        for one in self.told["promises"]:
            if one["id"] in seen:
                self.faults.append(f"{called(one)} is listed twice.")
            seen.add(one["id"])
            self._promise(one)
        self._figures()
        self._credits()
        for place, one in enumerate(self.told["prepaid"], 1):
            drawn = sum(amount for _, _, amount in one["entries"])
            self.same(f"Prepaid {place}, drawn", one["drawn"], drawn)
            self.same(f"Prepaid {place}, left", one["left"], one["bought"] - one["drawn_before"] - drawn)
            if any(not self.begins <= instant(at) < self.ends for at, _, _ in one["entries"]):
                self.faults.append(f"Prepaid {place} has an entry of another month.")
        return self.faults

    def _calendars(self) -> dict[str, Calendar]:
        keys = ("started", "ended", "due", "broken")
        named = [instant(one[key]) for one in self.told["promises"] for key in keys if one.get(key)]
        days = [(EPOCH + timedelta(microseconds=at)).date() for at in (*named, self.begins, self.as_of)]
        first, last = min(days) - timedelta(days=3), max(days) + timedelta(days=40)
        if (last - first).days > 366 * 30:
            raise ValueError("its instants lie more than thirty years apart")
        return {name: Calendar(each, first, last) for name, each in self.told["calendars"].items()}

    def _month(self) -> None:
        zone, first = ZoneInfo(self.period["zone"]), date.fromisoformat(self.period["month"] + "-01")
        after = (first + timedelta(days=31)).replace(day=1)
        for name, day in (("from", first), ("until", after)):
            at = datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
            self.same(f"The month's {name}", instant(self.period[name]), (at - EPOCH) // timedelta(microseconds=1))

    def _promise(self, one: Json) -> None:
        name, clause = called(one), self.told["clauses"][one["clause"]]
        if not one["stretches"]:
            self.faults.append(f"{name} does not say how its clock ran, so nothing of it can be recomputed.")
            return
        key = f"c{one['agreement']}:{clause['number'] or clause['metric']}"
        self.same(f"{name}, which promise", one["promise"], key)
        if one["agreement"] not in [each["id"] for each in self.told["agreements"]]:
            self.faults.append(f"{name} belongs to an agreement that is not named.")
        self._stretches(one, name, clause)
        self._targets(one, name, clause)
        clock = Clock(one, self.calendars[one["calendar"]])
        self.same(f"{name}, seconds used", one["used_seconds"], clock.used_by(clock.end) // SECOND)
        self.same(f"{name}, seconds left", one["left_seconds"], one["target_seconds"] - one["used_seconds"])
        self.same(f"{name}, due", maybe(one["due"]), clock.reached(one["target_seconds"] * SECOND))
        broken = clock.broken()
        self.same(f"{name}, outcome", one["outcome"], "kept" if broken is None else "broken")
        late = one["broken_on_change"] and broken is not None and one["broken"] and instant(one["broken"]) >= broken
        if not late:
            self.same(f"{name}, when it broke", maybe(one["broken"]), broken)
        settled = one["broken"] if one["outcome"] == "broken" else one["ended"]
        self.same(f"{name}, when it was decided", one["settled"], settled)
        if not self.begins <= instant(one["settled"]) < self.ends:
            self.faults.append(f"{name} was decided in another month.")

    def _stretches(self, one: Json, name: str, clause: Json) -> None:
        cursor = instant(one["started"])
        allowed = {"runs", *ALWAYS_STOPS, *clause["pauses"], *OF_ITSELF.get(clause["metric"], ())}
        until = self.as_of if one["ended"] is None else instant(one["ended"])
        for start, end, why in one["stretches"]:
            if instant(start) != cursor or instant(end) < cursor:
                self.faults.append(f"{name}: its stretches do not follow one another at {start}.")
            if why not in allowed:
                self.faults.append(f"{name}: its clause does not let {why} stop the clock.")
            cursor = instant(end)
        if cursor != max(until, instant(one["started"])) or until > self.as_of:
            self.faults.append(f"{name}: its stretches do not reach to its end.")

    def _targets(self, one: Json, name: str, clause: Json) -> None:
        agreed = {clause["target_seconds"], *clause["targets"].values()}
        if not one["targets"] or any(seconds not in agreed for _, seconds in one["targets"]):
            self.faults.append(f"{name}: its clause does not give such a target.")
            return
        self.same(f"{name}, target", one["target_seconds"], one["targets"][-1][1])
        since = [instant(at) for at, _ in one["targets"]]
        if since != sorted(since) or since[0] < instant(one["started"]):
            self.faults.append(f"{name}: its targets do not follow one another.")

    def _figures(self) -> None:
        promises = self.told["promises"]
        self.same("The figures", self.told["figures"], figures(promises))
        groups: dict[str, list[Json]] = {}
        for one in promises:
            groups.setdefault(one["promise"], []).append(one)
        told = {one["promise"]: one for one in self.told["by_promise"]}
        self.same("The promises that have figures", sorted(told), sorted(groups))
        self.same("The count of rows with figures", len(self.told["by_promise"]), len(told))
        for key in told.keys() & groups.keys():
            for figure, found in figures(groups[key]).items():
                self.same(f"{told[key]['number'] or key}, {figure}", told[key][figure], found)

    def _credits(self) -> None:
        broken = {one["id"]: one for one in self.told["promises"] if one["outcome"] == "broken"}
        sums: dict[tuple[str, str], list[int]] = {}
        for one in self.told["credits"]:
            name = f"The credit for promise {one['promise']}"
            if one["promise"] not in broken:
                self.faults.append(f"{name} is for none that was broken here.")
            else:
                rule = self.told["clauses"][broken[one["promise"]]["clause"]]["credit"]
                self.same(f"{name}, its rule", {key: one["rule"].get(key) for key in rule}, rule)
            self.same(f"{name}, cents", one["amount_cents"], owed(one["rule"]))
            sums.setdefault((one["state"], one["currency"]), []).append(one["amount_cents"])
        found = [[state, currency, len(each), sum(each)] for (state, currency), each in sorted(sums.items())]
        told = [[one["state"], one["currency"], one["count"], one["amount_cents"]] for one in self.told["credit_sums"]]
        self.same("The sums of credits", told, found)


class Clock:
    """How one promise's clock ran, in a calendar."""

    def __init__(self, one: Json, calendar: Calendar) -> None:
        self.one, self.calendar = one, calendar
        self.runs = [(instant(start), instant(end)) for start, end, why in one["stretches"] if why == "runs"]
        self.end = instant(one["stretches"][-1][1])
        self.goes_on = one["stretches"][-1][2] == "runs"

    def used_by(self, at: int) -> int:
        return sum(self.calendar.between(start, min(end, at)) for start, end in self.runs if start < at)

    def reached(self, amount: int) -> int | None:
        """When so much was used, as if the clock ran on where it did at its end."""
        for place, (start, end) in enumerate(self.runs):
            room = self.calendar.between(start, end)
            if self.goes_on and place + 1 == len(self.runs):
                return self.calendar.add(start, amount)
            if room and amount <= room:
                return self.calendar.add(start, amount)
            amount -= room
        return None

    def broken(self) -> int | None:
        """The first instant at which it was over what it was judged by then; None when it never was."""
        judged = [(instant(at), seconds * SECOND) for at, seconds in self.one["targets"]]
        until = [at for at, _ in judged[1:]] + [self.end]
        for (since, target), end in zip(judged, until, strict=True):
            if self.used_by(min(since, self.end)) > target:
                return since
            if self.used_by(end) > target:
                return self.counts_from(self.reached(target))
        return None

    def counts_from(self, due: int | None) -> int | None:
        """The first open instant from there on at which the clock ran."""
        for place, (start, end) in enumerate(self.runs):
            last = self.goes_on and place + 1 == len(self.runs)
            if due is None or (end <= due and not last):
                continue
            opening = self.calendar.add(max(due, start), 0)
            if last or opening < end:
                return opening
        return None


def figures(promises: list[Json]) -> Json:
    kept = sum(one["outcome"] == "kept" for one in promises)
    excused = sum(one["outcome"] != "kept" and one["excused"] is not None for one in promises)
    share = (Decimal(100 * kept) / len(promises)).quantize(Decimal("0.01"), ROUND_HALF_UP) if promises else None
    told = None if share is None else str(share)
    return {"kept": kept, "broken": len(promises) - kept, "counted": len(promises), "excused": excused, "percent": told}


def owed(rule: Json) -> int:
    value, fee = Decimal(str(rule["value"])), Decimal(rule["fee_cents"])
    limits = [value if rule["kind"] == "amount" else fee * value / 100]
    if rule.get("cap") is not None:
        limits.append(Decimal(rule["cap"]))
    if fee:
        limits.append(fee * rule["cap_percent"] / 100 - rule["already_cents"])
    return max(0, int(min(limits).quantize(Decimal(1), ROUND_HALF_UP)))


def called(one: Json) -> str:
    return f"Promise {one['promise']} on ticket {one['ticket']}, number {one['cycle']}"


def words(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 10**14:
        return (EPOCH + timedelta(microseconds=value)).isoformat()
    return "nothing" if value is None else str(value)


def signature(document: Json, keys: Json | None, say: Callable[[str], None]) -> Iterator[str]:
    """What is wrong with it; what could not be checked is said."""
    told = document.get("signature")
    if told is None:
        say("This is a draft: nobody has signed it.")
        return
    if Ed25519PublicKey is None:
        say("The signature was NOT checked: the Python package cryptography is not installed.")
        return
    known = told["public_key"]
    if keys is not None:
        known = next((one["x"] for one in keys["keys"] if one["kid"] == told["key"]), None)
        if known is None:
            yield "The key that signed it is none of those the issuer publishes."
            return
    signed = json.dumps(document["statement"], sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    try:
        Ed25519PublicKey.from_public_bytes(raw(known)).verify(raw(told["value"]), signed)
    except (InvalidSignature, ValueError):
        yield "The signature is not right: the statement is not the one that was signed."
        return
    if keys is not None:
        say("The signature is right, by a key the issuer publishes.")
    else:
        say(f"The signature is right, by the key {told['key']}, which stands in the file itself.")
        say(f"That it is the issuer's was NOT checked: compare it with the one published at {told['published']}.")


def raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def read(path: str) -> Json:
    """A file without fractions and without a name that stands twice: every reader sees the same."""

    def once(pairs: list[tuple[str, Any]]) -> Json:
        if len({name for name, _ in pairs}) != len(pairs):
            raise ValueError("a name stands twice in one object")
        return dict(pairs)

    def no_fraction(text: str) -> Any:
        raise ValueError(f"{text} is no whole number")

    text = Path(path).read_text(encoding="utf-8")
    told = json.loads(text, object_pairs_hook=once, parse_float=no_fraction, parse_constant=no_fraction)
    if not isinstance(told, dict):
        raise TypeError("it is no object")
    return told


def main() -> int:
    parser = argparse.ArgumentParser(description="Recompute an attainment statement.")
    parser.add_argument("statement")
    parser.add_argument("--keys", help="the issuer's published keys, as a file")
    asked = parser.parse_args()
    try:
        document, keys = read(asked.statement), read(asked.keys) if asked.keys else None
        statement = document["statement"]
        found = Check(statement).all()
        faults = [*signature(document, keys, print), *found]
    except (OSError, ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError) as error:
        print(f"This statement cannot be recomputed: {type(error).__name__}, {error}.")
        return 2
    told = statement["figures"]
    for fault in faults:
        print(fault)
    if faults:
        print(f"DOES NOT ADD UP: {len(faults)} faults.")
        return 1
    print(f"Adds up: {told['kept']} of {told['counted']} promises kept in {statement['period']['month']}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
