"""drafts over the past"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "what_if",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("policy_id", sa.BigInteger(), nullable=False),
        sa.Column("draft", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("after", sa.BigInteger(), nullable=False),
        sa.Column("result", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_by_id", sa.BigInteger(), nullable=True),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('running', 'done', 'stopped')", name=op.f("ck_what_if_state")),
        sa.ForeignKeyConstraint(["policy_id"], ["sla_policy.id"], name=op.f("fk_what_if_policy_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["agent.id"], name=op.f("fk_what_if_created_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_what_if")),
    )
    op.create_index("ix_what_if_policy_id", "what_if", ["policy_id", "id"])
    op.create_index(
        "ix_what_if_running", "what_if", ["moved_at"], postgresql_where=sa.literal_column("state = 'running'")
    )
    op.create_index("ix_entitlement_policy_version_id", "entitlement", ["policy_version_id", "ticket_id"])


def downgrade() -> None:
    op.drop_index("ix_entitlement_policy_version_id", table_name="entitlement")
    op.drop_table("what_if")
