"""What tables of several pages share: days in a file's name, a ticket with its people, hours of the week, names."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta

from sqlalchemy.orm import InstrumentedAttribute

from helpdesk.people.models import Agent, Contact, Organization, Team
from helpdesk.sheets.cursor import Columns
from helpdesk.sheets.values import Column, Kind
from helpdesk.tickets.models import Ticket
from sla.reports import hours
from sla.reports.asking import Question
from sla.reports.periods import Period
from sla.web import dashnames

Id = InstrumentedAttribute[int | None]

TICKET = (Column("ticket", "Ticket", Kind.NUMBER), Column("subject", "Subject"), Column("customer", "Customer"))
WHO = (*TICKET, Column("contact", "Who writes"))
OF_WHO = (Ticket.number, Ticket.subject, Organization.name, Contact.name)
"""What is selected for `WHO`; `with_people` joins it."""
PEOPLE = (Column("person", "Person"), Column("team", "Team"))
OF_PEOPLE = (Agent.name, Team.name)
CHANNEL = Column("channel", "Channel")


def name(stem: str, question: Question) -> str:
    """Such as promises-by-team-2026-10-01-to-2026-10-31, for a file."""
    return f"{stem}-{question.period.since}-to-{question.period.until - timedelta(days=1)}"


def with_people(tickets: Columns, organization: Id, agent: Id, team: Id) -> Columns:
    """Tickets with who writes, and with the customer, person and team that these columns name."""
    return (
        tickets.join(Contact, Contact.id == Ticket.contact_id)
        .outerjoin(Organization, Organization.id == organization)
        .outerjoin(Agent, Agent.id == agent)
        .outerjoin(Team, Team.id == team)
    )


def week(period: Period) -> Iterator[tuple[int, str, str, str]]:
    """Each hour of the week by its number, day and clock, and whether it was open or closed."""
    closed = period.closed()
    for hour in range(hours.WEEK):
        day, _, clock = hours.name(hour).partition(" ")
        yield hour, day, clock, "closed" if hour in closed else "open"


class Names:
    """What values are called, asked for once each however many rows have them."""

    def __init__(self, dimension: str, at: datetime) -> None:
        self._dimension, self._at = dimension, at
        self._known: dict[str, str] = {}

    def learn(self, keys: Iterable[str]) -> None:
        missing = set(keys) - self._known.keys()
        if missing:
            self._known |= self._asked(missing)

    def __getitem__(self, key: str) -> str:
        return self._known.get(key, "")

    def _asked(self, keys: Collection[str]) -> dict[str, str]:
        if self._dimension == "promise":
            return dict.fromkeys(keys, "") | dashnames.promises(keys, self._at)
        return dashnames.names(self._dimension, list(keys), self._at)
