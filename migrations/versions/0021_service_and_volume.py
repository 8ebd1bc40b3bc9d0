"""what service is counted from: facts, stretches, days, and marks for every ticket there is"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_KINDS = "'arrived', 'machine', 'replied', 'done', 'reopened'"
_FACT = (
    ("day", ["day", "kind"]),
    ("kind_at", ["kind", sa.text("at DESC"), sa.text("ticket_id DESC")]),
    ("agent_id", ["agent_id", "kind", sa.text("at DESC")]),
    ("team_id", ["team_id", "kind", sa.text("at DESC")]),
    ("organization_id", ["organization_id", "kind", sa.text("at DESC")]),
    ("channel_kind", ["channel_kind", "kind", sa.text("at DESC")]),
)


def _whose() -> list[sa.Column]:
    return [
        sa.Column("organization_id", sa.BigInteger(), nullable=True),
        sa.Column("team_id", sa.BigInteger(), nullable=True),
        sa.Column("agent_id", sa.BigInteger(), nullable=True),
        sa.Column("channel_kind", sa.String(), nullable=False),
        sa.Column("topics", sa.ARRAY(sa.BigInteger()), nullable=False),
    ]


def upgrade() -> None:
    op.create_table(
        "volume_fact",
        sa.Column("ticket_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("hour", sa.SmallInteger(), nullable=False),
        sa.Column("is_out", sa.Boolean(), nullable=False),
        sa.Column("is_first", sa.Boolean(), nullable=False),
        sa.Column("clock_seconds", sa.BigInteger(), nullable=True),
        sa.Column("working_seconds", sa.BigInteger(), nullable=True),
        *_whose(),
        sa.CheckConstraint(f"kind IN ({_KINDS})", name=op.f("ck_volume_fact_kind")),
        sa.PrimaryKeyConstraint("ticket_id", "kind", "number", name=op.f("pk_volume_fact")),
    )
    for name, columns in _FACT:
        op.create_index(f"ix_volume_fact_{name}", "volume_fact", columns)
    op.create_index("ix_volume_fact_topics", "volume_fact", ["topics"], postgresql_using="gin")
    op.create_table(
        "volume_stretch",
        sa.Column("ticket_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        *_whose(),
        sa.CheckConstraint("until IS NULL OR until >= since", name=op.f("ck_volume_stretch_span")),
        sa.PrimaryKeyConstraint("ticket_id", "number", name=op.f("pk_volume_stretch")),
    )
    op.create_index(
        "ix_volume_stretch_during", "volume_stretch", [sa.text("tstzrange(since, until)")], postgresql_using="gist"
    )
    op.create_index("ix_volume_stretch_open", "volume_stretch", ["agent_id"], postgresql_where=sa.text("until IS NULL"))
    counts = ("arrived", "arrived_out", "machine", "replied", "replied_out", "done", "reopened")
    op.create_table(
        "volume_day",
        sa.Column("dimension", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in counts),
        *(sa.Column(name, sa.ARRAY(sa.BigInteger()), nullable=False) for name in ("clock", "working")),
        sa.PrimaryKeyConstraint("dimension", "day", "key", name=op.f("pk_volume_day")),
    )
    op.create_index("ix_volume_day_key", "volume_day", ["dimension", "key", "day"])
    op.create_table(
        "volume_mark",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_volume_mark")),
    )
    op.execute("INSERT INTO volume_mark (ticket_id) SELECT id FROM ticket ORDER BY id")
    op.create_index("ix_page_begun_at", "page", ["begun_at"], postgresql_where=sa.text("NOT is_test"))


def downgrade() -> None:
    op.drop_index("ix_page_begun_at", "page")
    for name in ("mark", "day", "stretch", "fact"):
        op.drop_table(f"volume_{name}")
