"""lists are narrowed by the indexes they are sorted by, saved views have a table; an index no list used is gone"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_NARROWING = ["channel_kind", "priority", "team_id", "assignee_id", "organization_id"]
_RECENT = [sa.literal_column("last_message_at DESC"), sa.literal_column("id DESC")]
_NEXT_UP = "status = 1 AND snoozed_until IS NULL AND spam_at IS NULL"
_ACTIVE = "status < 4 AND snoozed_until IS NULL AND spam_at IS NULL"
_SORTED = {
    "ix_ticket_next_up": (["queue_rank", "queue_at", "id"], _NEXT_UP),
    "ix_ticket_unassigned": (["queue_rank", "queue_at", "id"], f"{_ACTIVE} AND assignee_id IS NULL"),
    "ix_ticket_done": (_RECENT, "status >= 4"),
}


def upgrade() -> None:
    _make_again(_NARROWING)
    op.create_index("ix_ticket_recent", "ticket", ["last_message_at", "id", "status", *_NARROWING],
                    postgresql_where=sa.text(_ACTIVE))  # fmt: skip
    op.drop_index("ix_ticket_waiting", "ticket")
    op.drop_index("ix_ticket_tag_ids", "ticket")
    op.create_index("ix_entitlement_source", "entitlement", ["source", "ticket_id"],
                    postgresql_where=sa.text("replaced_at IS NULL AND source IN ('warranty', 'none')"))  # fmt: skip
    op.create_table(
        "saved_view",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=False),
        sa.Column("team_id", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("view", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["owner_id"], ["agent.id"], name=op.f("fk_saved_view_owner_id")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_saved_view_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view")),
    )
    for name, column in (("ix_saved_view_owner_id", "owner_id"), ("ix_saved_view_team_id", "team_id")):
        op.create_index(name, "saved_view", [column], postgresql_where=sa.text("removed_at IS NULL"))


def downgrade() -> None:
    op.drop_table("saved_view")
    op.drop_index("ix_entitlement_source", "entitlement")
    op.create_index("ix_ticket_tag_ids", "ticket", ["tag_ids"], postgresql_using="gin",
                    postgresql_where=sa.text("status < 4"))  # fmt: skip
    op.create_index("ix_ticket_waiting", "ticket", ["last_message_at", "id"],
                    postgresql_where=sa.text("status IN (2, 3)"))  # fmt: skip
    op.drop_index("ix_ticket_recent", "ticket")
    _make_again([])


def _make_again(narrowing: list[str]) -> None:
    """The same order, with other columns behind it."""
    for name, (order, where) in _SORTED.items():
        op.drop_index(name, "ticket")
        op.create_index(name, "ticket", [*order, *narrowing], postgresql_where=sa.text(where))
