"""promises"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "calendar",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("feed_url", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar")),
    )
    op.create_index("uq_calendar_name", "calendar", [sa.literal_column("lower(name)")], unique=True)
    op.create_table(
        "sla_policy",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("rank", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sla_policy")),
    )
    op.create_index("uq_sla_policy_name", "sla_policy", [sa.literal_column("lower(name)")], unique=True)
    op.create_table(
        "calendar_version",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("calendar_id", sa.BigInteger(), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rules", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("names", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_by_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["calendar_id"], ["calendar.id"], name=op.f("fk_calendar_version_calendar_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["agent.id"], name=op.f("fk_calendar_version_created_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_version")),
        sa.UniqueConstraint("calendar_id", "valid_from", name=op.f("uq_calendar_version_calendar_id_valid_from")),
    )
    op.create_table(
        "contract",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("external_ref", sa.String(), nullable=False),
        sa.Column("renews_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], name=op.f("fk_contract_organization_id")),
        sa.ForeignKeyConstraint(["renews_id"], ["contract.id"], name=op.f("fk_contract_renews_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contract")),
        sa.UniqueConstraint("number", name=op.f("uq_contract_number")),
    )
    op.create_index("ix_contract_organization_id", "contract", ["organization_id"], unique=False)
    op.create_table(
        "policy_version",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("policy_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("conditions", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_by_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["created_by_id"], ["agent.id"], name=op.f("fk_policy_version_created_by_id")),
        sa.ForeignKeyConstraint(["policy_id"], ["sla_policy.id"], name=op.f("fk_policy_version_policy_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_version")),
        sa.UniqueConstraint("policy_id", "number", name=op.f("uq_policy_version_policy_id_number")),
    )
    op.create_index(
        "uq_policy_version_draft",
        "policy_version",
        ["policy_id"],
        unique=True,
        postgresql_where=sa.text("valid_from IS NULL"),
    )
    op.create_table(
        "site",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], name=op.f("fk_site_organization_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site")),
        sa.UniqueConstraint("organization_id", "name", name=op.f("uq_site_organization_id_name")),
    )
    op.create_table(
        "asset",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=True),
        sa.Column("serial", sa.String(), nullable=False),
        sa.Column("serial_key", sa.String(), nullable=False),
        sa.Column("maker", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("purchased_on", sa.Date(), nullable=True),
        sa.Column("shipped_on", sa.Date(), nullable=True),
        sa.Column("installed_on", sa.Date(), nullable=True),
        sa.Column("manufactured_on", sa.Date(), nullable=True),
        sa.Column("service_months", sa.BigInteger(), nullable=True),
        sa.Column("serviced_on", sa.Date(), nullable=True),
        sa.Column("service_due_on", sa.Date(), nullable=True),
        sa.Column("parts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("photo_sha256", sa.String(), nullable=False),
        sa.Column("replaces_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], name=op.f("fk_asset_organization_id")),
        sa.ForeignKeyConstraint(["replaces_id"], ["asset.id"], name=op.f("fk_asset_replaces_id")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_asset_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_asset")),
        sa.UniqueConstraint("serial_key", name=op.f("uq_asset_serial_key")),
    )
    op.create_index("ix_asset_organization_id", "asset", ["organization_id", "id"], unique=False)
    op.create_index(
        "ix_asset_service_due_on",
        "asset",
        ["service_due_on"],
        unique=False,
        postgresql_where=sa.text("service_due_on IS NOT NULL"),
    )
    op.create_index("ix_asset_site_id", "asset", ["site_id"], unique=False)
    op.create_table(
        "contract_version",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("contract_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("renewal", sa.String(), nullable=False),
        sa.Column("notice_months", sa.BigInteger(), nullable=False),
        sa.Column("value_cents", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("period", sa.String(), nullable=False),
        sa.Column("outcome", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("pauses_when_suspended", sa.Boolean(), nullable=False),
        sa.Column("credit_cap_percent", sa.BigInteger(), nullable=False),
        sa.Column("created_by_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('support', 'maintenance', 'warranty', 'hours', 'incidents', 'outcome', 'rental')",
            name=op.f("ck_contract_version_kind"),
        ),
        sa.CheckConstraint("renewal IN ('never', 'tacit', 'express')", name=op.f("ck_contract_version_renewal")),
        sa.CheckConstraint(
            "state IN ('draft', 'active', 'suspended', 'cancelled', 'renewed')", name=op.f("ck_contract_version_state")
        ),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_contract_version_term")),
        sa.ForeignKeyConstraint(["contract_id"], ["contract.id"], name=op.f("fk_contract_version_contract_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["agent.id"], name=op.f("fk_contract_version_created_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contract_version")),
        sa.UniqueConstraint("contract_id", "number", name=op.f("uq_contract_version_contract_id_number")),
    )
    op.create_table(
        "prepaid_balance",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("contract_id", sa.BigInteger(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("bought", sa.BigInteger(), nullable=False),
        sa.Column("bought_on", sa.Date(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("round_to", sa.BigInteger(), nullable=False),
        sa.Column("grace", sa.BigInteger(), nullable=False),
        sa.Column("least", sa.BigInteger(), nullable=False),
        sa.Column("warn_percent", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("unit IN ('incidents', 'minutes')", name=op.f("ck_prepaid_balance_unit")),
        sa.ForeignKeyConstraint(["contract_id"], ["contract.id"], name=op.f("fk_prepaid_balance_contract_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prepaid_balance")),
    )
    op.create_index("ix_prepaid_balance_contract_id", "prepaid_balance", ["contract_id"], unique=False)
    op.create_table(
        "coverage_line",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("contract_version_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("site_ids", sa.ARRAY(sa.BigInteger()), server_default="{}", nullable=False),
        sa.Column("asset_ids", sa.ARRAY(sa.BigInteger()), server_default="{}", nullable=False),
        sa.Column("models", sa.ARRAY(sa.String()), server_default="{}", nullable=False),
        sa.Column("works", sa.ARRAY(sa.String()), server_default="{}", nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("calendar_id", sa.BigInteger(), nullable=True),
        sa.Column("fills_gaps", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["calendar_id"], ["calendar.id"], name=op.f("fk_coverage_line_calendar_id")),
        sa.ForeignKeyConstraint(
            ["contract_version_id"], ["contract_version.id"], name=op.f("fk_coverage_line_contract_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coverage_line")),
    )
    op.create_index("ix_coverage_line_contract_version_id", "coverage_line", ["contract_version_id"], unique=False)
    op.create_table(
        "prepaid_entry",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("balance_id", sa.BigInteger(), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=True),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("agent_id", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_prepaid_entry_agent_id")),
        sa.ForeignKeyConstraint(["balance_id"], ["prepaid_balance.id"], name=op.f("fk_prepaid_entry_balance_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_prepaid_entry_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prepaid_entry")),
        sa.UniqueConstraint("balance_id", "key", name=op.f("uq_prepaid_entry_balance_id_key")),
    )
    op.create_index("ix_prepaid_entry_ticket_id", "prepaid_entry", ["ticket_id"], unique=False)
    op.create_table(
        "ticket_asset",
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("asset_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.Column("decided_by_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('guess', 'confirmed', 'dismissed')", name=op.f("ck_ticket_asset_state")),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_ticket_asset_asset_id")),
        sa.ForeignKeyConstraint(["decided_by_id"], ["agent.id"], name=op.f("fk_ticket_asset_decided_by_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_asset_ticket_id")),
        sa.PrimaryKeyConstraint("ticket_id", "asset_id", name=op.f("pk_ticket_asset")),
    )
    op.create_index("ix_ticket_asset_asset_id", "ticket_asset", ["asset_id"], unique=False)
    op.create_table(
        "warranty",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("asset_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("starts", sa.String(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("parts_months", sa.BigInteger(), nullable=True),
        sa.Column("labour_months", sa.BigInteger(), nullable=True),
        sa.Column("travel_months", sa.BigInteger(), nullable=True),
        sa.Column("exclusions", sa.String(), nullable=False),
        sa.Column("transferable", sa.Boolean(), nullable=False),
        sa.Column("restarts_when_replaced", sa.Boolean(), nullable=False),
        sa.Column("least_days_when_replaced", sa.BigInteger(), nullable=False),
        sa.Column("holder_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("voided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(starts = 'date') = (starts_on IS NOT NULL)", name=op.f("ck_warranty_starts_on")),
        sa.CheckConstraint(
            "starts IN ('purchase', 'ship', 'install', 'manufacture', 'earliest', 'date')",
            name=op.f("ck_warranty_starts"),
        ),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_warranty_asset_id")),
        sa.ForeignKeyConstraint(["holder_id"], ["organization.id"], name=op.f("fk_warranty_holder_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_warranty")),
    )
    op.create_index("ix_warranty_asset_id", "warranty", ["asset_id"], unique=False)
    op.create_table(
        "clause",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("policy_version_id", sa.BigInteger(), nullable=True),
        sa.Column("contract_version_id", sa.BigInteger(), nullable=True),
        sa.Column("coverage_line_id", sa.BigInteger(), nullable=True),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("metric", sa.String(), nullable=False),
        sa.Column("target_seconds", sa.BigInteger(), nullable=False),
        sa.Column("targets", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("calendar_id", sa.BigInteger(), nullable=True),
        sa.Column("zone_source", sa.String(), nullable=False),
        sa.Column("pauses", sa.ARRAY(sa.String()), server_default="{}", nullable=False),
        sa.Column("warn_percent", sa.BigInteger(), nullable=False),
        sa.Column("credit", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint(
            "metric IN ('first_response', 'next_response', 'update', 'wait', 'work', "
            "'resolution', 'restore', 'ownership', 'on_site')",
            name=op.f("ck_clause_metric"),
        ),
        sa.CheckConstraint("zone_source IN ('calendar', 'site', 'contact')", name=op.f("ck_clause_zone")),
        sa.CheckConstraint(
            "(policy_version_id IS NULL) <> (contract_version_id IS NULL)", name=op.f("ck_clause_owner")
        ),
        sa.CheckConstraint("target_seconds >= 0", name=op.f("ck_clause_target")),
        sa.CheckConstraint("warn_percent BETWEEN 1 AND 100", name=op.f("ck_clause_warn")),
        sa.ForeignKeyConstraint(["calendar_id"], ["calendar.id"], name=op.f("fk_clause_calendar_id")),
        sa.ForeignKeyConstraint(
            ["contract_version_id"], ["contract_version.id"], name=op.f("fk_clause_contract_version_id")
        ),
        sa.ForeignKeyConstraint(["coverage_line_id"], ["coverage_line.id"], name=op.f("fk_clause_coverage_line_id")),
        sa.ForeignKeyConstraint(["policy_version_id"], ["policy_version.id"], name=op.f("fk_clause_policy_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clause")),
    )
    op.create_index("ix_clause_contract_version_id", "clause", ["contract_version_id"], unique=False)
    op.create_index("ix_clause_policy_version_id", "clause", ["policy_version_id"], unique=False)
    op.create_table(
        "entitlement",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("contract_version_id", sa.BigInteger(), nullable=True),
        sa.Column("coverage_line_id", sa.BigInteger(), nullable=True),
        sa.Column("warranty_id", sa.BigInteger(), nullable=True),
        sa.Column("policy_version_id", sa.BigInteger(), nullable=True),
        sa.Column("clause_ids", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("billable", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("alternatives", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("judged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by_id", sa.BigInteger(), nullable=True),
        sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("source IN ('contract', 'warranty', 'policy', 'none')", name=op.f("ck_entitlement_source")),
        sa.ForeignKeyConstraint(
            ["contract_version_id"], ["contract_version.id"], name=op.f("fk_entitlement_contract_version_id")
        ),
        sa.ForeignKeyConstraint(
            ["coverage_line_id"], ["coverage_line.id"], name=op.f("fk_entitlement_coverage_line_id")
        ),
        sa.ForeignKeyConstraint(["decided_by_id"], ["agent.id"], name=op.f("fk_entitlement_decided_by_id")),
        sa.ForeignKeyConstraint(
            ["policy_version_id"], ["policy_version.id"], name=op.f("fk_entitlement_policy_version_id")
        ),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_entitlement_ticket_id")),
        sa.ForeignKeyConstraint(["warranty_id"], ["warranty.id"], name=op.f("fk_entitlement_warranty_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entitlement")),
    )
    op.create_index("ix_entitlement_contract_version_id", "entitlement", ["contract_version_id"], unique=False)
    op.create_index("ix_entitlement_ticket_id", "entitlement", ["ticket_id"], unique=False)
    op.create_index(
        "uq_entitlement_current",
        "entitlement",
        ["ticket_id"],
        unique=True,
        postgresql_where=sa.text("replaced_at IS NULL"),
    )
    op.create_table(
        "commitment",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("entitlement_id", sa.BigInteger(), nullable=False),
        sa.Column("clause_id", sa.BigInteger(), nullable=False),
        sa.Column("cycle", sa.BigInteger(), nullable=False),
        sa.Column("metric", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("target_seconds", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("breaks_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("warns_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("broken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("broken_on_change", sa.Boolean(), nullable=False),
        sa.Column("warned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("elapsed_seconds", sa.BigInteger(), nullable=False),
        sa.Column("excused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("excused_by_id", sa.BigInteger(), nullable=True),
        sa.Column("excuse", sa.String(), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('running', 'paused', 'kept', 'broken', 'void')", name=op.f("ck_commitment_outcome")
        ),
        sa.ForeignKeyConstraint(["clause_id"], ["clause.id"], name=op.f("fk_commitment_clause_id")),
        sa.ForeignKeyConstraint(["entitlement_id"], ["entitlement.id"], name=op.f("fk_commitment_entitlement_id")),
        sa.ForeignKeyConstraint(["excused_by_id"], ["agent.id"], name=op.f("fk_commitment_excused_by_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_commitment_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commitment")),
        sa.UniqueConstraint("ticket_id", "clause_id", "cycle", name=op.f("uq_commitment_ticket_id_clause_id_cycle")),
    )
    op.create_index("ix_commitment_clause_id", "commitment", ["clause_id"], unique=False)
    op.create_index(
        "ix_commitment_fires_at",
        "commitment",
        ["fires_at", "id"],
        unique=False,
        postgresql_where=sa.text("fires_at IS NOT NULL"),
    )
    op.create_table(
        "credit",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("commitment_id", sa.BigInteger(), nullable=False),
        sa.Column("contract_id", sa.BigInteger(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("rule", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("decided_by_id", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('proposed', 'posted', 'excused')", name=op.f("ck_credit_state")),
        sa.ForeignKeyConstraint(["commitment_id"], ["commitment.id"], name=op.f("fk_credit_commitment_id")),
        sa.ForeignKeyConstraint(["contract_id"], ["contract.id"], name=op.f("fk_credit_contract_id")),
        sa.ForeignKeyConstraint(["decided_by_id"], ["agent.id"], name=op.f("fk_credit_decided_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit")),
        sa.UniqueConstraint("commitment_id", name=op.f("uq_credit_commitment_id")),
    )
    op.create_index("ix_credit_contract_id", "credit", ["contract_id"], unique=False)
    op.create_index(
        "ix_credit_open", "credit", ["state", "id"], unique=False, postgresql_where=sa.text("state = 'proposed'")
    )
    op.add_column("ticket", sa.Column("next_due_words", sa.String(), server_default="", nullable=False))
    op.add_column("ticket", sa.Column("next_due_turns_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_ticket_next_due_turns_at",
        "ticket",
        ["next_due_turns_at", "id"],
        unique=False,
        postgresql_where=sa.text("next_due_turns_at IS NOT NULL"),
    )
