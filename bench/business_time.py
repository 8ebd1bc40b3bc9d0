"""Business time: adding to and counting between instants, beside other ways on the same calendar and inputs."""

from __future__ import annotations

import importlib
import random
import time
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from datetime import time as wall
from typing import Any
from zoneinfo import ZoneInfo

from bench.meter import median
from bench.table import Line
from sla.calendars.hours import Hours
from sla.calendars.rules import Rules, Window

NEW_YORK = ZoneInfo("America/New_York")
HOLIDAYS = (
    (1, 1),
    (1, 20),
    (2, 17),
    (5, 26),
    (6, 19),
    (7, 4),
    (9, 1),
    (10, 13),
    (11, 11),
    (11, 27),
    (12, 24),
    (12, 25),
)
RULES = Rules(
    NEW_YORK,
    ((Window(9 * 3600, 17 * 3600),),) * 5 + ((),) * 2,
    frozenset(date(year, month, day) for year in range(2018, 2031) for month, day in HOLIDAYS),
)
EIGHT_HOURS = 8 * 3600
_MANY, _FEW = 100_000, 400
_ROUNDS = 5

Pair = tuple[datetime, datetime]


def lines() -> list[Line]:
    """The table's lines: ours, then each peer with how often its answers were ours."""
    hours = Hours(RULES, around=date(2023, 7, 1), back=timedelta(days=1461), ahead=timedelta(days=1461))
    pairs = _pairs(_MANY)
    new_york = [(one.astimezone(NEW_YORK), two.astimezone(NEW_YORK)) for one, two in pairs]
    return [
        *_ours("UTC", hours, pairs, least=500_000),
        *_ours("New York", hours, new_york),
        _compile(),
        _clocks(hours),
        *_peers(hours, pairs),
    ]


def _ours(zone: str, hours: Hours, pairs: Sequence[Pair], least: float | None = None) -> list[Line]:
    add, between = hours.add_to, hours.between_instants
    added = _rate(lambda: [add(one, EIGHT_HOURS) for one, _ in pairs], len(pairs))
    counted = _rate(lambda: [between(one, two) for one, two in pairs], len(pairs))
    goal = f">= {least / 1000:.0f} k/s" if least else ""
    return [
        _line(f"add 8 h, {zone} instants", f"{added / 1000:.0f} k/s", goal, None if least is None else added >= least),
        _line(
            f"between, {zone} instants", f"{counted / 1000:.0f} k/s", goal, None if least is None else counted >= least
        ),
    ]


def _compile() -> Line:
    span = timedelta(days=1461)
    took = median([_seconds(lambda: Hours(RULES, around=date(2023, 7, 1), back=span, ahead=span)) for _ in range(9)])
    return _line("compile 8 years", f"{1000 * took:.1f} ms", "<= 20 ms", took <= 0.02)


def _clocks(hours: Hours) -> Line:
    """Each clock knows when it resumed and what it has used; its due time is worked out anew."""
    dice = random.Random(2)
    clocks = [(one.timestamp(), dice.randrange(EIGHT_HOURS)) for one, _ in _pairs(_MANY)]
    took = median(
        [_seconds(lambda: [hours.add(at, EIGHT_HOURS - used) for at, used in clocks]) for _ in range(_ROUNDS)]
    )
    return _line("recompute 100,000 clocks", f"{1000 * took:.0f} ms", "<= 100 ms", took <= 0.1)


def _peers(hours: Hours, pairs: Sequence[Pair]) -> list[Line]:
    few = pairs[:_FEW]
    found = [_peer("day loop", _loop_add, few, hours), _peer("day loop", _loop_between, few, hours, counts=True)]
    for name, module, adds, counts in (
        ("businesstimedelta", "businesstimedelta", _businesstimedelta_add, _businesstimedelta_between),
        ("pandas CustomBusinessHour", "pandas", _pandas_add, None),
    ):
        try:
            library = importlib.import_module(module)
        except ImportError:
            found.append(_line(f"add 8 h, {name}", "not installed"))
            continue
        found.append(_peer(name, adds(library), few, hours))
        if counts is not None:
            found.append(_peer(name, counts(library), few, hours, counts=True))
    return found


def _peer(name: str, how: Callable[..., Any], pairs: Sequence[Pair], hours: Hours, *, counts: bool = False) -> Line:
    """Its rate, and how many of its answers were ours."""
    if counts:
        answers = [how(one, two) for one, two in pairs]
        right = [hours.between_instants(one, two) for one, two in pairs]
        rate = _rate(lambda: [how(one, two) for one, two in pairs], len(pairs), rounds=2)
    else:
        answers = [how(one) for one, _ in pairs]
        right = [hours.add_to(one, EIGHT_HOURS) for one, _ in pairs]
        rate = _rate(lambda: [how(one) for one, _ in pairs], len(pairs), rounds=2)
    many = [*pairs] * 50
    ours = _rate(_own(hours, many, counts=counts), len(many))
    same = sum(one == two for one, two in zip(answers, right, strict=True))
    rolled = (
        0
        if counts
        else sum(
            one != two and one.timestamp() == hours.next_open(two.timestamp())
            for one, two in zip(answers, right, strict=True)
        )
    )
    said = f"{rate / 1000:.2f} k/s, {same} of {len(pairs)} as ours" + (
        f", {rolled} at the next opening" if rolled else ""
    )
    return _line(f"{'between' if counts else 'add 8 h'}, {name}", said, peer=f"ours {ours / rate:.1f} times")


def _own(hours: Hours, pairs: Sequence[Pair], *, counts: bool) -> Callable[[], object]:
    if counts:
        return lambda: [hours.between_instants(one, two) for one, two in pairs]
    return lambda: [hours.add_to(one, EIGHT_HOURS) for one, _ in pairs]


def _line(workload: str, value: str, goal: str = "", met: bool | None = None, *, peer: str = "") -> Line:  # noqa: FBT001
    return Line(workload, value, goal, met, peer=peer)


def _loop_add(start: datetime) -> datetime:
    """As many write it: walk the days, take what each has."""
    local, left = start.astimezone(NEW_YORK), float(EIGHT_HOURS)
    day = local.date()
    while True:
        if day.weekday() < 5 and day not in RULES.holidays:
            opens, closes = _of_day(day)
            begin = max(local, opens)
            room = (closes.astimezone(UTC) - begin.astimezone(UTC)).total_seconds()
            if 0 < left <= room:
                return begin.astimezone(UTC) + timedelta(seconds=left)
            left -= max(0.0, room)
        day += timedelta(days=1)


def _loop_between(start: datetime, end: datetime) -> float:
    begin, until = start.astimezone(NEW_YORK), end.astimezone(NEW_YORK)
    day, total = begin.date(), 0.0
    while day <= until.date():
        if day.weekday() < 5 and day not in RULES.holidays:
            opens, closes = _of_day(day)
            low, high = max(begin, opens).astimezone(UTC), min(until, closes).astimezone(UTC)
            total += max(0.0, (high - low).total_seconds())
        day += timedelta(days=1)
    return total


def _of_day(day: date) -> Pair:
    return datetime.combine(day, wall(9), NEW_YORK), datetime.combine(day, wall(17), NEW_YORK)


def _businesstimedelta_rules(library: Any) -> Any:
    week = library.WorkDayRule(
        start_time=wall(9),
        end_time=wall(17),
        working_days=[0, 1, 2, 3, 4],
        tz=importlib.import_module("pytz").timezone(NEW_YORK.key),
    )
    closed = library.HolidayRule(
        dict.fromkeys(RULES.holidays, "closed"), tz=importlib.import_module("pytz").timezone(NEW_YORK.key)
    )
    return library.Rules([week, closed])


def _businesstimedelta_add(library: Any) -> Callable[[datetime], datetime]:
    eight = library.BusinessTimeDelta(_businesstimedelta_rules(library), hours=8)
    return lambda start: (start + eight).astimezone(UTC)


def _businesstimedelta_between(library: Any) -> Callable[[datetime, datetime], float]:
    rules = _businesstimedelta_rules(library)
    return lambda start, end: (found := rules.difference(start, end)).hours * 3600.0 + found.seconds


def _pandas_add(library: Any) -> Callable[[datetime], datetime]:
    offset = library.offsets.CustomBusinessHour(start="09:00", end="17:00", holidays=sorted(RULES.holidays))
    one_day = offset * 8
    return lambda start: (library.Timestamp(start.astimezone(NEW_YORK)) + one_day).to_pydatetime().astimezone(UTC)


def _pairs(count: int) -> list[Pair]:
    """Instants of five years in UTC, the second of each pair about two weeks later."""
    dice = random.Random(1)
    begin = int(datetime(2021, 1, 1, tzinfo=UTC).timestamp())
    found = []
    for _ in range(count):
        start = begin + dice.randrange(5 * 365 * 86_400)
        later = start + dice.randrange(13 * 86_400, 15 * 86_400)
        found.append((datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(later, UTC)))
    return found


def _rate(work: Callable[[], object], count: int, rounds: int = _ROUNDS) -> float:
    return count / median([_seconds(work) for _ in range(rounds)])


def _seconds(work: Callable[[], object]) -> float:
    """Of this thread's processor: one core, whatever the neighbours do."""
    began = time.thread_time()
    work()
    return time.thread_time() - began
