"""Contacts that were proven to be one person, what went over with each, and the mails that ask for the proof."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "contact_join",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=False),
        sa.Column("into_id", sa.BigInteger(), nullable=False),
        sa.Column("asked_by_id", sa.BigInteger(), nullable=True),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("parted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("parted_by_id", sa.BigInteger(), nullable=True),
        sa.Column("address_ids", sa.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("message_ids", sa.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("verified_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["asked_by_id"], ["agent.id"], name=op.f("fk_contact_join_asked_by_id")),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_contact_join_contact_id")),
        sa.ForeignKeyConstraint(["into_id"], ["contact.id"], name=op.f("fk_contact_join_into_id")),
        sa.ForeignKeyConstraint(["parted_by_id"], ["agent.id"], name=op.f("fk_contact_join_parted_by_id")),
        sa.ForeignKeyConstraint(["verified_id"], ["address.id"], name=op.f("fk_contact_join_verified_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_join")),
    )
    op.create_index("ix_contact_join_into_id", "contact_join", ["into_id"])
    op.create_index(
        "uq_contact_join_standing",
        "contact_join",
        ["contact_id"],
        unique=True,
        postgresql_where=sa.text("parted_at IS NULL"),
    )
    op.create_table(
        "joined_ticket",
        sa.Column("join_id", sa.BigInteger(), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("given_organization", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["join_id"], ["contact_join.id"], name=op.f("fk_joined_ticket_join_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_joined_ticket_ticket_id")),
        sa.PrimaryKeyConstraint("join_id", "ticket_id", name=op.f("pk_joined_ticket")),
    )
    op.create_index(op.f("ix_joined_ticket_ticket_id"), "joined_ticket", ["ticket_id"])
    op.create_table(
        "contact_proof",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=True),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("nonce", sa.String(), nullable=False),
        sa.Column("asked_by_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("tries >= 0", name=op.f("ck_contact_proof_tries")),
        sa.ForeignKeyConstraint(["asked_by_id"], ["agent.id"], name=op.f("fk_contact_proof_asked_by_id")),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_contact_proof_contact_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["contact.id"], name=op.f("fk_contact_proof_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_proof")),
    )
    op.create_index(
        "ix_contact_proof_contact_id", "contact_proof", ["contact_id"], postgresql_where=sa.text("closed_at IS NULL")
    )


def downgrade() -> None:
    op.drop_table("contact_proof")
    op.drop_table("joined_ticket")
    op.drop_table("contact_join")
