"""Fills a database with tickets by set-based SQL: 20 % open, three messages each, all that hangs on them."""

from __future__ import annotations

import secrets

import psycopg

from helpdesk.access.sessions import hashed

AGENTS = 20
LONG = {50: 1, 500: 2}
"""Messages of the long tickets -> the ticket's id."""

_BASE = """
INSERT INTO agent (id, email, name, role, password_hash, zone, theme, undo_seconds, single_keys, created_at)
SELECT i, 'agent' || i || '@bench.example', 'Agent ' || i, CASE i WHEN 1 THEN 'admin' ELSE 'agent' END, '', 'UTC', '',
       10, true, now() FROM generate_series(1, {agents}) i;
INSERT INTO channel (id, kind, brand_id, name, address, aliases, config, secrets, cursor, state, state_text,
                     acknowledges, created_at)
VALUES (1, 'email', 1, 'Support', 'support@bench.example', '{{}}', '{{"incoming": "smtp"}}', '{{}}', '{{}}', 'working',
        '', false, now());
SELECT setval(pg_get_serial_sequence('agent', 'id'), 1000), setval(pg_get_serial_sequence('channel', 'id'), 10);
"""

_PEOPLE = """
INSERT INTO organization (id, name, created_at)
SELECT i, 'Organization ' || i, now() FROM generate_series(1, {organizations}) i;
INSERT INTO organization_domain (domain, organization_id)
SELECT 'org' || i || '.example', i FROM generate_series(1, {organizations}) i;
INSERT INTO contact (id, kind, name, title, phone, zone, organization_id, created_at)
SELECT i, 'person', 'Person Number' || i, '', '', '', 1 + i % {organizations}, now()
  FROM generate_series(1, {contacts}) i;
INSERT INTO address (id, contact_id, kind, value, created_at)
SELECT i, i, 'email', 'p' || i || '@org' || 1 + i % {organizations} || '.example', now()
  FROM generate_series(1, {contacts}) i;
"""

_WORDS = """
CREATE TEMP TABLE said AS
SELECT s AS id, (SELECT string_agg((ARRAY['pump','valve','cold','room','alarm','pressure','invoice','order','delivery',
  'part','manual','visit','contract','display','error','restart','since','morning','please','help','again','technician',
  'warranty','temperature','the','a','we','is','on','and','unit','number'])[1 + floor(random() * 32)::int], ' ')
  || ' ' || md5(s::text) FROM generate_series(1, 60) WHERE s = s) AS words FROM generate_series(1, 997) s;
"""

_TICKETS = """
INSERT INTO ticket (id, number, subject, status, priority, contact_id, organization_id, assignee_id, channel_id,
  channel_kind, created_at, last_message_at, waiting_since, waiting_for, wake_on_reply, resolved_at, preview,
  message_count, tag_ids, next_due_at, next_due_since, next_due_warn_at, next_due_kind, next_due_asleep, queue_rank,
  queue_at, snoozed_until)
SELECT i, 1000 + i, left(words, 60), status, 2, 1 + i % {contacts}, 1 + (1 + i % {contacts}) % {organizations},
  CASE WHEN i % 3 = 0 THEN NULL ELSE 1 + i % {agents} END, 1, 'email', began, began + interval '2 hours',
  CASE WHEN status = 1 THEN began END, CASE WHEN status = 2 THEN 'customer' ELSE '' END, true,
  CASE WHEN status >= 4 THEN began + interval '3 hours' END, left(words, 140), 3, '{{}}',
  CASE WHEN status = 1 THEN now() + (i % 9000 - 500) * interval '1 minute' END,
  CASE WHEN status = 1 THEN began END, CASE WHEN status = 1 THEN now() + (i % 9000 - 620) * interval '1 minute' END,
  CASE WHEN status = 1 THEN 'reply' ELSE '' END, CASE WHEN status = 1 THEN '{{"until": null, "gaps": []}}'::jsonb
  ELSE '{{}}'::jsonb END, CASE WHEN status = 1 THEN 0 ELSE 2 END,
  CASE WHEN status = 1 THEN now() + (i % 9000 - 500) * interval '1 minute' ELSE began END,
  CASE WHEN status = 1 AND i % 50 = 0 THEN now() + interval '9 hours' END
FROM (SELECT i, words, now() - ({tickets} - i) * interval '30 seconds' - interval '3 hours' AS began,
             CASE WHEN i <= 2 OR i % 10 = 0 THEN 1 WHEN i % 10 = 5 THEN 2 ELSE 5 END AS status
        FROM generate_series(1, {tickets}) i JOIN said ON said.id = 1 + i % 997) made;
"""

_MESSAGES = """
INSERT INTO message (id, ticket_id, direction, kind, channel_kind, contact_id, agent_id, author_name, author_address,
  subject, body_text, reply_text, body_html, source_html, remote_images, "to", warning, external_id, created_at)
SELECT (i - 1) * 3 + m, i, CASE WHEN m = 2 THEN 'out' ELSE 'in' END, 'message', 'email',
  CASE WHEN m <> 2 THEN 1 + i % {contacts} END, CASE WHEN m = 2 THEN 1 + i % {agents} END, 'Somebody',
  CASE WHEN m = 2 THEN '' ELSE 'p' || 1 + i % {contacts} || '@org' || 1 + (1 + i % {contacts}) % {organizations}
    || '.example' END, left(words, 60), words, words, '', '', '{{}}', '{{}}', '',
  '<' || i || '.' || m || '@seed.example>', now() - ({tickets} - i) * interval '30 s' - (4 - m) * interval '1 hour'
FROM generate_series(1, {tickets}) i CROSS JOIN generate_series(1, 3) m JOIN said ON said.id = 1 + (i * 7 + m) % 997;
INSERT INTO thread (key, ticket_id, message_id)
SELECT '<' || i || '.' || m || '@seed.example>', i, (i - 1) * 3 + m
  FROM generate_series(1, {tickets}) i CROSS JOIN generate_series(1, 3) m;
INSERT INTO event (ticket_id, kind, at, contact_id, message_id, data)
SELECT ticket_id, CASE direction WHEN 'in' THEN 'message.received' ELSE 'message.sent' END, created_at, contact_id, id,
  '{{}}' FROM message;
INSERT INTO seen (key, message_id, at) SELECT md5(id::text) || md5(ticket_id::text), id, created_at FROM message;
"""

_SEARCH = """
INSERT INTO ticket_search (ticket_id, words)
SELECT i, setweight(to_tsvector('simple', left(a.words, 60)), 'A')
          || setweight(to_tsvector('simple', a.words || ' ' || b.words), 'B')
  FROM generate_series(1, {tickets}) i JOIN said a ON a.id = 1 + (i * 7 + 1) % 997
  JOIN said b ON b.id = 1 + (i * 7 + 2) % 997;
"""

_LONG = """
INSERT INTO message (ticket_id, direction, kind, channel_kind, contact_id, agent_id, author_name, author_address,
  subject, body_text, reply_text, body_html, source_html, remote_images, "to", warning, external_id, created_at)
SELECT {ticket}, CASE WHEN m % 2 = 0 THEN 'out' ELSE 'in' END, 'message', 'email',
  CASE WHEN m % 2 = 1 THEN 1 + {ticket} % {contacts} END, CASE WHEN m % 2 = 0 THEN 1 END, 'Somebody', '',
  left(words, 60), words, words, '', '', '{{}}', '{{}}', '', '', now() - ({count} - m) * interval '1 minute'
FROM generate_series(4, {count}) m JOIN said ON said.id = m;
UPDATE ticket SET message_count = {count} WHERE id = {ticket};
"""

_TABLES = ("contact", "address", "organization", "ticket", "message", "event")


def base(connection: psycopg.Connection[tuple[object, ...]]) -> str:
    """Agents and one mailbox; gives the session token of the first agent."""
    connection.execute(_BASE.format(agents=AGENTS))  # type: ignore[arg-type]
    token = sign_in(connection)
    connection.commit()
    return token


def sign_in(connection: psycopg.Connection[tuple[object, ...]], agent: int = 1) -> str:
    """A session of an agent; its cookie's value."""
    token = secrets.token_urlsafe(32)
    connection.execute(
        "INSERT INTO session (token_hash, agent_id, created_at, seen_at, expires_at, address, browser)"
        " VALUES (%s, %s, now(), now(), now() + interval '14 days', '127.0.0.1', 'bench')",
        [hashed(token), agent],
    )
    connection.commit()
    return token


def fill(connection: psycopg.Connection[tuple[object, ...]], tickets: int) -> None:
    """`tickets` tickets; two of them long. Foreign keys are trusted and the words' index is built behind the rows."""
    sizes = {
        "tickets": tickets,
        "contacts": max(tickets // 10, 100),
        "organizations": max(tickets // 500, 10),
        "agents": AGENTS,
    }
    connection.execute("SET session_replication_role = replica; SET maintenance_work_mem = '512MB'")
    connection.execute("SET synchronous_commit = off; SET max_parallel_maintenance_workers = 1; SELECT setseed(0.5)")
    (index,) = connection.execute(
        "SELECT indexdef FROM pg_indexes WHERE indexname = 'ix_ticket_search_words'"
    ).fetchone() or ("",)
    connection.execute("DROP INDEX ix_ticket_search_words")
    for statements in (_PEOPLE, _WORDS, _TICKETS, _MESSAGES, _SEARCH):
        connection.execute(statements.format(**sizes))  # type: ignore[arg-type]
        connection.commit()
    connection.execute(str(index))  # type: ignore[arg-type]
    for table in _TABLES:
        connection.execute(
            f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) + 1 FROM {table}))"  # type: ignore[arg-type]
        )
    connection.execute(
        "SELECT setval(pg_get_serial_sequence('ticket', 'number'), (SELECT max(number) + 1 FROM ticket))"
    )
    for count, ticket in LONG.items():
        connection.execute(_LONG.format(**sizes, ticket=ticket, count=count))  # type: ignore[arg-type]
    connection.commit()
    connection.autocommit = True
    connection.execute("VACUUM ANALYZE")
    connection.execute("CHECKPOINT")
    connection.autocommit = False
