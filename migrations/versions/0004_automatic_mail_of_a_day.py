"""automatic mail of a day"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_automatic_mail_day", "automatic_mail", ["day"])
