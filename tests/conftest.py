"""Real PostgreSQL for every test: one cluster, a migrated template, a clone per worker or per test; sockets only to loopback."""

import fcntl
import hashlib
import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from sqlalchemy import create_engine, text
from sqlmodel import Session

os.environ.update(
    {
        "KAMETRIX_ENVIRONMENT": "local",
        "KAMETRIX_BCRYPT_ROUNDS": "4",
        "KAMETRIX_DATA": str(Path(__file__).parent.parent / ".data" / "test"),
        "KAMETRIX_PUBLIC_URL": "http://localhost:3000",
        "LLM_API_KEY": "",
        "VAPI_API_KEY": "test-vapi-key",
        "VAPI_BASE_URL": "http://127.0.0.1:9",
        "VAPI_WEBHOOK_SECRET": "test-webhook-secret-0123456789",
        "STRIPE_SECRET_KEY": "sk_test_0123456789",
        "STRIPE_BASE_URL": "http://127.0.0.1:9",
        "STRIPE_WEBHOOK_SECRET": "whsec_test_0123456789abcdef",
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": "9",
        "SMTP_SECURITY": "none",
    }
)

from kametrix import db, embedded
from kametrix.settings import settings

ROOT = Path(__file__).parent.parent
pytest_plugins = ("tests.stripe_sandbox",)

# No test is timed, by Hypothesis neither: a machine with other work is no failure. Its examples share the database of their test.
hypothesis_settings.register_profile(
    "untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
hypothesis_settings.load_profile("untimed")


@pytest.fixture(scope="session")
def cluster() -> embedded.Cluster:
    """The test cluster; without fsync, it holds nothing worth keeping."""
    return embedded.start(ROOT / ".data" / "test" / "postgres", options=("fsync = off", "synchronous_commit = off"))


@pytest.fixture(scope="session")
def template(cluster: embedded.Cluster) -> str:
    """A database migrated to head, made once per state of the migrations."""
    revisions = sorted((ROOT / "alembic" / "versions").glob("*.py"))
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in revisions)).hexdigest()[:12]
    name = f"template_{digest}"
    lock = ROOT / ".data" / "test" / "template.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("a+") as gate:
        fcntl.flock(gate, fcntl.LOCK_EX)
        if not _exists(cluster, name):
            cluster.execute("drop database if exists template_unfinished with (force)")
            cluster.ensure_database("template_unfinished")
            migrate(cluster, "template_unfinished")
            cluster.execute(f"alter database template_unfinished rename to {name}")
    return name


def _exists(cluster: embedded.Cluster, database: str) -> bool:
    engine = create_engine(cluster.url("postgres", embedded.SUPERUSER))
    with engine.connect() as connection:
        found = connection.scalar(text("select 1 from pg_database where datname = :name"), {"name": database})
    engine.dispose()
    return found is not None


def migrate(cluster: embedded.Cluster, database: str, revision: str = "head") -> None:
    """Run the migrations as the owner login."""
    engine = create_engine(cluster.url(database, "kametrix_owner"))
    with engine.begin() as connection:
        config = Config(str(ROOT / "alembic.ini"))
        config.set_main_option("script_location", str(ROOT / "alembic"))
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()


@pytest.fixture(scope="session")
def _shared_database(cluster: embedded.Cluster, template: str) -> Iterator[str]:
    yield from _clone(cluster, template)


@pytest.fixture
def database(cluster: embedded.Cluster, template: str) -> Iterator[str]:
    """A database of this test's own, for tests that commit: threads, processes, jobs, HTTP. The settings point at it."""
    with _settings_at(cluster) as use:
        for name in _clone(cluster, template):
            use(name)
            yield name
            _dispose()


@pytest.fixture
def session(cluster: embedded.Cluster, _shared_database: str) -> Iterator[Session]:
    """A platform transaction that is rolled back at the end."""
    with _settings_at(cluster) as use:
        use(_shared_database)
        with Session(db.platform_engine(), expire_on_commit=False) as open_session:
            yield open_session
            open_session.rollback()
        _dispose()


def _dispose() -> None:
    for engine in (db.app_engine, db.platform_engine):
        if engine.cache_info().currsize:
            engine().dispose()


class _settings_at:
    """Points the settings at a database and back."""

    def __init__(self, cluster: embedded.Cluster) -> None:
        self.cluster = cluster

    def __enter__(self) -> "_settings_at":
        self.before = dict(os.environ)
        return self

    def __call__(self, name: str) -> None:
        os.environ.update(self.cluster.environment(name))
        self._forget()

    def __exit__(self, *_: object) -> None:
        os.environ.clear()
        os.environ.update(self.before)
        self._forget()

    @staticmethod
    def _forget() -> None:
        settings.cache_clear()
        db.app_engine.cache_clear()
        db.platform_engine.cache_clear()


def _clone(cluster: embedded.Cluster, template: str) -> Iterator[str]:
    name = f"test_{uuid.uuid4().hex[:12]}"
    cluster.execute(f"create database {name} template {template} owner kametrix_owner")
    yield name
    cluster.execute(f"drop database if exists {name} with (force)")
