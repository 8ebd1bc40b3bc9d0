"""devices"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("ticket", sa.Column("times", sa.BigInteger(), server_default="0", nullable=False))
    op.create_table(
        "device_key",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("tail", sa.String(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name=op.f("fk_device_key_channel_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device_key")),
        sa.UniqueConstraint("hash", name=op.f("uq_device_key_hash")),
    )
    op.create_index("ix_device_key_channel_id", "device_key", ["channel_id"])
    op.create_table(
        "device_fault",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("fault", sa.String(), nullable=False),
        sa.Column("serial", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("details", sa.String(), nullable=False),
        sa.Column("severity", sa.SmallInteger(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("turns_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("quiet", sa.String(), server_default="", nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("over_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ticket_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'firing', 'settling', 'over')", name=op.f("ck_device_fault_state")),
        sa.CheckConstraint(
            "(state IN ('waiting', 'settling')) = (turns_at IS NOT NULL)", name=op.f("ck_device_fault_turns_at")
        ),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name=op.f("fk_device_fault_channel_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_device_fault_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device_fault")),
        sa.UniqueConstraint("channel_id", "device", "fault", name=op.f("uq_device_fault_channel_id_device_fault")),
    )
    op.create_index(
        "ix_device_fault_turns_at",
        "device_fault",
        ["turns_at", "id"],
        postgresql_where=sa.text("turns_at IS NOT NULL"),
    )
    op.create_index("ix_device_fault_ticket_id", "device_fault", ["ticket_id"])
    op.create_index("ix_device_fault_unit_id", "device_fault", ["unit_id", sa.literal_column("last_at DESC")])
    op.create_table(
        "planned_visit",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("asset_id", sa.BigInteger(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("planned_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("called_off_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_planned_visit_order")),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_planned_visit_asset_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_planned_visit")),
    )
    op.create_index("ix_planned_visit_asset_id", "planned_visit", ["asset_id", "ends_at"])


def downgrade() -> None:
    for name in ("planned_visit", "device_fault", "device_key"):
        op.drop_table(name)
    op.drop_column("ticket", "times")
