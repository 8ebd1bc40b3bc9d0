"""Which days are to be added up anew, as the marks say that triggers wrote with every change of a fact.

What a mark means is looked up when it is read, not when it is written: a ticket
that was merged while time was noted on it has that time, too.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import ARRAY, BigInteger, TextClause, bindparam, text

from helpdesk.db import db
from sla.reports import periods

_DAYS = """
    WITH RECURSIVE mark AS MATERIALIZED (SELECT * FROM money_mark WHERE {mine}),
    kin (id) AS (
        SELECT ticket_id FROM mark WHERE ticket_id IS NOT NULL
        UNION
        SELECT next.id FROM kin CROSS JOIN LATERAL (
            SELECT merged_into_id AS id FROM ticket WHERE ticket.id = kin.id AND merged_into_id IS NOT NULL
            UNION ALL SELECT id FROM ticket WHERE merged_into_id = kin.id
        ) next
    ),
    agreed AS (
        SELECT contract_id, CASE WHEN bool_or(since IS NULL) THEN '0001-01-01' ELSE min(since) END AS since
        FROM mark WHERE contract_id IS NOT NULL GROUP BY contract_id
    ),
    counted (day) AS (
        SELECT day FROM kin JOIN time_entry ON ticket_id = kin.id WHERE returned_at IS NULL
        UNION SELECT day FROM kin JOIN volume_fact ON ticket_id = kin.id WHERE kind = 'replied'
        UNION SELECT CAST(at AT TIME ZONE :zone AS date) FROM kin JOIN prepaid_entry ON ticket_id = kin.id
        UNION SELECT CAST(broken_at AT TIME ZONE :zone AS date) FROM kin JOIN commitment ON ticket_id = kin.id
            JOIN credit ON commitment_id = commitment.id
        UNION SELECT CAST(begun_at AT TIME ZONE :zone AS date) FROM kin JOIN escalation ON ticket_id = kin.id
            JOIN page_reason ON escalation_id = escalation.id JOIN page ON page.id = page_id
        UNION SELECT CAST(begun_at AT TIME ZONE :zone AS date) FROM page
            WHERE agent_id IN (SELECT agent_id FROM mark WHERE agent_id IS NOT NULL)
        UNION SELECT day FROM agreed JOIN money_sum USING (contract_id) WHERE span = 'day' AND day >= agreed.since
        UNION SELECT CAST(at AT TIME ZONE :zone AS date) FROM agreed JOIN prepaid_balance USING (contract_id)
            JOIN prepaid_entry ON balance_id = prepaid_balance.id
            WHERE CAST(at AT TIME ZONE :zone AS date) >= agreed.since
        UNION SELECT expires_on FROM agreed JOIN prepaid_balance USING (contract_id) WHERE expires_on >= agreed.since
        UNION SELECT CAST(one AS date) FROM (SELECT DISTINCT since, until FROM mark WHERE until IS NOT NULL) days
            CROSS JOIN LATERAL generate_series(GREATEST(since, :first), LEAST(until, :after) - 1, interval '1 day') one
    )
    SELECT day FROM counted WHERE {asked} ORDER BY day
"""
_ALL = text(_DAYS.format(mine="true", asked="day >= :first AND day < :after"))
_OF = "id = ANY(:ids)"
_THESE = text(_DAYS.format(mine=_OF, asked="day IS NOT NULL")).bindparams(bindparam("ids", type_=ARRAY(BigInteger)))
_WIDE = timedelta(days=100)
_SPAN = text(f"SELECT min(since), max(until) FROM money_mark WHERE {_OF} AND until IS NOT NULL").bindparams(  # noqa: S608
    bindparam("ids", type_=ARRAY(BigInteger))
)
_BOUNDS = text("""
    SELECT
        LEAST((SELECT min(day) FROM time_entry WHERE returned_at IS NULL), (SELECT min(day) FROM volume_fact),
            (SELECT CAST(min(begun_at) AS date) FROM page WHERE NOT is_test), (SELECT min(day) FROM money_sum),
            (SELECT CAST(min(at) AS date) FROM prepaid_entry), (SELECT min(expires_on) FROM prepaid_balance),
            (SELECT CAST(min(broken_at) AS date) FROM credit JOIN commitment ON commitment.id = commitment_id),
            (SELECT min(day) FROM money_answered)) - 1,
        GREATEST((SELECT max(day) FROM time_entry WHERE returned_at IS NULL), (SELECT max(day) FROM volume_fact),
            (SELECT CAST(max(begun_at) AS date) FROM page WHERE NOT is_test), (SELECT max(day) FROM money_sum),
            (SELECT CAST(max(at) AS date) FROM prepaid_entry), (SELECT max(expires_on) FROM prepaid_balance),
            (SELECT CAST(max(broken_at) AS date) FROM credit JOIN commitment ON commitment.id = commitment_id),
            (SELECT max(day) FROM money_answered)) + 2
""")


def between(first: date, after: date) -> list[date]:
    """Those of some days, in order; as a rule none, or today."""
    return _read(_ALL, first, after)


def of(marks: list[int]) -> list[date]:
    """Those that some marks are about."""
    first, after = db.session.execute(_SPAN, {"ids": marks}).one()
    if first is not None and after - first > _WIDE:
        least, most = bounds()
        first, after = max(first, least or after), min(after, most or after)
    return _read(_THESE, first or date.max, after or date.min, ids=marks)


def bounds() -> tuple[date | None, date | None]:
    """From which day up to but without which there is anything to be added up; None where there is nothing."""
    first, after = db.session.execute(_BOUNDS).one()
    return first, after


def _read(asked: TextClause, first: date, after: date, **more: Any) -> list[date]:
    values = {"first": first, "after": after, "zone": periods.zone().key, **more}
    return list(db.session.scalars(asked, values))
