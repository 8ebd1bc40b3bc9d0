"""What happened on a year of tickets, by set-based SQL: requests, replies, done, opened again; and what is open."""

from __future__ import annotations

import psycopg

_FACTS = """
INSERT INTO tag (id, name) SELECT i, 'topic ' || i FROM generate_series(1, 20) i ON CONFLICT DO NOTHING;
INSERT INTO volume_fact (ticket_id, kind, number, at, day, hour, is_out, is_first, clock_seconds, working_seconds,
  organization_id, team_id, agent_id, channel_kind, topics)
SELECT id, kind, number, at, CAST(here AS date), (EXTRACT(isodow FROM here) - 1) * 24 + EXTRACT(hour FROM here),
  EXTRACT(isodow FROM here) > 5 OR EXTRACT(hour FROM here) NOT BETWEEN 8 AND 16, is_first,
  took, took * 3 / 10, organization_id, team_id, CASE WHEN kind <> 'arrived' THEN assignee_id END, channel_kind,
  CASE WHEN id % 3 = 0 THEN CAST('{}' AS bigint[]) WHEN id % 7 = 0 THEN ARRAY[1 + id % 20, 1 + (id + 5) % 20]
    ELSE ARRAY[1 + id % 20] END
FROM (SELECT *, at AT TIME ZONE 'America/Chicago' AS here FROM (
  SELECT ticket.id, ticket.status, ticket.organization_id, ticket.team_id, ticket.assignee_id, ticket.channel_kind,
    what.kind, what.number, what.is_first, created_at + took * interval '1 second' AS at,
    CASE WHEN kind IN ('arrived', 'reopened') THEN NULL ELSE took END AS took
  FROM ticket CROSS JOIN LATERAL (VALUES
    ('arrived', 1, false, 0), ('replied', 2 * id, true, 120 + abs(hashint4(id::int)) % 90000),
    ('replied', 2 * id + 1, false, 100000 + abs(hashint4(id::int)) % 9000),
    ('done', 1, false, 120000 + abs(hashint4(id::int)) % 300000), ('reopened', 1, false, 500000)
  ) what (kind, number, is_first, took)
  WHERE what.kind IN ('arrived') OR (kind = 'reopened' AND id % 20 = 0 AND status > 3) OR (kind = 'replied' AND
    (is_first OR id % 3 > 0)) OR (kind = 'done' AND status > 3)) made) told
WHERE at < now();
INSERT INTO volume_stretch (ticket_id, number, since, until, began_at, organization_id, team_id, agent_id,
  channel_kind, topics)
SELECT fact.ticket_id, 1, fact.at, done.at, fact.at, fact.organization_id, fact.team_id, ticket.assignee_id,
  fact.channel_kind, fact.topics
FROM volume_fact fact JOIN ticket ON ticket.id = fact.ticket_id
LEFT JOIN volume_fact done ON done.ticket_id = fact.ticket_id AND done.kind = 'done'
WHERE fact.kind = 'arrived';
DELETE FROM volume_mark;
"""


def fill(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    """Of the tickets there are; days are yet to be added up."""
    connection.execute("SET session_replication_role = replica; SET synchronous_commit = off")
    connection.execute(_FACTS)
    connection.commit()
