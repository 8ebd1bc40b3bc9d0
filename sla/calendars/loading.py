"""Calendars from the database as timelines, compiled once in each thread."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from zoneinfo import ZoneInfo

from sqlalchemy import ARRAY, BigInteger, any_, bindparam, select
from sqlalchemy.orm import Session

from helpdesk.db import Json
from helpdesk.now import now
from sla import kept
from sla.calendars import reading
from sla.calendars.hours import Hours
from sla.calendars.models import CalendarVersion
from sla.calendars.rules import DAY, Rules, Window
from sla.calendars.timeline import Segment, Timeline
from sla.kept import Card, Kept

ALWAYS = Rules(ZoneInfo("UTC"), weekly=((Window(0, DAY),),) * 7)
"""Around the clock."""
_KEPT = 64
_MOST = 500


class _Compiled(threading.local):
    """Compiled tables grow when they are asked beyond their ends, so threads do not share them."""

    def __init__(self) -> None:
        self.hours: OrderedDict[tuple[int, str], tuple[Json, Hours]] = OrderedDict()
        """With the rules they were compiled from: a database put back to an older state gives its keys out again."""
        self.always = Hours(ALWAYS, around=now().date())


_compiled = _Compiled()


SHELF = "calendars"

INDEX = kept.cards(SHELF, CalendarVersion, CalendarVersion.calendar_id)
"""Asks for every version of every calendar."""
_SOME = INDEX.where(CalendarVersion.calendar_id == any_(bindparam("calendars", type_=ARRAY(BigInteger))))


class Versions:
    """What one calendar said in the course of time, oldest first."""

    def __init__(self, versions: Sequence[CalendarVersion]) -> None:
        self.versions = tuple(versions)
        self.written = [one.created_at.timestamp() for one in versions]
        """When each was written, POSIX seconds."""
        self._timelines: dict[tuple[tuple[int, ...], str], Timeline] = {}

    def timeline(self, known_at: float, *, zone: str = "") -> Timeline:
        """As it was known at an instant: versions written later are not in it."""
        known = tuple(i for i, written in enumerate(self.written) if written <= known_at) or (0,)
        key = known, zone
        if key not in self._timelines:
            found = [self.versions[i] for i in known]
            segments = [Segment(one.valid_from.timestamp(), compiled(one, zone)) for one in found]
            self._timelines[key] = Timeline(segments)
        return self._timelines[key]

    def later(self, known_at: float) -> list[CalendarVersion]:
        """Those written after an instant."""
        rest = zip(self.versions[1:], self.written[1:], strict=True)
        return [one for one, written in rest if written > known_at]

    @cached_property
    def names(self) -> Mapping[str, str]:
        """Holidays by "YYYY-MM-DD" or "MM-DD", breaks by "YYYY-MM-DD HH:MM"."""
        return {day: str(name) for one in self.versions for day, name in one.names.items()}


def versions_of(calendar_ids: Collection[int], cards: Collection[Card] | None = None) -> dict[int, Versions]:
    """Every version of these calendars; one query for those that are kept, none where `cards` are given."""
    if not calendar_ids:
        return {}
    if cards is None:
        cards = kept.ask(_SOME, calendars=list(calendar_ids)).get(SHELF, [])
    mine = [card for card in cards if card.of in calendar_ids]
    versions = _kept.of(mine)
    found: dict[int, list[CalendarVersion]] = {}
    for card in sorted(mine, key=lambda card: (card.since, card.id)):
        if card.id in versions:  # a planned one may have been withdrawn since its card was read
            found.setdefault(card.of, []).append(versions[card.id])
    return {calendar_id: Versions(each) for calendar_id, each in found.items()}


def compiled(version: CalendarVersion, zone: str = "") -> Hours:
    """The table of a version, its wall times read in `zone` where one is given."""
    said, hours = _compiled.hours.get((version.id, zone), ({}, None))
    if hours is None or said != version.rules:
        rules = reading.rules(version.rules)
        if zone:
            rules = replace(rules, zone=ZoneInfo(zone))
        hours = Hours(rules, around=version.valid_from.date())
        _compiled.hours[version.id, zone] = version.rules, hours
        while len(_compiled.hours) > _KEPT:
            _compiled.hours.popitem(last=False)
    _compiled.hours.move_to_end((version.id, zone))
    return hours


def always() -> Timeline:
    """Around the clock."""
    return Timeline([Segment(0, _compiled.always)])


def _load(session: Session, ids: Collection[int]) -> dict[int, CalendarVersion]:
    return {one.id: one for one in session.scalars(select(CalendarVersion).where(CalendarVersion.id.in_(ids)))}


_kept = Kept(_load, most=_MOST)
