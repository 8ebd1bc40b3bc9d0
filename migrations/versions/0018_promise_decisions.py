"""promise decisions, the hour a promise was decided in, and what the page of promises reads by"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_HOURS = """
    UPDATE promise_outcome SET is_tallied = false,
        hour = (EXTRACT(isodow FROM settled_at AT TIME ZONE house.zone) - 1) * 24
            + EXTRACT(hour FROM settled_at AT TIME ZONE house.zone)
    FROM (SELECT zone FROM brand ORDER BY id LIMIT 1) house
"""
_OWED = """
    UPDATE promise_outcome SET left_seconds = 0
    FROM commitment WHERE commitment.id = commitment_id AND commitment.ended_at IS NULL AND left_seconds <> 0
"""


def upgrade() -> None:
    op.add_column("promise_outcome", sa.Column("hour", sa.SmallInteger(), server_default="0", nullable=False))
    op.execute(_HOURS)
    op.execute(_OWED)
    op.alter_column("promise_outcome", "hour", server_default=None)
    op.create_index("ix_promise_outcome_promise", "promise_outcome", ["promise", "day"])
    op.create_index(
        "ix_promise_outcome_product", "promise_outcome", ["product", "day"], postgresql_where=sa.text("product <> ''")
    )
    op.create_index("ix_promise_outcome_agent_id", "promise_outcome", ["agent_id", "day"])
    op.create_index(
        "ix_promise_outcome_broken", "promise_outcome", ["day", "hour"], postgresql_where=sa.text("outcome = 'broken'")
    )
    op.create_index("ix_promise_day_key", "promise_day", ["dimension", "key", "day"])
    op.create_index(
        "ix_commitment_open_due_at",
        "commitment",
        ["due_at", "id"],
        postgresql_where=sa.text("ended_at IS NULL AND due_at IS NOT NULL"),
    )
    op.create_index(
        "ix_ticket_created_at",
        "ticket",
        ["created_at"],
        postgresql_include=["organization_id", "team_id", "assignee_id", "channel_kind", "spam_at"],
    )
    op.create_table(
        "promise_decision",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("commitment_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.BigInteger(), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('left', 'again')", name=op.f("ck_promise_decision_kind")),
        sa.ForeignKeyConstraint(["by_id"], ["agent.id"], name=op.f("fk_promise_decision_by_id_agent")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promise_decision")),
    )
    op.create_index(
        "uq_promise_decision_standing",
        "promise_decision",
        ["commitment_id"],
        unique=True,
        postgresql_where=sa.text("undone_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("promise_decision")
    op.drop_index("ix_ticket_created_at", "ticket")
    op.drop_index("ix_commitment_open_due_at", "commitment")
    op.drop_index("ix_promise_day_key", "promise_day")
    for name in ("broken", "agent_id", "product", "promise"):
        op.drop_index(f"ix_promise_outcome_{name}", "promise_outcome")
    op.drop_column("promise_outcome", "hour")
