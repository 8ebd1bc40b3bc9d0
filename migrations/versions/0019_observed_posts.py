"""Posts that were read elsewhere, and what an agent decided about each."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "observed_post",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("html", sa.String(), nullable=False),
        sa.Column("author_name", sa.String(), nullable=False),
        sa.Column("author_address", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("tags", postgresql.ARRAY(sa.String()), server_default="{}", nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=True),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.Column("inbound_id", sa.BigInteger(), nullable=False),
        sa.Column("words", postgresql.TSVECTOR(), nullable=False),
        sa.CheckConstraint("state IN ('new', 'ignored', 'ticket')", name=op.f("ck_observed_post_state")),
        sa.CheckConstraint("(state = 'ticket') = (ticket_id IS NOT NULL)", name=op.f("ck_observed_post_ticket_id")),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name=op.f("fk_observed_post_channel_id")),
        sa.ForeignKeyConstraint(["decided_by"], ["agent.id"], name=op.f("fk_observed_post_decided_by")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_observed_post_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_observed_post")),
        sa.UniqueConstraint("channel_id", "name", name=op.f("uq_observed_post_channel_id_name")),
    )
    op.create_index(
        "ix_observed_post_new",
        "observed_post",
        ["id"],
        postgresql_where=sa.text("state = 'new' AND gone_at IS NULL"),
    )
    op.create_index("ix_observed_post_state_id", "observed_post", ["state", "id"])
    op.create_index("ix_observed_post_url", "observed_post", ["url"], postgresql_where=sa.text("url <> ''"))
    op.create_index("ix_observed_post_tags", "observed_post", ["tags"], postgresql_using="gin")
    op.create_index("ix_observed_post_words", "observed_post", ["words"], postgresql_using="gin")


def downgrade() -> None:
    op.drop_table("observed_post")
