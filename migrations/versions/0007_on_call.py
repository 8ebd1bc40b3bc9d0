"""on call"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "escalation_policy",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("rank", sa.BigInteger(), nullable=False),
        sa.Column("starts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("runs", sa.String(), nullable=False),
        sa.Column("holds", sa.Boolean(), nullable=False),
        sa.Column("plan", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("runs IN ('always', 'out_of_hours')", name=op.f("ck_escalation_policy_runs")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_escalation_policy")),
    )
    op.create_index("uq_escalation_policy_name", "escalation_policy", [sa.literal_column("lower(name)")], unique=True)
    op.create_table(
        "contact_method",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("agent_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("delay_seconds", sa.BigInteger(), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("code_hash", sa.String(), nullable=False),
        sa.Column("code_sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("code_tries", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('email', 'slack', 'sms', 'call', 'push')", name=op.f("ck_contact_method_kind")),
        sa.CheckConstraint("delay_seconds >= 0", name=op.f("ck_contact_method_delay")),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_contact_method_agent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_method")),
    )
    op.create_index(
        "uq_contact_method_address",
        "contact_method",
        ["agent_id", "kind", "address"],
        unique=True,
        postgresql_where=sa.text("removed_at IS NULL"),
    )
    op.create_table(
        "oncall_absence",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("agent_id", sa.BigInteger(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_oncall_absence_span")),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_oncall_absence_agent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_oncall_absence")),
    )
    op.create_index("ix_oncall_absence_agent_id_ends_at", "oncall_absence", ["agent_id", "ends_at"], unique=False)
    op.create_table(
        "page",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("agent_id", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("is_test", sa.Boolean(), nullable=False),
        sa.Column("is_urgent", sa.Boolean(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_page_agent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_page")),
    )
    op.create_index("ix_page_agent_id", "page", ["agent_id", "id"], unique=False)
    op.create_index(
        "ix_page_not_before", "page", ["not_before", "id"], unique=False, postgresql_where=sa.text("begun_at IS NULL")
    )
    op.create_index(
        "uq_page_waiting", "page", ["target"], unique=True, postgresql_where=sa.text("begun_at IS NULL AND NOT is_test")
    )
    op.create_table(
        "quiet_hours",
        sa.Column("agent_id", sa.BigInteger(), nullable=False),
        sa.Column("begins", sa.String(), nullable=False),
        sa.Column("ends", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_quiet_hours_agent_id")),
        sa.PrimaryKeyConstraint("agent_id", name=op.f("pk_quiet_hours")),
    )
    op.create_table(
        "oncall_schedule",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("team_id", sa.BigInteger(), nullable=True),
        sa.Column("calendar_id", sa.BigInteger(), nullable=True),
        sa.Column("fallback_name", sa.String(), nullable=False),
        sa.Column("fallback_kind", sa.String(), nullable=False),
        sa.Column("fallback_address", sa.String(), nullable=False),
        sa.Column("feed_token", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["calendar_id"], ["calendar.id"], name=op.f("fk_oncall_schedule_calendar_id")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_oncall_schedule_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_oncall_schedule")),
        sa.UniqueConstraint("feed_token", name=op.f("uq_oncall_schedule_feed_token")),
    )
    op.create_index("uq_oncall_schedule_name", "oncall_schedule", [sa.literal_column("lower(name)")], unique=True)
    op.create_table(
        "oncall_request",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("schedule_id", sa.BigInteger(), nullable=False),
        sa.Column("lane", sa.BigInteger(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("giver_id", sa.BigInteger(), nullable=True),
        sa.Column("return_starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("return_ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("asked_ids", sa.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("asked_by_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_by_id", sa.BigInteger(), nullable=True),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(return_starts_at IS NULL) = (return_ends_at IS NULL)", name=op.f("ck_oncall_request_return")
        ),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_oncall_request_span")),
        sa.ForeignKeyConstraint(["asked_by_id"], ["agent.id"], name=op.f("fk_oncall_request_asked_by_id")),
        sa.ForeignKeyConstraint(["giver_id"], ["agent.id"], name=op.f("fk_oncall_request_giver_id")),
        sa.ForeignKeyConstraint(["schedule_id"], ["oncall_schedule.id"], name=op.f("fk_oncall_request_schedule_id")),
        sa.ForeignKeyConstraint(["taken_by_id"], ["agent.id"], name=op.f("fk_oncall_request_taken_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_oncall_request")),
    )
    op.create_index("ix_oncall_request_schedule_id_ends_at", "oncall_request", ["schedule_id", "ends_at"], unique=False)
    op.create_table(
        "oncall_schedule_version",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("schedule_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("spec", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_by_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["created_by_id"], ["agent.id"], name=op.f("fk_oncall_schedule_version_created_by_id")),
        sa.ForeignKeyConstraint(
            ["schedule_id"], ["oncall_schedule.id"], name=op.f("fk_oncall_schedule_version_schedule_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_oncall_schedule_version")),
        sa.UniqueConstraint("schedule_id", "number", name=op.f("uq_oncall_schedule_version_schedule_id_number")),
        sa.UniqueConstraint(
            "schedule_id", "valid_from", name=op.f("uq_oncall_schedule_version_schedule_id_valid_from")
        ),
    )
    op.create_table(
        "oncall_override",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("schedule_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("lane", sa.BigInteger(), nullable=False),
        sa.Column("agent_id", sa.BigInteger(), nullable=True),
        sa.Column("replaced_id", sa.BigInteger(), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("taken_ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("plan", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("request_id", sa.BigInteger(), nullable=True),
        sa.Column("created_by_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind IN ('add', 'remove', 'replace', 'swap', 'plan')", name=op.f("ck_oncall_override_kind")
        ),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_oncall_override_span")),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_oncall_override_agent_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["agent.id"], name=op.f("fk_oncall_override_created_by_id")),
        sa.ForeignKeyConstraint(["replaced_id"], ["agent.id"], name=op.f("fk_oncall_override_replaced_id")),
        sa.ForeignKeyConstraint(["request_id"], ["oncall_request.id"], name=op.f("fk_oncall_override_request_id")),
        sa.ForeignKeyConstraint(["schedule_id"], ["oncall_schedule.id"], name=op.f("fk_oncall_override_schedule_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_oncall_override")),
    )
    op.create_index(
        "ix_oncall_override_schedule_id_ends_at", "oncall_override", ["schedule_id", "ends_at"], unique=False
    )
    op.create_table(
        "page_attempt",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("page_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delay_seconds", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("delivery_id", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.CheckConstraint(
            "state IN ('waiting', 'leaving', 'sent', 'failed', 'skipped')", name=op.f("ck_page_attempt_state")
        ),
        sa.ForeignKeyConstraint(["delivery_id"], ["delivery.id"], name=op.f("fk_page_attempt_delivery_id")),
        sa.ForeignKeyConstraint(["page_id"], ["page.id"], name=op.f("fk_page_attempt_page_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_page_attempt")),
        sa.UniqueConstraint("delivery_id", name=op.f("uq_page_attempt_delivery_id")),
        sa.UniqueConstraint("page_id", "kind", "address", name=op.f("uq_page_attempt_page_id_kind_address")),
    )
    op.create_index("ix_page_attempt_address", "page_attempt", ["kind", "address", "due_at"], unique=False)
    op.create_index(
        "ix_page_attempt_due_at",
        "page_attempt",
        ["due_at", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_index(
        "ix_page_attempt_leaving", "page_attempt", ["id"], unique=False, postgresql_where=sa.text("state = 'leaving'")
    )
    op.create_table(
        "escalation",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("commitment_id", sa.BigInteger(), nullable=True),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("policy_id", sa.BigInteger(), nullable=False),
        sa.Column("plan", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("calendar_id", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("round", sa.BigInteger(), nullable=False),
        sa.Column("step", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("round_started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_by_id", sa.BigInteger(), nullable=True),
        sa.Column("acknowledged_how", sa.String(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.CheckConstraint("cause IN ('warning', 'break', 'arrival', 'device')", name=op.f("ck_escalation_cause")),
        sa.CheckConstraint(
            "state IN ('holding', 'running', 'acknowledged', 'ended')", name=op.f("ck_escalation_state")
        ),
        sa.ForeignKeyConstraint(["acknowledged_by_id"], ["agent.id"], name=op.f("fk_escalation_acknowledged_by_id")),
        sa.ForeignKeyConstraint(["calendar_id"], ["calendar.id"], name=op.f("fk_escalation_calendar_id")),
        sa.ForeignKeyConstraint(["commitment_id"], ["commitment.id"], name=op.f("fk_escalation_commitment_id")),
        sa.ForeignKeyConstraint(["policy_id"], ["escalation_policy.id"], name=op.f("fk_escalation_policy_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_escalation_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_escalation")),
        sa.UniqueConstraint("key", name=op.f("uq_escalation_key")),
    )
    op.create_index(
        "ix_escalation_next_at",
        "escalation",
        ["next_at", "id"],
        unique=False,
        postgresql_where=sa.text("next_at IS NOT NULL"),
    )
    op.create_index("ix_escalation_ticket_id", "escalation", ["ticket_id", "id"], unique=False)
    op.create_table(
        "page_reason",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("page_id", sa.BigInteger(), nullable=False),
        sa.Column("escalation_id", sa.BigInteger(), nullable=False),
        sa.Column("round", sa.BigInteger(), nullable=False),
        sa.Column("step", sa.BigInteger(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["escalation_id"], ["escalation.id"], name=op.f("fk_page_reason_escalation_id")),
        sa.ForeignKeyConstraint(["page_id"], ["page.id"], name=op.f("fk_page_reason_page_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_page_reason")),
        sa.UniqueConstraint(
            "escalation_id", "round", "step", "target", name=op.f("uq_page_reason_escalation_id_round_step_target")
        ),
    )
    op.create_index("ix_page_reason_page_id", "page_reason", ["page_id"], unique=False)
    op.add_column("delivery", sa.Column("kind", sa.String(), server_default="email", nullable=False))
    op.add_column("delivery_recipient", sa.Column("external_id", sa.String(), nullable=True))
    op.add_column("delivery_recipient", sa.Column("progress", sa.String(), server_default="", nullable=False))
    op.create_unique_constraint(op.f("uq_delivery_recipient_external_id"), "delivery_recipient", ["external_id"])
