"""Where each table, field and enum of the specification lives: `python -m tests.conformance` writes docs/conformance.md."""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Column, Enum, Index, Table, UniqueConstraint
from sqlalchemy.dialects import postgresql
from sqlmodel import SQLModel

import kametrix.models as models

ROOT = Path(__file__).parent.parent
FILE = ROOT / "docs" / "conformance.md"
SPEC: dict[str, Any] = json.loads((ROOT / "tests" / "fixtures" / "fields.json").read_text())
FIELDS: dict[str, list[str]] = {name: entry["fields"] for name, entry in SPEC["tables"].items()}

RENAMED = {
    "User.avatar": ("avatar_url", "one picture, under one name"),
    "User.email_verification_token": ("email_verification_token_hash", "SHA-256 of the token"),
    "User.password_reset_token": ("password_reset_token_hash", "SHA-256 of the token"),
    "Session.token": ("token_hash", "SHA-256 of the token"),
    "Invitation.token": ("token_hash", "SHA-256 of the token"),
    "Call.duration": ("duration_seconds", "one duration, in seconds"),
}
"""Columns under another name."""
PROPERTIES = {
    "User.credit_balance": "property: `organization.credit_balance` of the current organization",
    "User.grace_credits_used": "property: `organization.grace_credits_used` of the current organization",
    "Call.phone_number": "property: `call.from_number`, the caller",
}
NOTES = {
    "Call.summary": "written with `transcript.summary` in one transaction",
    "Call.transcript": "written with `transcript.full_text` in one transaction",
    "CreditTransaction.balance_after": "signed balance after the row",
    "PhoneNumber.status": "life cycle in the pool; in use or not is `is_enabled`",
    "CalendarIntegration.access_token": "sealed",
    "CalendarIntegration.refresh_token": "sealed",
    "CrmIntegration.access_token": "sealed",
    "CrmIntegration.refresh_token": "sealed",
    "CrmIntegration.api_key": "sealed",
    "Organization.twilio_sub_account_token": "sealed",
    "Organization.twilio_api_key_secret": "sealed",
    "Organization.byo_openai_key": "sealed",
    "Organization.byo_elevenlabs_key": "sealed",
    "Organization.byo_twilio_auth_token": "sealed",
    "User.mfa_secret": "sealed",
    "User.password_hash": "bcrypt",
    "User.email_verification_code": "SHA-256 of the code with the user's id",
    "ApiKey.key_hash": "SHA-256 of the key",
}
ENUM_NAMES = {"OrgStatus": "OrganizationStatus"}
"""Enums that have another name here."""
ADDED_VALUES = {"TransactionType": {"CORRECTION", "REFUND", "DISPUTE", "DISPUTE_REVERSAL"}}
"""Values beyond the specified ones; every other enum has exactly its values."""
BEYOND = {
    "google_sheet_log": "the spreadsheet that lists calls",
    "webhook_endpoint": "where customers' own systems are told what happened",
    "webhook_delivery": "each message on its way there",
    "plan": "what a plan costs and holds",
    "wizard_draft": "an agent that is being made",
    "webhook_event": "the inbox of provider messages",
    "site_setting": "what an operator sets, the price of a minute among it",
}
"""Tables the product needs besides those with specified fields. (Outgoing jobs are in the job queue's own tables.)"""
UNIQUE = [
    "user.email", "user.google_id", "user.email_verification_token_hash", "user.password_reset_token_hash", "user.twilio_identity",
    "session.token_hash", "agent.vapi_assistant_id", "call.vapi_call_id", "call.call_sid", "credit_pack.stripe_price_id",
    "phone_number.number", "phone_number.agent_id", "phone_number.twilio_sid", "phone_number.vapi_phone_id", "organization.slug",
    "organization.twilio_number", "organization.custom_domain", "organization.stripe_customer_id",
    "user_organization.user_id,organization_id", "transcript.call_sid", "transcript.call_id", "lead.call_sid", "lead.call_id",
    "calendar_integration.organization_id,provider", "crm_integration.organization_id,provider", "invoice.stripe_invoice_id",
    "api_key.key_hash", "invitation.token_hash", "quota_preset.name", "scenario.slug",
]  # fmt: skip
INDEXED = [
    "organization.slug", "organization.status", "user.email", "user.current_org_id", "user.google_id", "user_organization.user_id",
    "user_organization.organization_id", "call.organization_id", "call.call_sid", "call.status", "call.created_at",
    "lead.organization_id", "lead.status", "lead.phone", "lead.created_at", "transcript.organization_id", "transcript.call_sid",
    "audit_log.organization_id", "audit_log.actor_id", "audit_log.action", "audit_log.created_at", "invitation.token_hash",
    "invitation.expires_at", "conversation_session.user_id", "conversation_session.invitation_id", "conversation_session.status",
    "message.session_id", "rehearsal_usage_log.user_id,timestamp", "rehearsal_usage_log.invitation_id,timestamp",
    "rehearsal_usage_log.timestamp",
]  # fmt: skip
INSTEAD = {"call.created_at": ("started_at", "a call is made when it is first heard of, and lists go by `started_at`")}


@dataclass(frozen=True)
class Place:
    """Where a specified field lives: a column, or a property of the model."""

    attribute: str
    column: Column[Any] | None
    note: str = ""


def model(table: str) -> Any:
    """The model of a specified table; it has the same name."""
    return getattr(models, table)


def table_of(name: str) -> Table:
    """The table of a model or of a name."""
    return SQLModel.metadata.tables[name] if name in SQLModel.metadata.tables else model(name).__table__


def place(table: str, field: str) -> Place:
    """Raises KeyError for a field that lives nowhere."""
    name = f"{table}.{field}"
    if name in PROPERTIES:
        return Place(field, None, PROPERTIES[name])
    column, note = RENAMED.get(name, (field, NOTES.get(name, "")))
    if field == "metadata":
        return Place("meta", table_of(table).columns[field], "attribute `meta`: the mapper keeps `metadata` for itself")
    return Place(column, table_of(table).columns[column], note)


def enum_of(name: str) -> type[StrEnum]:
    """The enum of the product for a specified one."""
    return getattr(models, ENUM_NAMES.get(name, name))


def columns_with(kind: type[StrEnum]) -> list[Column[Any]]:
    """Every column restricted to the values of an enum."""
    columns = (column for table in SQLModel.metadata.sorted_tables for column in table.columns)
    return [column for column in columns if isinstance(column.type, Enum) and column.type.enum_class is kind]


def indexes(table: Table) -> Iterator[tuple[str, tuple[str, ...], bool]]:
    """(name, columns, whether unique) of everything that is looked up fast and holds for every row."""
    for index in cast("set[Index]", table.indexes):
        if index.dialect_options["postgresql"].get("where") is None:
            yield str(index.name), tuple(column.name for column in index.columns), bool(index.unique)
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint):
            columns = tuple(column.name for column in constraint.columns)
            yield str(constraint.name or f"{table.name}_{'_'.join(columns)}_key"), columns, True


def unique_by(rule: str) -> str | None:
    """The constraint that makes `table.column[,column]` unique."""
    table, _, columns = rule.partition(".")
    return next((name for name, having, unique in sorted(indexes(table_of(table))) if unique and having == tuple(columns.split(","))), None)


def index_for(rule: str) -> str | None:
    """The index that finds rows by `table.column[,column]`, alone or within an organization."""
    table, _, wanted = rule.partition(".")
    columns = tuple(INSTEAD.get(rule, (wanted, ""))[0].split(","))
    for name, having, _ in sorted(indexes(table_of(table))):
        if columns in (having[: len(columns)], having[1 : len(columns) + 1] if having[0] == "organization_id" else ()):
            return name
    return None


def _how(column: Column[Any]) -> str:
    kind = column.type.enum_class.__name__ if isinstance(column.type, Enum) else column.type.compile(postgresql.dialect()).lower()
    kind = {"timestamp with time zone": "timestamptz"}.get(kind, kind)
    parts = [kind, "" if column.nullable else "required", "unique" if unique_by(f"{column.table.name}.{column.name}") else ""]
    parts += [f"→ {key.target_fullname}" for key in column.foreign_keys]
    parts += ["generated by the database"] if column.computed is not None else []
    return ", ".join(part for part in parts if part)


def _table(name: str) -> Iterator[str]:
    source = Path(sys.modules[model(name).__module__].__file__ or "").relative_to(ROOT).as_posix()
    yield f"### {name}: table `{table_of(name).name}` (`{source}`)\n| specified | lives in | how |\n|---|---|---|"
    for field in FIELDS[name]:
        at = place(name, field)
        where = f"`{at.column.table.name}.{at.column.name}`" if at.column is not None else f"`{name}.{at.attribute}`"
        how = "; ".join(part for part in (_how(at.column) if at.column is not None else "", at.note) if part)
        yield f"| `{field}` | {where} | {how} |"
    yield ""


def _enums() -> Iterator[str]:
    yield "## Enums\nEach is checked by the database.\n\n| specified | here | values | columns |\n|---|---|---|---|"
    for name, values in SPEC["enums"].items():
        kind = enum_of(name)
        added = f"; added: {', '.join(sorted(ADDED_VALUES[name]))}" if name in ADDED_VALUES else ""
        columns = ", ".join(f"`{column.table.name}.{column.name}`" for column in columns_with(kind))
        yield f"| {name} | `{kind.__name__}` | {', '.join(values)}{added} | {columns} |"
    yield ""


def _lookups() -> Iterator[str]:
    yield "## Unique and indexed\n| specified | by |\n|---|---|"
    for rule in UNIQUE:
        yield f"| unique `{rule}` | `{unique_by(rule)}` |"
    for rule in INDEXED:
        instead = f" on `{INSTEAD[rule][0]}`: {INSTEAD[rule][1]}" if rule in INSTEAD else ""
        yield f"| indexed `{rule}` | `{index_for(rule)}`{instead} |"
    yield ""


def render() -> str:
    """The document."""
    fields = sum(len(each) for each in FIELDS.values())
    lines = [
        "# Conformance",
        f"Written by `make docs` from the models; do not edit. The specification has {len(FIELDS)} tables with {fields} fields and "
        f"{len(SPEC['enums'])} enums: here is where each lives. `tests/test_conformance.py` compares all of it with the models and with "
        "a migrated database.\n",
        "## Tables",
        *(line for name in FIELDS for line in _table(name)),
        *_enums(),
        *_lookups(),
        "## Tables besides\n| table | holds |\n|---|---|",
        *(f"| `{name}` | {what} |" for name, what in BEYOND.items()),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    FILE.write_text(render())
    sys.stdout.write(f"{FILE}\n")
