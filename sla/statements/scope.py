"""What a statement is about: a customer, or one agreement of it, and a month where the days of reports begin."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from helpdesk.errors import Invalid


@dataclass(frozen=True, slots=True)
class Month:
    """`first` is its first day; `zone` says where its days begin."""

    first: date
    zone: ZoneInfo

    @property
    def name(self) -> str:
        """2026-10."""
        return f"{self.first:%Y-%m}"

    @property
    def after(self) -> date:
        """The first day of the next one."""
        return (self.first + timedelta(days=31)).replace(day=1)

    @property
    def begins(self) -> datetime:
        return datetime.combine(self.first, time(), self.zone).astimezone(UTC)

    @property
    def ends(self) -> datetime:
        """The first instant that belongs to it no more."""
        return datetime.combine(self.after, time(), self.zone).astimezone(UTC)

    def is_over(self, at: datetime) -> bool:
        return at >= self.ends

    def before(self) -> Month:
        return Month((self.first - timedelta(days=1)).replace(day=1), self.zone)

    def next(self) -> Month:
        return Month(self.after, self.zone)


@dataclass(frozen=True, slots=True)
class Scope:
    """`contract_id` None: all agreements of the customer."""

    organization_id: int
    contract_id: int | None
    month: Month


def month(name: str, zone: ZoneInfo) -> Month:
    """The month called "2026-10".

    Raises:
        Invalid: there is none by that name.
    """
    try:
        first = date.fromisoformat(f"{name}-01") if len(name) == 7 else None
    except ValueError:
        first = None
    if first is None or not 1990 <= first.year <= 2200:
        raise Invalid("There is no such month.", {"month": "Name a month as 2026-10."})
    return Month(first, zone)


def holding(at: datetime, zone: ZoneInfo) -> Month:
    """The month an instant lies in."""
    return Month(at.astimezone(zone).date().replace(day=1), zone)
