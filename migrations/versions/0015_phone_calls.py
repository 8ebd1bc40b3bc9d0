"""phone calls"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_HOOKS = (
    "UPDATE channel SET hook_key = replace(gen_random_uuid()::text, '-', '') WHERE kind = 'phone' AND hook_key IS NULL"
)


def upgrade() -> None:
    op.create_table(
        "phone_call",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered", sa.Boolean(), nullable=False),
        sa.Column("ended", sa.Boolean(), nullable=False),
        sa.Column("seconds", sa.BigInteger(), nullable=True),
        sa.Column("spoken", sa.BigInteger(), nullable=True),
        sa.Column("recording", sa.String(), nullable=False),
        sa.Column("recorded", sa.BigInteger(), nullable=True),
        sa.Column("transcript", sa.String(), nullable=False),
        sa.Column("returned_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name=op.f("fk_phone_call_channel_id")),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_phone_call_message_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_phone_call")),
        sa.UniqueConstraint("message_id", name=op.f("uq_phone_call_message_id")),
    )
    op.create_index(op.f("ix_phone_call_channel_id"), "phone_call", ["channel_id"])
    op.create_index(
        "ix_phone_call_due",
        "phone_call",
        ["message_id"],
        postgresql_where=sa.text("returned_at IS NULL AND NOT answered"),
    )
    op.execute(_HOOKS)
