"""Working time noted on a ticket: kept as it was worked, drawn from what the agreement has, and taken back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time

from sqlalchemy import func, select

from helpdesk import events
from helpdesk.db import Json, db
from helpdesk.errors import Conflict, Invalid, NotFound
from helpdesk.events import Event
from helpdesk.now import now
from helpdesk.people.models import Agent
from helpdesk.tickets.models import Ticket
from sla.contracts import consumption
from sla.contracts.models import PrepaidEntry, TimeEntry

_MOST = 24 * 60
_WORDS = 200
_LONGEST_AGO = 366


@dataclass(frozen=True, slots=True)
class Worked:
    """Time as it was typed; None where nothing was. `key` names the form it came from."""

    minutes: int | None
    what: str
    key: str
    day: date
    """The day of the work where who noted it is."""
    agent_id: int
    """Who worked."""
    is_billable: bool = True
    """To be drawn from what was bought ahead, or to be paid for."""


def note(ticket: Ticket, worked: Worked, *, contract_id: int | None, today: date, by: Agent) -> Event | None:
    """Note time worked, and draw it from the hours bought ahead; None where the same `key` noted it before.

    `contract_id` is the agreement that covers the ticket; `today` the day it is for who notes it.

    Raises:
        Conflict: the ticket was merged into another.
        Invalid: by field, what does not fit.
    """
    if ticket.is_merged:
        raise Conflict("This ticket was merged into another one. Note the time there.")
    minutes, what = worked.minutes, " ".join(worked.what.split())
    mistakes = _mistakes(minutes, what) | _mistaken_day(worked.day, today) | _mistaken_agent(worked.agent_id)
    if minutes is None or mistakes:
        raise Invalid("That does not fit yet.", mistakes)
    if _entry(ticket, worked.key) is not None:
        return None
    drawn = _draw(ticket, worked, contract_id, minutes, what, today=today, by=by)
    db.session.add(_row(ticket, worked, minutes=minutes, what=what, drawn=drawn, by=by))
    db.session.flush()
    worker = db.session.get_one(Agent, worked.agent_id)
    told: Json = {"key": worked.key, "number": ticket.number, "minutes": minutes, "what": what, "drawn": drawn}
    return events.record(
        ticket, "time.noted", by=by, **told, day=worked.day.isoformat(), worker=worker.id, name=worker.name
    )


def take_back(ticket: Ticket, key: str, *, by: Agent) -> TimeEntry:
    """Take time back that was noted, in the ledger too. Twice is harmless.

    Raises:
        NotFound: no such time was noted here.
    """
    entry = _entry(ticket, key)
    if entry is None:
        raise NotFound("No such time was noted here.")
    if entry.returned_at is None:
        consumption.take_back(ticket.id, key, by=by)
        entry.returned_at, entry.returned_by_id, entry.drawn = now(), by.id, 0
        db.session.flush()
        events.record(ticket, "time.returned", by=by, key=key, minutes=entry.minutes, what=entry.what)
    return entry


def noted(ticket_id: int) -> list[tuple[TimeEntry, str]]:
    """What stands, with the name of who worked, the newest first."""
    rows = select(TimeEntry, Agent.name).join(Agent, Agent.id == TimeEntry.agent_id)
    rows = rows.where(TimeEntry.ticket_id == ticket_id, TimeEntry.returned_at.is_(None))
    return [(entry, name) for entry, name in db.session.execute(rows.order_by(TimeEntry.id.desc()))]


def _row(  # noqa: PLR0913 - a line of a book
    ticket: Ticket, worked: Worked, *, minutes: int, what: str, drawn: int, by: Agent
) -> TimeEntry:
    return TimeEntry(
        ticket_id=ticket.id,
        key=worked.key,
        agent_id=worked.agent_id,
        noted_by_id=by.id,
        day=worked.day,
        minutes=minutes,
        what=what,
        is_billable=worked.is_billable,
        drawn=drawn,
        at=now(),
    )


def _draw(  # noqa: PLR0913 - a line of a ledger
    ticket: Ticket, worked: Worked, contract_id: int | None, minutes: int, what: str, *, today: date, by: Agent
) -> int:
    """Minutes drawn, from the balances that could be drawn from on the day of the work."""
    if contract_id is None or not worked.is_billable or not consumption.sells_minutes(contract_id):
        return 0
    at = now() if worked.day == today else datetime.combine(worked.day, time(12), now().tzinfo)
    consumption.draw_minutes(contract_id, ticket.id, minutes, at, key=worked.key, what=what, by=by)
    return _drawn(ticket.id, worked.key)


def _mistakes(minutes: int | None, what: str) -> dict[str, str]:
    mistakes = {}
    if minutes is None or minutes <= 0:
        mistakes["minutes"] = "Enter how long you worked, like 45 min or 1 h 30 min."
    elif minutes > _MOST:
        mistakes["minutes"] = "That is more than a day. Note each day by itself."
    if not what:
        mistakes["what"] = "Say what was done."
    elif len(what) > _WORDS:
        mistakes["what"] = "Say it in fewer words."
    return mistakes


def _mistaken_day(day: date, today: date) -> dict[str, str]:
    if day > today:
        return {"day": "This day is still to come."}
    return {"day": "This is more than a year ago."} if (today - day).days > _LONGEST_AGO else {}


def _mistaken_agent(agent_id: int) -> dict[str, str]:
    return {} if db.session.get(Agent, agent_id) is not None else {"agent": "There is nobody like that."}


def _entry(ticket: Ticket, key: str) -> TimeEntry | None:
    rows = select(TimeEntry).where(TimeEntry.ticket_id == ticket.id, TimeEntry.key == key)
    return db.session.scalars(rows).one_or_none()


def _drawn(ticket_id: int, key: str) -> int:
    drawn = select(func.coalesce(func.sum(PrepaidEntry.amount), 0))
    return int(db.session.scalars(drawn.where(PrepaidEntry.ticket_id == ticket_id, PrepaidEntry.key == key)).one())
