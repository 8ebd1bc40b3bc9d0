"""forecasts"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_commitment_breaks_at",
        "commitment",
        ["breaks_at", "id"],
        postgresql_where=sa.text("outcome = 'running'"),
    )
    op.create_table(
        "forecast",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_judged", sa.Boolean(), nullable=False),
        sa.Column("mean", sa.Float(), nullable=False),
        sa.Column("low", sa.BigInteger(), nullable=False),
        sa.Column("high", sa.BigInteger(), nullable=False),
        sa.Column("usual", sa.Float(), nullable=False),
        sa.Column("picture", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_forecast")),
    )
    op.create_index("ix_forecast_made_at", "forecast", ["made_at"])
    op.create_table(
        "forecast_item",
        sa.Column("forecast_id", sa.BigInteger(), nullable=False),
        sa.Column("commitment_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("slips", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["forecast_id"], ["forecast.id"], name=op.f("fk_forecast_item_forecast_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("forecast_id", "commitment_id", name=op.f("pk_forecast_item")),
    )


def downgrade() -> None:
    op.drop_table("forecast_item")
    op.drop_table("forecast")
    op.drop_index("ix_commitment_breaks_at", "commitment")
