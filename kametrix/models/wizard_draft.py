"""What somebody has answered in the wizard so far."""

from enum import StrEnum
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field

from kametrix.models.base import Timestamped, count, enum, json_column, text_id


class DraftStatus(StrEnum):
    """DRAFT is open; SUBMITTED while its agent is made; PUBLISHED once it is; ABANDONED when thrown away."""

    DRAFT = "DRAFT"
    SUBMITTED = "SUBMITTED"
    PUBLISHED = "PUBLISHED"
    ABANDONED = "ABANDONED"


class WizardDraft(Timestamped, table=True):
    """One open draft per person and organization. `version` grows with every save; `format` is the shape of `answers`."""

    __table_args__ = (Index("wizard_draft_open", "organization_id", "user_id", unique=True, postgresql_where="status = 'DRAFT'"),)

    id: str = text_id()
    organization_id: str = Field(foreign_key="organization.id", max_length=32)
    user_id: str = Field(foreign_key="user.id", max_length=32, index=True)
    status: DraftStatus = enum(DraftStatus, "wizard_draft_status", default=DraftStatus.DRAFT)
    step: str = Field(default="", max_length=40, sa_column_kwargs={"server_default": ""})
    answers: dict[str, Any] | None = json_column()
    format: int = count(1)
    version: int = count(1)
    agent_id: str | None = Field(default=None, foreign_key="agent.id", max_length=32)
