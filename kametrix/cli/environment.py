"""What a process needs before it starts: a database, and a sandbox for every provider without keys."""

import json
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

from kametrix import embedded
from kametrix.settings import Settings, settings

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
    """Point the environment at the local sandbox for every provider without keys; returns whether it is needed. Never in production."""
    missing = [name for name, has in _PROVIDERS.items() if not has(settings())]
    if not missing or settings().is_production:
        return False  # settings refuse a production without Vapi and Stripe; without a mail server no mail is sent
    keys, port = _sandbox_keys(settings().data / "sandbox.json"), settings().sandbox_port
    for provider in missing:
        os.environ.update(_AT_SANDBOX[provider](keys, f"http://127.0.0.1:{port}"))
    os.environ["KAMETRIX_SANDBOX_PROVIDERS"] = ", ".join(missing)
    if "Vapi" in missing:
        os.environ["KAMETRIX_TEST_CONSOLE_URL"] = f"http://localhost:{port}"
        os.environ.setdefault("KAMETRIX_NUMBER_COOLDOWN_HOURS", "0")
    settings.cache_clear()
    return True


_PROVIDERS: Final[dict[str, Callable[[Settings], bool]]] = {
    "Vapi": lambda known: bool(known.vapi_api_key.get_secret_value()),
    "Stripe": lambda known: bool(known.stripe_secret_key.get_secret_value()),
    "mail": lambda known: bool(known.smtp_host),
}
"""Whether a provider is set up, by its name in the ribbon."""


def _vapi(keys: dict[str, str], address: str) -> dict[str, str]:
    return {
        "VAPI_API_KEY": keys["vapi_api_key"],
        "VAPI_WEBHOOK_SECRET": keys["vapi_webhook_secret"],
        "VAPI_BASE_URL": f"{address}/vapi",
        "SANDBOX_VAPI_API_KEY": keys["vapi_api_key"],
    }


def _stripe(keys: dict[str, str], address: str) -> dict[str, str]:
    return {
        "STRIPE_SECRET_KEY": keys["stripe_secret_key"],
        "STRIPE_WEBHOOK_SECRET": keys["stripe_webhook_secret"],
        "STRIPE_BASE_URL": f"{address}/stripe",
        "SANDBOX_STRIPE_SECRET_KEY": keys["stripe_secret_key"],
        "SANDBOX_STRIPE_WEBHOOK_SECRET": keys["stripe_webhook_secret"],
        "SANDBOX_STRIPE_WEBHOOK_URL": f"{settings().webhooks_at}/api/webhooks/stripe",
    }


def _mail(keys: dict[str, str], address: str) -> dict[str, str]:
    return {
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": str(settings().sandbox_smtp_port),
        "SMTP_SECURITY": "none",
        "SANDBOX_SMTP_PORT": str(settings().sandbox_smtp_port),
    }


_AT_SANDBOX: Final = {"Vapi": _vapi, "Stripe": _stripe, "mail": _mail}
_KEYS: Final = {
    "vapi_api_key": "sbx_",
    "vapi_webhook_secret": "sbx_",
    "stripe_secret_key": "sk_test_sbx_",
    "stripe_webhook_secret": "whsec_sbx_",
}
"""What the sandbox is opened and signs with, and how each begins at its vendor."""


def _sandbox_keys(path: Path) -> dict[str, str]:
    """Keys between product and sandbox, made once: assistants saved with them outlive a restart."""
    kept: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    keys = {name: kept.get(name) or prefix + secrets.token_urlsafe(32) for name, prefix in _KEYS.items()}
    if keys != kept:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(json.dumps(keys))
    return keys
