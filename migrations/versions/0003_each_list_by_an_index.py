"""each list by an index"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_RECENT = [sa.literal_column("last_message_at DESC"), sa.literal_column("id DESC")]
_ACTIVE = "status < 4 AND snoozed_until IS NULL AND spam_at IS NULL"


def upgrade() -> None:
    op.create_index(
        "ix_ticket_unassigned",
        "ticket",
        ["queue_rank", "queue_at", "id"],
        postgresql_where=sa.text(f"{_ACTIVE} AND assignee_id IS NULL"),
    )
    op.create_index(
        "ix_ticket_asleep",
        "ticket",
        _RECENT,
        postgresql_where=sa.text("snoozed_until IS NOT NULL AND status < 4 AND spam_at IS NULL"),
    )
    op.create_index("ix_ticket_spam", "ticket", _RECENT, postgresql_where=sa.text("spam_at IS NOT NULL"))
