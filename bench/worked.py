"""Money on a year of tickets, by set-based SQL: what covers each, time, rates, what was bought ahead, credits."""

from __future__ import annotations

import psycopg

_MONEY = """
INSERT INTO entitlement (id, ticket_id, source, contract_version_id, policy_version_id, clause_ids, billable, reason,
  alternatives, judged_at, decided_at)
SELECT id, id, CASE WHEN organization_id % 3 < 2 THEN 'contract' ELSE 'policy' END,
  CASE WHEN organization_id % 3 < 2 THEN organization_id END, CASE WHEN organization_id % 3 = 2 THEN 1 END, '[]',
  false, 'It covers everything.', '[]', created_at, created_at FROM ticket;
INSERT INTO money_rate (kind, agent_id, valid_from, cents, currency, created_at)
SELECT kind, CASE WHEN agent > 0 THEN agent END, current_date - 700, CASE WHEN agent <> 20 THEN 4000 + 250 * agent END,
  'USD', now() FROM unnest(ARRAY['work', 'billed', 'standby', 'night']) kind, unnest(ARRAY[0, 3, 7, 20]) agent;
INSERT INTO time_entry (ticket_id, key, agent_id, noted_by_id, day, minutes, what, is_billable, drawn, at)
SELECT id, 'time:' || id, assignee_id, assignee_id, CAST(created_at AT TIME ZONE 'America/Chicago' AS date),
  5 + id % 90, 'Looked after it', id % 4 = 0, CASE WHEN id % 16 = 0 THEN 5 ELSE 0 END, created_at + interval '1 hour'
FROM ticket WHERE id % 5 < 3 AND created_at < now() - interval '1 hour';
INSERT INTO prepaid_balance (id, contract_id, unit, bought, bought_on, expires_on, round_to, grace, least, warn_percent,
  created_at, price_cents, currency)
SELECT i, i, 'minutes', 60000, current_date - 400, current_date + (i % 90)::int - 60, 15, 0, 15, 80, now(), 400000,
  'USD'
FROM generate_series(1, 300) i;
INSERT INTO prepaid_entry (balance_id, ticket_id, key, amount, reason, agent_id, at)
SELECT organization_id, id, 'time:' || id, 5, '', assignee_id, created_at + interval '1 hour'
FROM ticket WHERE id % 16 = 0 AND organization_id <= 300 AND created_at < now() - interval '1 hour';
INSERT INTO credit (commitment_id, contract_id, amount_cents, currency, rule, state, reason, created_at)
SELECT commitment.id, ticket.organization_id, 2500, 'USD', '{}', 'posted', '', broken_at
FROM commitment JOIN ticket ON ticket.id = ticket_id WHERE broken_at IS NOT NULL AND ticket.organization_id % 3 < 2;
"""


def fill(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    """Of the tickets there are: three of five have time, a twentieth of the people no rate."""
    connection.execute("SET session_replication_role = replica; SET synchronous_commit = off")
    connection.execute(_MONEY)
    connection.commit()


def is_filled(connection: psycopg.Connection[tuple[object, ...]]) -> bool:
    return connection.execute("SELECT FROM time_entry LIMIT 1").fetchone() is not None
