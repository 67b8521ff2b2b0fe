"""The audit log of the whole platform: narrowed, paged, exported."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from sqlmodel import Session, SQLModel, col, select

from kametrix import clock
from kametrix.models import Agent, AuditLog, CreditPack, Organization, PhoneNumber, User
from kametrix.services import audit, keyset
from kametrix.services.access import PLATFORM, Actor, allows
from kametrix.services.audit_rows import PAGE_SIZE, AuditRow, Wanted, conditions, told
from kametrix.services.keyset import Page, Place

MOST_EXPORTED: Final = 10_000
BATCH: Final = 500
COLUMNS: Final = (
    "id", "created_at", "actor_type", "actor_id", "actor_email", "action", "entity_type", "entity_id", "organization_id",
    "old_values", "new_values", "ip_address", "user_agent",
)  # fmt: skip
"""Of an exported row."""
Exported = dict[str, Any]


@allows(PLATFORM)
def page(session: Session, actor: Actor, wanted: Wanted, place: Place, size: int = PAGE_SIZE) -> Page[AuditRow]:
    """A page of everybody's acts, the latest first. Raises Invalid for a broken cursor."""
    query = select(AuditLog).where(*conditions(wanted))
    found = keyset.listed(session, query, col(AuditLog.created_at), place=place, size=size)
    names = _names(session, found.rows)
    return Page([told(row, names, for_operator=True) for row in found.rows], found.newer, found.older)


@allows(PLATFORM)
def begin_export(session: Session, actor: Actor, wanted: Wanted, kind: str) -> Wanted:
    """Note the export; what is exported ends before it, so that the rows stay the same while they are sent."""
    until = min(wanted.until or clock.now(), clock.now())
    filters = {name: str(value) for name, value in vars(wanted).items() if value}
    audit.record(
        session, actor, "AUDIT_EXPORT", entity="audit_log", entity_id=None, new={"format": kind, "filters": filters}, by_operator=True
    )
    return replace(wanted, until=until)


@allows(PLATFORM)
def exported(session: Session, actor: Actor, wanted: Wanted, older: str) -> tuple[list[Exported], str]:
    """The next rows of an export, the latest first, and where to go on; no cursor at the end."""
    found = keyset.listed(
        session, select(AuditLog).where(*conditions(wanted)), col(AuditLog.created_at), place=Place(older=older), size=BATCH
    )
    return [{name: getattr(row, name) for name in COLUMNS} for row in found.rows], found.older


def _names(session: Session, rows: list[AuditLog]) -> dict[str, str]:
    ids = {found for row in rows for found in (row.entity_id, row.organization_id) if found}
    named: tuple[tuple[type[SQLModel], str], ...] = (
        (Agent, "name"), (PhoneNumber, "number"), (Organization, "name"), (CreditPack, "name"), (User, "email"),
    )  # fmt: skip
    return {row_id: str(name) for model, column in named for row_id, name in _of(session, model, column, ids)}


def _of(session: Session, model: Any, column: str, ids: set[str]) -> Iterator[tuple[str, str | None]]:
    yield from session.exec(select(model.id, getattr(model, column)).where(model.id.in_(ids)))
