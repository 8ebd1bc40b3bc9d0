"""The story's past: requests of two stretches of weeks, a year apart, so that reports have something to tell.

Written by set-based SQL, for it is the first thing somebody waits for. Their promises are told, not replayed: no event
says what covered them, and what is decided about them later begins anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import func, select, text, update

from helpdesk.db import db
from helpdesk.people.models import Agent, Brand, Contact, Organization, Team
from helpdesk.tickets.models import Ticket
from sla.demo.told import Earlier
from sla.policies.models import Clause
from sla.reports import counting, tallying

_TICKETS = text("""
    WITH told AS (
        SELECT place, this_year.begins + (i - 1 + random()) * (interval '91 days' / many) AS around, broken_percent
        FROM (VALUES
            (CAST(:now AS timestamptz) - interval '91 days', CAST(:weekly AS int), CAST(:broken AS float)),
            (CAST(:now AS timestamptz) - interval '455 days', CAST(:weekly_before AS int),
                CAST(:broken_before AS float))) this_year (begins, weekly, broken_percent)
        CROSS JOIN LATERAL (SELECT weekly * 13 AS many) each
        CROSS JOIN LATERAL generate_series(1, many) i CROSS JOIN LATERAL (SELECT i AS place) numbered
    ), at_hours AS (
        SELECT *, date_trunc('day', around AT TIME ZONE :zone) AS day,
            CASE WHEN random() < CAST(:nights AS float) THEN floor(random() * 24)
                ELSE (ARRAY[8,8,8,9,9,9,9,10,10,10,10,11,11,12,13,13,14,14,15,16])[1 + floor(random() * 20)::int]
            END AS hour
        FROM told
    ), arrived AS (
        SELECT *, (hour + random()) * interval '1 hour' AS later,
            hour BETWEEN 8 AND 16 AND extract(isodow FROM day) > 5 AND random() > CAST(:nights AS float) AS is_weekend,
            random() * 100 < broken_percent * CASE WHEN hour < 8 OR hour > 16 THEN 2.5 ELSE 0.8 END AS is_late,
            nextval(pg_get_serial_sequence('ticket', 'id')) AS id,
            nextval(pg_get_serial_sequence('message', 'id')) AS asked,
            nextval(pg_get_serial_sequence('message', 'id')) AS answered,
            nextval(pg_get_serial_sequence('entitlement', 'id')) AS decided,
            floor(random() * 1000)::int AS any_one, floor(random() * 1000)::int AS another
        FROM at_hours
    ), placed AS (
        SELECT *, ((CASE WHEN is_weekend THEN day - interval '3 days' ELSE day END) + later) AT TIME ZONE :zone AS at,
            said.contacts[1 + any_one % cardinality(said.contacts)] AS contact_id,
            said.agents[1 + another % cardinality(said.agents)] AS agent_id,
            said.subjects[1 + another % cardinality(said.subjects)] AS subject,
            said.channels[1 + any_one % cardinality(said.channels)] AS channel_kind
        FROM arrived CROSS JOIN (SELECT CAST(:contacts AS bigint[]) AS contacts, CAST(:agents AS bigint[]) AS agents,
            CAST(:subjects AS text[]) AS subjects, CAST(:channels AS text[]) AS channels) said
    ), lived AS (
        SELECT *, at + make_interval(secs => CASE WHEN is_late THEN CAST(:target AS float) + 300 + random() * 5400
            ELSE greatest(120, :target - CAST(:usual AS float) * (0.5 + random())) END) AS done FROM placed
    ), past AS (SELECT * FROM lived WHERE done < CAST(:now AS timestamptz) - interval '3 hours'),
    tickets AS (
        INSERT INTO ticket (id, subject, status, priority, contact_id, organization_id, assignee_id, team_id,
            channel_id, channel_kind, created_at, last_message_at, waiting_for, wake_on_reply, resolved_at, preview,
            message_count, tag_ids, next_due_kind, next_due_asleep, queue_rank, queue_at)
        SELECT id, subject, 5, 2, contact_id, CAST(:organization AS bigint), agent_id, :team, :channel,
            channel_kind, at, done, '', true, done, 'We are on it.', 2, '{}', '', '{}', 2, at
        FROM past ORDER BY at RETURNING id
    ), words AS (
        INSERT INTO message (id, ticket_id, direction, kind, channel_kind, contact_id, agent_id, author_name,
            author_address, subject, body_text, reply_text, body_html, source_html, remote_images, "to", warning,
            external_id, created_at, sent_at)
        SELECT asked, id, 'in', 'message', channel_kind, contact_id, NULL, '', '', subject,
            subject || '. Can you have a look?', subject || '. Can you have a look?', '', '', CAST('{}' AS varchar[]),
            CAST('{}' AS jsonb), '', '', at, NULL FROM past
        UNION ALL
        SELECT answered, id, 'out', 'message', channel_kind, NULL, agent_id, '', '', subject, 'We are on it.',
            'We are on it.', '', '', CAST('{}' AS varchar[]), CAST('{}' AS jsonb), '', '', done, done FROM past
    ), happened AS (
        INSERT INTO event (ticket_id, kind, at, agent_id, contact_id, message_id, data)
        SELECT id, 'message.received', at, NULL, contact_id, asked, CAST('{}' AS jsonb) FROM past
        UNION ALL SELECT id, 'message.sent', done, agent_id, NULL, answered, CAST('{}' AS jsonb) FROM past
    ), covered AS (
        INSERT INTO entitlement (id, ticket_id, source, clause_ids, billable, reason, alternatives, judged_at,
            decided_at, replaced_at)
        SELECT decided, id, 'policy', jsonb_build_object('ids', jsonb_build_array(CAST(:clause AS bigint))), false,
            'As it was told.', '{}', at, at, at FROM past
    )
    INSERT INTO commitment (ticket_id, entitlement_id, clause_id, cycle, metric, outcome, target_seconds, started_at,
        due_at, breaks_at, ended_at, broken_at, broken_on_change, elapsed_seconds, excuse)
    SELECT id, decided, :clause, 1, :metric, CASE WHEN is_late THEN 'broken' ELSE 'kept' END, :target, at,
        at + make_interval(secs => CAST(:target AS int)), at + make_interval(secs => CAST(:target AS int)), done,
        CASE WHEN is_late THEN at + make_interval(secs => CAST(:target AS int)) END, false,
        extract(epoch FROM done - at), ''
    FROM past
""")


_NUMBERS = text("""
    UPDATE ticket SET number = placed.number FROM (
        SELECT id, (SELECT min(number) FROM ticket WHERE id <= :last) - 50
            - row_number() OVER (ORDER BY created_at DESC, id DESC) AS number FROM ticket WHERE id > :last
    ) placed WHERE placed.id = ticket.id
""")
"""The past has smaller numbers than the story, in the order it came."""
_NEXT_NUMBER = text("SELECT setval(pg_get_serial_sequence('ticket', 'number'), (SELECT max(number) FROM ticket))")


def plant(told: Iterable[Earlier], *, zone: str, at: datetime) -> None:
    """All of it, counted and added up; `at` is the story's now, `zone` where its days begin."""
    db.session.execute(update(Brand).values(zone=zone))
    db.session.execute(text("SELECT setseed(0.42)"))
    last = db.session.scalar(select(func.max(Ticket.id)))
    for one in told:
        db.session.execute(_TICKETS, {**_said(one), "zone": zone, "now": at})
    db.session.execute(_NUMBERS, {"last": last})
    db.session.execute(_NEXT_NUMBER)
    db.session.flush()
    counting.count_everything()
    tallying.again()


def _said(one: Earlier) -> dict[str, object]:
    clause = _clause(one.promise)
    customer = select(Organization.id).where(Organization.name == one.customer)
    organization = db.session.scalar(customer) if one.customer else None
    people = select(Contact.id).where(Contact.organization_id == organization, Contact.kind == "person")
    anybody = select(Contact.id).where(Contact.organization_id.is_(None)).limit(1)
    team = db.session.scalars(select(Team).where(Team.name == one.team)).one()
    return {
        "organization": organization,
        "contacts": list(db.session.scalars(people)) or list(db.session.scalars(anybody)) or [1],
        "agents": list(db.session.scalars(select(Agent.id).order_by(Agent.id))),
        "team": team.id,
        "channel": 1,
        "channels": list(one.channels),
        "subjects": list(one.subjects),
        "clause": clause.id,
        "metric": clause.metric,
        "target": clause.target_seconds,
        "usual": one.usual * 60,
        "weekly": one.weekly,
        "weekly_before": one.weekly_before,
        "broken": one.broken,
        "broken_before": one.broken_before,
        "nights": one.nights,
    }


def _clause(words: str) -> Clause:
    return db.session.scalars(select(Clause).where(Clause.words == words).order_by(Clause.id).limit(1)).one()
