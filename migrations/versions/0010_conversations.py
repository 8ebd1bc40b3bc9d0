"""conversations"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_STATES = "'waiting', 'done', 'duplicate', 'quarantined', 'discarded'"


def upgrade() -> None:
    op.add_column("channel", sa.Column("hook_key", sa.String(), nullable=True))
    op.add_column("channel", sa.Column("held_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("channel", sa.Column("silent_since", sa.DateTime(timezone=True), nullable=True))
    op.create_unique_constraint(op.f("uq_channel_hook_key"), "channel", ["hook_key"])
    op.add_column("inbound", sa.Column("about", sa.String(), server_default="", nullable=False))
    op.drop_constraint(op.f("ck_inbound_state"), "inbound")
    op.execute(
        f"ALTER TABLE inbound ADD CONSTRAINT ck_inbound_state "
        f"CHECK (state IN ({_STATES}, 'ignored', 'early')) NOT VALID"
    )
    op.execute("ALTER TABLE inbound VALIDATE CONSTRAINT ck_inbound_state")
    op.create_index("ix_inbound_early", "inbound", ["channel_id", "about"], postgresql_where=sa.text("state = 'early'"))
    op.add_column("message", sa.Column("conversation_id", sa.BigInteger(), nullable=True))
    op.add_column("message", sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("message", sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "message", sa.Column("missing_files", postgresql.ARRAY(sa.String()), server_default="{}", nullable=False)
    )
    op.create_table(
        "conversation",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("facts", postgresql.JSONB(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_inbound_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name=op.f("fk_conversation_channel_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_conversation_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversation")),
        sa.UniqueConstraint("channel_id", "key", name=op.f("uq_conversation_channel_id_key")),
    )
    op.create_index(op.f("ix_conversation_ticket_id"), "conversation", ["ticket_id"])
    op.create_table(
        "channel_fetch",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("filename", sa.String(), nullable=False),
        sa.Column("content_type", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.CheckConstraint("state IN ('waiting', 'done', 'failed')", name=op.f("ck_channel_fetch_state")),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name=op.f("fk_channel_fetch_channel_id")),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_channel_fetch_message_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel_fetch")),
    )
    op.create_index(op.f("ix_channel_fetch_message_id"), "channel_fetch", ["message_id"])
    op.create_index(
        "ix_channel_fetch_waiting", "channel_fetch", ["not_before", "id"], postgresql_where=sa.text("state = 'waiting'")
    )
    op.create_table(
        "message_version",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("body_text", sa.String(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("inbound_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_message_version_message_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_version")),
    )
    op.create_index(op.f("ix_message_version_message_id"), "message_version", ["message_id"])


def downgrade() -> None:
    for name in ("message_version", "channel_fetch", "conversation"):
        op.drop_table(name)
    for name in ("missing_files", "deleted_at", "edited_at", "conversation_id"):
        op.drop_column("message", name)
    op.drop_index("ix_inbound_early", "inbound")
    op.execute("DELETE FROM inbound WHERE state IN ('ignored', 'early')")
    op.drop_constraint(op.f("ck_inbound_state"), "inbound")
    op.create_check_constraint(op.f("ck_inbound_state"), "inbound", f"state IN ({_STATES})")
    op.drop_column("inbound", "about")
    for name in ("silent_since", "held_until", "hook_key"):
        op.drop_column("channel", name)
