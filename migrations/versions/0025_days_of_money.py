"""what days of money add up to, and triggers that mark the days of which a fact changes"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_WHOSE = ("organization_id", "contract_id")
_EVER = "'0001-01-01', '9999-12-31'"
_ANY = """
    EXISTS (SELECT FROM time_entry) OR EXISTS (SELECT FROM volume_fact WHERE kind = 'replied')
    OR EXISTS (SELECT FROM page_reason) OR EXISTS (SELECT FROM credit) OR EXISTS (SELECT FROM prepaid_balance)
"""
_FUNCTIONS = {
    "days": """
        CREATE FUNCTION money_mark_days(first date, after date) RETURNS void LANGUAGE sql AS
        $$ INSERT INTO money_mark (since, until) VALUES (first, after) $$
    """,
    "around": """
        CREATE FUNCTION money_mark_around(at timestamptz) RETURNS void LANGUAGE sql AS $$
            INSERT INTO money_mark (since, until)
            SELECT day - 1, day + 2 FROM (SELECT CAST(at AT TIME ZONE 'UTC' AS date) AS day) utc WHERE day IS NOT NULL
        $$
    """,
    "ticket": """
            IF TG_OP <> 'DELETE' THEN INSERT INTO money_mark (ticket_id) VALUES (NEW.ticket_id); END IF;
            IF TG_OP <> 'INSERT' AND (TG_OP = 'DELETE' OR OLD.ticket_id <> NEW.ticket_id) THEN
                INSERT INTO money_mark (ticket_id) VALUES (OLD.ticket_id);
            END IF;
    """,
    "merge": """
            INSERT INTO money_mark (ticket_id) VALUES (OLD.id);
            IF TG_OP = 'UPDATE' AND OLD.merged_into_id IS NOT NULL THEN
                INSERT INTO money_mark (ticket_id) VALUES (OLD.merged_into_id);
            END IF;
    """,
    "time": """
            IF TG_OP <> 'DELETE' THEN INSERT INTO money_mark (ticket_id) VALUES (NEW.ticket_id); END IF;
            IF TG_OP <> 'INSERT' THEN
                INSERT INTO money_mark (ticket_id) VALUES (OLD.ticket_id);
                PERFORM money_mark_days(OLD.day, OLD.day + 1);
            END IF;
    """,
    "replies": """
            IF TG_OP <> 'DELETE' THEN
                IF (SELECT count(DISTINCT ticket_id) FROM fresh) > {many} THEN
                    PERFORM money_mark_days({ever});
                    RETURN NULL;
                END IF;
                INSERT INTO money_mark (ticket_id) SELECT DISTINCT ticket_id FROM fresh WHERE kind = 'replied';
            END IF;
            IF TG_OP <> 'INSERT' THEN
                IF (SELECT count(DISTINCT ticket_id) FROM stale) > {many} THEN
                    PERFORM money_mark_days({ever});
                    RETURN NULL;
                END IF;
                INSERT INTO money_mark (ticket_id) SELECT DISTINCT ticket_id FROM stale WHERE kind = 'replied';
                INSERT INTO money_mark (since, until)
                SELECT DISTINCT day, day + 1 FROM stale WHERE kind = 'replied';
            END IF;
    """,
    "drawn": """
            IF TG_OP = 'INSERT' AND NEW.ticket_id IS NOT NULL THEN
                INSERT INTO money_mark (ticket_id) VALUES (NEW.ticket_id);
                INSERT INTO money_mark (since, until)
                SELECT expires_on, expires_on + 1 FROM prepaid_balance WHERE id = NEW.balance_id
                    AND expires_on IS NOT NULL;
            ELSE
                INSERT INTO money_mark (contract_id) SELECT contract_id FROM prepaid_balance
                WHERE id = CASE WHEN TG_OP = 'DELETE' THEN OLD.balance_id ELSE NEW.balance_id END;
            END IF;
    """,
    "agreement": """
            IF TG_OP <> 'DELETE' THEN INSERT INTO money_mark (contract_id) VALUES (NEW.contract_id); END IF;
            IF TG_OP <> 'INSERT' THEN INSERT INTO money_mark (contract_id) VALUES (OLD.contract_id); END IF;
    """,
    "owner": """
            INSERT INTO money_mark (contract_id) VALUES (NEW.id);
    """,
    "price": """
            INSERT INTO money_mark (contract_id, since) SELECT contract_id, min(CAST(valid_from AS date)) - 2
            FROM (SELECT (NEW).contract_id, (NEW).valid_from WHERE TG_OP <> 'DELETE'
                UNION ALL SELECT (OLD).contract_id, (OLD).valid_from WHERE TG_OP <> 'INSERT') said GROUP BY contract_id;
    """,
    "credit": """
            INSERT INTO money_mark (ticket_id) SELECT ticket_id FROM commitment
            WHERE id = CASE WHEN TG_OP = 'DELETE' THEN OLD.commitment_id ELSE NEW.commitment_id END;
            IF TG_OP = 'DELETE' THEN
                PERFORM money_mark_around(broken_at) FROM commitment WHERE id = OLD.commitment_id;
            END IF;
    """,
    "broken": """
            IF EXISTS (SELECT FROM credit WHERE commitment_id = NEW.id) THEN
                INSERT INTO money_mark (ticket_id) VALUES (NEW.ticket_id);
                PERFORM money_mark_around(OLD.broken_at);
            END IF;
    """,
    "page": """
            INSERT INTO money_mark (ticket_id) SELECT ticket_id FROM page_reason
            JOIN escalation ON escalation.id = escalation_id WHERE page_id = NEW.id;
            PERFORM money_mark_around(OLD.begun_at);
    """,
    "reason": """
            IF TG_OP <> 'DELETE' THEN
                INSERT INTO money_mark (ticket_id) SELECT ticket_id FROM escalation WHERE id = NEW.escalation_id;
            END IF;
            IF TG_OP <> 'INSERT' THEN PERFORM money_mark_around(begun_at) FROM page WHERE id = OLD.page_id; END IF;
    """,
    "wall": """
            INSERT INTO money_mark (agent_id) VALUES (NEW.id);
    """,
    "member": """
            INSERT INTO money_mark (since, until) SELECT min(valid_from), '9999-12-31' FROM money_rate
            WHERE team_id IS NOT NULL HAVING count(*) > 0;
    """,
    "rate": """
            IF TG_OP <> 'DELETE' THEN PERFORM money_mark_days(NEW.valid_from, '9999-12-31'); END IF;
            IF TG_OP <> 'INSERT' THEN PERFORM money_mark_days(OLD.valid_from, '9999-12-31'); END IF;
    """,
    "zone": """
            PERFORM money_mark_days({ever});
    """,
}
"""What is written down for a row that changes; of more replies than `{many}` tickets at once, that it is everything."""
_ROWS = (
    ("ticket", "merge", "DELETE", ""),
    ("ticket", "merge", "UPDATE OF merged_into_id, organization_id",
     "(OLD.merged_into_id, OLD.organization_id) IS DISTINCT FROM (NEW.merged_into_id, NEW.organization_id)"),
    ("entitlement", "ticket", "INSERT OR UPDATE OR DELETE", ""),
    ("escalation", "ticket", "UPDATE OF ticket_id", "OLD.ticket_id <> NEW.ticket_id"),
    ("time_entry", "time", "INSERT OR UPDATE OR DELETE", ""),
    ("prepaid_entry", "drawn", "INSERT OR UPDATE OR DELETE", ""),
    ("prepaid_balance", "agreement", "INSERT OR UPDATE OR DELETE", ""),
    ("contract", "owner", "UPDATE OF organization_id", "OLD.organization_id <> NEW.organization_id"),
    ("contract_version", "price", "INSERT OR UPDATE OR DELETE", ""),
    ("credit", "credit", "INSERT OR UPDATE OR DELETE", ""),
    ("commitment", "broken", "UPDATE OF broken_at, ticket_id",
     "(OLD.broken_at, OLD.ticket_id) IS DISTINCT FROM (NEW.broken_at, NEW.ticket_id)"),
    ("page", "page", "UPDATE OF begun_at, agent_id, is_test",
     "(OLD.begun_at, OLD.agent_id, OLD.is_test) IS DISTINCT FROM (NEW.begun_at, NEW.agent_id, NEW.is_test)"),
    ("page_reason", "reason", "INSERT OR UPDATE OF page_id, escalation_id OR DELETE", ""),
    ("agent", "wall", "UPDATE OF zone", "OLD.zone <> NEW.zone"),
    ("membership", "member", "INSERT OR UPDATE OR DELETE", ""),
    ("money_rate", "rate", "INSERT OR UPDATE OR DELETE", ""),
    ("brand", "zone", "UPDATE OF zone", "OLD.zone <> NEW.zone"),
)  # fmt: skip
"""Of which table, what is marked, when, and under which condition."""
_REPLIES = {
    "insert": "REFERENCING NEW TABLE AS fresh",
    "update": "REFERENCING OLD TABLE AS stale NEW TABLE AS fresh",
    "delete": "REFERENCING OLD TABLE AS stale",
}


def upgrade() -> None:
    _tables()
    for name, body in _FUNCTIONS.items():
        op.execute(body if "CREATE" in body else _trigger(name, body))
    for place, (table, name, when, only) in enumerate(_ROWS):
        op.execute(
            f"CREATE TRIGGER money_{name}_{place} AFTER {when} ON {table} FOR EACH ROW"
            f" {f'WHEN ({only})' if only else ''} EXECUTE FUNCTION money_mark_{name}()"
        )
    for when, seen in _REPLIES.items():
        op.execute(
            f"CREATE TRIGGER money_replies_{when} AFTER {when} ON volume_fact {seen}"
            " FOR EACH STATEMENT EXECUTE FUNCTION money_mark_replies()"
        )
    op.execute(f"INSERT INTO money_mark (since, until) SELECT {_EVER} WHERE {_ANY}")


def downgrade() -> None:
    for place, (table, name, _when, _only) in enumerate(_ROWS):
        op.execute(f"DROP TRIGGER money_{name}_{place} ON {table}")
    for when in _REPLIES:
        op.execute(f"DROP TRIGGER money_replies_{when} ON volume_fact")
    for name in _FUNCTIONS:
        op.execute(f"DROP FUNCTION money_mark_{name}")
    op.drop_index("ix_commitment_broken_at", "commitment")
    for name in ("mark", "answered", "sum"):
        op.drop_table(f"money_{name}")


def _trigger(name: str, body: str) -> str:
    return (
        f"CREATE FUNCTION money_mark_{name}() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN {body.replace('{ever}', _EVER).replace('{many}', '1000')} RETURN NULL; END $$"
    )


def _tables() -> None:
    for table, dated, named, counts in (
        ("money_sum", ["day"], ["kind", "currency"], ("cents", "many", "amount")),
        ("money_answered", ["day", "before"], [], ("many",)),
    ):
        op.create_table(
            table,
            sa.Column("span", sa.String(), nullable=False),
            *(sa.Column(name, sa.Date(), nullable=False) for name in dated),
            *(sa.Column(name, sa.BigInteger(), autoincrement=False, nullable=False) for name in _WHOSE),
            *(sa.Column(name, sa.String(), nullable=False) for name in named),
            *(sa.Column(name, sa.BigInteger(), nullable=False) for name in counts),
            sa.CheckConstraint("span IN ('day', 'month')", name=op.f(f"ck_{table}_span")),
            sa.PrimaryKeyConstraint("span", *dated, *_WHOSE, *named, name=op.f(f"pk_{table}")),
        )
        for name in _WHOSE:
            op.create_index(f"ix_{table}_{name}", table, [name, "span", "day"])
    op.create_index(
        "ix_commitment_broken_at", "commitment", ["broken_at"], postgresql_where=sa.text("broken_at IS NOT NULL")
    )
    op.create_table(
        "money_mark",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=True) for name in ("ticket_id", "contract_id", "agent_id")),
        *(sa.Column(name, sa.Date(), nullable=True) for name in ("since", "until")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_money_mark")),
    )
