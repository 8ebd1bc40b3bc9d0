"""The words for how much time a promise has left, and for when something happened; one function for every screen."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from helpdesk.text.promised import Promised, State

_HOURS = re.compile(r"\b(\d+) h\b")
COUNTDOWN = timedelta(minutes=100)
"""Below this the words count down even when the due time falls on the next day."""


def time_left(promise: Promised, now: datetime, zone: ZoneInfo, form: str = "list") -> str:
    """The words of the design's table for one promise; empty where the table says none.

    `form` is "list", "ticket", or "panel" beside what was promised; `zone` is the viewer's.
    """
    ticket = form == "ticket"
    if promise.state is State.RUNNING:
        if ticket:
            return _running_on_ticket(promise, now, zone)
        return _running(promise, now, zone, "left" if form == "panel" else f"to {promise.what}")
    if promise.state is State.PAUSED:
        return _paused(promise, now, zone) if ticket else f"Waiting for {promise.waiting_for}"
    if promise.state is State.ASLEEP:
        return _asleep(promise, now, zone, "Asleep until" if ticket else "Starts", with_work=ticket)
    return "" if form == "list" else _after_the_fact(promise, now)


def when(instant: datetime, now: datetime, zone: ZoneInfo) -> str:
    """When something happened, as short as it stays clear: "13:52", "Wed", "23 Oct", "23 Oct 2025"."""
    local, today = instant.astimezone(zone), now.astimezone(zone)
    days = (today.date() - local.date()).days
    if days == 0:
        return f"{local:%H:%M}"
    if 0 < days < 7:
        return f"{local:%a}"
    return f"{local.day} {local:%b}" if local.year == today.year else f"{local.day} {local:%b %Y}"


def counts_from(due: datetime, zone: ZoneInfo) -> datetime:
    """From when on the words for `due` count down: the start of its day for the viewer, or 100 minutes before."""
    midnight = due.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    return min(midnight.astimezone(due.tzinfo), due - COUNTDOWN)


def clock(instant: datetime, now: datetime, zone: ZoneInfo) -> str:
    """A time of day, with its date when it is another day: "17:24", "Fri 17:24", "23 Oct 17:24"."""
    local, today = instant.astimezone(zone), now.astimezone(zone)
    return f"{local:%H:%M}" if local.date() == today.date() else f"{_day(local, today)} {local:%H:%M}"


def span(length: timedelta) -> str:
    """A length of time in its two largest units: "42 min", "1 h 28", "3 h", "2 days"."""
    minutes = round(length.total_seconds() // 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    if hours >= 48:
        return f"{hours // 24} days"
    return f"{hours} h {rest:02}" if rest else f"{hours} h"


def spoken(words: str) -> str:
    """The words of a list for who hears them: "1 hour 40 to reply" for "1 h 40 to reply"."""
    return _HOURS.sub(lambda found: f"{found[1]} {'hour' if found[1] == '1' else 'hours'}", words)


def _running(promise: Promised, now: datetime, zone: ZoneInfo, then: str) -> str:
    if promise.due <= now:
        return _past(promise.due, now)
    if now >= counts_from(promise.due, zone):
        return f"{_until(promise.due, now)} {then}"
    return _later(promise.due, now, zone)


def _running_on_ticket(promise: Promised, now: datetime, zone: ZoneInfo) -> str:
    due = promise.due
    if due <= now:
        return f"{_past(due, now)}, was due {clock(due, now, zone)}"
    if now >= counts_from(due, zone):
        return f"{_until(due, now)} left, due {clock(due, now, zone)}"
    words = _later(due, now, zone)
    return f"{words}, {_working_hours(promise.working)} left" if promise.working is not None else words


def _later(due: datetime, now: datetime, zone: ZoneInfo) -> str:
    local, today = due.astimezone(zone), now.astimezone(zone)
    tomorrow = local.date() - today.date() == timedelta(days=1)
    return f"{'Tomorrow' if tomorrow else _day(local, today)} {local:%H:%M}"


def _past(due: datetime, now: datetime) -> str:
    late = now - due
    return f"{span(late)} past" if late >= timedelta(minutes=1) else "Just past"


def _until(due: datetime, now: datetime) -> str:
    """Time until `due`, rounded up to the minute, so that it agrees with the two clocks a reader compares."""
    return span(timedelta(minutes=-((now - due) // timedelta(minutes=1))))


def _asleep(promise: Promised, now: datetime, zone: ZoneInfo, verb: str, *, with_work: bool) -> str:
    words = f"{verb} {clock(promise.starts or promise.due, now, zone)}"
    left = promise.working if with_work else None
    return f"{words}, {span(left)} of working time left" if left is not None else words


def _paused(promise: Promised, now: datetime, zone: ZoneInfo) -> str:
    words = f"Paused since {clock(promise.since, now, zone)}" if promise.since else "Paused"
    return f"{words}, {span(promise.working)} left when it runs" if promise.working is not None else words


def _after_the_fact(promise: Promised, now: datetime) -> str:
    taken = span(promise.taken(now))
    return f"Kept in {taken}" if promise.state is State.KEPT else f"Broken, {taken} late"


def _working_hours(working: timedelta) -> str:
    if working < COUNTDOWN:
        return f"{span(working)} of working time"
    hours = round(working / timedelta(hours=1))
    return f"{hours} working hours"


def _day(local: datetime, today: datetime) -> str:
    """The weekday within a week either way, else "23 Oct", with its year when that is another one."""
    if abs((local.date() - today.date()).days) < 7:
        return f"{local:%a}"
    return f"{local.day} {local:%b}" if local.year == today.year else f"{local.day} {local:%b %Y}"
