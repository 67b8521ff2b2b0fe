"""A PostgreSQL of the benchmarks' own with the default settings, so that every commit reaches the disk."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kametrix import db, embedded
from kametrix.cli.environment import migrate_database
from kametrix.settings import settings

HOME = Path(__file__).parent.parent / ".data" / "bench"


@dataclass(frozen=True)
class Database:
    """A migrated, empty database on a cluster that syncs."""

    cluster: embedded.Cluster
    name: str


@contextmanager
def database(**environment: str) -> Iterator[Database]:
    """Make one, point the settings (and `environment`) at it; afterwards it is dropped and the environment as before."""
    cluster, name = embedded.start(HOME / "postgres"), f"bench_{os.getpid()}"
    cluster.ensure_database(name)
    before = dict(os.environ)
    os.environ.update({**cluster.environment(name), "KAMETRIX_DATA": str(HOME), **environment})
    try:
        _forget()
        migrate_database()
        yield Database(cluster, name)
    finally:
        db.platform_engine().dispose()
        os.environ.clear()
        os.environ.update(before)
        _forget()
        cluster.execute(f"drop database {name} with (force)")


def _forget() -> None:
    settings.cache_clear()
    db.platform_engine.cache_clear()
    db.app_engine.cache_clear()
