"""Logging: one line per event, as text or JSON.

Tracebacks carry no values of variables and database errors no text: either may hold a password, a token or what a caller said.
"""

import logging
import sys
from traceback import format_tb

import structlog
from sqlalchemy.exc import DBAPIError
from structlog.typing import ExcInfo, Processor

from kametrix.settings import settings


def configure() -> None:
    """Set structlog up for this process; calling it again changes nothing."""
    is_json = settings().log_format == "json"
    last: Processor = (
        structlog.processors.JSONRenderer()
        if is_json
        else structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback, colors=sys.stdout.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.ExceptionRenderer(trace),
            last,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    )


def trace(exc_info: ExcInfo) -> str:
    """The frames and reasons of an error and of what caused it, the cause first."""
    parts: list[str] = []
    error: BaseException | None = exc_info[1]
    while error is not None:
        parts.append("".join(format_tb(error.__traceback__)) + f"{type(error).__qualname__}: {reason(error)}")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\nwhich led to\n".join(reversed(parts))


def reason(error: BaseException) -> str:
    """What an error says; of a database error its code and constraint, as PostgreSQL quotes rows and statements in its text."""
    source = error.orig if isinstance(error, DBAPIError) else error
    code = getattr(source, "pgcode", None)
    if not isinstance(error, DBAPIError) and not hasattr(source, "pgcode"):
        return str(error)
    constraint = getattr(getattr(source, "diag", None), "constraint_name", None)
    return f"code {code}" + (f", constraint {constraint}" if constraint else "")
