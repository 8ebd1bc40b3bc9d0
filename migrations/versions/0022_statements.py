"""attainment statements that were issued, and the keys that sign them"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "signing_key",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("public", sa.String(), nullable=False),
        sa.Column("sealed", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signing_key")),
        sa.UniqueConstraint("name", name=op.f("uq_signing_key_name")),
    )
    op.create_table(
        "statement",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("contract_id", sa.BigInteger(), nullable=True),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("corrects_id", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("figures", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issued_by_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("EXTRACT(day FROM month) = 1", name=op.f("ck_statement_month")),
        sa.CheckConstraint("(revision = 1) = (corrects_id IS NULL)", name=op.f("ck_statement_corrects")),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], name=op.f("fk_statement_organization_id")),
        sa.ForeignKeyConstraint(["contract_id"], ["contract.id"], name=op.f("fk_statement_contract_id")),
        sa.ForeignKeyConstraint(["corrects_id"], ["statement.id"], name=op.f("fk_statement_corrects_id")),
        sa.ForeignKeyConstraint(["issued_by_id"], ["agent.id"], name=op.f("fk_statement_issued_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statement")),
    )
    op.create_index(
        "uq_statement_revision",
        "statement",
        ["organization_id", sa.text("COALESCE(contract_id, 0)"), "month", "revision"],
        unique=True,
    )
    op.create_index("ix_statement_contract_id", "statement", ["contract_id", "month"])


def downgrade() -> None:
    op.drop_table("statement")
    op.drop_table("signing_key")
