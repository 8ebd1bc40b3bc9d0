"""Rest: how many nights running a person may ring, and how long they are left alone between."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Literal
from zoneinfo import ZoneInfo

from sla.calendars.spans import Span
from sla.calendars.walls import resolve
from sla.oncall.instants import local
from sla.oncall.load import nights, stretches
from sla.oncall.roster import Person, Rest, Shift


@dataclass(frozen=True, slots=True)
class Broken:
    """A rule that a rota breaks, and where. `found` is nights for the first rule and hours for the second."""

    rule: Literal["nights", "between"]
    person: Person
    start: int
    end: int
    found: float
    allowed: float

    def in_words(self, name: str, zone: ZoneInfo) -> str:
        """Why it is refused, in a sentence, with days on the wall of `zone`."""
        span = " to ".join(f"{local(one, zone):%a %d %b %H:%M}" for one in (self.start, self.end))
        if self.rule == "nights":
            return f"{name} would ring {self.found:g} nights running, {span}. At most {self.allowed:g} are allowed."
        return f"{name} would have {self.found:.3g} hours of rest, {span}. At least {self.allowed:g} are needed."


def broken(shifts: Iterable[Shift], rest: Rest, zone: ZoneInfo) -> tuple[Broken, ...]:
    """Every breach of the rules by these shifts, in order of people. Give all lanes and schedules a person is in."""
    found: list[Broken] = []
    for person, spans in sorted(stretches(shifts).items(), key=lambda one: str(one[0])):
        found += _too_short(person, spans, rest)
        found += _too_many(person, spans, rest, zone)
    return tuple(found)


def refused(
    before: Iterable[Sequence[Shift]], after: Sequence[Shift], rest: Rest, zone: ZoneInfo, *, since: int
) -> tuple[Broken, ...]:
    """The breaches a change would bring: those after it that are new or worse, and not over before `since`.

    A rota that breaks a rule already may be changed in any way that does not make it worse than any of `before`: what
    rang until now, or would ring if nothing were agreed otherwise.
    """
    known = [one for shifts in before for one in broken(shifts, rest, zone)]
    return tuple(
        one for one in broken(after, rest, zone) if one.end > since and not any(_as_bad(one, old) for old in known)
    )


def _too_short(person: Person, spans: list[Span], rest: Rest) -> Iterator[Broken]:
    if rest.hours_between is None:
        return
    for (_, end), (start, _) in pairwise(spans):
        hours = (start - end) / 3600
        if hours < rest.hours_between:
            yield Broken("between", person, end, start, hours, rest.hours_between)


def _too_many(person: Person, spans: list[Span], rest: Rest, zone: ZoneInfo) -> Iterator[Broken]:
    if rest.nights_running is None:
        return
    for run in _runs(nights(spans, zone, rest.night)):
        if len(run) > rest.nights_running:
            start = resolve(run[0], rest.night.start, zone, "start")
            end = resolve(run[-1], rest.night.end, zone, "end")
            yield Broken("nights", person, start, end, len(run), rest.nights_running)


def _runs(days: Iterable[date]) -> Iterator[list[date]]:
    run: list[date] = []
    for day in days:
        if run and day - run[-1] != timedelta(days=1):
            yield run
            run = []
        run.append(day)
    if run:
        yield run


def _as_bad(new: Broken, old: Broken) -> bool:
    """Whether the old breach overlaps the new one and was as bad."""
    if (new.rule, new.person) != (old.rule, old.person) or new.end <= old.start or old.end <= new.start:
        return False
    return old.found >= new.found if new.rule == "nights" else old.found <= new.found
