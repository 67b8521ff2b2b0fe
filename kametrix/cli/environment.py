"""What a process needs before it starts: a database, and a sandbox for every provider without keys."""

import json
import os
import secrets
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

from kametrix import embedded
from kametrix.errors import Misconfigured
from kametrix.settings import settings

ROOT = Path(__file__).parent.parent.parent


def use_database() -> None:
    """Start (or attach to) the embedded PostgreSQL unless DATABASE_URL names another, and point the environment at it."""
    if settings().database_url.get_secret_value():
        return
    cluster = embedded.start(settings().data / "postgres")
    cluster.ensure_database("kametrix")
    os.environ.update(cluster.environment("kametrix"))
    settings.cache_clear()


def migrate_database() -> None:
    """Bring the database to the newest revision, as the owner login."""
    config = Config(str(ROOT / "alembic.ini"))
    config.set_main_option("script_location", str(ROOT / "alembic"))
    engine = create_engine(settings().database_url.get_secret_value())
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    engine.dispose()


def use_sandbox() -> bool:
    """Without a Vapi key, point the environment at the local sandbox; returns whether it is needed. Never in production."""
    if settings().vapi_api_key.get_secret_value():
        return False
    if settings().is_production:
        raise Misconfigured("VAPI_API_KEY is required in production; the sandbox refuses to stand in there.")
    address = f"http://localhost:{settings().sandbox_port}"
    keys = _sandbox_keys(settings().data / "sandbox.json")
    os.environ.update(
        {
            "VAPI_API_KEY": keys["vapi_api_key"],
            "VAPI_WEBHOOK_SECRET": keys["vapi_webhook_secret"],
            "VAPI_BASE_URL": f"http://127.0.0.1:{settings().sandbox_port}/vapi",
            "SANDBOX_VAPI_API_KEY": keys["vapi_api_key"],
            "KAMETRIX_TEST_CONSOLE_URL": address,
            "KAMETRIX_SANDBOX_PROVIDERS": "Vapi",
        }
    )
    os.environ.setdefault("KAMETRIX_NUMBER_COOLDOWN_HOURS", "0")
    settings.cache_clear()
    return True


def _sandbox_keys(path: Path) -> dict[str, str]:
    """Keys between product and sandbox, made once: assistants saved with them outlive a restart."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(json.dumps({name: f"sbx_{secrets.token_urlsafe(32)}" for name in ("vapi_api_key", "vapi_webhook_secret")}))
    return json.loads(path.read_text())
