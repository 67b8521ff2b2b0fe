"""Migrations run as the owner login, one transaction per revision."""

from typing import Any

from sqlalchemy import create_engine
from sqlmodel import SQLModel

import kametrix.models as models
from alembic import context
from kametrix.settings import settings


def include_name(name: str | None, kind: str, _parents: Any) -> bool:
    """The job queue's tables are its own."""
    return not (kind == "table" and name is not None and name.startswith("procrastinate_"))


def run() -> None:
    """Connect (or use the connection a caller passes) and migrate."""
    connection = context.config.attributes.get("connection")
    if connection is not None:
        _migrate(connection)
        return
    with create_engine(settings().database_url.get_secret_value()).connect() as connection:
        _migrate(connection)
        connection.commit()


def _migrate(connection: Any) -> None:
    assert models.Organization.metadata is SQLModel.metadata
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        include_name=include_name,
        transaction_per_migration=True,
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


run()
