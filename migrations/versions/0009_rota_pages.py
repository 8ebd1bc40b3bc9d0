"""rota pages"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "oncall_feed",
        sa.Column("agent_id", sa.BigInteger(), nullable=False),
        sa.Column("token", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_oncall_feed_agent_id")),
        sa.PrimaryKeyConstraint("agent_id", name=op.f("pk_oncall_feed")),
        sa.UniqueConstraint("token", name=op.f("uq_oncall_feed_token")),
    )
    op.create_table(
        "oncall_gap",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("schedule_id", sa.BigInteger(), nullable=False),
        sa.Column("lane", sa.BigInteger(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_oncall_gap_span")),
        sa.ForeignKeyConstraint(["schedule_id"], ["oncall_schedule.id"], name=op.f("fk_oncall_gap_schedule_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_oncall_gap")),
    )
    op.create_index(
        "uq_oncall_gap_open",
        "oncall_gap",
        ["schedule_id", "lane", "starts_at"],
        unique=True,
        postgresql_where=sa.text("closed_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("oncall_gap")
    op.drop_table("oncall_feed")
