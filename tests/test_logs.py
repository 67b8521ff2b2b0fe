"""Logs tell what happened, never what was secret."""

import json
from collections.abc import Iterator

import pytest
import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from kametrix import db, logs
from tests import factories
from tests.api.client import environment

PLANTED = "planted-secret-5f1c"


@pytest.fixture(autouse=True)
def _defaults() -> Iterator[None]:
    yield
    structlog.reset_defaults()


def fail_with(password: str) -> None:
    """Holds a secret in a variable while failing."""
    raise ValueError(f"{len(password)} characters")


@pytest.mark.parametrize("kind", ["console", "json"])
def test_a_traceback_shows_no_values_of_variables(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    with environment(KAMETRIX_LOG_FORMAT=kind):
        logs.configure()
        try:
            fail_with(PLANTED)
        except ValueError as error:
            structlog.get_logger().error("it.failed", exc_info=error)
    written = capsys.readouterr().out
    assert "fail_with" in written
    assert PLANTED not in written
    if kind == "json":
        assert json.loads(written)["event"] == "it.failed"


def test_a_failed_statement_shows_no_values(database: str, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure()
    try:
        with db.transaction() as session:
            session.connection().execute(text("select cast(:secret as text) / 2"), {"secret": PLANTED})
    except SQLAlchemyError as error:
        structlog.get_logger().error("it.failed", exc_info=error)
    written = capsys.readouterr().out
    assert "ProgrammingError: code 42883" in written
    assert "UndefinedFunction: code 42883" in written
    assert PLANTED not in written


def test_a_refused_row_is_named_by_its_constraint_alone(database: str, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure()
    try:
        with db.transaction() as session:
            factories.create_user(session, email=PLANTED.upper())
    except SQLAlchemyError as error:
        structlog.get_logger().error("it.failed", exc_info=error)
    written = capsys.readouterr().out
    assert "constraint user_email_lower" in written
    assert PLANTED.upper() not in written
