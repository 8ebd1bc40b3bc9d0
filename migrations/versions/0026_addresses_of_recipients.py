"""what went to an address lately is found by its index: every text message and every mark of reading asks it"""

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_delivery_recipient_address", "delivery_recipient", ["address"])


def downgrade() -> None:
    op.drop_index("ix_delivery_recipient_address", "delivery_recipient")
