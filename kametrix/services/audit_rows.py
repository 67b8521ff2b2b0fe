"""Rows of the audit trail for whoever may read them: narrowed, paged, and told in words. Whose rows they are, the caller decides."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, or_
from sqlmodel import col

from kametrix.errors import Invalid
from kametrix.models import ActorType, AuditLog
from kametrix.services import audit_words
from kametrix.services.audit_words import Change
from kametrix.services.devices import device_name

PAGE_SIZE = 50
OPERATOR = "Kametrix"
"""How an organization's own trail calls the platform's operators."""


@dataclass(frozen=True)
class Wanted:
    """What the trail is narrowed to; empty means everything. `actor` is part of an e-mail; `person` an id: acts by them and on them.

    `organization` is an id, of an organization; `since` is included, `until` is not.
    """

    action: str = ""
    actor: str = ""
    person: str = ""
    organization: str = ""
    entity: str = ""
    entity_id: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class AuditRow:
    """One act. `who` is the person's e-mail, or the system; `place` where they were logged in, in words."""

    id: str
    at: datetime
    who: str
    actor_id: str
    action: str
    title: str
    sentence: str
    organization_id: str
    organization: str
    entity: str
    entity_id: str
    changes: tuple[Change, ...]
    place: str


def conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    """For a `where`."""
    exact = (("action", wanted.action), ("entity_type", wanted.entity), ("entity_id", wanted.entity_id))
    chosen: list[ColumnElement[bool]] = [getattr(AuditLog, name) == value for name, value in exact if value]
    if wanted.organization:
        chosen.append(col(AuditLog.organization_id) == wanted.organization)
    if wanted.actor:
        chosen.append(col(AuditLog.actor_email).icontains(wanted.actor, autoescape=True))
    if wanted.person:
        chosen.append(or_(col(AuditLog.actor_id) == wanted.person, col(AuditLog.entity_id) == wanted.person))
    if wanted.since:
        chosen.append(col(AuditLog.created_at) >= wanted.since)
    if wanted.until:
        chosen.append(col(AuditLog.created_at) < wanted.until)
    return chosen


def told(row: AuditLog, names: Mapping[str, str], *, for_operator: bool) -> AuditRow:
    """A row in words. `names`: what the things and organizations are called, by id. Organizations do not learn who an operator is."""
    is_operator = bool((row.meta or {}).get("operator"))
    shown = for_operator or not is_operator
    who = "The system" if row.actor_type == ActorType.SYSTEM else (row.actor_email or "Somebody") if shown else OPERATOR
    changed = audit_words.changes(row.old_values, row.new_values)
    return AuditRow(
        id=row.id,
        at=row.created_at,
        who=who,
        actor_id=(row.actor_id or "") if shown else "",
        action=row.action,
        title=audit_words.title(row.action),
        sentence=audit_words.sentence(row.action, who, thing(row, names), changed),
        organization_id=row.organization_id or "",
        organization=names.get(row.organization_id or "", ""),
        entity=row.entity_type,
        entity_id=row.entity_id or "",
        changes=changed,
        place=_place(row) if shown else "",
    )


def thing(row: AuditLog, names: Mapping[str, str]) -> str:
    """What the act was done to: its name now, or the one it had in the values of the row, or what kind of thing it is."""
    kept = {**(row.old_values or {}), **(row.new_values or {})}
    found = names.get(row.entity_id or "") or kept.get("name") or kept.get("number") or kept.get("email")
    return str(found or audit_words.entity_title(row.entity_type).lower())


def _place(row: AuditLog) -> str:
    return ", ".join(filter(None, (row.ip_address, device_name(row.user_agent) if row.user_agent else "")))


def days(first: str, last: str, zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
    """The beginning of the day `first` and the end of the day `last` (YYYY-MM-DD, both may be empty) in `zone`. Raises Invalid."""
    try:
        since = datetime.fromisoformat(first).replace(tzinfo=zone) if first else None
        until = datetime.fromisoformat(last).replace(tzinfo=zone) + timedelta(days=1) if last else None
    except (ValueError, OverflowError) as error:
        raise Invalid("Give dates as year-month-day, like 2026-11-20.") from error
    return since, until
