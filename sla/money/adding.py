"""What a day of money adds up to, and a month of days: statements that write it, or compare it with what is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

OF_FACTS = """
    SELECT 'day' AS span, day, COALESCE(organization_id, 0) AS organization_id,
        COALESCE(contract_id, 0) AS contract_id, kind, CASE WHEN cents IS NULL THEN '' ELSE currency END AS currency,
        COALESCE(CAST(sum(cents) AS bigint), 0) AS cents, count(*) AS many,
        COALESCE(CAST(sum(amount) AS bigint), 0) AS amount
    FROM fact GROUP BY 2, 3, 4, 5, 6
"""
"""What is not known is a row of its own, without a currency."""
OF_ANSWERED = """
    SELECT 'day' AS span, day, before, organization_id, contract_id, count(*) AS many FROM answered
    GROUP BY 2, 3, 4, 5
"""


@dataclass(frozen=True, slots=True)
class Table:
    """Where sums are written: its key, what is summed, and which rows of its days a month is summed of."""

    name: str
    key: tuple[str, ...]
    sums: tuple[str, ...]
    in_month: str = "true"


SUMS = Table(
    "money_sum",
    ("span", "day", "organization_id", "contract_id", "kind", "currency"),
    ("cents", "many", "amount"),
)
ANSWERED = Table(
    "money_answered",
    ("span", "day", "before", "organization_id", "contract_id"),
    ("many",),
    "before < date_trunc('month', day)",
)


def of_days(table: Table) -> str:
    """The rows of the months in `:months`, which hold the days in `:days`, as their days say."""
    rest = [one for one in table.key if one not in {"span", "day"}]
    sums = ", ".join(f"CAST(sum({one}) AS bigint) AS {one}" for one in table.sums)
    return f"""
        SELECT 'month' AS span, CAST(date_trunc('month', day) AS date) AS day, {", ".join(rest)}, {sums}
        FROM {table.name} WHERE span = 'day' AND day >= :first AND day < :after AND {table.in_month}
        GROUP BY 2, {", ".join(rest)}
    """  # noqa: S608 - of our own


def written(table: Table, due: str, mine: str) -> str:
    """Writes the rows that differ of those that are `mine`, after a WITH that has begun."""
    key = ", ".join(table.key)
    return f"""
        due AS MATERIALIZED ({due}), gone AS (
            DELETE FROM {table.name} was WHERE {mine}
                AND NOT EXISTS (SELECT FROM due WHERE ({_of("due", table.key)}) = ({_of("was", table.key)}))
        )
        INSERT INTO {table.name} AS was ({key}, {", ".join(table.sums)}) SELECT {key}, {", ".join(table.sums)} FROM due
        ON CONFLICT ({key}) DO UPDATE SET {", ".join(f"{one} = excluded.{one}" for one in table.sums)}
        WHERE ({_of("was", table.sums)}) IS DISTINCT FROM ({_of("excluded", table.sums)})
    """  # noqa: S608 - of our own


def compared(table: Table, due: str, mine: str) -> str:
    """The rows that differ, after a WITH that has begun: what is stored, and what it should be."""
    key = ", ".join(table.key)
    return f"""
        due AS ({due})
        SELECT {key}, {_of("stored", table.sums)}, {", ".join(f"due.{one} AS counted_{one}" for one in table.sums)}
        FROM (SELECT * FROM {table.name} WHERE {mine}) stored FULL JOIN due USING ({key})
        WHERE ({_of("stored", table.sums)}) IS DISTINCT FROM ({_of("due", table.sums)}) ORDER BY {key}
    """  # noqa: S608 - of our own


def _of(table: str, names: Sequence[str]) -> str:
    return ", ".join(f"{table}.{one}" for one in names)
