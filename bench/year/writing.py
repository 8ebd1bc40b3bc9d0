"""Lives as rows of the product's tables, by COPY; what covers each is decided by the product and written with it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import psycopg
from sqlalchemy import select

from bench.year import suspensions
from bench.year.life import Life
from helpdesk.db import among, db
from helpdesk.tickets.models import Ticket
from sla.entitlements import deciding
from sla.entitlements.library import Library
from sla.entitlements.writing import row_of

Row = Sequence[Any]
_TICKET = (
    "id, number, subject, status, priority, contact_id, organization_id, assignee_id, team_id, channel_id,"
    " channel_kind, created_at, last_message_at, waiting_for, wake_on_reply, spam_at, resolved_at, merged_into_id,"
    " preview, message_count, tag_ids, next_due_kind, next_due_asleep, queue_rank, queue_at"
)
_MESSAGE = (
    "id, ticket_id, direction, kind, channel_kind, contact_id, agent_id, author_name, author_address, subject,"
    ' body_text, reply_text, body_html, source_html, remote_images, "to", warning, external_id, created_at'
)
_ENTITLEMENT = (
    "id, ticket_id, source, contract_version_id, coverage_line_id, warranty_id, policy_version_id, clause_ids,"
    " billable, reason, alternatives, judged_at, decided_at"
)
_EVENT = "ticket_id, kind, at, agent_id, contact_id, message_id, data"
_ASSET = "ticket_id, asset_id, state, created_at"
_TAG = "ticket_id, tag_id"


def write(connection: psycopg.Connection[Any], lives: Sequence[Life]) -> None:
    """What they are in the end, and what covers them; what happened to them is yet to be told."""
    connection.execute("SET session_replication_role = replica; SET synchronous_commit = off")
    copy_rows(connection, "ticket", _TICKET, map(_ticket, lives))
    copy_rows(connection, "message", _MESSAGE, (row for life in lives for row in _messages(life)))
    copy_rows(connection, "ticket_asset", _ASSET, ((life.id, one, state, life.created_at) for life in lives
                                               for one, state in life.assets))  # fmt: skip
    copy_rows(connection, "ticket_tag", _TAG, ((life.id, one) for life in lives for one in life.tags))
    connection.commit()
    by_ticket = {life.id: life for life in lives}
    decided = list(_decided(by_ticket))
    db.session.rollback()
    copy_rows(connection, "entitlement", _ENTITLEMENT, (row for row, _ in decided))
    connection.commit()
    suspensions.tell(by_ticket, {row[0]: contract for row, contract in decided if contract is not None})


def tell(connection: psycopg.Connection[Any], lives: Sequence[Life], since: datetime, until: datetime) -> None:
    """What happened to them after an instant, up to another."""
    told = (row for life in lives for row in _events(life) if since < max(row[2], life.began_at) <= until)
    copy_rows(connection, "event", _EVENT, told)
    connection.commit()


_NUMBERED = (("ticket", "id"), ("ticket", "number"), ("message", "id"), ("entitlement", "id"), ("commitment", "id"))


def number_on(connection: psycopg.Connection[Any], columns: Iterable[tuple[str, str]] = _NUMBERED) -> None:
    """What the product writes next gets numbers after these."""
    for table, column in columns:
        connection.execute(
            f"SELECT setval(pg_get_serial_sequence('{table}', '{column}'), (SELECT max({column}) + 1 FROM {table}))"
        )
    connection.commit()


def copy_rows(connection: psycopg.Connection[Any], table: str, columns: str, rows: Iterable[Row]) -> None:
    with connection.cursor().copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row([json.dumps(one) if isinstance(one, Mapping) else one for one in row])


def _ticket(life: Life) -> Row:
    return (
        life.id, 1000 + life.id, f"Cold room {life.id}", life.status, life.priority, life.contact, life.customer.id,
        life.agent, life.team, 1, life.channel, life.created_at, life.said[-1].at if life.said else life.created_at,
        life.waiting_for, True, life.spam_at, life.resolved_at, life.merged_into, "It is warm.", len(life.said),
        list(life.tags), "", {}, 2, life.created_at,
    )  # fmt: skip


def _messages(life: Life) -> Iterator[Row]:
    for one in life.said:
        yield (
            one.id, one.ticket, one.direction, one.kind, one.channel, one.contact, one.agent, "", "",
            f"Cold room {life.id}", "It is warm.", "It is warm.", "", "", [], {}, "", f"<{one.id}@year.example>",
            one.at,
        )  # fmt: skip


def _events(life: Life) -> Iterator[Row]:
    """The decision is told with the first words."""
    opening = 2 if len(life.told) > 1 and life.told[1].at == life.told[0].at else 1
    yield from life.told[:opening]
    yield (
        life.id,
        "entitlement.decided",
        life.began_at,
        None,
        None,
        None,
        {"entitlement": life.id, "first": True},
    )
    yield from life.told[opening:]


def _decided(lives: Mapping[int, Life]) -> Iterator[tuple[Row, int | None]]:
    """What the product decides for each as of its arrival; the agreement, where it is one."""
    asked = select(Ticket).where(among(Ticket.id, list(lives))).order_by(Ticket.id)
    tickets = db.session.scalars(asked).all()
    library = Library(tickets)
    for ticket in tickets:
        life = lives[ticket.id]
        arrived = life.told[0].data.get("received")
        at = datetime.fromisoformat(arrived) if arrived else life.created_at
        decision = deciding.decide(*library.asked(ticket, at))
        made = row_of(ticket.id, decision, at=at)
        covers = made.contract_version_id, made.coverage_line_id, made.warranty_id, made.policy_version_id
        said = made.clause_ids, made.billable, made.reason, made.alternatives
        row = life.id, life.id, made.source, *covers, *said, at, life.created_at
        yield row, decision.contract.contract_id if decision.contract is not None else None
