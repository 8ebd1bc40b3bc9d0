"""`flask reports verify`: the outcomes beside the promises, and the days' tallies beside the outcomes.

Promises themselves are compared with the events by `flask sla verify`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import text

from helpdesk.db import db
from sla.reports import counting, tallying

_OUTCOMES = text("""
    WITH promised AS (
        SELECT id, outcome, excused_at IS NOT NULL AS is_excused,
            CASE WHEN ended_at IS NULL THEN 0 ELSE target_seconds - elapsed_seconds END AS left_seconds,
            CASE WHEN outcome = 'broken' THEN broken_at ELSE ended_at END AS settled_at
        FROM commitment WHERE outcome IN ('kept', 'broken')
    ), counted AS (SELECT * FROM promise_outcome WHERE outcome <> 'void')
    SELECT COALESCE(promised.id, counted.commitment_id) AS commitment, promised.outcome AS promised,
        counted.outcome AS counted
    FROM promised FULL JOIN counted ON counted.commitment_id = promised.id
    CROSS JOIN (SELECT zone FROM brand ORDER BY id LIMIT 1) house
    WHERE (promised.outcome, promised.is_excused, promised.left_seconds, promised.settled_at,
            CAST(promised.settled_at AT TIME ZONE house.zone AS date)) IS DISTINCT FROM
        (counted.outcome, counted.is_excused, counted.left_seconds, counted.settled_at, counted.day)
    ORDER BY 1
""")

_DAYS = text(f"""
    WITH added AS ({tallying.ADDED_UP.format(days="true")}), stale AS (
        SELECT day FROM promise_outcome WHERE NOT is_tallied
        UNION SELECT tallied_day FROM promise_outcome WHERE NOT is_tallied AND tallied_day IS NOT NULL
    )
    SELECT dimension, CAST(day AS text) AS day, key, stored.kept, stored.broken, stored.excused,
        added.kept AS counted_kept, added.broken AS counted_broken, added.excused AS counted_excused
    FROM promise_day stored FULL JOIN added USING (dimension, day, key)
    WHERE day NOT IN (SELECT day FROM stale)
        AND (stored.kept, stored.broken, stored.excused) IS DISTINCT FROM (added.kept, added.broken, added.excused)
    ORDER BY day, dimension, key
""")  # noqa: S608 - a statement of our own


def verify() -> Iterator[dict[str, Any]]:
    """Every row that differs, as what is stored beside what it should be."""
    for statement in (_OUTCOMES, _DAYS):
        for row in db.session.execute(statement).mappings():
            yield dict(row)


def rebuild() -> int:
    """Count every promise and day anew; how many outcomes changed. With whom each counts stays. It flushes only."""
    changed = counting.count_everything()
    tallying.again()
    return changed
