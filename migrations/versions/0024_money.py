"""time entries, rates, and prices that may be unknown"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_KINDS = "'work', 'standby', 'night', 'billed'"


def upgrade() -> None:
    _prices()
    _time()
    op.create_table(
        "money_rate",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("agent_id", sa.BigInteger(), nullable=True),
        sa.Column("team_id", sa.BigInteger(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("created_by_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(f"kind IN ({_KINDS})", name=op.f("ck_money_rate_kind")),
        sa.CheckConstraint("agent_id IS NULL OR team_id IS NULL", name=op.f("ck_money_rate_whose")),
        sa.CheckConstraint("cents >= 0", name=op.f("ck_money_rate_cents")),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_money_rate_agent_id")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_money_rate_team_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["agent.id"], name=op.f("fk_money_rate_created_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_money_rate")),
    )
    op.create_index("ix_money_rate_kind", "money_rate", ["kind", "valid_from", "id"])
    op.create_index("ix_prepaid_entry_at", "prepaid_entry", ["at"])


def _prices() -> None:
    """A fee of 0 was what an empty field became; nobody can tell them apart any more, so both are unknown now."""
    op.alter_column("contract_version", "value_cents", existing_type=sa.BigInteger(), nullable=True)
    op.execute("UPDATE contract_version SET value_cents = NULL WHERE value_cents = 0")
    op.add_column("contract_version", sa.Column("hour_cents", sa.BigInteger(), nullable=True))
    op.add_column("prepaid_balance", sa.Column("price_cents", sa.BigInteger(), nullable=True))
    op.add_column("prepaid_balance", sa.Column("currency", sa.String(), nullable=False, server_default="USD"))
    op.execute(
        "UPDATE prepaid_balance SET currency = newest.currency FROM (SELECT DISTINCT ON (contract_id) contract_id,"
        " currency FROM contract_version ORDER BY contract_id, number DESC) newest"
        " WHERE newest.contract_id = prepaid_balance.contract_id"
    )


def _time() -> None:
    """Time was told by events until now; what was given back since stands as not drawn."""
    op.create_table(
        "time_entry",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("agent_id", sa.BigInteger(), nullable=False),
        sa.Column("noted_by_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("minutes", sa.BigInteger(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("is_billable", sa.Boolean(), nullable=False),
        sa.Column("drawn", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("returned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("returned_by_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("minutes > 0 AND drawn >= 0", name=op.f("ck_time_entry_minutes")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_time_entry_ticket_id")),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_time_entry_agent_id")),
        sa.ForeignKeyConstraint(["noted_by_id"], ["agent.id"], name=op.f("fk_time_entry_noted_by_id")),
        sa.ForeignKeyConstraint(["returned_by_id"], ["agent.id"], name=op.f("fk_time_entry_returned_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_time_entry")),
        sa.UniqueConstraint("ticket_id", "key", name=op.f("uq_time_entry_ticket_id_key")),
    )
    op.execute("""
        INSERT INTO time_entry (ticket_id, key, agent_id, noted_by_id, day, minutes, what, is_billable, drawn, at,
            returned_at, returned_by_id)
        SELECT DISTINCT ON (noted.ticket_id, noted.data->>'key') noted.ticket_id, noted.data->>'key', noted.agent_id,
            noted.agent_id, CAST(noted.at AT TIME ZONE agent.zone AS date), CAST(noted.data->>'minutes' AS bigint),
            noted.data->>'what', true, CASE WHEN stands.amount > 0 THEN CAST(noted.data->>'drawn' AS bigint) ELSE 0 END,
            noted.at, back.at, back.agent_id
        FROM event noted JOIN agent ON agent.id = noted.agent_id
        LEFT JOIN event back ON back.ticket_id = noted.ticket_id AND back.kind = 'time.returned'
            AND back.data->>'key' = noted.data->>'key'
        CROSS JOIN LATERAL (
            SELECT COALESCE(sum(amount), 0) AS amount FROM prepaid_entry JOIN prepaid_balance balance
            ON balance.id = balance_id AND unit = 'minutes' WHERE prepaid_entry.ticket_id = noted.ticket_id
        ) stands
        WHERE noted.kind = 'time.noted' ORDER BY noted.ticket_id, noted.data->>'key', noted.id
    """)
    op.create_index("ix_time_entry_day", "time_entry", ["day"], postgresql_where=sa.text("returned_at IS NULL"))


def downgrade() -> None:
    op.drop_index("ix_prepaid_entry_at", "prepaid_entry")
    op.drop_table("money_rate")
    op.drop_table("time_entry")
    op.drop_column("prepaid_balance", "currency")
    op.drop_column("prepaid_balance", "price_cents")
    op.drop_column("contract_version", "hour_cents")
    op.execute("UPDATE contract_version SET value_cents = 0 WHERE value_cents IS NULL")
    op.alter_column("contract_version", "value_cents", existing_type=sa.BigInteger(), nullable=False)
