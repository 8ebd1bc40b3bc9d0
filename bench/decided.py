"""A year of promises by set-based SQL: tickets, three outcomes each, agreements, and what is still running."""

from __future__ import annotations

import psycopg

CUSTOMERS = 2_000
RUNNING = 50_000

_PEOPLE = """
UPDATE brand SET zone = 'America/Chicago';
INSERT INTO team (id, brand_id, name) SELECT i, 1, 'Team ' || i FROM generate_series(1, 10) i;
INSERT INTO organization (id, name, created_at)
SELECT i, 'Customer ' || i, now() - interval '2 years' FROM generate_series(1, {customers}) i;
INSERT INTO contact (id, kind, name, title, phone, zone, organization_id, created_at)
SELECT i, 'person', 'Person ' || i, '', '', '', i, now() - interval '2 years' FROM generate_series(1, {customers}) i;
INSERT INTO calendar (id, name, feed_url, created_at) VALUES (1, 'Office', '', now() - interval '2 years');
INSERT INTO calendar_version (calendar_id, valid_from, rules, names, created_at) VALUES (1, now() - interval '2 years',
  '{{"zone": "America/Chicago", "holidays": [], "hours": {{"mon": [["08:00", "17:00"]], "tue": [["08:00", "17:00"]],
  "wed": [["08:00", "17:00"]], "thu": [["08:00", "17:00"]], "fri": [["08:00", "17:00"]]}}}}', '{{}}', now());
INSERT INTO contract (id, organization_id, number, external_ref, created_at)
SELECT i, i, 'C-' || i, '', now() - interval '2 years' FROM generate_series(1, {customers}) i;
INSERT INTO contract_version (id, contract_id, number, valid_from, name, kind, state, starts_on, ends_on, zone, renewal,
  notice_months, value_cents, currency, period, outcome, pauses_when_suspended, credit_cap_percent, created_at)
SELECT i, i, 1, now() - interval '2 years', (ARRAY['Gold', 'Silver', 'Basic'])[1 + i % 3], 'support', 'active',
  current_date - 700, current_date + i % 700, 'America/Chicago', 'never', 0, 0, 'USD', 'year', '{{}}', false, 100,
  now() FROM generate_series(1, {customers}) i;
INSERT INTO sla_policy (id, name, rank, created_at) VALUES (1, 'Everybody', 10, now() - interval '2 years');
INSERT INTO policy_version (id, policy_id, number, valid_from, conditions, created_at)
VALUES (1, 1, 1, now() - interval '2 years', '{{}}', now());
INSERT INTO clause (id, policy_version_id, contract_version_id, position, number, words, metric, target_seconds,
  targets, calendar_id, zone_source, warn_percent, credit)
SELECT c * 3 + m, CASE WHEN c = 0 THEN 1 END, CASE WHEN c > 0 THEN c END, m, CASE WHEN c > 0 THEN '4.' || m ELSE '' END,
  (ARRAY['A person answers within two working hours.', 'News every working day.', 'Fixed within one working day.'])[m],
  (ARRAY['first_response', 'update', 'resolution'])[m], 7200 * m, '{{}}', 1, 'calendar', 75, '{{}}'
FROM generate_series(0, {customers}) c CROSS JOIN generate_series(1, 3) m;
"""

_TICKETS = """
INSERT INTO ticket (id, number, subject, status, priority, contact_id, organization_id, assignee_id, team_id,
  channel_id, channel_kind, created_at, last_message_at, waiting_for, wake_on_reply, resolved_at, preview,
  message_count, tag_ids, next_due_at, next_due_since, next_due_kind, next_due_asleep, queue_rank, queue_at)
SELECT i, 1000 + i, 'Cold room ' || i, status, 2, customer, customer, 1 + i % 20, 1 + i % 10, 1,
  (ARRAY['email', 'email', 'email', 'email', 'chat', 'phone', 'x', 'slack', 'form', 'device'])[1 + (i * 7) % 10],
  began, began + interval '1 hour', '', true, CASE WHEN status > 3 THEN began + interval '2 hours' END, '', 2, '{{}}',
  CASE WHEN status = 1 THEN began + interval '8 hours' END, CASE WHEN status = 1 THEN began END,
  CASE WHEN status = 1 THEN 'reply' ELSE '' END, '{{}}', CASE WHEN status = 1 THEN 0 ELSE 2 END, began
FROM (SELECT i, 1 + floor({customers} * power(abs(hashint4(i)) / 2147483648.0, 2))::int AS customer,
        CASE WHEN i > {tickets} - {running} THEN 1 ELSE 5 END AS status,
        now() - ({tickets} - i) * (interval '365 days' / {tickets}) - interval '5 minutes' AS began
      FROM generate_series(1, {tickets}) i) made;
"""

_OUTCOMES = """
INSERT INTO promise_outcome (commitment_id, ticket_id, outcome, is_excused, settled_at, day, hour, metric, promise,
  priority, organization_id, contract_id, team_id, agent_id, channel_kind, product, left_seconds, is_tallied,
  tallied_day)
SELECT (id - 1) * 3 + m, id, CASE WHEN late THEN 'broken' ELSE 'kept' END, late AND id % 50 = 0, at,
  CAST(here AS date), (EXTRACT(isodow FROM here) - 1) * 24 + EXTRACT(hour FROM here),
  (ARRAY['first_response', 'update', 'resolution'])[m],
  CASE WHEN agreed THEN 'c' || organization_id || ':4.' || m
    ELSE 'p1:' || (ARRAY['first_response', 'update', 'resolution'])[m] END, 2, organization_id,
  CASE WHEN agreed THEN organization_id END, team_id, assignee_id, channel_kind,
  CASE WHEN id % 2 = 0 THEN 'KX-' || id % 40 ELSE '' END, CASE WHEN late THEN -1 ELSE 1 END * (60 + id % 7000), true,
  CAST(here AS date)
FROM (SELECT *, at AT TIME ZONE 'America/Chicago' AS here, abs(hashint4((id * 3 + m)::int)) % 100 < 4 + m AS late,
        organization_id % 3 < 2 AS agreed
      FROM (SELECT *, created_at + m * interval '30 minutes' AS at FROM ticket CROSS JOIN generate_series(1, 3) m) each
      WHERE at < now()) made ORDER BY at;
INSERT INTO commitment (ticket_id, entitlement_id, clause_id, cycle, metric, outcome, target_seconds, started_at,
  due_at, breaks_at, warns_at, fires_at, broken_on_change, elapsed_seconds, excuse, broken_at)
SELECT id, id, 3 * organization_id + 1, 2, 'first_response', CASE WHEN due < now() THEN 'broken' ELSE 'running' END,
  28800, created_at, due, due, due, CASE WHEN due > now() THEN due END, false, 0, '',
  CASE WHEN due < now() THEN due END
FROM (SELECT *, now() + (id - {tickets} + {running} / 5) * interval '20 seconds' AS due
      FROM ticket WHERE status = 1) open;
"""


def fill(connection: psycopg.Connection[tuple[object, ...]], tickets: int) -> None:
    """`tickets` tickets of a year, `CUSTOMERS` customers, three promises each; days are yet to be added up."""
    sizes = {"tickets": tickets, "customers": CUSTOMERS, "running": min(RUNNING, tickets // 10)}
    connection.execute("SET session_replication_role = replica; SET synchronous_commit = off")
    for statements in (_PEOPLE, _TICKETS, _OUTCOMES):
        connection.execute(statements.format(**sizes))  # type: ignore[arg-type]
        connection.commit()
    for table in ("ticket", "organization", "contact", "contract", "commitment", "team"):
        connection.execute(
            f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) + 1 FROM {table}))"  # type: ignore[arg-type]
        )
    connection.execute(
        "SELECT setval(pg_get_serial_sequence('ticket', 'number'), (SELECT max(number) + 1 FROM ticket))"
    )
    connection.commit()
