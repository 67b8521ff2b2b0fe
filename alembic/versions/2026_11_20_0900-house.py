"""house: what an organization sets, invitations, drafts of the wizard, and the columns of the phone suite

Nullable or with a default, so the release before runs on it. Roll back: loses what was written into the new columns and
tables (settings, logos, open invitations' links, drafts); nothing has to be done by hand.
"""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from sqlalchemy.dialects import postgresql
from alembic import op

revision = "house"
down_revision = "job_queue"
branch_labels = None
depends_on = None


NEW_TENANT_TABLES = ("organization_logo", "wizard_draft")
ORG = "(select current_setting('app.org_id', true))"
SETTINGS = (
    "name, timezone, language, business_hours, ai_enabled, voice_id, greeting, personality, max_call_duration, system_prompt, "
    "after_hours_mode, after_hours_greeting, logo_url, primary_color"
)
SETTINGS_OF_PLATFORM = "ai_enabled, voice_id, greeting, personality, max_call_duration, system_prompt, after_hours_mode, after_hours_greeting, logo_url, primary_color"
OWN_USER = "phone, avatar_url, timezone, email_notifications, sms_notifications, mfa_enabled"


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.create_table(
        "organization_logo",
        sa.Column("organization_id", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.Column("digest", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("content_type", sqlmodel.sql.sqltypes.AutoString(length=40), nullable=False),
        sa.Column("image", sa.LargeBinary(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
        ),
        sa.PrimaryKeyConstraint("organization_id"),
    )
    op.create_index(op.f("ix_organization_logo_digest"), "organization_logo", ["digest"], unique=False)
    op.create_table(
        "wizard_draft",
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.Column("organization_id", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.Column("user_id", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "DRAFT",
                "SUBMITTED",
                "PUBLISHED",
                "ABANDONED",
                name="wizard_draft_status",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            server_default="DRAFT",
            nullable=False,
        ),
        sa.Column("step", sqlmodel.sql.sqltypes.AutoString(length=40), server_default="", nullable=False),
        sa.Column("answers", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("format", sa.Integer(), server_default="1", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("agent_id", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=True),
        sa.ForeignKeyConstraint(
            ["agent_id"],
            ["agent.id"],
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
    )
    op.create_index(op.f("ix_wizard_draft_user_id"), "wizard_draft", ["user_id"], unique=False)
    op.create_index("wizard_draft_open", "wizard_draft", ["organization_id", "user_id"], unique=True, postgresql_where="status = 'DRAFT'")
    op.add_column("agent", sa.Column("personality", sqlmodel.sql.sqltypes.AutoString(length=40), nullable=True))
    op.add_column("agent", sa.Column("instructions", sa.Text(), nullable=True))
    op.add_column("audit_log", sa.Column("metadata", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True))
    op.create_index("audit_log_by_time", "audit_log", ["created_at", "id"], unique=False)
    op.create_index("audit_log_of_actor", "audit_log", ["actor_id", "created_at", "id"], unique=False)
    op.add_column("call", sa.Column("handled_by_id", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=True))
    op.add_column("call", sa.Column("wait_time", sa.Integer(), nullable=True))
    op.add_column("call", sa.Column("recording_url", sa.Text(), nullable=True))
    op.add_column("call", sa.Column("recording_sid", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=True))
    op.add_column("call", sa.Column("recording_duration", sa.Integer(), nullable=True))
    op.add_column("call", sa.Column("ai_confidence", sa.Float(), nullable=True))
    op.add_column("call", sa.Column("sentiment", sqlmodel.sql.sqltypes.AutoString(length=16), nullable=True))
    op.add_column("call", sa.Column("sentiment_score", sa.Float(), nullable=True))
    op.add_column("call", sa.Column("topics", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True))
    op.add_column("call", sa.Column("twilio_price", sa.Numeric(precision=10, scale=5), nullable=True))
    op.add_column("call", sa.Column("ai_tokens_used", sa.Integer(), nullable=True))
    op.create_index(
        "call_handled_by", "call", ["handled_by_id", "started_at", "id"], unique=False, postgresql_where="handled_by_id is not null"
    )
    op.create_foreign_key("call_handled_by_id_fkey", "call", "user", ["handled_by_id"], ["id"])
    op.add_column("organization", sa.Column("twilio_number", sqlmodel.sql.sqltypes.AutoString(length=16), nullable=True))
    op.add_column("organization", sa.Column("twilio_sub_account_sid", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=True))
    op.add_column("organization", sa.Column("twilio_sub_account_token", sa.Text(), nullable=True))
    op.add_column("organization", sa.Column("twiml_app_sid", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=True))
    op.add_column("organization", sa.Column("twilio_api_key_sid", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=True))
    op.add_column("organization", sa.Column("twilio_api_key_secret", sa.Text(), nullable=True))
    op.add_column("organization", sa.Column("twilio_provisioned", sa.Boolean(), server_default="false", nullable=False))
    op.add_column("organization", sa.Column("forwarding_number", sqlmodel.sql.sqltypes.AutoString(length=16), nullable=True))
    op.add_column("organization", sa.Column("pending_phone_number", sqlmodel.sql.sqltypes.AutoString(length=16), nullable=True))
    op.add_column("organization", sa.Column("ai_enabled", sa.Boolean(), server_default="true", nullable=False))
    op.add_column("organization", sa.Column("voice_id", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=True))
    op.add_column(
        "organization", sa.Column("voice_provider", sqlmodel.sql.sqltypes.AutoString(length=32), server_default="vapi", nullable=False)
    )
    op.add_column("organization", sa.Column("greeting", sa.Text(), nullable=True))
    op.add_column("organization", sa.Column("personality", sqlmodel.sql.sqltypes.AutoString(length=40), nullable=True))
    op.add_column("organization", sa.Column("max_call_duration", sa.Integer(), nullable=True))
    op.add_column("organization", sa.Column("max_turns", sa.Integer(), nullable=True))
    op.add_column("organization", sa.Column("ai_model", sqlmodel.sql.sqltypes.AutoString(length=80), nullable=True))
    op.add_column("organization", sa.Column("ai_temperature", sa.Numeric(precision=3, scale=2), nullable=True))
    op.add_column("organization", sa.Column("system_prompt", sa.Text(), nullable=True))
    op.add_column(
        "organization",
        sa.Column(
            "after_hours_mode",
            sa.Enum(
                "ai", "voicemail", "forward", name="organization_after_hours_mode", native_enum=False, create_constraint=True, length=32
            ),
            server_default="ai",
            nullable=False,
        ),
    )
    op.add_column("organization", sa.Column("after_hours_greeting", sa.Text(), nullable=True))
    op.add_column("organization", sa.Column("logo_url", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=True))
    op.add_column("organization", sa.Column("favicon_url", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=True))
    op.add_column("organization", sa.Column("primary_color", sqlmodel.sql.sqltypes.AutoString(length=7), nullable=True))
    op.add_column("organization", sa.Column("secondary_color", sqlmodel.sql.sqltypes.AutoString(length=7), nullable=True))
    op.add_column("organization", sa.Column("custom_domain", sqlmodel.sql.sqltypes.AutoString(length=253), nullable=True))
    op.add_column("organization", sa.Column("email_from_name", sqlmodel.sql.sqltypes.AutoString(length=100), nullable=True))
    op.add_column("organization", sa.Column("email_from_domain", sqlmodel.sql.sqltypes.AutoString(length=253), nullable=True))
    op.add_column(
        "organization",
        sa.Column(
            "plan",
            sa.Enum(
                "TRIAL", "STARTER", "BUSINESS_PRO", "SCALE", name="organization_plan", native_enum=False, create_constraint=True, length=32
            ),
            nullable=True,
        ),
    )
    op.add_column("organization", sa.Column("billing_cycle", sqlmodel.sql.sqltypes.AutoString(length=16), nullable=True))
    op.add_column("organization", sa.Column("stripe_subscription_id", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=True))
    op.add_column("organization", sa.Column("trial_ends_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("organization", sa.Column("billing_period_start", sa.DateTime(timezone=True), nullable=True))
    op.add_column("organization", sa.Column("billing_period_end", sa.DateTime(timezone=True), nullable=True))
    op.add_column("organization", sa.Column("monthly_call_minutes", sa.Integer(), server_default="0", nullable=False))
    op.add_column("organization", sa.Column("monthly_ai_minutes", sa.Integer(), server_default="0", nullable=False))
    op.add_column("organization", sa.Column("max_users", sa.Integer(), nullable=True))
    op.add_column("organization", sa.Column("max_phone_numbers", sa.Integer(), nullable=True))
    op.add_column("organization", sa.Column("used_call_minutes", sa.Integer(), server_default="0", nullable=False))
    op.add_column("organization", sa.Column("used_ai_minutes", sa.Integer(), server_default="0", nullable=False))
    op.add_column("organization", sa.Column("usage_reset_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("organization", sa.Column("addon_call_minutes", sa.Integer(), server_default="0", nullable=False))
    op.add_column("organization", sa.Column("addon_ai_minutes", sa.Integer(), server_default="0", nullable=False))
    op.add_column("organization", sa.Column("used_addon_call_minutes", sa.Integer(), server_default="0", nullable=False))
    op.add_column("organization", sa.Column("used_addon_ai_minutes", sa.Integer(), server_default="0", nullable=False))
    op.add_column("organization", sa.Column("byo_keys_enabled", sa.Boolean(), server_default="false", nullable=False))
    op.add_column("organization", sa.Column("byo_openai_key", sa.Text(), nullable=True))
    op.add_column("organization", sa.Column("byo_elevenlabs_key", sa.Text(), nullable=True))
    op.add_column("organization", sa.Column("byo_twilio_auth_token", sa.Text(), nullable=True))
    op.add_column("organization", sa.Column("byo_twilio_account_sid", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=True))
    op.add_column("organization", sa.Column("retention_call_days", sa.Integer(), server_default="90", nullable=False))
    op.add_column("organization", sa.Column("retention_transcript_days", sa.Integer(), server_default="90", nullable=False))
    op.add_column("organization", sa.Column("retention_recording_days", sa.Integer(), server_default="30", nullable=False))
    op.add_column("organization", sa.Column("retention_lead_days", sa.Integer(), server_default="365", nullable=False))
    op.add_column("organization", sa.Column("retention_audit_days", sa.Integer(), server_default="365", nullable=False))
    op.add_column("organization", sa.Column("retention_enabled", sa.Boolean(), server_default="false", nullable=False))
    op.add_column("organization", sa.Column("last_cleanup_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("organization_by_status", "organization", ["status"], unique=False)
    op.create_unique_constraint("organization_custom_domain_key", "organization", ["custom_domain"])
    op.create_unique_constraint("organization_twilio_number_key", "organization", ["twilio_number"])
    op.add_column("phone_number", sa.Column("capabilities", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True))
    op.add_column("phone_number", sa.Column("route_to_ai", sa.Boolean(), server_default="true", nullable=False))
    op.add_column("phone_number", sa.Column("route_to_user", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=True))
    op.add_column("phone_number", sa.Column("route_to_queue", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=True))
    op.add_column("phone_number", sa.Column("greeting", sa.Text(), nullable=True))
    op.add_column("phone_number", sa.Column("voice_id", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=True))
    op.add_column("phone_number", sa.Column("call_flow_id", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=True))
    op.create_foreign_key("phone_number_route_to_user_fkey", "phone_number", "user", ["route_to_user"], ["id"])
    op.add_column("transcript", sa.Column("sentiment", sqlmodel.sql.sqltypes.AutoString(length=16), nullable=True))
    op.add_column("transcript", sa.Column("sentiment_score", sa.Float(), nullable=True))
    op.add_column("transcript", sa.Column("keywords", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True))
    op.add_column("transcript", sa.Column("topics", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True))
    op.add_column("transcript", sa.Column("action_items", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True))
    op.add_column("transcript", sa.Column("primary_intent", sqlmodel.sql.sqltypes.AutoString(length=120), nullable=True))
    op.add_column("transcript", sa.Column("intent_confidence", sa.Float(), nullable=True))
    op.add_column("transcript", sa.Column("entities", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True))
    op.add_column("user", sa.Column("phone", sqlmodel.sql.sqltypes.AutoString(length=16), nullable=True))
    op.add_column("user", sa.Column("avatar_url", sqlmodel.sql.sqltypes.AutoString(length=400), nullable=True))
    op.add_column("user", sa.Column("google_id", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=True))
    op.add_column("user", sa.Column("email_verification_token_hash", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=True))
    op.add_column("user", sa.Column("email_verification_code", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=True))
    op.add_column("user", sa.Column("email_verification_expires", sa.DateTime(timezone=True), nullable=True))
    op.add_column("user", sa.Column("password_reset_token_hash", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=True))
    op.add_column("user", sa.Column("password_reset_expires", sa.DateTime(timezone=True), nullable=True))
    op.add_column("user", sa.Column("mfa_enabled", sa.Boolean(), server_default="false", nullable=False))
    op.add_column("user", sa.Column("mfa_secret", sa.Text(), nullable=True))
    op.add_column("user", sa.Column("timezone", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=True))
    op.add_column("user", sa.Column("email_notifications", sa.Boolean(), server_default="true", nullable=False))
    op.add_column("user", sa.Column("sms_notifications", sa.Boolean(), server_default="false", nullable=False))
    op.add_column("user", sa.Column("last_login_ip", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=True))
    op.add_column("user", sa.Column("twilio_identity", sqlmodel.sql.sqltypes.AutoString(length=121), nullable=True))
    op.create_index("user_by_creation", "user", ["created_at", "id"], unique=False)
    op.create_index("user_by_current_org", "user", ["current_org_id"], unique=False)
    op.create_unique_constraint("user_password_reset_token_hash_key", "user", ["password_reset_token_hash"])
    op.create_unique_constraint("user_email_verification_token_hash_key", "user", ["email_verification_token_hash"])
    op.create_unique_constraint("user_google_id_key", "user", ["google_id"])
    op.create_unique_constraint("user_twilio_identity_key", "user", ["twilio_identity"])
    op.add_column("user_organization", sa.Column("invite_token_hash", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=True))
    op.add_column("user_organization", sa.Column("invite_expires_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("user_organization_primary", "user_organization", ["user_id"], unique=True, postgresql_where="is_primary")
    op.create_unique_constraint("user_organization_invite_token_hash_key", "user_organization", ["invite_token_hash"])
    for what in ("call", "transcript", "recording", "lead", "audit"):
        op.create_check_constraint(f"organization_retention_{what}", "organization", f"retention_{what}_days between 7 and 730")
    op.create_check_constraint("organization_ai_temperature", "organization", "ai_temperature between 0 and 2")
    op.create_check_constraint(
        "organization_colors", "organization", "primary_color ~ '^#[0-9a-f]{6}$' and secondary_color ~ '^#[0-9a-f]{6}$'"
    )
    _protect(op.get_bind().exec_driver_sql)


def _protect(run: Callable[[str], Any]) -> None:
    for table in NEW_TENANT_TABLES:
        run(f"alter table {table} enable row level security")
        run(f"create policy platform_sees_all on {table} to kametrix_platform using (true) with check (true)")
        run(f"create policy tenant on {table} to kametrix_app using (organization_id = {ORG}) with check (organization_id = {ORG})")
        run(f"grant select, insert, update, delete on {table} to kametrix_app, kametrix_platform")
    run(f"grant update ({SETTINGS}) on organization to kametrix_app")
    run(f"grant update ({SETTINGS_OF_PLATFORM}) on organization to kametrix_platform")
    run(f'grant select ({OWN_USER}) on "user" to kametrix_app')
    run("grant update (handled_by_id, updated_at) on call to kametrix_app")
    run("grant delete on user_organization to kametrix_platform")


def downgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    run = op.get_bind().exec_driver_sql
    run("revoke delete on user_organization from kametrix_platform")
    run("revoke update (handled_by_id, updated_at) on call from kametrix_app")
    run("revoke update (name, timezone, language, business_hours) on organization from kametrix_app")
    op.drop_index("user_organization_primary", table_name="user_organization", postgresql_where="is_primary")
    op.drop_column("user_organization", "invite_expires_at")
    op.drop_column("user_organization", "invite_token_hash")
    op.drop_index("user_by_current_org", table_name="user")
    op.drop_index("user_by_creation", table_name="user")
    op.drop_column("user", "twilio_identity")
    op.drop_column("user", "last_login_ip")
    op.drop_column("user", "sms_notifications")
    op.drop_column("user", "email_notifications")
    op.drop_column("user", "timezone")
    op.drop_column("user", "mfa_secret")
    op.drop_column("user", "mfa_enabled")
    op.drop_column("user", "password_reset_expires")
    op.drop_column("user", "password_reset_token_hash")
    op.drop_column("user", "email_verification_expires")
    op.drop_column("user", "email_verification_code")
    op.drop_column("user", "email_verification_token_hash")
    op.drop_column("user", "google_id")
    op.drop_column("user", "avatar_url")
    op.drop_column("user", "phone")
    op.drop_column("transcript", "entities")
    op.drop_column("transcript", "intent_confidence")
    op.drop_column("transcript", "primary_intent")
    op.drop_column("transcript", "action_items")
    op.drop_column("transcript", "topics")
    op.drop_column("transcript", "keywords")
    op.drop_column("transcript", "sentiment_score")
    op.drop_column("transcript", "sentiment")
    op.drop_column("phone_number", "call_flow_id")
    op.drop_column("phone_number", "voice_id")
    op.drop_column("phone_number", "greeting")
    op.drop_column("phone_number", "route_to_queue")
    op.drop_column("phone_number", "route_to_user")
    op.drop_column("phone_number", "route_to_ai")
    op.drop_column("phone_number", "capabilities")
    op.drop_index("organization_by_status", table_name="organization")
    op.drop_column("organization", "last_cleanup_at")
    op.drop_column("organization", "retention_enabled")
    op.drop_column("organization", "retention_audit_days")
    op.drop_column("organization", "retention_lead_days")
    op.drop_column("organization", "retention_recording_days")
    op.drop_column("organization", "retention_transcript_days")
    op.drop_column("organization", "retention_call_days")
    op.drop_column("organization", "byo_twilio_account_sid")
    op.drop_column("organization", "byo_twilio_auth_token")
    op.drop_column("organization", "byo_elevenlabs_key")
    op.drop_column("organization", "byo_openai_key")
    op.drop_column("organization", "byo_keys_enabled")
    op.drop_column("organization", "used_addon_ai_minutes")
    op.drop_column("organization", "used_addon_call_minutes")
    op.drop_column("organization", "addon_ai_minutes")
    op.drop_column("organization", "addon_call_minutes")
    op.drop_column("organization", "usage_reset_at")
    op.drop_column("organization", "used_ai_minutes")
    op.drop_column("organization", "used_call_minutes")
    op.drop_column("organization", "max_phone_numbers")
    op.drop_column("organization", "max_users")
    op.drop_column("organization", "monthly_ai_minutes")
    op.drop_column("organization", "monthly_call_minutes")
    op.drop_column("organization", "billing_period_end")
    op.drop_column("organization", "billing_period_start")
    op.drop_column("organization", "trial_ends_at")
    op.drop_column("organization", "stripe_subscription_id")
    op.drop_column("organization", "billing_cycle")
    op.drop_column("organization", "plan")
    op.drop_column("organization", "email_from_domain")
    op.drop_column("organization", "email_from_name")
    op.drop_column("organization", "custom_domain")
    op.drop_column("organization", "secondary_color")
    op.drop_column("organization", "primary_color")
    op.drop_column("organization", "favicon_url")
    op.drop_column("organization", "logo_url")
    op.drop_column("organization", "after_hours_greeting")
    op.drop_column("organization", "after_hours_mode")
    op.drop_column("organization", "system_prompt")
    op.drop_column("organization", "ai_temperature")
    op.drop_column("organization", "ai_model")
    op.drop_column("organization", "max_turns")
    op.drop_column("organization", "max_call_duration")
    op.drop_column("organization", "personality")
    op.drop_column("organization", "greeting")
    op.drop_column("organization", "voice_provider")
    op.drop_column("organization", "voice_id")
    op.drop_column("organization", "ai_enabled")
    op.drop_column("organization", "pending_phone_number")
    op.drop_column("organization", "forwarding_number")
    op.drop_column("organization", "twilio_provisioned")
    op.drop_column("organization", "twilio_api_key_secret")
    op.drop_column("organization", "twilio_api_key_sid")
    op.drop_column("organization", "twiml_app_sid")
    op.drop_column("organization", "twilio_sub_account_token")
    op.drop_column("organization", "twilio_sub_account_sid")
    op.drop_column("organization", "twilio_number")
    op.drop_index("call_handled_by", table_name="call", postgresql_where="handled_by_id is not null")
    op.drop_column("call", "ai_tokens_used")
    op.drop_column("call", "twilio_price")
    op.drop_column("call", "topics")
    op.drop_column("call", "sentiment_score")
    op.drop_column("call", "sentiment")
    op.drop_column("call", "ai_confidence")
    op.drop_column("call", "recording_duration")
    op.drop_column("call", "recording_sid")
    op.drop_column("call", "recording_url")
    op.drop_column("call", "wait_time")
    op.drop_column("call", "handled_by_id")
    op.drop_index("audit_log_of_actor", table_name="audit_log")
    op.drop_index("audit_log_by_time", table_name="audit_log")
    op.drop_column("audit_log", "metadata")
    op.drop_column("agent", "instructions")
    op.drop_column("agent", "personality")
    op.drop_index("wizard_draft_open", table_name="wizard_draft", postgresql_where="status = 'DRAFT'")
    op.drop_index(op.f("ix_wizard_draft_user_id"), table_name="wizard_draft")
    op.drop_table("wizard_draft")
    op.drop_index(op.f("ix_organization_logo_digest"), table_name="organization_logo")
    op.drop_table("organization_logo")
