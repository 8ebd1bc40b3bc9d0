"""A rota as lanes: who has their turn, who is the backup, what was agreed otherwise, and who rings in the end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from helpdesk.text.initials import TINTS, tint
from sla.calendars.spans import Span, without
from sla.oncall import missing, replanning
from sla.oncall.feeding import lane_in_words
from sla.oncall.gaps import Gap
from sla.oncall.loading import Rota
from sla.oncall.models import OnCallOverride
from sla.oncall.resolving import turns
from sla.oncall.roster import FIRST, Shift
from sla.oncall.wording import Walls
from sla.web.rotatimes import Axis

DONE = {
    "add": "{who} is added",
    "remove": "{whose} is taken off",
    "replace": "{who} instead of {whose}",
    "swap": "{who} takes {whose}’s shift",
    "plan": "A temporary plan",
}


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch in a lane, in percent of the axis; `start` and `end` are its true ends."""

    x: float
    width: float
    name: str
    tint: int
    words: str
    """For who cannot see it: "Ingrid, Tuesday 17:00 to 08:00"."""
    lane: int
    person: int
    start: int
    end: int
    override: int = 0
    kind: str = ""
    is_over: bool = False


@dataclass(frozen=True, slots=True)
class Lane:
    key: str
    name: str
    bars: tuple[Bar, ...] = ()
    holes: tuple[tuple[float, float], ...] = ()

    @property
    def label(self) -> str:
        return f"{self.name}: {'; '.join(bar.words for bar in self.bars) or 'nobody'}"


@dataclass(frozen=True, slots=True)
class Scene:
    """What is drawn: closed hours behind every lane, the lanes, and where now is."""

    axis: Axis
    lanes: tuple[Lane, ...]
    closed: tuple[tuple[float, float], ...] = ()
    now: float | None = None


@dataclass(frozen=True)
class Painter:
    """What all bars of a page share."""

    walls: Walls
    names: Mapping[int, str]
    now: int
    overrides: Sequence[OnCallOverride] = field(default_factory=tuple)
    tints: Mapping[int, int] = field(default_factory=dict)
    """Where people of one rota would have the same colour, another."""

    def scene(self, rota: Rota, axis: Axis, *, final_only: bool = False) -> Scene:
        low, high = axis.start, axis.end
        rings = tuple(shift for shift in rota.shifts(low, high) if shift.lane == FIRST)
        holes = [(gap.start, gap.end) for gap in missing.between(rota, low, high) if gap.lane == FIRST]
        final = Lane("rings", "Who rings", self._bars(rings, axis), _places(holes, axis))
        lanes = () if final_only else (*self._turns(rota, axis), self._agreed(axis), *self._planned(axis))
        here = axis.at(self.now) if low <= self.now < high else None
        return Scene(axis, (*lanes, final), _places(closed(rota, low, high), axis), here)

    def _turns(self, rota: Rota, axis: Axis) -> Iterable[Lane]:
        found: dict[int, list[Shift]] = {FIRST: []}
        for shift in turns(rota.roster.schedule, axis.start, axis.end):
            found.setdefault(shift.lane, []).append(shift)
        for lane, shifts in sorted(found.items()):
            yield Lane(f"lane-{lane}", lane_in_words(lane).capitalize(), self._bars(shifts, axis))

    def _agreed(self, axis: Axis) -> Lane:
        rows = [one for one in self.overrides if _begins(one) < axis.end and _stops(one) > axis.start]
        return Lane("swaps", "Swaps", tuple(self._override(one, axis) for one in rows))

    def _planned(self, axis: Axis) -> Iterable[Lane]:
        """A lane for each of temporary plans, with every shift."""
        found: dict[int, list[Bar]] = {}
        for plan in (one for one in self.overrides if one.kind == "plan"):
            for one in replanning.cut(replanning.planned(plan), (_begins(plan), _stops(plan))):
                start, end = int(one.starts_at.timestamp()), int(one.ends_at.timestamp())
                if start < axis.end and end > axis.start:
                    bar = self._bar((start, end), one.agent_id, one.lane, axis)
                    bar = replace(bar, words=f"{bar.words}, planned", override=plan.id, kind=plan.kind)
                    found.setdefault(one.lane, []).append(bar)
        for lane, bars in sorted(found.items()):
            name = "Plan" if lane == FIRST else f"Plan, {lane_in_words(lane)}"
            yield Lane(f"plan-{lane}", name, tuple(bars))

    def _bars(self, shifts: Iterable[Shift], axis: Axis) -> tuple[Bar, ...]:
        return tuple(self._bar((one.start, one.end), int(one.person), one.lane, axis) for one in shifts)

    def _override(self, one: OnCallOverride, axis: Axis) -> Bar:
        person = one.agent_id or one.replaced_id or 0
        words = DONE[one.kind].format(who=self._name(one.agent_id), whose=self._name(one.replaced_id))
        bar = self._bar((_begins(one), _stops(one)), person, one.lane, axis)
        name = "Plan" if one.kind == "plan" else f"No {bar.name}" if one.kind == "remove" else bar.name
        words = bar.words.replace(bar.name, words, 1)
        return replace(bar, name=name, words=words, override=one.id, kind=one.kind)

    def _bar(self, span: Span, person: int, lane: int, axis: Axis) -> Bar:
        name, (start, end) = self._name(person), span
        return Bar(
            x=axis.at(start),
            width=axis.width(start, end),
            name=name,
            tint=self.tints.get(person) or tint(person),
            words=f"{name}, {self.walls.span(start, end)}",
            lane=lane,
            person=person,
            start=start,
            end=end,
            is_over=end <= self.now,
        )

    def _name(self, person: int | None) -> str:
        return self.names.get(person or 0, "Nobody")


def tints(people: Iterable[int]) -> dict[int, int]:
    """A colour for each, their own unless somebody before them has it."""
    found: dict[int, int] = {}
    for person in people:
        own = tint(person)
        taken = set(found.values())
        free = [one for one in (*range(own, TINTS + 1), *range(1, own)) if one not in taken]
        found[person] = free[0] if free else own
    return found


def closed(rota: Rota, start: int, end: int) -> list[Span]:
    """When the day's team is not there; nothing for a rota around the clock."""
    office = rota.roster.office
    return [] if office is None else list(without([(start, end)], list(office.spans(start, end))))


def in_words(gap: Gap, walls: Walls) -> str:
    """Who is missing when: "Nobody is first on Saturday 00:00 to 08:00."."""
    return f"Nobody is {lane_in_words(gap.lane)} on {walls.span(gap.start, gap.end)}."


def _places(spans: Iterable[tuple[int, int]], axis: Axis) -> tuple[tuple[float, float], ...]:
    return tuple((axis.at(low), axis.width(low, high)) for low, high in spans if low < axis.end and high > axis.start)


def _begins(one: OnCallOverride) -> int:
    return int((one.taken_starts_at or one.starts_at).timestamp())


def _stops(one: OnCallOverride) -> int:
    return int((one.taken_ends_at or one.ends_at).timestamp())
