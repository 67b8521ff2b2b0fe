"""tables

Roll back: drops every table and all data; restore from a backup instead.
"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from sqlalchemy.dialects import postgresql
from alembic import op

revision = "tables"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.create_table(
        "credit_pack",
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(length=60), nullable=False),
        sa.Column("credits", sa.Integer(), nullable=False),
        sa.Column("price_in_cents", sa.Integer(), nullable=False),
        sa.Column("stripe_price_id", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=True),
        sa.Column("is_active", sa.Boolean(), server_default="true", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
        sa.UniqueConstraint("stripe_price_id"),
    )
    op.create_table(
        "organization",
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("slug", sqlmodel.sql.sqltypes.AutoString(length=80), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "ACTIVE",
                "SUSPENDED",
                "TRIAL",
                "CANCELLED",
                "PENDING_SETUP",
                name="organization_status",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            server_default="ACTIVE",
            nullable=False,
        ),
        sa.Column("timezone", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("language", sqlmodel.sql.sqltypes.AutoString(length=8), nullable=False),
        sa.Column("currency", sqlmodel.sql.sqltypes.AutoString(length=3), nullable=False),
        sa.Column("business_hours", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("balance_cents", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("credit_balance", sa.BigInteger(), sa.Computed("greatest(balance_cents, 0)", persisted=True), nullable=True),
        sa.Column("grace_credits_used", sa.BigInteger(), sa.Computed("greatest(-balance_cents, 0)", persisted=True), nullable=True),
        sa.Column("ledger_seq", sa.BigInteger(), nullable=True),
        sa.Column("ledger_hash", sa.LargeBinary(), nullable=True),
        sa.Column("grace_limit_cents", sa.Integer(), nullable=True),
        sa.Column("stripe_customer_id", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("slug"),
        sa.UniqueConstraint("stripe_customer_id"),
    )
    op.create_table(
        "rate_limit",
        sa.Column("key", sqlmodel.sql.sqltypes.AutoString(length=160), nullable=False),
        sa.Column("window_started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("blocked_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "webhook_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("provider", sqlmodel.sql.sqltypes.AutoString(length=20), nullable=False),
        sa.Column("dedupe_key", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("type", sqlmodel.sql.sqltypes.AutoString(length=80), nullable=False),
        sa.Column("subject", sqlmodel.sql.sqltypes.AutoString(length=80), nullable=False),
        sa.Column("organization_id", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=True),
        sa.Column("agent_id", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=True),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("processed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("provider", "dedupe_key", name="webhook_event_once"),
    )
    op.create_index(
        "webhook_event_due",
        "webhook_event",
        ["next_attempt_at", "id"],
        unique=False,
        postgresql_where="processed_at is null and failed_at is null and isfinite(next_attempt_at)",
    )
    op.create_index(
        "webhook_event_waiting",
        "webhook_event",
        ["subject", "id"],
        unique=False,
        postgresql_where="processed_at is null and failed_at is null",
    )
    op.create_table(
        "audit_log",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.Column("organization_id", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=True),
        sa.Column(
            "actor_type",
            sa.Enum("user", "system", "api", name="audit_log_actor_type", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("actor_id", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=True),
        sa.Column("actor_email", sqlmodel.sql.sqltypes.AutoString(length=255), nullable=True),
        sa.Column("action", sqlmodel.sql.sqltypes.AutoString(length=60), nullable=False),
        sa.Column("entity_type", sqlmodel.sql.sqltypes.AutoString(length=60), nullable=False),
        sa.Column("entity_id", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=True),
        sa.Column("old_values", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("new_values", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("ip_address", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=True),
        sa.Column("user_agent", sqlmodel.sql.sqltypes.AutoString(length=400), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("audit_log_of_organization", "audit_log", ["organization_id", "created_at", "id"], unique=False)
    op.create_index(op.f("ix_audit_log_action"), "audit_log", ["action"], unique=False)
    op.create_table(
        "user",
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.Column("email", sqlmodel.sql.sqltypes.AutoString(length=255), nullable=False),
        sa.Column("password_hash", sqlmodel.sql.sqltypes.AutoString(length=128), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=True),
        sa.Column(
            "role",
            sa.Enum("GUEST", "USER", "POWER_USER", "ADMIN", name="user_role", native_enum=False, create_constraint=True, length=32),
            server_default="USER",
            nullable=False,
        ),
        sa.Column("is_staff", sa.Boolean(), server_default="false", nullable=False),
        sa.Column(
            "status",
            sa.Enum("ACTIVE", "INACTIVE", "INVITED", "SUSPENDED", name="user_status", native_enum=False, create_constraint=True, length=32),
            server_default="ACTIVE",
            nullable=False,
        ),
        sa.Column("email_verified", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("language", sqlmodel.sql.sqltypes.AutoString(length=8), nullable=False),
        sa.Column("current_org_id", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=True),
        sa.Column("last_login_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("email = lower(email)", name="user_email_lower"),
        sa.ForeignKeyConstraint(
            ["current_org_id"],
            ["organization.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("email"),
    )
    op.create_table(
        "agent",
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.Column("organization_id", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.Column("user_id", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(length=100), nullable=False),
        sa.Column("business_name", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("business_description", sa.Text(), nullable=True),
        sa.Column("greeting", sa.Text(), nullable=False),
        sa.Column("end_call_message", sqlmodel.sql.sqltypes.AutoString(length=500), server_default="", nullable=False),
        sa.Column("system_prompt", sa.Text(), nullable=False),
        sa.Column("voice_id", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("language", sqlmodel.sql.sqltypes.AutoString(length=8), nullable=False),
        sa.Column("timezone", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("knowledge", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("discloses_ai", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("records_calls", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("max_duration_seconds", sa.Integer(), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("vapi_assistant_id", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=True),
        sa.Column("webhook_token", sa.Text(), nullable=False),
        sa.Column("webhook_token_hash", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column(
            "sync_state",
            sa.Enum("LIVE", "UPDATING", "FAILED", name="agent_sync_state", native_enum=False, create_constraint=True, length=32),
            server_default="UPDATING",
            nullable=False,
        ),
        sa.Column("sync_error", sa.Text(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("synced_revision", sa.Integer(), nullable=False),
        sa.Column("synced_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("char_length(greeting) <= 500", name="agent_greeting_length"),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("vapi_assistant_id"),
        sa.UniqueConstraint("webhook_token_hash"),
    )
    op.create_index(
        "agent_of_organization", "agent", ["organization_id", "created_at", "id"], unique=False, postgresql_where="deleted_at is null"
    )
    op.create_table(
        "session",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.Column("user_id", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.Column("token_hash", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ip_address", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=True),
        sa.Column("user_agent", sqlmodel.sql.sqltypes.AutoString(length=400), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("token_hash"),
    )
    op.create_index(op.f("ix_session_user_id"), "session", ["user_id"], unique=False)
    op.create_table(
        "site_setting",
        sa.Column("key", sqlmodel.sql.sqltypes.AutoString(length=60), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=True),
        sa.ForeignKeyConstraint(
            ["updated_by"],
            ["user.id"],
        ),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "user_organization",
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.Column("user_id", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.Column("organization_id", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "OWNER",
                "ADMIN",
                "MANAGER",
                "AGENT",
                "VIEWER",
                name="user_organization_role",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("is_primary", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("invited_by", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=True),
        sa.Column("invited_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["invited_by"],
            ["user.id"],
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("user_id", "organization_id", name="user_organization_once"),
    )
    op.create_index(op.f("ix_user_organization_organization_id"), "user_organization", ["organization_id"], unique=False)
    op.create_table(
        "phone_number",
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.Column("number", sqlmodel.sql.sqltypes.AutoString(length=16), nullable=False),
        sa.Column("friendly_name", sqlmodel.sql.sqltypes.AutoString(length=100), nullable=True),
        sa.Column(
            "status",
            sa.Enum("AVAILABLE", "ASSIGNED", "RELEASED", name="phone_number_status", native_enum=False, create_constraint=True, length=32),
            server_default="AVAILABLE",
            nullable=False,
        ),
        sa.Column("organization_id", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=True),
        sa.Column("agent_id", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=True),
        sa.Column("twilio_sid", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=True),
        sa.Column("vapi_phone_id", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=True),
        sa.Column("is_enabled", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("available_from", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(status = 'ASSIGNED') = (agent_id is not null)", name="phone_number_assigned_to_agent"),
        sa.CheckConstraint("number ~ '^\\+[1-9][0-9]{1,14}$'", name="phone_number_e164"),
        sa.CheckConstraint("(agent_id is null) = (organization_id is null)", name="phone_number_agent_in_organization"),
        sa.ForeignKeyConstraint(
            ["agent_id"],
            ["agent.id"],
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("agent_id"),
        sa.UniqueConstraint("number"),
        sa.UniqueConstraint("twilio_sid"),
        sa.UniqueConstraint("vapi_phone_id"),
    )
    op.create_index(op.f("ix_phone_number_organization_id"), "phone_number", ["organization_id"], unique=False)
    op.create_index(
        "phone_number_to_claim", "phone_number", ["available_from", "created_at"], unique=False, postgresql_where="status = 'AVAILABLE'"
    )
    op.create_table(
        "tool_call_result",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("organization_id", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.Column("agent_id", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.Column("vapi_call_id", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("tool_call_id", sqlmodel.sql.sqltypes.AutoString(length=128), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(length=128), nullable=False),
        sa.Column("arguments", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["agent_id"],
            ["agent.id"],
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("vapi_call_id", "tool_call_id", name="tool_call_result_once"),
    )
    op.create_index(op.f("ix_tool_call_result_organization_id"), "tool_call_result", ["organization_id"], unique=False)
    op.create_table(
        "call",
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.Column("organization_id", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.Column("agent_id", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.Column("user_id", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.Column("phone_number_id", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=True),
        sa.Column("vapi_call_id", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=True),
        sa.Column("call_sid", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=True),
        sa.Column(
            "direction",
            sa.Enum("INBOUND", "OUTBOUND", name="call_direction", native_enum=False, create_constraint=True, length=32),
            server_default="INBOUND",
            nullable=False,
        ),
        sa.Column("from_number", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=True),
        sa.Column("to_number", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "QUEUED",
                "RINGING",
                "IN_PROGRESS",
                "COMPLETED",
                "BUSY",
                "NO_ANSWER",
                "FAILED",
                "CANCELLED",
                "VOICEMAIL",
                name="call_status",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            server_default="QUEUED",
            nullable=False,
        ),
        sa.Column("ended_reason", sqlmodel.sql.sqltypes.AutoString(length=160), nullable=True),
        sa.Column("ended_cause", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("duration_seconds", sa.Integer(), nullable=True),
        sa.Column("rate_cents_per_minute", sa.Integer(), nullable=True),
        sa.Column("billed_minutes", sa.Integer(), nullable=True),
        sa.Column("credits_used", sa.Integer(), server_default="0", nullable=False),
        sa.Column("cost", sa.Numeric(precision=10, scale=5), nullable=True),
        sa.Column("summary", sa.Text(), nullable=True),
        sa.Column("transcript", sa.Text(), nullable=True),
        sa.Column("has_recording", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("handled_by_ai", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("transferred_to_human", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("transfer_reason", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=True),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("credits_used >= 0", name="call_credits_positive"),
        sa.CheckConstraint("duration_seconds >= 0", name="call_duration_positive"),
        sa.ForeignKeyConstraint(
            ["agent_id"],
            ["agent.id"],
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
        ),
        sa.ForeignKeyConstraint(
            ["phone_number_id"],
            ["phone_number.id"],
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("call_sid"),
        sa.UniqueConstraint("vapi_call_id"),
    )
    op.create_index("call_by_status", "call", ["organization_id", "status", "started_at", "id"], unique=False)
    op.create_index(
        "call_live", "call", ["organization_id"], unique=False, postgresql_where="status in ('QUEUED', 'RINGING', 'IN_PROGRESS')"
    )
    op.create_index("call_of_organization", "call", ["organization_id", "started_at", "id"], unique=False)
    op.create_index("call_unsettled", "call", ["updated_at"], unique=False, postgresql_where="settled_at is null")
    op.create_index(op.f("ix_call_agent_id"), "call", ["agent_id"], unique=False)
    op.create_table(
        "credit_transaction",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.Column("organization_id", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("prev_seq", sa.BigInteger(), sa.Computed("nullif(seq - 1, 0)", persisted=True), nullable=True),
        sa.Column(
            "type",
            sa.Enum(
                "PURCHASE",
                "CALL_USAGE",
                "GRACE_USAGE",
                "ADMIN_ADJUSTMENT",
                "CORRECTION",
                "REFUND",
                "DISPUTE",
                "DISPUTE_REVERSAL",
                name="credit_transaction_type",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("balance_before", sa.BigInteger(), nullable=False),
        sa.Column("balance_after", sa.BigInteger(), nullable=False),
        sa.Column("grace_used", sa.BigInteger(), sa.Computed("greatest(0, least(-amount, -balance_after))", persisted=True), nullable=True),
        sa.Column(
            "grace_repaid", sa.BigInteger(), sa.Computed("greatest(0, least(amount, -balance_before))", persisted=True), nullable=True
        ),
        sa.Column("idempotency_key", sqlmodel.sql.sqltypes.AutoString(length=160), nullable=False),
        sa.Column("user_id", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=True),
        sa.Column("call_id", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=True),
        sa.Column("stripe_payment_id", sqlmodel.sql.sqltypes.AutoString(length=80), nullable=True),
        sa.Column("description", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("prev_hash", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["call_id"],
            ["call.id"],
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("idempotency_key"),
        sa.UniqueConstraint("organization_id", "seq", "balance_after", "hash", name="credit_transaction_chain"),
    )
    op.create_index("credit_transaction_of_call", "credit_transaction", ["call_id"], unique=False)
    op.create_table(
        "transcript",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.Column("organization_id", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.Column("call_id", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.Column("call_sid", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=True),
        sa.Column("full_text", sa.Text(), nullable=False),
        sa.Column("messages", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("summary", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["call_id"],
            ["call.id"],
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("call_id"),
    )
    op.create_index(op.f("ix_transcript_organization_id"), "transcript", ["organization_id"], unique=False)


def downgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.drop_index(op.f("ix_transcript_organization_id"), table_name="transcript")
    op.drop_table("transcript")
    op.drop_index("credit_transaction_of_call", table_name="credit_transaction")
    op.drop_table("credit_transaction")
    op.drop_index(op.f("ix_call_agent_id"), table_name="call")
    op.drop_index("call_unsettled", table_name="call", postgresql_where="settled_at is null")
    op.drop_index("call_of_organization", table_name="call")
    op.drop_index("call_live", table_name="call", postgresql_where="status in ('QUEUED', 'RINGING', 'IN_PROGRESS')")
    op.drop_index("call_by_status", table_name="call")
    op.drop_table("call")
    op.drop_index(op.f("ix_tool_call_result_organization_id"), table_name="tool_call_result")
    op.drop_table("tool_call_result")
    op.drop_index("phone_number_to_claim", table_name="phone_number", postgresql_where="status = 'AVAILABLE'")
    op.drop_index(op.f("ix_phone_number_organization_id"), table_name="phone_number")
    op.drop_table("phone_number")
    op.drop_index(op.f("ix_user_organization_organization_id"), table_name="user_organization")
    op.drop_table("user_organization")
    op.drop_table("site_setting")
    op.drop_index(op.f("ix_session_user_id"), table_name="session")
    op.drop_table("session")
    op.drop_index("agent_of_organization", table_name="agent", postgresql_where="deleted_at is null")
    op.drop_table("agent")
    op.drop_table("user")
    op.drop_index(op.f("ix_audit_log_action"), table_name="audit_log")
    op.drop_index("audit_log_of_organization", table_name="audit_log")
    op.drop_table("audit_log")
    op.drop_index("webhook_event_waiting", table_name="webhook_event", postgresql_where="processed_at is null and failed_at is null")
    op.drop_index(
        "webhook_event_due",
        table_name="webhook_event",
        postgresql_where="processed_at is null and failed_at is null and isfinite(next_attempt_at)",
    )
    op.drop_table("webhook_event")
    op.drop_table("rate_limit")
    op.drop_table("organization")
    op.drop_table("credit_pack")
