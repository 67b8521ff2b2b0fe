"""What was handed out and what was removed: exports on request, and the evidence of every clean-up."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from kametrix.models.base import BigInteger, Column, Row, enum, instant, long_text, text_id


class ExportType(StrEnum):
    """What is exported."""

    FULL_EXPORT = "full_export"
    CALLS_ONLY = "calls_only"
    LEADS_ONLY = "leads_only"
    TRANSCRIPTS_ONLY = "transcripts_only"


class ExportStatus(StrEnum):
    """How far it is."""

    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    EXPIRED = "expired"


class ExportFormat(StrEnum):
    """What the file is."""

    JSON = "json"
    CSV = "csv"
    ZIP = "zip"


class CleanupType(StrEnum):
    """Why it ran."""

    SCHEDULED = "scheduled"
    MANUAL = "manual"
    GDPR_REQUEST = "gdpr_request"


class CleanupDataType(StrEnum):
    """What it removed."""

    CALLS = "calls"
    TRANSCRIPTS = "transcripts"
    RECORDINGS = "recordings"
    LEADS = "leads"
    AUDIT_LOGS = "audit_logs"


class CleanupStatus(StrEnum):
    """How it went."""

    COMPLETED = "completed"
    PARTIAL = "partial"
    FAILED = "failed"


class DataExportRequest(Row, table=True):
    """`file_size` in bytes; the file is gone after `expires_at`."""

    __table_args__ = (
        CheckConstraint(
            "status <> 'completed' or (completed_at is not null and file_url is not null)", name="data_export_request_completed"
        ),
        CheckConstraint("status <> 'failed' or error_message is not null", name="data_export_request_failed"),
        CheckConstraint("file_size >= 0", name="data_export_request_file_size"),
        Index("data_export_request_of_organization", "organization_id", "requested_at", "id"),
        Index("data_export_request_to_expire", "expires_at", postgresql_where="status = 'completed'"),
    )

    id: str = text_id()
    organization_id: str = Field(foreign_key="organization.id", max_length=32)
    type: ExportType = enum(ExportType, "data_export_request_type")
    status: ExportStatus = enum(ExportStatus, "data_export_request_status", default=ExportStatus.PENDING)
    format: ExportFormat = enum(ExportFormat, "data_export_request_format")
    file_url: str | None = long_text()
    file_size: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    expires_at: datetime | None = instant(nullable=True)
    requested_by: str | None = Field(default=None, foreign_key="user.id", max_length=32)
    requested_at: datetime = instant()
    completed_at: datetime | None = instant(nullable=True)
    error_message: str | None = long_text()


class CleanupLog(Row, table=True):
    """What one run removed of one kind of data. Written once, never changed: it is the evidence."""

    __table_args__ = (
        CheckConstraint("records_deleted >= 0 and bytes_freed >= 0", name="cleanup_log_positive"),
        CheckConstraint("status <> 'failed' or error_message is not null", name="cleanup_log_failed"),
        Index("cleanup_log_of_organization", "organization_id", "created_at", "id"),
    )

    id: str = text_id()
    organization_id: str = Field(foreign_key="organization.id", max_length=32)
    type: CleanupType = enum(CleanupType, "cleanup_log_type")
    data_type: CleanupDataType = enum(CleanupDataType, "cleanup_log_data_type")
    records_deleted: int = Field(default=0, sa_column=Column(BigInteger, nullable=False, server_default="0"))
    bytes_freed: int = Field(default=0, sa_column=Column(BigInteger, nullable=False, server_default="0"))
    cutoff_date: datetime = instant()
    status: CleanupStatus = enum(CleanupStatus, "cleanup_log_status")
    error_message: str | None = long_text()
    triggered_by: str | None = Field(default=None, foreign_key="user.id", max_length=32, description="None: the schedule.")
    created_at: datetime = instant()
