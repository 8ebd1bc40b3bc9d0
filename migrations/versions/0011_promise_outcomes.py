"""promise outcomes"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_OUTCOMES = "'kept', 'broken', 'void'"

_SO_FAR = """
    INSERT INTO promise_outcome (commitment_id, ticket_id, outcome, is_excused, settled_at, day, metric, promise,
        priority, organization_id, contract_id, team_id, agent_id, channel_kind, product, left_seconds, is_tallied)
    SELECT one.id, one.ticket_id, one.outcome, one.excused_at IS NOT NULL, settled.at,
        CAST(settled.at AT TIME ZONE 'UTC' AS date), one.metric,
        CASE WHEN agreed.id IS NULL THEN 'p' || said.policy_id ELSE 'c' || agreed.contract_id END
            || ':' || COALESCE(NULLIF(clause.number, ''), clause.metric),
        ticket.priority, ticket.organization_id, agreed.contract_id, ticket.team_id, ticket.assignee_id,
        ticket.channel_kind, '', one.target_seconds - one.elapsed_seconds, false
    FROM commitment one
    JOIN ticket ON ticket.id = one.ticket_id
    JOIN clause ON clause.id = one.clause_id
    LEFT JOIN contract_version agreed ON agreed.id = clause.contract_version_id
    LEFT JOIN policy_version said ON said.id = clause.policy_version_id
    CROSS JOIN LATERAL (
        SELECT COALESCE(CASE WHEN one.outcome = 'broken' THEN one.broken_at END, one.ended_at, one.started_at) AS at
    ) settled
    WHERE one.outcome IN ('kept', 'broken')
"""


def upgrade() -> None:
    op.add_column("brand", sa.Column("zone", sa.String(), server_default="UTC", nullable=False))
    op.create_table(
        "promise_outcome",
        sa.Column("commitment_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("is_excused", sa.Boolean(), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("metric", sa.String(), nullable=False),
        sa.Column("promise", sa.String(), nullable=False),
        sa.Column("priority", sa.BigInteger(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=True),
        sa.Column("contract_id", sa.BigInteger(), nullable=True),
        sa.Column("team_id", sa.BigInteger(), nullable=True),
        sa.Column("agent_id", sa.BigInteger(), nullable=True),
        sa.Column("channel_kind", sa.String(), nullable=False),
        sa.Column("product", sa.String(), nullable=False),
        sa.Column("left_seconds", sa.BigInteger(), nullable=False),
        sa.Column("is_tallied", sa.Boolean(), nullable=False),
        sa.Column("tallied_day", sa.Date(), nullable=True),
        sa.CheckConstraint(f"outcome IN ({_OUTCOMES})", name=op.f("ck_promise_outcome_outcome")),
        sa.PrimaryKeyConstraint("commitment_id", name=op.f("pk_promise_outcome")),
    )
    op.create_index(
        "ix_promise_outcome_day", "promise_outcome", ["day"], postgresql_include=["outcome", "organization_id"]
    )
    op.create_index("ix_promise_outcome_organization_id", "promise_outcome", ["organization_id", "day"])
    op.create_index(
        "ix_promise_outcome_contract_id",
        "promise_outcome",
        ["contract_id", "day"],
        postgresql_where=sa.text("contract_id IS NOT NULL"),
    )
    op.create_index(
        "ix_promise_outcome_untallied",
        "promise_outcome",
        ["day", "tallied_day"],
        postgresql_where=sa.text("NOT is_tallied"),
    )
    op.create_index("ix_promise_outcome_ticket_id", "promise_outcome", ["ticket_id"])
    op.create_table(
        "promise_day",
        sa.Column("dimension", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("kept", sa.BigInteger(), nullable=False),
        sa.Column("broken", sa.BigInteger(), nullable=False),
        sa.Column("excused", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("dimension", "day", "key", name=op.f("pk_promise_day")),
    )
    op.execute(_SO_FAR)


def downgrade() -> None:
    op.drop_table("promise_day")
    op.drop_table("promise_outcome")
    op.drop_column("brand", "zone")
