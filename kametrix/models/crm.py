"""Connected CRMs, what was sent to them, and the sheet that lists calls."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field

from kametrix.models.base import Row, Timestamped, enum, flag, instant, json_column, long_text, text_id


class CrmProvider(StrEnum):
    """WEBHOOK: any address of the customer's own."""

    HUBSPOT = "HUBSPOT"
    SALESFORCE = "SALESFORCE"
    ZOHO = "ZOHO"
    PIPEDRIVE = "PIPEDRIVE"
    WEBHOOK = "WEBHOOK"


class SyncStatus(StrEnum):
    """How an attempt to hand something over went."""

    SUCCESS = "SUCCESS"
    FAILED = "FAILED"
    PENDING = "PENDING"


class CrmSyncType(StrEnum):
    """What is handed over."""

    LEAD = "lead"
    CALL = "call"
    TRANSCRIPT = "transcript"
    APPOINTMENT = "appointment"


class CrmIntegration(Timestamped, table=True):
    """One per organization and provider. Tokens and key are sealed at crm_integration.<column>.<id>; pages cannot read them."""

    __table_args__ = (UniqueConstraint("organization_id", "provider", name="crm_integration_once"),)

    id: str = text_id()
    organization_id: str = Field(foreign_key="organization.id", max_length=32)
    provider: CrmProvider = enum(CrmProvider, "crm_integration_provider")
    enabled: bool = flag(default=True)
    access_token: str | None = long_text()
    refresh_token: str | None = long_text()
    token_expires_at: datetime | None = instant(nullable=True)
    instance_url: str | None = Field(default=None, max_length=400)
    api_key: str | None = long_text()
    webhook_url: str | None = Field(default=None, max_length=2000)
    sync_leads: bool = flag(default=True)
    sync_calls: bool = flag(default=True)
    sync_transcripts: bool = flag()
    sync_appointments: bool = flag(default=True)
    field_mappings: dict[str, Any] | None = json_column()
    settings: dict[str, Any] | None = json_column()
    last_sync_at: datetime | None = instant(nullable=True)
    last_sync_status: SyncStatus | None = enum(SyncStatus, "crm_integration_last_sync_status", nullable=True)
    last_error: str | None = long_text()
    connected_by_id: str | None = Field(default=None, foreign_key="user.id", max_length=32)


class CrmSyncLog(Row, table=True):
    """One attempt. `entity_id` is ours, `external_id` the CRM's; requests and answers are kept redacted."""

    __table_args__ = (
        Index("crm_sync_log_of_organization", "organization_id", "created_at", "id"),
        Index("crm_sync_log_of_integration", "crm_integration_id", "created_at", "id"),
        Index("crm_sync_log_of_entity", "organization_id", "sync_type", "entity_id"),
    )

    id: str = text_id()
    organization_id: str = Field(foreign_key="organization.id", max_length=32)
    crm_integration_id: str = Field(foreign_key="crm_integration.id", max_length=32)
    sync_type: CrmSyncType = enum(CrmSyncType, "crm_sync_log_sync_type")
    entity_id: str = Field(max_length=32)
    external_id: str | None = Field(default=None, max_length=255)
    status: SyncStatus = enum(SyncStatus, "crm_sync_log_status", default=SyncStatus.PENDING)
    error: str | None = long_text()
    request_data: dict[str, Any] | None = json_column()
    response_data: dict[str, Any] | None = json_column()
    created_at: datetime = instant()


class GoogleSheetLog(Timestamped, table=True):
    """The spreadsheet that gets a row per call: one per organization, beside its connected calendar."""

    id: str = text_id()
    organization_id: str = Field(foreign_key="organization.id", unique=True, max_length=32)
    calendar_integration_id: str | None = Field(
        default=None, foreign_key="calendar_integration.id", index=True, max_length=32, description="Whose tokens open it."
    )
    spreadsheet_id: str = Field(max_length=128)
    spreadsheet_url: str | None = Field(default=None, max_length=400)
    enabled: bool = flag(default=True)
    last_logged_at: datetime | None = instant(nullable=True)
    last_error: str | None = long_text()
