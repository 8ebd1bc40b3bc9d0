"""The queue: each view is one SELECT over a partial index, sorted by what is due, paged by keyset."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import (
    BigInteger,
    BindParameter,
    DateTime,
    Select,
    SmallInteger,
    bindparam,
    literal_column,
    select,
    tuple_,
)

from helpdesk.db import Json, db
from helpdesk.now import now
from helpdesk.pagination import Slice, cut, decode
from helpdesk.people.models import Agent, Contact, Organization, Team
from helpdesk.tickets import filters
from helpdesk.tickets.filters import READER, SOON
from helpdesk.tickets.models import Message, Rank, Ticket, TicketRead
from helpdesk.tickets.views import DUE, NEWEST, OLDEST, View

PAGE = 50

_RANK: BindParameter[int] = bindparam("rank", type_=SmallInteger())
_AT: BindParameter[datetime] = bindparam("at", type_=DateTime(timezone=True))
_ROW: BindParameter[int] = bindparam("row", type_=BigInteger())
"""Where a page goes on."""


class Row(NamedTuple):
    """A ticket in a list: what a row shows and what sorts it. A plain tuple, as fifty of them make every page."""

    id: int
    number: int
    subject: str
    channel_kind: str
    preview: str
    message_count: int
    times: int
    last_message_at: datetime
    waiting_since: datetime | None
    waiting_for: str
    next_due_at: datetime | None
    next_due_since: datetime | None
    next_due_warn_at: datetime | None
    next_due_kind: str
    next_due_asleep: Json
    queue_rank: int
    queue_at: datetime
    contact_id: int
    contact_name: str
    contact_kind: str
    organization_name: str | None
    assignee_id: int | None
    assignee_name: str | None
    newest: int | None
    """The newest message, and the newest this agent has seen."""
    seen: int | None

    @property
    def unread(self) -> bool:
        return self.newest is not None and self.newest > (self.seen or 0)


_COLUMNS = (
    *(getattr(Ticket, name) for name in Row._fields[:18]),
    Contact.name,
    Contact.kind,
    Organization.name,
    Ticket.assignee_id,
    Agent.name,
)
"""In the order of the fields of Row, but for the last two, which each reader has their own of."""


def page(
    visible: Select[Ticket], view: View, agent: Agent, *, after: str | None = None, size: int | None = None
) -> Slice[Row]:
    """Fifty tickets of a view, or `size`, with everything a row shows, in one query.

    Raises:
        Invalid: the cursor is not one of ours.
    """
    size = size or PAGE
    asked = _asked(view, agent)
    if after and view.by_due:
        asked["rank"], asked["at"], asked["row"] = decode(after, int, datetime, int)
    elif after:
        asked["at"], asked["row"] = decode(after, datetime, int)
    page_of = _page_of if view.is_whole else _page_of.__wrapped__
    rows = db.session.execute(page_of(visible, view, size, is_first=not after), asked)
    return cut([Row(*columns) for columns in rows], size, _due_key if view.by_due else _recency_key)


def row(visible: Select[Ticket], view: View, agent: Agent, number: int) -> Row | None:
    """One ticket as the view shows it; None when it is not in it."""
    row_of = _row_of if view.is_whole else _row_of.__wrapped__
    found = db.session.execute(row_of(visible, view), {**_asked(view, agent), "number": number}).one_or_none()
    return Row(*found) if found else None


def whole(visible: Select[Ticket], view: View, agent: Agent) -> Select[*tuple[Any, ...]]:
    """Every ticket of a view in its order, for a table: number, subject, customer, contact, kind of channel, status,
    priority, person, team, begin, last message, waiting since, due, what is promised, and how many messages.
    """
    rows = _sorted(visible.where(view.where).params(**_asked(view, agent)), view, is_first=True)
    return (
        rows.with_only_columns(
            *(Ticket.number, Ticket.subject, Organization.name, Contact.name, Ticket.channel_kind, Ticket.status),
            *(Ticket.priority, Agent.name, Team.name, Ticket.created_at, Ticket.last_message_at, Ticket.waiting_since),
            *(Ticket.next_due_at, Ticket.next_due_words, Ticket.message_count),
        )
        .join(Contact, Contact.id == Ticket.contact_id)
        .outerjoin(Organization, Organization.id == Ticket.organization_id)
        .outerjoin(Agent, Agent.id == Ticket.assignee_id)
        .outerjoin(Team, Team.id == Ticket.team_id)
    )


def group_of(ticket: Ticket | Row, now: datetime, zone: ZoneInfo) -> tuple[int, str]:
    """Where *Next up* puts a ticket: the order of its group and its key."""
    if ticket.queue_rank == Rank.ASLEEP:
        return (4, "asleep")
    if ticket.queue_rank == Rank.UNPROMISED:
        return (5, "unpromised")
    if ticket.queue_at < now:
        return (0, "past")
    if ticket.queue_at <= now + SOON:
        return (1, "soon")
    days = (ticket.queue_at.astimezone(zone).date() - now.astimezone(zone).date()).days
    return (2, "tomorrow") if days <= 1 else (3, "later")


@lru_cache
def _page_of(visible: Select[Ticket], view: View, size: int, *, is_first: bool) -> Select[Any]:
    """Put together once for each view. The limit stands in the statement itself: the database would plan anew each time
    for one it is not told before.
    """
    return _with_row(_sorted(visible.where(view.where), view, is_first=is_first)).limit(literal_column(str(size + 1)))


@lru_cache
def _row_of(visible: Select[Ticket], view: View) -> Select[Any]:
    return _with_row(visible.where(view.where, Ticket.number == bindparam("number")))


def _asked(view: View, agent: Agent) -> dict[str, object]:
    return filters.asked(agent.id, now()) if view.filter else {"reader": agent.id}


def _sorted(rows: Select[Ticket], view: View, *, is_first: bool) -> Select[Ticket]:
    return _ORDERS[view.order](rows, is_first=is_first)


def _by_due(rows: Select[Ticket], *, is_first: bool) -> Select[Ticket]:
    if not is_first:
        rows = rows.where(tuple_(Ticket.queue_rank, Ticket.queue_at, Ticket.id) > tuple_(_RANK, _AT, _ROW))
    return rows.order_by(Ticket.queue_rank, Ticket.queue_at, Ticket.id)


def _newest_first(rows: Select[Ticket], *, is_first: bool) -> Select[Ticket]:
    if not is_first:
        rows = rows.where(tuple_(Ticket.last_message_at, Ticket.id) < tuple_(_AT, _ROW))
    return rows.order_by(Ticket.last_message_at.desc(), Ticket.id.desc())


def _oldest_first(rows: Select[Ticket], *, is_first: bool) -> Select[Ticket]:
    if not is_first:
        rows = rows.where(tuple_(Ticket.last_message_at, Ticket.id) > tuple_(_AT, _ROW))
    return rows.order_by(Ticket.last_message_at, Ticket.id)


_ORDERS = {DUE: _by_due, NEWEST: _newest_first, OLDEST: _oldest_first}


def _with_row(rows: Select[Ticket]) -> Select[Any]:
    newest = (
        select(Message.id)
        .where(Message.ticket_id == Ticket.id)
        .order_by(Message.id.desc())
        .limit(1)
        .correlate(Ticket)
        .scalar_subquery()
    )
    read = (
        select(TicketRead.message_id)
        .where(TicketRead.ticket_id == Ticket.id, TicketRead.agent_id == READER)
        .correlate(Ticket)
        .scalar_subquery()
    )
    return (
        rows.with_only_columns(*_COLUMNS, newest, read)
        .join(Contact, Contact.id == Ticket.contact_id)
        .outerjoin(Organization, Organization.id == Ticket.organization_id)
        .outerjoin(Agent, Agent.id == Ticket.assignee_id)
    )


def _due_key(row: Row) -> tuple[object, ...]:
    return (int(row.queue_rank), row.queue_at, row.id)


def _recency_key(row: Row) -> tuple[object, ...]:
    return (row.last_message_at, row.id)
