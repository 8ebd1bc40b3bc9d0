"""What the core tells a monitoring system: tickets by state, the oldest unanswered, outbox, jobs, scheduler."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import func, select, text

from helpdesk import heartbeats, schema
from helpdesk.db import db
from helpdesk.gauges import Gauge, seconds
from helpdesk.now import now
from helpdesk.outbox import Delivery, State
from helpdesk.tickets.models import Status, Ticket

_JOBS = text(
    "SELECT count(*), min(coalesce(scheduled_at, :at)) FROM procrastinate_jobs"
    " WHERE status = 'todo' AND coalesce(scheduled_at, :at) <= :at"
)


def gauges() -> Iterator[Gauge]:
    """Four statements."""
    at = now()
    yield Gauge("kept_info", "The version of the database's schema, as a label.", {(schema.newest(),): 1}, ("schema",))
    yield from _tickets(at)
    yield from _outbox(at)
    yield from _behind(at)


def _tickets(at: datetime) -> Iterator[Gauge]:
    awake = Ticket.snoozed_until.is_(None)
    asked = select(
        func.count().filter(Ticket.status == Status.OPEN, awake),
        func.count().filter(Ticket.status.in_((Status.PENDING, Status.ON_HOLD)), awake),
        func.count().filter(~awake),
        func.count().filter(Ticket.assignee_id.is_(None), awake),
        func.min(Ticket.waiting_since).filter(Ticket.status == Status.OPEN, awake),
    )
    mine = asked.where(Ticket.status < Status.RESOLVED, Ticket.spam_at.is_(None))
    opened, waiting, asleep, nobodys, oldest = db.session.execute(mine).one()
    states = {("open",): opened, ("waiting",): waiting, ("snoozed",): asleep}
    yield Gauge("kept_tickets", "Tickets that are not done, by whose turn it is.", states, ("state",))
    yield Gauge("kept_tickets_unassigned", "Tickets nobody has, awake and not done.", {(): nobodys})
    waited = seconds(oldest, at)
    yield Gauge("kept_oldest_unanswered_seconds", "How long the customer waits who waits longest.", {(): waited})


def _outbox(at: datetime) -> Iterator[Gauge]:
    asked = select(Delivery.kind, func.count(), func.min(Delivery.not_before))
    waiting = asked.where(Delivery.state.in_((State.QUEUED, State.SENDING)), Delivery.not_before <= at)
    found = {kind: (count, since) for kind, count, since in db.session.execute(waiting.group_by(Delivery.kind))}
    counts = {(kind,): count for kind, (count, _) in found.items()} or {("email",): 0}
    ages = {(kind,): seconds(since, at) for kind, (_, since) in found.items()} or {("email",): 0}
    yield Gauge("kept_outbox_waiting", "Deliveries whose time has come, by kind of channel.", counts, ("kind",))
    yield Gauge("kept_outbox_oldest_seconds", "How long the oldest of these waits.", ages, ("kind",))


def _behind(at: datetime) -> Iterator[Gauge]:
    count, since = db.session.execute(_JOBS, {"at": at}).one()
    yield Gauge("kept_jobs_waiting", "Jobs whose time has come and no worker has taken.", {(): count})
    yield Gauge("kept_jobs_oldest_seconds", "How long the oldest of these waits.", {(): seconds(since, at)})
    silent = heartbeats.silent_for("scheduler")
    if silent is not None:
        quiet = silent.total_seconds()
        yield Gauge("kept_scheduler_silent_seconds", "Since the scheduler's last sign of life.", {(): quiet})
