"""The sentences of the page of service: how soon, how old, when, and who was woken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sla.reports import hours
from sla.volume import bands
from sla.volume.backlog import Open
from sla.volume.figures import Sums
from sla.volume.usual import Usual
from sla.volume.waking import Carried, share
from sla.web import dashwords
from sla.web.dashdraw import Cell

_A_DAY_IN_HOURS = 48 * 3600


def long(seconds: int | None) -> str:
    """Such as "42 min", "5 h 20" or "3 days"; a dash for None."""
    if seconds is not None and seconds >= _A_DAY_IN_HOURS:
        return f"{seconds // 86_400} days"
    return dashwords.in_hand(seconds)


def usual(found: Usual | None) -> str:
    """Such as "Usually 20 min of working hours, 1 h 10 by the clock."."""
    if found is None:
        return "Nobody got a first reply in these days."
    return f"Usually {long(found.working)} of working hours, {long(found.clock)} by the clock."


def replies(sums: Sums) -> str:
    """What the picture of the replies shows, for who does not see it."""
    if not sums.first:
        return "No first reply."
    said = [
        f"{words}: {working:,} in working hours, {clock:,} by the clock"
        for words, clock, working in zip(bands.REPLY_WORDS, sums.clock, sums.working, strict=True)
    ]
    return f"{_many(sums.first, 'first reply', 'first replies')}. {'; '.join(said)}."


def backlog(found: Open, at: datetime | None) -> str:
    """How much is open and how old, for the page and for who does not see the picture."""
    when = "now" if at is None else "at the end of these days"
    if not found.count:
        return f"Nothing is open {when}."
    old = sum(found.ages[-2:])
    verb = "is" if old == 1 else "are"
    return f"{found.count:,} open {when}; {old:,} of them {verb} a week old or older."


def ages(found: Open) -> str:
    said = (f"{words}: {count:,}" for words, count in zip(bands.AGE_WORDS, found.ages, strict=True))
    return f"Open tickets by age. {'; '.join(said)}."


def arrivals(rows: Sequence[Sequence[Cell]], sums: Sums) -> str:
    """When most requests came, and how many came while we were closed."""
    each = [cell for row in rows for cell in row]
    busiest = max(each, key=lambda cell: cell.requests)
    if not busiest.requests:
        return "No requests."
    said = f"{_many(sums.arrived, 'request', 'requests')}, most on {hours.name(busiest.hour)}"
    return f"{said}; {sums.arrived_out:,} outside working hours."


def machines(count: int) -> str:
    return f"{_many(count, 'ticket', 'tickets')} only machines wrote" if count else ""


def again(sums: Sums) -> str:
    """How often what was done was opened again, beside how often something was done."""
    if not sums.done:
        return "Nothing was done in these days."
    return f"{sums.reopened:,} opened again for {sums.done:,} done."


def fairness(found: Sequence[Carried], names: Mapping[int, str]) -> str:
    """Who is woken out of hours more than their part of the hours on call, by most."""
    wakes, seconds = sum(one.wakes_out for one in found), sum(one.seconds_out for one in found)
    if not wakes or not seconds:
        return "Nobody was woken out of hours." if not wakes else "Nobody was on call out of hours."
    most = max(found, key=lambda one: (share(one.wakes_out, wakes) or 0) - (share(one.seconds_out, seconds) or 0))
    took, carried = share(most.wakes_out, wakes) or 0, share(most.seconds_out, seconds) or 0
    name = names.get(most.agent_id, "Somebody")
    said = f"{_many(wakes, 'wake', 'wakes')} out of hours"
    if took - carried < 1:
        return f"{said}, shared as the hours on call are."
    return f"{said}. {name} had {took:.0f} % of them with {carried:.0f} % of the hours."


def hours_of(seconds: int) -> str:
    """Hours on call, with one decimal below a hundred."""
    value = seconds / 3600
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.1f}"


def _many(count: int, one: str, more: str) -> str:
    return f"{count:,} {one if count == 1 else more}"
