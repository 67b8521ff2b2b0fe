"""suite: leads, calendars, CRMs, outbound webhooks, subscriptions, keys, exports, clean-ups and rehearsal

New tables only, and one UNIQUE over an empty-or-mirrored column, so the release before runs on it. Roll back: loses every row of
the new tables (connected calendars and CRMs must be connected again, keys and invitations made anew); nothing by hand.
"""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "suite"
down_revision = "house"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
JSON = postgresql.JSONB(none_as_null=True)
ORG = "(select current_setting('app.org_id', true))"

TABLES = (
    "lead",
    "calendar_integration",
    "calendar_booking",
    "google_sheet_log",
    "crm_integration",
    "crm_sync_log",
    "webhook_endpoint",
    "webhook_delivery",
    "api_key",
    "plan",
    "usage_log",
    "invoice",
    "add_on_purchase",
    "usage_alert",
    "data_export_request",
    "cleanup_log",
    "quota_preset",
    "scenario",
    "invitation",
    "conversation_session",
    "message",
    "rehearsal_usage_log",
)
"""In the order they need each other."""
OF_EVERYBODY = ("plan", "quota_preset")

READABLE = {
    "calendar_integration": (
        "id, organization_id, provider, enabled, token_expires_at, calendar_id, calendar_name, webhook_id, default_duration, "
        "business_hours, user_uri, organization_uri, event_type_uri, connected_by_id, created_at, updated_at"
    ),
    "crm_integration": (
        "id, organization_id, provider, enabled, token_expires_at, instance_url, webhook_url, sync_leads, sync_calls, sync_transcripts, "
        "sync_appointments, field_mappings, settings, last_sync_at, last_sync_status, last_error, connected_by_id, created_at, updated_at"
    ),
    "webhook_endpoint": (
        "id, organization_id, url, description, events, previous_secret_until, enabled, disabled_at, disabled_reason, failing_since, "
        "created_by_id, created_at, updated_at"
    ),
    "api_key": (
        "id, organization_id, name, key_prefix, permissions, last_used_at, expires_at, revoked_at, created_by_id, created_at, updated_at"
    ),
    "invitation": (
        "id, organization_id, agent_id, scenario_id, quota, usage, expires_at, claimed_at, revoked_at, linked_user_id, created_by_id, "
        "created_at"
    ),
}
"""What pages see of tables with secrets in them: all but the secrets. Of the other tables they see every column."""

WRITABLE = {
    "lead": "insert, update",
    "calendar_booking": "insert, update",
    "scenario": "insert, update",
    "calendar_integration": "update (enabled, calendar_id, calendar_name, default_duration, business_hours, updated_at)",
    "crm_integration": (
        "update (enabled, sync_leads, sync_calls, sync_transcripts, sync_appointments, field_mappings, settings, updated_at)"
    ),
    "usage_alert": "update (dismissed, dismissed_at)",
}
"""What pages change themselves; the rest is the platform's."""

EVIDENCE = ("cleanup_log", "usage_log", "rehearsal_usage_log")
"""Written once: nobody changes them, and only retention removes the last two."""
KEPT = ("plan", "invoice", "add_on_purchase", "cleanup_log")
"""Never deleted."""


def choice(name: str, *values: str) -> sa.Enum:
    """Text that the CHECK `name` restricts to `values`."""
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.execute('create type text_range as range (subtype = text, collation = "C")')
    _leads()
    _calendars()
    _crms()
    _webhooks()
    _subscriptions()
    _privacy()
    _rehearsal()
    op.create_unique_constraint("transcript_call_sid_key", "transcript", ["call_sid"])
    run = op.get_bind().exec_driver_sql
    for table in TABLES:
        _protect(run, table)
    run("create policy templates on scenario for select to kametrix_app using (organization_id is null)")


def _protect(run: Callable[[str], Any], table: str) -> None:
    """Row security for both logins, and what each may do."""
    run(f"alter table {table} enable row level security")
    run(f"create policy platform_sees_all on {table} to kametrix_platform using (true) with check (true)")
    if table in OF_EVERYBODY:
        run(f"create policy everyone_reads on {table} for select to kametrix_app using (true)")
    else:
        run(f"create policy tenant on {table} to kametrix_app using (organization_id = {ORG}) with check (organization_id = {ORG})")
    run(f"grant select{f' ({READABLE[table]})' if table in READABLE else ''} on {table} to kametrix_app")
    if table in WRITABLE:
        run(f"grant {WRITABLE[table]} on {table} to kametrix_app")
    run(f"grant select, insert on {table} to kametrix_platform")
    if table not in EVIDENCE:
        run(f"grant update on {table} to kametrix_platform")
    if table not in KEPT:
        run(f"grant delete on {table} to kametrix_platform")


def _leads() -> None:
    """Callers who may become customers."""
    op.create_table(
        "lead",
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("organization_id", sa.String(32), sa.ForeignKey("organization.id"), nullable=False),
        sa.Column("call_id", sa.String(32), sa.ForeignKey("call.id"), unique=True),
        sa.Column("call_sid", sa.String(64), unique=True),
        sa.Column("name", sa.String(200)),
        sa.Column("phone", sa.String(32)),
        sa.Column("email", sa.String(255)),
        sa.Column("company", sa.String(200)),
        sa.Column("job_title", sa.String(120)),
        sa.Column("website", sa.String(400)),
        sa.Column("address", sa.String(300)),
        sa.Column("city", sa.String(120)),
        sa.Column("state", sa.String(120)),
        sa.Column("country", sa.String(120)),
        sa.Column("postal_code", sa.String(20)),
        sa.Column("reason", sa.Text()),
        sa.Column("service_interest", sa.String(300)),
        sa.Column("preferred_callback_time", sa.String(200)),
        sa.Column("appointment_date", sa.Date()),
        sa.Column("appointment_time", sa.String(5)),
        sa.Column("urgency", choice("lead_urgency", "LOW", "MEDIUM", "HIGH", "CRITICAL"), nullable=False, server_default="MEDIUM"),
        sa.Column("referral_source", sa.String(200)),
        sa.Column("notes", sa.Text()),
        sa.Column("score", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("temperature", choice("lead_temperature", "HOT", "WARM", "COLD"), nullable=False, server_default="COLD"),
        sa.Column(
            "status",
            choice("lead_status", "NEW", "CONTACTED", "QUALIFIED", "PROPOSAL", "NEGOTIATION", "WON", "LOST", "UNQUALIFIED"),
            nullable=False,
            server_default="NEW",
        ),
        sa.Column("stage", sa.String(80)),
        sa.Column("lost_reason", sa.Text()),
        sa.Column("estimated_value", sa.BigInteger()),
        sa.Column("actual_value", sa.BigInteger()),
        sa.Column("currency", sa.String(3), nullable=False, server_default="USD"),
        sa.Column("assigned_to_id", sa.String(32), sa.ForeignKey("user.id")),
        sa.Column("assigned_at", MOMENT),
        sa.Column("source", sa.String(80)),
        sa.Column("campaign", sa.String(120)),
        sa.Column("medium", sa.String(80)),
        sa.Column("custom_fields", JSON),
        sa.Column("converted_at", MOMENT),
        sa.Column("closed_at", MOMENT),
        sa.CheckConstraint("appointment_time ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$'", name="lead_appointment_time"),
        sa.CheckConstraint("(assigned_to_id is null) = (assigned_at is null)", name="lead_assigned"),
        sa.CheckConstraint("(status in ('WON', 'LOST', 'UNQUALIFIED')) = (closed_at is not null)", name="lead_closed"),
        sa.CheckConstraint("status <> 'LOST' or coalesce(trim(lost_reason), '') <> ''", name="lead_lost_for_a_reason"),
        sa.CheckConstraint("score between 0 and 100", name="lead_score"),
        sa.CheckConstraint("estimated_value >= 0 and actual_value >= 0", name="lead_values_positive"),
        sa.CheckConstraint("status <> 'WON' or converted_at is not null", name="lead_won_is_converted"),
    )
    op.create_index("lead_assigned_to", "lead", ["assigned_to_id", "created_at", "id"], postgresql_where="assigned_to_id is not null")
    op.create_index("lead_by_phone", "lead", ["organization_id", "phone"])
    op.create_index("lead_by_status", "lead", ["organization_id", "status", "created_at", "id"])
    op.create_index("lead_of_organization", "lead", ["organization_id", "created_at", "id"])


def _calendars() -> None:
    """Calendars, and appointments that never overlap in one; the sheet of calls."""
    op.create_table(
        "calendar_integration",
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("organization_id", sa.String(32), sa.ForeignKey("organization.id"), nullable=False),
        sa.Column("provider", choice("calendar_integration_provider", "GOOGLE", "OUTLOOK", "CALENDLY"), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False, server_default="true"),
        sa.Column("access_token", sa.Text()),
        sa.Column("refresh_token", sa.Text()),
        sa.Column("token_expires_at", MOMENT),
        sa.Column("calendar_id", sa.String(255)),
        sa.Column("calendar_name", sa.String(200)),
        sa.Column("webhook_id", sa.String(255)),
        sa.Column("default_duration", sa.Integer(), nullable=False, server_default="30"),
        sa.Column("business_hours", JSON),
        sa.Column("user_uri", sa.String(400)),
        sa.Column("organization_uri", sa.String(400)),
        sa.Column("event_type_uri", sa.String(400)),
        sa.Column("connected_by_id", sa.String(32), sa.ForeignKey("user.id")),
        sa.CheckConstraint("default_duration in (15, 30, 45, 60, 90, 120)", name="calendar_integration_duration"),
        sa.UniqueConstraint("organization_id", "provider", name="calendar_integration_once"),
    )
    op.create_table(
        "calendar_booking",
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("organization_id", sa.String(32), sa.ForeignKey("organization.id"), nullable=False),
        sa.Column("calendar_integration_id", sa.String(32), sa.ForeignKey("calendar_integration.id")),
        sa.Column("calendar_id", sa.String(255), nullable=False),
        sa.Column("agent_id", sa.String(32), sa.ForeignKey("agent.id")),
        sa.Column("call_id", sa.String(32), sa.ForeignKey("call.id")),
        sa.Column("call_sid", sa.String(64)),
        sa.Column("event_id", sa.String(1024)),
        sa.Column("event_link", sa.Text()),
        sa.Column("meet_link", sa.Text()),
        sa.Column("caller_name", sa.String(200), nullable=False),
        sa.Column("caller_phone", sa.String(32)),
        sa.Column("caller_email", sa.String(255)),
        sa.Column("purpose", sa.String(400)),
        sa.Column("scheduled_at", MOMENT, nullable=False),
        sa.Column("duration", sa.Integer(), nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.Column("timezone", sa.String(64), nullable=False),
        sa.Column(
            "status",
            choice("calendar_booking_status", "PENDING", "CONFIRMED", "CANCELLED", "COMPLETED", "NO_SHOW"),
            nullable=False,
            server_default="PENDING",
        ),
        sa.Column("cancelled_at", MOMENT),
        sa.Column("cancel_reason", sa.String(400)),
        sa.Column("completed_at", MOMENT),
        sa.Column("no_show_marked_at", MOMENT),
        sa.Column("booked_by_ai", sa.Boolean(), nullable=False, server_default="true"),
        sa.CheckConstraint("status <> 'CANCELLED' or cancelled_at is not null", name="calendar_booking_cancelled"),
        sa.CheckConstraint("status <> 'COMPLETED' or completed_at is not null", name="calendar_booking_completed"),
        sa.CheckConstraint("duration between 5 and 1440", name="calendar_booking_duration"),
        sa.CheckConstraint("ends_at = scheduled_at + make_interval(mins => duration)", name="calendar_booking_ends"),
        postgresql.ExcludeConstraint(
            (sa.text("text_range(organization_id, organization_id, '[]')"), "&&"),
            (sa.text("text_range(calendar_id, calendar_id, '[]')"), "&&"),
            (sa.text("tstzrange(scheduled_at, ends_at)"), "&&"),
            where=sa.text("status in ('PENDING', 'CONFIRMED')"),
            name="calendar_booking_no_overlap",
        ),
        sa.CheckConstraint("status <> 'NO_SHOW' or no_show_marked_at is not null", name="calendar_booking_no_show"),
    )
    op.create_index("calendar_booking_due", "calendar_booking", ["scheduled_at"], postgresql_where="status in ('PENDING', 'CONFIRMED')")
    op.create_index(
        "calendar_booking_event",
        "calendar_booking",
        ["calendar_integration_id", "event_id"],
        unique=True,
        postgresql_where="event_id is not null",
    )
    op.create_index("calendar_booking_of_call", "calendar_booking", ["call_id"], postgresql_where="call_id is not null")
    op.create_index("calendar_booking_of_integration", "calendar_booking", ["calendar_integration_id", "scheduled_at"])
    op.create_index("calendar_booking_of_organization", "calendar_booking", ["organization_id", "scheduled_at", "id"])
    op.create_table(
        "google_sheet_log",
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("organization_id", sa.String(32), sa.ForeignKey("organization.id"), nullable=False, unique=True),
        sa.Column("calendar_integration_id", sa.String(32), sa.ForeignKey("calendar_integration.id")),
        sa.Column("spreadsheet_id", sa.String(128), nullable=False),
        sa.Column("spreadsheet_url", sa.String(400)),
        sa.Column("enabled", sa.Boolean(), nullable=False, server_default="true"),
        sa.Column("last_logged_at", MOMENT),
        sa.Column("last_error", sa.Text()),
    )
    op.create_index("ix_google_sheet_log_calendar_integration_id", "google_sheet_log", ["calendar_integration_id"])


def _crms() -> None:
    """What customers' CRMs are told."""
    op.create_table(
        "crm_integration",
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("organization_id", sa.String(32), sa.ForeignKey("organization.id"), nullable=False),
        sa.Column("provider", choice("crm_integration_provider", "HUBSPOT", "SALESFORCE", "ZOHO", "PIPEDRIVE", "WEBHOOK"), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False, server_default="true"),
        sa.Column("access_token", sa.Text()),
        sa.Column("refresh_token", sa.Text()),
        sa.Column("token_expires_at", MOMENT),
        sa.Column("instance_url", sa.String(400)),
        sa.Column("api_key", sa.Text()),
        sa.Column("webhook_url", sa.String(2000)),
        sa.Column("sync_leads", sa.Boolean(), nullable=False, server_default="true"),
        sa.Column("sync_calls", sa.Boolean(), nullable=False, server_default="true"),
        sa.Column("sync_transcripts", sa.Boolean(), nullable=False, server_default="false"),
        sa.Column("sync_appointments", sa.Boolean(), nullable=False, server_default="true"),
        sa.Column("field_mappings", JSON),
        sa.Column("settings", JSON),
        sa.Column("last_sync_at", MOMENT),
        sa.Column("last_sync_status", choice("crm_integration_last_sync_status", "SUCCESS", "FAILED", "PENDING")),
        sa.Column("last_error", sa.Text()),
        sa.Column("connected_by_id", sa.String(32), sa.ForeignKey("user.id")),
        sa.UniqueConstraint("organization_id", "provider", name="crm_integration_once"),
    )
    op.create_table(
        "crm_sync_log",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("organization_id", sa.String(32), sa.ForeignKey("organization.id"), nullable=False),
        sa.Column("crm_integration_id", sa.String(32), sa.ForeignKey("crm_integration.id"), nullable=False),
        sa.Column("sync_type", choice("crm_sync_log_sync_type", "lead", "call", "transcript", "appointment"), nullable=False),
        sa.Column("entity_id", sa.String(32), nullable=False),
        sa.Column("external_id", sa.String(255)),
        sa.Column("status", choice("crm_sync_log_status", "SUCCESS", "FAILED", "PENDING"), nullable=False, server_default="PENDING"),
        sa.Column("error", sa.Text()),
        sa.Column("request_data", JSON),
        sa.Column("response_data", JSON),
        sa.Column("created_at", MOMENT, nullable=False),
    )
    op.create_index("crm_sync_log_of_entity", "crm_sync_log", ["organization_id", "sync_type", "entity_id"])
    op.create_index("crm_sync_log_of_integration", "crm_sync_log", ["crm_integration_id", "created_at", "id"])
    op.create_index("crm_sync_log_of_organization", "crm_sync_log", ["organization_id", "created_at", "id"])


def _webhooks() -> None:
    """What customers' own systems are told, and the keys they enter with."""
    op.create_table(
        "webhook_endpoint",
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("organization_id", sa.String(32), sa.ForeignKey("organization.id"), nullable=False),
        sa.Column("url", sa.String(2000), nullable=False),
        sa.Column("description", sa.String(200)),
        sa.Column("events", JSON, nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("previous_secret", sa.Text()),
        sa.Column("previous_secret_until", MOMENT),
        sa.Column("enabled", sa.Boolean(), nullable=False, server_default="true"),
        sa.Column("disabled_at", MOMENT),
        sa.Column("disabled_reason", sa.String(200)),
        sa.Column("failing_since", MOMENT),
        sa.Column("created_by_id", sa.String(32), sa.ForeignKey("user.id")),
        sa.CheckConstraint("enabled = (disabled_at is null)", name="webhook_endpoint_disabled"),
        sa.CheckConstraint("jsonb_typeof(events) = 'array'", name="webhook_endpoint_events"),
        sa.CheckConstraint("(previous_secret is null) = (previous_secret_until is null)", name="webhook_endpoint_previous_secret"),
    )
    op.create_index("webhook_endpoint_of_organization", "webhook_endpoint", ["organization_id", "created_at", "id"])
    op.create_table(
        "webhook_delivery",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("organization_id", sa.String(32), sa.ForeignKey("organization.id"), nullable=False),
        sa.Column("webhook_endpoint_id", sa.String(32), sa.ForeignKey("webhook_endpoint.id"), nullable=False),
        sa.Column("event", sa.String(80), nullable=False),
        sa.Column("event_id", sa.String(80), nullable=False),
        sa.Column("payload", JSON, nullable=False),
        sa.Column("status", choice("webhook_delivery_status", "PENDING", "DELIVERED", "FAILED"), nullable=False, server_default="PENDING"),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("next_at", MOMENT),
        sa.Column("delivered_at", MOMENT),
        sa.Column("response_status", sa.Integer()),
        sa.Column("response_ms", sa.Integer()),
        sa.Column("response_excerpt", sa.String(1000)),
        sa.Column("error", sa.Text()),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("attempts >= 0 and response_ms >= 0", name="webhook_delivery_counts"),
        sa.CheckConstraint("(status = 'DELIVERED') = (delivered_at is not null)", name="webhook_delivery_delivered"),
        sa.CheckConstraint("(status = 'PENDING') = (next_at is not null)", name="webhook_delivery_next"),
        sa.UniqueConstraint("webhook_endpoint_id", "event_id", name="webhook_delivery_once"),
    )
    op.create_index("webhook_delivery_due", "webhook_delivery", ["next_at", "id"], postgresql_where="status = 'PENDING'")
    op.create_index("webhook_delivery_of_organization", "webhook_delivery", ["organization_id", "created_at", "id"])
    op.create_table(
        "api_key",
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("organization_id", sa.String(32), sa.ForeignKey("organization.id"), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("key_hash", sa.String(64), nullable=False, unique=True),
        sa.Column("key_prefix", sa.String(8), nullable=False),
        sa.Column("permissions", JSON, nullable=False),
        sa.Column("last_used_at", MOMENT),
        sa.Column("expires_at", MOMENT),
        sa.Column("revoked_at", MOMENT),
        sa.Column("created_by_id", sa.String(32), sa.ForeignKey("user.id")),
        sa.CheckConstraint(
            """permissions <@ '["read", "write", "calls", "leads"]' and permissions <> '[]' and jsonb_typeof(permissions) = 'array'""",
            name="api_key_permissions",
        ),
        sa.CheckConstraint("char_length(key_prefix) = 8", name="api_key_prefix"),
    )
    op.create_index("api_key_of_organization", "api_key", ["organization_id", "created_at", "id"])


def _subscriptions() -> None:
    """Plans, usage, invoices, add-ons, warnings."""
    op.create_table(
        "plan",
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("name", choice("plan_name", "TRIAL", "STARTER", "BUSINESS_PRO", "SCALE"), nullable=False),
        sa.Column("price_in_cents", sa.BigInteger(), nullable=False),
        sa.Column("call_minutes", sa.Integer(), nullable=False),
        sa.Column("ai_minutes", sa.Integer(), nullable=False),
        sa.Column("max_users", sa.Integer(), nullable=False),
        sa.Column("max_phone_numbers", sa.Integer(), nullable=False),
        sa.Column("max_concurrent_calls", sa.Integer(), nullable=False),
        sa.Column("recording_days", sa.Integer(), nullable=False),
        sa.Column("overage_enabled", sa.Boolean(), nullable=False, server_default="false"),
        sa.Column("overage_cap_cents", sa.BigInteger(), nullable=False),
        sa.Column("overage_call_cents", sa.BigInteger(), nullable=False),
        sa.Column("overage_ai_cents", sa.BigInteger(), nullable=False),
        sa.Column("stripe_price_id", sa.String(64), unique=True),
        sa.Column("is_active", sa.Boolean(), nullable=False, server_default="true"),
        sa.CheckConstraint("max_users > 0 and max_phone_numbers > 0 and max_concurrent_calls > 0", name="plan_limits"),
        sa.UniqueConstraint("name", name="plan_once"),
        sa.CheckConstraint(
            "price_in_cents >= 0 and call_minutes >= 0 and ai_minutes >= 0 and overage_cap_cents >= 0 and overage_call_cents >= 0 and overage_ai_cents >= 0",
            name="plan_positive",
        ),
    )
    op.create_table(
        "usage_log",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("organization_id", sa.String(32), sa.ForeignKey("organization.id"), nullable=False),
        sa.Column("type", choice("usage_log_type", "call_minutes", "ai_minutes", "sms", "storage"), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("unit", choice("usage_log_unit", "minutes", "messages", "bytes"), nullable=False),
        sa.Column("unit_cost", sa.BigInteger(), nullable=False),
        sa.Column("total_cost", sa.BigInteger(), nullable=False),
        sa.Column("period_start", MOMENT, nullable=False),
        sa.Column("period_end", MOMENT, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("period_start < period_end", name="usage_log_period"),
        sa.CheckConstraint("quantity >= 0 and unit_cost >= 0 and total_cost >= 0", name="usage_log_positive"),
        sa.CheckConstraint(
            "unit = case type when 'sms' then 'messages' when 'storage' then 'bytes' else 'minutes' end", name="usage_log_unit_of_type"
        ),
    )
    op.create_index("usage_log_by_time", "usage_log", ["created_at", "id"])
    op.create_index("usage_log_of_organization", "usage_log", ["organization_id", "type", "period_start"])
    op.create_table(
        "invoice",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("organization_id", sa.String(32), sa.ForeignKey("organization.id"), nullable=False),
        sa.Column("stripe_invoice_id", sa.String(64), nullable=False, unique=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("status", choice("invoice_status", "draft", "open", "paid", "void", "uncollectible"), nullable=False),
        sa.Column("period_start", MOMENT),
        sa.Column("period_end", MOMENT),
        sa.Column("paid_at", MOMENT),
        sa.Column("pdf_url", sa.Text()),
        sa.Column("hosted_url", sa.Text()),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("status <> 'paid' or paid_at is not null", name="invoice_paid"),
        sa.CheckConstraint("period_start <= period_end", name="invoice_period"),
    )
    op.create_index("invoice_of_organization", "invoice", ["organization_id", "created_at", "id"])
    op.create_table(
        "add_on_purchase",
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("organization_id", sa.String(32), sa.ForeignKey("organization.id"), nullable=False),
        sa.Column("type", choice("add_on_purchase_type", "CALL_MINUTES", "AI_MINUTES", "BUNDLE"), nullable=False),
        sa.Column("product_id", sa.String(64), nullable=False),
        sa.Column("product_name", sa.String(120), nullable=False),
        sa.Column("call_minutes", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("ai_minutes", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("used_call_minutes", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("used_ai_minutes", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("price_cents", sa.BigInteger(), nullable=False),
        sa.Column("stripe_payment_id", sa.String(80)),
        sa.Column("stripe_invoice_id", sa.String(64)),
        sa.Column(
            "status",
            choice("add_on_purchase_status", "ACTIVE", "EXHAUSTED", "EXPIRED", "REFUNDED"),
            nullable=False,
            server_default="ACTIVE",
        ),
        sa.Column("purchased_at", MOMENT, nullable=False),
        sa.Column("exhausted_at", MOMENT),
        sa.CheckConstraint("status <> 'EXHAUSTED' or exhausted_at is not null", name="add_on_purchase_exhausted"),
        sa.CheckConstraint("call_minutes >= 0 and ai_minutes >= 0 and call_minutes + ai_minutes > 0", name="add_on_purchase_minutes"),
        sa.UniqueConstraint("stripe_payment_id", "product_id", name="add_on_purchase_once"),
        sa.CheckConstraint("price_cents >= 0", name="add_on_purchase_price"),
        sa.CheckConstraint("used_ai_minutes between 0 and ai_minutes", name="add_on_purchase_used_ai"),
        sa.CheckConstraint("used_call_minutes between 0 and call_minutes", name="add_on_purchase_used_call"),
    )
    op.create_index("add_on_purchase_of_organization", "add_on_purchase", ["organization_id", "purchased_at", "id"])
    op.create_index(
        "add_on_purchase_to_use", "add_on_purchase", ["organization_id", "purchased_at", "id"], postgresql_where="status = 'ACTIVE'"
    )
    op.create_table(
        "usage_alert",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("organization_id", sa.String(32), sa.ForeignKey("organization.id"), nullable=False),
        sa.Column("type", sa.String(60), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("severity", choice("usage_alert_severity", "info", "warning", "error"), nullable=False),
        sa.Column("data", JSON),
        sa.Column("dismissed", sa.Boolean(), nullable=False, server_default="false"),
        sa.Column("dismissed_at", MOMENT),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("dismissed = (dismissed_at is not null)", name="usage_alert_dismissed"),
    )
    op.create_index("usage_alert_of_organization", "usage_alert", ["organization_id", "created_at", "id"])
    op.create_index("usage_alert_open", "usage_alert", ["organization_id", "type"], postgresql_where="not dismissed")


def _privacy() -> None:
    """Exports, and the evidence of clean-ups."""
    op.create_table(
        "data_export_request",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("organization_id", sa.String(32), sa.ForeignKey("organization.id"), nullable=False),
        sa.Column(
            "type", choice("data_export_request_type", "full_export", "calls_only", "leads_only", "transcripts_only"), nullable=False
        ),
        sa.Column(
            "status",
            choice("data_export_request_status", "pending", "processing", "completed", "failed", "expired"),
            nullable=False,
            server_default="pending",
        ),
        sa.Column("format", choice("data_export_request_format", "json", "csv", "zip"), nullable=False),
        sa.Column("file_url", sa.Text()),
        sa.Column("file_size", sa.BigInteger()),
        sa.Column("expires_at", MOMENT),
        sa.Column("requested_by", sa.String(32), sa.ForeignKey("user.id")),
        sa.Column("requested_at", MOMENT, nullable=False),
        sa.Column("completed_at", MOMENT),
        sa.Column("error_message", sa.Text()),
        sa.CheckConstraint(
            "status <> 'completed' or (completed_at is not null and file_url is not null)", name="data_export_request_completed"
        ),
        sa.CheckConstraint("status <> 'failed' or error_message is not null", name="data_export_request_failed"),
        sa.CheckConstraint("file_size >= 0", name="data_export_request_file_size"),
    )
    op.create_index("data_export_request_of_organization", "data_export_request", ["organization_id", "requested_at", "id"])
    op.create_index("data_export_request_to_expire", "data_export_request", ["expires_at"], postgresql_where="status = 'completed'")
    op.create_table(
        "cleanup_log",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("organization_id", sa.String(32), sa.ForeignKey("organization.id"), nullable=False),
        sa.Column("type", choice("cleanup_log_type", "scheduled", "manual", "gdpr_request"), nullable=False),
        sa.Column(
            "data_type", choice("cleanup_log_data_type", "calls", "transcripts", "recordings", "leads", "audit_logs"), nullable=False
        ),
        sa.Column("records_deleted", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("bytes_freed", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("cutoff_date", MOMENT, nullable=False),
        sa.Column("status", choice("cleanup_log_status", "completed", "partial", "failed"), nullable=False),
        sa.Column("error_message", sa.Text()),
        sa.Column("triggered_by", sa.String(32), sa.ForeignKey("user.id")),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("status <> 'failed' or error_message is not null", name="cleanup_log_failed"),
        sa.CheckConstraint("records_deleted >= 0 and bytes_freed >= 0", name="cleanup_log_positive"),
    )
    op.create_index("cleanup_log_of_organization", "cleanup_log", ["organization_id", "created_at", "id"])


def _rehearsal() -> None:
    """Invitations, scenarios and practised conversations."""
    op.create_table(
        "quota_preset",
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("name", sa.String(60), nullable=False, unique=True),
        sa.Column("label", sa.String(120), nullable=False),
        sa.Column("description", sa.Text()),
        sa.Column("quota", JSON, nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False, server_default="false"),
        sa.Column("sort_order", sa.Integer(), nullable=False, server_default="0"),
        sa.CheckConstraint(
            "jsonb_typeof(quota -> 'tokens') is not distinct from 'number' and (quota ->> 'tokens')::numeric > 0",
            name="quota_preset_tokens",
        ),
    )
    op.create_index("quota_preset_default", "quota_preset", ["is_default"], unique=True, postgresql_where="is_default")
    op.create_table(
        "scenario",
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), primary_key=True),
        sa.Column("organization_id", sa.String(32), sa.ForeignKey("organization.id")),
        sa.Column("agent_id", sa.String(32), sa.ForeignKey("agent.id")),
        sa.Column("created_by_id", sa.String(32), sa.ForeignKey("user.id")),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("slug", sa.String(80), nullable=False, unique=True),
        sa.Column("partner_persona", sa.Text(), nullable=False),
        sa.Column("partner_system_prompt", sa.Text(), nullable=False),
        sa.Column("coach_system_prompt", sa.Text(), nullable=False),
        sa.Column("partner_model", sa.String(80), nullable=False, server_default="claude-sonnet-4-20250514"),
        sa.Column("coach_model", sa.String(80), nullable=False, server_default="claude-sonnet-4-20250514"),
        sa.Column("is_active", sa.Boolean(), nullable=False, server_default="true"),
    )
    op.create_index("scenario_of_agent", "scenario", ["agent_id"], postgresql_where="agent_id is not null")
    op.create_index("scenario_of_organization", "scenario", ["organization_id", "id"])
    op.create_table(
        "invitation",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("organization_id", sa.String(32), sa.ForeignKey("organization.id"), nullable=False),
        sa.Column("agent_id", sa.String(32), sa.ForeignKey("agent.id")),
        sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
        sa.Column("scenario_id", sa.BigInteger(), sa.ForeignKey("scenario.id")),
        sa.Column("quota", JSON, nullable=False),
        sa.Column("usage", JSON, nullable=False, server_default="{}"),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("claimed_at", MOMENT),
        sa.Column("revoked_at", MOMENT),
        sa.Column("linked_user_id", sa.String(32), sa.ForeignKey("user.id")),
        sa.Column("created_by_id", sa.String(32), sa.ForeignKey("user.id"), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("linked_user_id is null or claimed_at is not null", name="invitation_claimed"),
        sa.CheckConstraint("expires_at > created_at", name="invitation_expires"),
        sa.CheckConstraint(
            "jsonb_typeof(quota -> 'tokens') is not distinct from 'number' and (quota ->> 'tokens')::numeric > 0", name="invitation_tokens"
        ),
    )
    op.create_index("invitation_by_expiry", "invitation", ["expires_at"])
    op.create_index("invitation_linked_user", "invitation", ["linked_user_id"], postgresql_where="linked_user_id is not null")
    op.create_index("invitation_of_organization", "invitation", ["organization_id", "created_at", "id"])
    op.create_index("ix_invitation_scenario_id", "invitation", ["scenario_id"])
    op.create_table(
        "conversation_session",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), primary_key=True),
        sa.Column("organization_id", sa.String(32), sa.ForeignKey("organization.id"), nullable=False),
        sa.Column("agent_id", sa.String(32), sa.ForeignKey("agent.id")),
        sa.Column("user_id", sa.String(32), sa.ForeignKey("user.id")),
        sa.Column("invitation_id", sa.String(32), sa.ForeignKey("invitation.id")),
        sa.Column("scenario_id", sa.BigInteger(), sa.ForeignKey("scenario.id"), nullable=False),
        sa.Column("status", choice("conversation_session_status", "active", "completed"), nullable=False, server_default="active"),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT),
        sa.Column("total_messages", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("duration_seconds", sa.Integer()),
        sa.CheckConstraint("(status = 'completed') = (ended_at is not null)", name="conversation_session_ended"),
        sa.CheckConstraint("total_messages >= 0 and duration_seconds >= 0", name="conversation_session_positive"),
        sa.CheckConstraint("user_id is not null or invitation_id is not null", name="conversation_session_whose"),
    )
    op.create_index("conversation_session_by_status", "conversation_session", ["status", "started_at"])
    op.create_index("conversation_session_of_invitation", "conversation_session", ["invitation_id", "started_at"])
    op.create_index("conversation_session_of_organization", "conversation_session", ["organization_id", "started_at", "id"])
    op.create_index("conversation_session_of_user", "conversation_session", ["user_id", "started_at"])
    op.create_index("ix_conversation_session_scenario_id", "conversation_session", ["scenario_id"])
    op.create_table(
        "message",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), primary_key=True),
        sa.Column("organization_id", sa.String(32), sa.ForeignKey("organization.id"), nullable=False),
        sa.Column("session_id", sa.BigInteger(), sa.ForeignKey("conversation_session.id", ondelete="CASCADE"), nullable=False),
        sa.Column("role", choice("message_role", "user", "partner", "coach"), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("timestamp", MOMENT, nullable=False),
        sa.Column("audio_url", sa.Text()),
        sa.Column("metadata", JSON),
    )
    op.create_index("message_of_organization", "message", ["organization_id", "timestamp"])
    op.create_index("message_of_session", "message", ["session_id", "id"])
    op.create_table(
        "rehearsal_usage_log",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("organization_id", sa.String(32), sa.ForeignKey("organization.id"), nullable=False),
        sa.Column("user_id", sa.String(32), sa.ForeignKey("user.id")),
        sa.Column("invitation_id", sa.String(32), sa.ForeignKey("invitation.id")),
        sa.Column("session_id", sa.BigInteger(), sa.ForeignKey("conversation_session.id", ondelete="SET NULL")),
        sa.Column("model", sa.String(80), nullable=False),
        sa.Column("stream_type", choice("rehearsal_usage_log_stream_type", "partner", "coach"), nullable=False),
        sa.Column("input_tokens", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("output_tokens", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("timestamp", MOMENT, nullable=False),
        sa.CheckConstraint("input_tokens >= 0 and output_tokens >= 0", name="rehearsal_usage_log_positive"),
    )
    op.create_index("rehearsal_usage_log_by_time", "rehearsal_usage_log", ["timestamp"])
    op.create_index("rehearsal_usage_log_of_invitation", "rehearsal_usage_log", ["invitation_id", "timestamp"])
    op.create_index("rehearsal_usage_log_of_organization", "rehearsal_usage_log", ["organization_id", "timestamp"])
    op.create_index("rehearsal_usage_log_of_session", "rehearsal_usage_log", ["session_id"], postgresql_where="session_id is not null")
    op.create_index("rehearsal_usage_log_of_user", "rehearsal_usage_log", ["user_id", "timestamp"])


def downgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.drop_constraint("transcript_call_sid_key", "transcript", type_="unique")
    for table in reversed(TABLES):
        op.drop_table(table)
    op.execute("drop type text_range")
