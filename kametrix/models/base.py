"""What every table shares: enum columns, UTC timestamps, text ids."""

import re
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Column, Computed, DateTime, Enum, Identity, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import declared_attr
from sqlmodel import Field, SQLModel

from kametrix import clock
from kametrix.crypto import new_id

__all__ = [
    "BigInteger", "Column", "Row", "Text", "Timestamped", "cents", "count", "enum", "flag", "generated", "instant", "json_column",
    "long_text", "serial", "text_id",
]  # fmt: skip


def text_id() -> Any:
    """A primary key generated in Python."""
    return Field(default_factory=new_id, primary_key=True, max_length=32)


def serial() -> Any:
    """A primary key the database counts up; set after a flush."""
    return Field(default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True))


def long_text(*, nullable: bool = True) -> Any:
    """Text of any length."""
    return Field(default=None, sa_type=Text, nullable=True) if nullable else Field(sa_type=Text, nullable=False)


def _values(kind: type[StrEnum]) -> list[str]:
    return [member.value for member in kind]


def enum(kind: type[StrEnum], name: str, *, nullable: bool = False, default: StrEnum | None = None) -> Any:
    """A text column that the database restricts to the values of `kind`; `name` is the CHECK's name."""
    column = Column(
        Enum(kind, name=name, native_enum=False, create_constraint=True, length=32, values_callable=_values),
        nullable=nullable,
        server_default=default.value if default else None,
    )
    return Field(sa_column=column, default=default) if default or nullable else Field(sa_column=column)


def instant(*, nullable: bool = False) -> Any:
    """An aware UTC moment; not null ones default to now."""
    column_type: Any = DateTime(timezone=True)
    if nullable:
        return Field(default=None, sa_type=column_type, nullable=True)
    return Field(default_factory=clock.now, sa_type=column_type, nullable=False)


def json_column(*, nullable: bool = True) -> Any:
    """A JSONB column."""
    return Field(default=None, sa_type=JSONB(none_as_null=True), nullable=nullable)


def flag(*, default: bool = False) -> Any:
    """A switch with a default in Python and in the database."""
    return Field(default=default, sa_column_kwargs={"server_default": "true" if default else "false"})


def count(default: int = 0) -> Any:
    """A whole number with a default in Python and in the database."""
    return Field(default=default, sa_column_kwargs={"server_default": str(default)})


def cents(*, nullable: bool = False) -> Any:
    """An amount of money in cents."""
    return Field(default=None, sa_type=BigInteger, nullable=True) if nullable else Field(sa_type=BigInteger, nullable=False)


def generated(expression: str) -> Any:
    """A whole number the database computes from `expression`; never written, read after a flush."""
    return Field(default=None, sa_column=Column(BigInteger, Computed(expression, persisted=True), nullable=True))


class Row(SQLModel):
    """A table, named after its class: PhoneNumber -> phone_number."""

    @declared_attr.directive
    def __tablename__(cls) -> str:  # pyright: ignore[reportIncompatibleVariableOverride]  # the stub types the default, not the hook
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()


class Timestamped(Row):
    """Mixin: when the row was made and last changed."""

    created_at: datetime = instant()
    updated_at: datetime = instant()
