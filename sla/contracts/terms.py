"""The term of a contract: the days it runs, as often as it renews itself, and the words for where it stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sla.assets import months
from sla.contracts.models import ContractVersion


@dataclass(frozen=True, slots=True)
class Term:
    """First and last day, both counted in, in the zone of the contract."""

    starts_on: date
    ends_on: date


def day(version: ContractVersion, at: datetime) -> date:
    """The date of an instant where the contract is at home."""
    return local(at, version.zone)


def local(at: datetime, zone: str) -> date:
    """The date of an instant in an IANA zone."""
    return at.astimezone(ZoneInfo(zone)).date()


def opening(version: ContractVersion, on: date) -> datetime:
    """The first instant of a day in the contract's zone, in UTC."""
    return midnight(on, version.zone)


def midnight(on: date, zone: str) -> datetime:
    """The first instant of a day in an IANA zone, in UTC."""
    return datetime.combine(on, time(), ZoneInfo(zone)).astimezone(UTC)


def of(version: ContractVersion, on: date) -> Term:
    """The term a day lies in, or the one next to it when it lies in none.

    A contract that renews itself goes on by terms of the same length, in whole months anchored to its first day
    where its term is one of whole months, else in days.
    """
    term = Term(version.starts_on, version.ends_on)
    if version.renewal != "tacit" or on <= term.ends_on:
        return term
    length = _months(term)
    if length is None:
        days = (term.ends_on - term.starts_on).days + 1
        begun = term.starts_on + timedelta(days=(on - term.starts_on).days // days * days)
        return Term(begun, begun + timedelta(days=days - 1))
    return turn(term.starts_on, length, on)


def following(version: ContractVersion, on: date) -> Term:
    """The term after the one `on` lies in: what a renewal is about."""
    term = of(version, on)
    length = _months(Term(version.starts_on, version.ends_on))
    begun = term.ends_on + timedelta(days=1)
    if length is None:
        return Term(begun, begun + (term.ends_on - term.starts_on))
    count = months.between(version.starts_on, begun + timedelta(days=3)) // length  # past a clipped month's end
    return nth(version.starts_on, length, count)


def last(starts_on: date, count: int) -> date:
    """The last day of `count` months: the day before they come round, the month's end where that day is missing.

    From 1 Feb, 12 months: 31 Jan. From 31 Jan: 28 Feb, 30 Mar, 30 Apr. From 29 Feb 2028, 12 months: 28 Feb 2029.
    """
    round_again = months.after(starts_on, count)
    return round_again - timedelta(days=1) if round_again.day == starts_on.day else round_again


def nth(starts_on: date, length: int, count: int) -> Term:
    """The term after `count` others of `length` months, the first of which began on `starts_on`."""
    begun = last(starts_on, count * length) + timedelta(days=1) if count else starts_on
    return Term(begun, last(starts_on, (count + 1) * length))


def turn(starts_on: date, length: int, on: date) -> Term:
    """Which of the terms that follow each other a day lies in; each has `length` months, counted from the first day."""
    count = months.between(starts_on, on) // length
    if on > last(starts_on, (count + 1) * length):
        count += 1
    elif count and on <= last(starts_on, count * length):
        count -= 1
    return nth(starts_on, length, count)


def trouble(version: ContractVersion, on: date) -> str:
    """Why it promises nothing on that day, in a sentence without its full stop; empty when it is in force."""
    if version.state != "active":
        return f"{version.name} {_STATES[version.state]}"
    term = of(version, on)
    if on < term.starts_on:
        return f"{version.name} begins on {written(term.starts_on)}"
    if on > term.ends_on:
        return f"{version.name} ended on {written(term.ends_on)}"
    return ""


def written(on: date) -> str:
    return f"{on.day} {on:%b} {on.year}"


_STATES = {
    "draft": "is a draft and not in force",
    "suspended": "is suspended",
    "cancelled": "was cancelled",
    "renewed": "was renewed and is over",
}


def _months(term: Term) -> int | None:
    """The length in months, None when it is not one of whole months."""
    count = months.between(term.starts_on, term.ends_on)
    return next((n for n in (count, count + 1) if n > 0 and last(term.starts_on, n) == term.ends_on), None)
