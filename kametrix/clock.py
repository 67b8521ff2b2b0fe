"""The one clock. UTC inside; zones only at the edges. Tests set it; product code never calls datetime.now itself."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import UTC, datetime


def _system_time() -> datetime:
    return datetime.now(UTC)


_source: Callable[[], datetime] = _system_time


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return _source()


@contextmanager
def at(source: datetime | Callable[[], datetime]) -> Generator[None]:
    """Within the block the clock reads `source`: a fixed moment or a function returning one."""
    global _source
    before = _source
    _source = source if callable(source) else lambda: source
    try:
        yield
    finally:
        _source = before
