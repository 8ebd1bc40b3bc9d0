"""The facts of money in SQL: where merged tickets ended, which rates and prices count, a select for each kind of fact.

`{root}` stands for how a ticket finds the one it counts for; `{mine}`, `{pages}`, `{touched}` and `{seed}` for what
narrows a select. Values are bound by name, none is written into them.
"""

from __future__ import annotations

CHAIN = """
    chain (id, root) AS (
        SELECT id, merged_into_id FROM ticket WHERE merged_into_id IS NOT NULL {seed}
        UNION
        SELECT chain.id, above.merged_into_id FROM chain JOIN ticket above ON above.id = chain.root
        WHERE above.merged_into_id IS NOT NULL
    ),
    root AS (
        SELECT chain.id, chain.root FROM chain JOIN ticket last ON last.id = chain.root
        WHERE last.merged_into_id IS NULL
    )
"""
"""Where merged tickets ended."""
WITHIN = """
    within (id, root) AS (SELECT unnest(CAST(:within AS bigint[])), CAST(:ticket AS bigint)),
    called AS (
        SELECT DISTINCT page_id FROM page_reason JOIN escalation ON escalation.id = escalation_id
        WHERE escalation.ticket_id = ANY(:within)
    )
"""
"""One ticket with all that were merged into it, and the pages that rang for them."""
CALLED_FOR = """
    AND id IN (SELECT ticket_id FROM escalation JOIN page_reason ON escalation_id = escalation.id
        WHERE page_id IN (SELECT page_id FROM called))
"""
SOME = """
    within (id, root) AS (
        SELECT id, id FROM ticket WHERE {chosen} AND merged_into_id IS NULL
        UNION ALL SELECT merged, id FROM (SELECT id AS merged, root AS id FROM root) mine WHERE {chosen}
    )
"""
"""Some tickets with all that were merged into them; found by index, however many there are."""
HELD = """
    held AS (
        SELECT * FROM unnest(CAST(:h_kind AS text[]), CAST(:h_agent AS bigint[]), CAST(:h_since AS date[]),
            CAST(:h_until AS date[]), CAST(:h_cents AS bigint[]), CAST(:h_currency AS text[]))
            AS held (kind, agent_id, since, until, cents, currency)
    )
"""
PRICED = """
    priced AS (
        SELECT contract_id, since, lead(since, 1, 'infinity') OVER written AS until, hour_cents, currency FROM (
            SELECT *, max(CAST(valid_from AT TIME ZONE zone AS date)) OVER
                (PARTITION BY contract_id ORDER BY valid_from, number) AS since
            FROM contract_version WHERE state <> 'draft'
        ) dated WINDOW written AS (PARTITION BY contract_id ORDER BY valid_from, number)
    )
"""
_PLACE = """
    {root} ON root.id = {of} JOIN ticket placed ON placed.id = COALESCE(root.root, {of})
    LEFT JOIN entitlement decided ON decided.ticket_id = placed.id AND decided.replaced_at IS NULL
    LEFT JOIN contract_version cover ON cover.id = decided.contract_version_id
"""
_RATE = """
    LEFT JOIN held ON held.kind = '{kind}' AND held.agent_id = one.agent_id AND one.day >= held.since
        AND one.day < held.until
"""
OWN = "cover.contract_id"
_WORK = f"""
    SELECT 'work' AS kind, one.day, placed.id AS ticket_id, one.agent_id, placed.organization_id,
        {OWN} AS contract_id, held.currency, (2 * one.minutes * held.cents + 60) / 120 AS cents, one.minutes AS amount
    FROM time_entry one {_PLACE.format(root="{root}", of="one.ticket_id")} {_RATE.format(kind="work")}
    WHERE one.returned_at IS NULL AND one.day >= :since AND one.day < :until {{mine}}
"""
_BILLED = f"""
    SELECT 'billed', one.day, placed.id, one.agent_id, placed.organization_id, {OWN},
        CASE WHEN priced.hour_cents IS NULL THEN held.currency ELSE priced.currency END,
        (2 * (one.minutes - one.drawn) * COALESCE(priced.hour_cents, held.cents) + 60) / 120, one.minutes - one.drawn
    FROM time_entry one {_PLACE.format(root="{root}", of="one.ticket_id")} {_RATE.format(kind="billed")}
    LEFT JOIN priced ON priced.contract_id = {OWN} AND one.day >= priced.since AND one.day < priced.until
    WHERE one.returned_at IS NULL AND one.is_billable AND one.minutes > one.drawn
        AND one.day >= :since AND one.day < :until {{mine}}
"""
_NIGHT = f"""
    SELECT 'night', one.day, placed.id, one.agent_id, placed.organization_id, {OWN}, held.currency,
        held.cents / one.many + CASE WHEN one.place <= held.cents % one.many THEN 1 ELSE 0 END, 1
    FROM (
        SELECT *, count(*) OVER (PARTITION BY page_id) AS many,
            row_number() OVER (PARTITION BY page_id ORDER BY ticket_id) AS place
        FROM (
            SELECT DISTINCT page.id AS page_id, page.agent_id, CAST(page.begun_at AT TIME ZONE :zone AS date) AS day,
                COALESCE(root.root, escalation.ticket_id) AS ticket_id
            FROM page JOIN agent ON agent.id = page.agent_id JOIN page_reason ON page_reason.page_id = page.id
            JOIN escalation ON escalation.id = page_reason.escalation_id
            LEFT JOIN root ON root.id = escalation.ticket_id
            WHERE page.begun_at >= :begin AND page.begun_at < :end AND NOT page.is_test {{pages}}
                AND (CAST(page.begun_at AT TIME ZONE agent.zone AS time) >= '22:00'
                    OR CAST(page.begun_at AT TIME ZONE agent.zone AS time) < '06:00')
        ) each
    ) one {_PLACE.format(root="{root}", of="one.ticket_id")} {_RATE.format(kind="night")} WHERE true {{mine}}
"""
_CREDIT = """
    SELECT 'credit', CAST(broken.broken_at AT TIME ZONE :zone AS date), placed.id, CAST(NULL AS bigint),
        contract.organization_id, contract.id, credit.currency, credit.amount_cents, 1
    FROM credit JOIN commitment broken ON broken.id = credit.commitment_id
    JOIN contract ON contract.id = credit.contract_id
    {root} ON root.id = broken.ticket_id JOIN ticket placed ON placed.id = COALESCE(root.root, broken.ticket_id)
    WHERE credit.state <> 'excused' AND broken.broken_at >= :begin AND broken.broken_at < :end {mine}
"""
DRAWN = """
    drawn AS (
        SELECT entry.*, balance.contract_id, balance.price_cents, balance.bought, balance.currency, balance.unit,
            CAST(sum(amount) OVER (PARTITION BY balance_id ORDER BY entry.id) AS bigint) AS used,
            CAST(entry.at AT TIME ZONE :zone AS date) AS day
        FROM prepaid_entry entry JOIN prepaid_balance balance ON balance.id = balance_id
        WHERE (balance.expires_on IS NULL OR CAST(entry.at AT TIME ZONE :zone AS date) <= balance.expires_on)
            AND balance_id IN (SELECT balance_id FROM prepaid_entry WHERE {touched})
    )
"""
"""What was drawn as long as a balance lasted, with how much was used by then. Later entries move no money any more."""
_PREPAID = """
    SELECT 'prepaid', one.day, placed.id, one.agent_id, contract.organization_id, contract.id, one.currency,
        CAST((2 * one.price_cents * one.used + one.bought) / (2 * one.bought)
            - (2 * one.price_cents * (one.used - one.amount) + one.bought) / (2 * one.bought) AS bigint),
        CASE one.unit WHEN 'minutes' THEN one.amount ELSE 0 END
    FROM drawn one JOIN contract ON contract.id = one.contract_id
    {root} ON root.id = one.ticket_id LEFT JOIN ticket placed ON placed.id = COALESCE(root.root, one.ticket_id)
    WHERE one.day >= :since AND one.day < :until {mine}
"""
_EXPIRED = """
    SELECT 'expired', one.expires_on, CAST(NULL AS bigint), CAST(NULL AS bigint), contract.organization_id, contract.id,
        one.currency,
        CAST(one.price_cents - (2 * one.price_cents * used.amount + one.bought) / (2 * one.bought) AS bigint),
        CASE one.unit WHEN 'minutes' THEN one.bought - used.amount ELSE 0 END
    FROM prepaid_balance one JOIN contract ON contract.id = one.contract_id
    CROSS JOIN LATERAL (
        SELECT COALESCE(CAST(sum(amount) AS bigint), 0) AS amount FROM prepaid_entry
        WHERE balance_id = one.id AND CAST(at AT TIME ZONE :zone AS date) <= one.expires_on
    ) used
    WHERE one.expires_on >= :since AND one.expires_on < :until AND used.amount < one.bought {mine}
"""
_UNTIMED = f"""
    SELECT 'untimed', max(one.day), placed.id, CAST(NULL AS bigint), placed.organization_id, {OWN}, CAST(NULL AS text),
        CAST(NULL AS bigint), count(*)
    FROM volume_fact one {_PLACE.format(root="{root}", of="one.ticket_id")}
    WHERE one.kind = 'replied' AND one.day >= :since AND one.day < :until
        AND NOT EXISTS (SELECT FROM time_entry own WHERE own.ticket_id = placed.id AND own.returned_at IS NULL)
        AND NOT EXISTS (SELECT FROM timed WHERE timed.ticket_id = placed.id) {{mine}}
    GROUP BY date_trunc('month', one.day), placed.id, placed.organization_id, {OWN}
"""
"""A ticket once in each month it was answered in."""
TIMED = """
    timed AS (
        SELECT root.root AS ticket_id FROM time_entry {root} ON root.id = ticket_id
        WHERE returned_at IS NULL AND root.root IS NOT NULL
    )
"""
"""Tickets that others were merged into and that have time: few. Their own is found by index; no year is added up."""
ANSWERED = f"""
    SELECT one.day, COALESCE(GREATEST(max(earlier.day), max(merged.day)), '0001-01-01') AS before,
        COALESCE(placed.organization_id, 0) AS organization_id, COALESCE({OWN}, 0) AS contract_id
    FROM (
        SELECT DISTINCT day, ticket_id FROM (
            SELECT day, COALESCE(root.root, ticket_id) AS ticket_id
            FROM volume_fact LEFT JOIN root ON root.id = ticket_id WHERE kind = 'replied' AND day = ANY(:days)
        ) each
        WHERE NOT EXISTS (SELECT FROM time_entry own WHERE own.ticket_id = each.ticket_id AND own.returned_at IS NULL)
            AND NOT EXISTS (SELECT FROM timed WHERE timed.ticket_id = each.ticket_id)
    ) one {_PLACE.format(root="LEFT JOIN root", of="one.ticket_id")}
    LEFT JOIN LATERAL (
        SELECT max(day) AS day FROM volume_fact WHERE ticket_id = placed.id AND kind = 'replied' AND day < one.day
    ) earlier ON true
    LEFT JOIN (
        SELECT root.root AS ticket_id, day FROM root JOIN volume_fact ON ticket_id = root.id WHERE kind = 'replied'
    ) merged ON merged.ticket_id = placed.id AND merged.day < one.day
    GROUP BY one.day, placed.id, placed.organization_id, {OWN}
"""
"""Tickets without time on each day they were answered, with the day they were answered before that."""
COLUMNS = "kind, day, ticket_id, agent_id, organization_id, contract_id, currency, cents, amount"
BRANCHES = {
    "work": _WORK,
    "billed": _BILLED,
    "night": _NIGHT,
    "credit": _CREDIT,
    "prepaid": _PREPAID,
    "expired": _EXPIRED,
    "untimed": _UNTIMED,
}
