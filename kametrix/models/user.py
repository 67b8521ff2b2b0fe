"""People, their memberships and their login sessions."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field, Relationship

from kametrix.models.base import Column, Row, Text, Timestamped, enum, flag, instant, text_id
from kametrix.models.organization import Organization


class PlatformRole(StrEnum):
    """What a person may do on the platform as a whole; ADMIN is the operator console."""

    GUEST = "GUEST"
    USER = "USER"
    POWER_USER = "POWER_USER"
    ADMIN = "ADMIN"


class UserStatus(StrEnum):
    """Only ACTIVE may sign in."""

    ACTIVE = "ACTIVE"
    INACTIVE = "INACTIVE"
    INVITED = "INVITED"
    SUSPENDED = "SUSPENDED"


class OrgRole(StrEnum):
    """What a member may do in one organization."""

    OWNER = "OWNER"
    ADMIN = "ADMIN"
    MANAGER = "MANAGER"
    AGENT = "AGENT"
    VIEWER = "VIEWER"


class User(Timestamped, table=True):
    """A person. `email` is lower-case and trimmed; an INVITED one has no password yet.

    Of tokens and codes only the SHA-256 is kept; `mfa_secret` is sealed at user.mfa_secret.<id>.
    """

    __table_args__ = (
        CheckConstraint("email = lower(email)", name="user_email_lower"),
        Index("user_by_current_org", "current_org_id"),
        Index("user_by_creation", "created_at", "id"),
    )

    id: str = text_id()
    email: str = Field(max_length=255, unique=True)
    password_hash: str = Field(max_length=128)
    name: str | None = Field(default=None, max_length=200)
    role: PlatformRole = enum(PlatformRole, "user_role", default=PlatformRole.USER)
    is_staff: bool = Field(default=False, sa_column_kwargs={"server_default": "false"})
    status: UserStatus = enum(UserStatus, "user_status", default=UserStatus.ACTIVE)
    email_verified: bool = Field(default=False, sa_column_kwargs={"server_default": "false"})
    language: str = Field(default="en", max_length=8)
    current_org_id: str | None = Field(default=None, foreign_key="organization.id", max_length=32)
    last_login_at: datetime | None = instant(nullable=True)
    deleted_at: datetime | None = instant(nullable=True)
    phone: str | None = Field(default=None, max_length=16)
    avatar_url: str | None = Field(default=None, max_length=400)
    google_id: str | None = Field(default=None, unique=True, max_length=64)
    email_verification_token_hash: str | None = Field(default=None, unique=True, max_length=64)
    email_verification_code: str | None = Field(default=None, max_length=64, description="SHA-256 of the six digits with the user's id.")
    email_verification_expires: datetime | None = instant(nullable=True)
    password_reset_token_hash: str | None = Field(default=None, unique=True, max_length=64)
    password_reset_expires: datetime | None = instant(nullable=True)
    mfa_enabled: bool = flag()
    mfa_secret: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    timezone: str | None = Field(default=None, max_length=64)
    email_notifications: bool = flag(default=True)
    sms_notifications: bool = flag()
    last_login_ip: str | None = Field(default=None, max_length=64)
    twilio_identity: str | None = Field(default=None, unique=True, max_length=121)
    current_organization: Organization | None = Relationship(sa_relationship_kwargs={"lazy": "raise"})

    @property
    def credit_balance(self) -> int:
        """Cents in the wallet of the current organization (load `current_organization` first)."""
        return self.current_organization.credit_balance if self.current_organization else 0

    @property
    def grace_credits_used(self) -> int:
        """Cents of grace in use by the current organization (load `current_organization` first)."""
        return self.current_organization.grace_credits_used if self.current_organization else 0


class UserOrganization(Timestamped, table=True):
    """A membership; an open invitation while `accepted_at` is empty. Its link works once, until `invite_expires_at`."""

    __table_args__ = (
        UniqueConstraint("user_id", "organization_id", name="user_organization_once"),
        Index("user_organization_primary", "user_id", unique=True, postgresql_where="is_primary"),
    )

    id: str = text_id()
    user_id: str = Field(foreign_key="user.id", max_length=32)
    organization_id: str = Field(foreign_key="organization.id", max_length=32, index=True)
    role: OrgRole = enum(OrgRole, "user_organization_role")
    is_primary: bool = Field(default=False, sa_column_kwargs={"server_default": "false"})
    invited_by: str | None = Field(default=None, foreign_key="user.id", max_length=32)
    invited_at: datetime | None = instant(nullable=True)
    accepted_at: datetime | None = instant(nullable=True)
    invite_token_hash: str | None = Field(default=None, unique=True, max_length=64)
    invite_expires_at: datetime | None = instant(nullable=True)


class Session(Row, table=True):
    """A login session. The cookie holds the token; the row only its SHA-256."""

    id: str = text_id()
    user_id: str = Field(foreign_key="user.id", max_length=32, index=True)
    token_hash: str = Field(max_length=64, unique=True)
    created_at: datetime = instant()
    last_seen_at: datetime = instant()
    expires_at: datetime = instant()
    ip_address: str | None = Field(default=None, max_length=64)
    user_agent: str | None = Field(default=None, max_length=400)
