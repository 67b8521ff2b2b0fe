"""Tables, one file per aggregate. Nothing here decides anything."""

from kametrix.models.agent import Agent, SyncState
from kametrix.models.call import LIVE, Call, CallDirection, CallStatus, ToolCallResult, Transcript
from kametrix.models.credit import CreditPack, CreditTransaction, TransactionType
from kametrix.models.event import WebhookEvent
from kametrix.models.organization import Organization, OrganizationStatus
from kametrix.models.phone_number import PhoneNumber, PhoneStatus
from kametrix.models.platform import ActorType, AuditLog, RateLimit, SiteSetting
from kametrix.models.user import OrgRole, PlatformRole, Session, User, UserOrganization, UserStatus

__all__ = [
    "LIVE",
    "ActorType",
    "Agent",
    "AuditLog",
    "Call",
    "CallDirection",
    "CallStatus",
    "CreditPack",
    "CreditTransaction",
    "OrgRole",
    "Organization",
    "OrganizationStatus",
    "PhoneNumber",
    "PhoneStatus",
    "PlatformRole",
    "RateLimit",
    "Session",
    "SiteSetting",
    "SyncState",
    "ToolCallResult",
    "TransactionType",
    "Transcript",
    "User",
    "UserOrganization",
    "UserStatus",
    "WebhookEvent",
]
