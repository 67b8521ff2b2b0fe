"""Keys with which a customer's own programs enter."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from kametrix.models.base import Timestamped, instant, json_column, text_id


class ApiPermission(StrEnum):
    """What a key may do: read everything, write everything, or only calls or leads."""

    READ = "read"
    WRITE = "write"
    CALLS = "calls"
    LEADS = "leads"


class ApiKey(Timestamped, table=True):
    """Shown once; of the key only its SHA-256 and first eight characters are kept. Pages cannot read the hash."""

    __table_args__ = (
        CheckConstraint("char_length(key_prefix) = 8", name="api_key_prefix"),
        CheckConstraint(
            """permissions <@ '["read", "write", "calls", "leads"]' and permissions <> '[]' and jsonb_typeof(permissions) = 'array'""",
            name="api_key_permissions",
        ),
        Index("api_key_of_organization", "organization_id", "created_at", "id"),
    )

    id: str = text_id()
    organization_id: str = Field(foreign_key="organization.id", max_length=32)
    name: str = Field(max_length=100)
    key_hash: str = Field(unique=True, max_length=64)
    key_prefix: str = Field(max_length=8)
    permissions: list[str] = json_column(nullable=False)
    last_used_at: datetime | None = instant(nullable=True)
    expires_at: datetime | None = instant(nullable=True)
    revoked_at: datetime | None = instant(nullable=True)
    created_by_id: str | None = Field(default=None, foreign_key="user.id", max_length=32)
