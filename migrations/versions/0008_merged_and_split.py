"""merged and split"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("merged_into_id", "split_from_id"):
        op.add_column("ticket", sa.Column(name, sa.BigInteger(), nullable=True))
        op.create_foreign_key(op.f(f"fk_ticket_{name}"), "ticket", "ticket", [name], ["id"])
        op.create_index(
            f"ix_ticket_{name}", "ticket", [name], postgresql_where=sa.literal_column(f"{name} IS NOT NULL")
        )


def downgrade() -> None:
    for name in ("split_from_id", "merged_into_id"):
        op.drop_column("ticket", name)
