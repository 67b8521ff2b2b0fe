"""Every environment variable, typed, grouped by provider. Refuses to start unsafe."""

import base64
import contextlib
import os
import secrets
from functools import cache
from ipaddress import IPv6Address, ip_address
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import make_url

from kametrix.errors import Misconfigured

SHORTEST_SECRET = 24
"""Characters of a webhook secret in production: any of them opens the door."""


class Settings(BaseSettings):
    """Read once per process from the environment and `.env`; `docs/settings.md` lists each with its default."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", populate_by_name=True)

    # The installation
    environment: Literal["local", "production"] = Field("local", alias="KAMETRIX_ENVIRONMENT")
    host: str = Field("127.0.0.1", alias="KAMETRIX_HOST", description="Address the web server binds to.")
    port: int = Field(3000, alias="KAMETRIX_PORT", ge=1, le=65535)
    sandbox_port: int = Field(4010, alias="KAMETRIX_SANDBOX_PORT", ge=1, le=65535)
    sandbox_smtp_port: int = Field(4025, alias="KAMETRIX_SANDBOX_SMTP_PORT", ge=1, le=65535)
    public_url: str = Field("http://localhost:3000", alias="KAMETRIX_PUBLIC_URL")
    webhook_url: str = Field("", alias="KAMETRIX_WEBHOOK_URL", description="Where providers reach us; the public URL when empty.")
    data: Path = Field(Path(".data"), alias="KAMETRIX_DATA")
    secret_keys: SecretStr = Field(
        SecretStr(""), alias="KAMETRIX_SECRET_KEYS", description="`id:base64(32 bytes)`, newest first, comma separated."
    )
    signing_keys: SecretStr = Field(
        SecretStr(""),
        alias="KAMETRIX_SIGNING_KEYS",
        description="Ed25519 seeds that sign the ledger's checkpoints: as KAMETRIX_SECRET_KEYS.",
    )
    checkpoints: Path | None = Field(None, alias="KAMETRIX_CHECKPOINTS", description="Folder of signed checkpoints, outside the database.")
    trusted_proxy_hops: int = Field(0, alias="KAMETRIX_TRUSTED_PROXY_HOPS", ge=0, le=5)
    log_format: Literal["console", "json"] = Field("console", alias="KAMETRIX_LOG_FORMAT")

    # Database: all three, or none for the embedded PostgreSQL
    database_url: SecretStr = Field(SecretStr(""), alias="DATABASE_URL", description="Owner login, for migrations.")
    database_app_url: SecretStr = Field(
        SecretStr(""), alias="DATABASE_APP_URL", description="Login `kametrix_app`: pages, under row security."
    )
    database_platform_url: SecretStr = Field(
        SecretStr(""), alias="DATABASE_PLATFORM_URL", description="Login `kametrix_platform`: jobs, webhooks, log-in."
    )

    # Operator: who runs this installation, for its imprint and privacy pages
    operator_name: str = Field("", alias="KAMETRIX_OPERATOR_NAME")
    operator_address: str = Field("", alias="KAMETRIX_OPERATOR_ADDRESS", description="Lines separated by semicolons.")
    operator_email: str = Field("", alias="KAMETRIX_OPERATOR_EMAIL")
    operator_phone: str = Field("", alias="KAMETRIX_OPERATOR_PHONE")
    operator_responsible: str = Field("", alias="KAMETRIX_OPERATOR_RESPONSIBLE", description="Who answers for the content.")
    operator_register: str = Field("", alias="KAMETRIX_OPERATOR_REGISTER", description="Register and number, where there is one.")
    operator_vat: str = Field("", alias="KAMETRIX_OPERATOR_VAT", description="VAT number, where there is one.")

    # Accounts
    bcrypt_rounds: int = Field(12, alias="KAMETRIX_BCRYPT_ROUNDS", ge=4, le=16)

    # Telephone numbers
    number_cooldown_hours: int = Field(24, alias="KAMETRIX_NUMBER_COOLDOWN_HOURS", ge=0)
    test_console_url: str = Field("", alias="KAMETRIX_TEST_CONSOLE_URL", description="Where a call can be placed without a telephone.")
    sandbox_providers: str = Field("", alias="KAMETRIX_SANDBOX_PROVIDERS", description="Names shown in the ribbon, comma separated.")

    # Vapi
    vapi_api_key: SecretStr = Field(SecretStr(""), alias="VAPI_API_KEY")
    vapi_base_url: str = Field("https://api.vapi.ai", alias="VAPI_BASE_URL")
    vapi_credential_id: str = Field("", alias="VAPI_CREDENTIAL_ID")
    vapi_webhook_secret: SecretStr = Field(SecretStr(""), alias="VAPI_WEBHOOK_SECRET")
    vapi_webhook_secret_previous: SecretStr = Field(SecretStr(""), alias="VAPI_WEBHOOK_SECRET_PREVIOUS")
    vapi_webhook_hmac_secret: SecretStr = Field(SecretStr(""), alias="VAPI_WEBHOOK_HMAC_SECRET")

    # Stripe
    stripe_secret_key: SecretStr = Field(SecretStr(""), alias="STRIPE_SECRET_KEY")
    stripe_base_url: str = Field("https://api.stripe.com", alias="STRIPE_BASE_URL")
    stripe_webhook_secret: SecretStr = Field(SecretStr(""), alias="STRIPE_WEBHOOK_SECRET")
    stripe_webhook_secret_previous: SecretStr = Field(SecretStr(""), alias="STRIPE_WEBHOOK_SECRET_PREVIOUS")

    # Mail: any SMTP server; without a host no mail is sent
    smtp_host: str = Field("", alias="SMTP_HOST")
    smtp_port: int = Field(587, alias="SMTP_PORT", ge=1, le=65535)
    smtp_username: str = Field("", alias="SMTP_USERNAME")
    smtp_password: SecretStr = Field(SecretStr(""), alias="SMTP_PASSWORD")
    smtp_security: Literal["starttls", "tls", "none"] = Field("starttls", alias="SMTP_SECURITY")
    mail_from: str = Field("Kametrix <hello@kametrix.example>", alias="MAIL_FROM")

    # Language model that writes an agent's texts: any OpenAI-compatible address; without a key templates do
    llm_api_key: SecretStr = Field(SecretStr(""), alias="LLM_API_KEY")
    llm_base_url: str = Field("https://api.openai.com/v1", alias="LLM_BASE_URL")
    llm_model: str = Field("gpt-4o-mini", alias="LLM_MODEL")
    llm_requests_per_day: int = Field(50, alias="LLM_REQUESTS_PER_DAY", ge=1, description="Per organization.")

    @property
    def is_production(self) -> bool:
        """Whether sandboxes, loopback addresses and generated keys are refused."""
        return self.environment == "production"

    @property
    def missing_of_operator(self) -> list[str]:
        """Names of the settings an imprint cannot do without and that are empty."""
        needed = {
            "KAMETRIX_OPERATOR_NAME": self.operator_name,
            "KAMETRIX_OPERATOR_ADDRESS": self.operator_address,
            "KAMETRIX_OPERATOR_EMAIL": self.operator_email,
        }
        return [name for name, value in needed.items() if not value.strip()]

    @property
    def checkpoints_at(self) -> Path:
        """The folder of signed checkpoints."""
        return self.checkpoints or self.data / "checkpoints"

    @property
    def sandbox_inbox(self) -> str:
        """Where e-mails that the sandbox takes are read; empty where they are real."""
        simulated = [name.strip() for name in self.sandbox_providers.split(",")]
        return f"http://localhost:{self.sandbox_port}/inbox" if "mail" in simulated else ""

    @property
    def webhooks_at(self) -> str:
        """The address providers call, without a trailing slash."""
        return (self.webhook_url or self.public_url).rstrip("/")

    def keys(self) -> dict[str, bytes]:
        """Sealing keys by id, newest first. Outside production a key is made once and kept in the data folder."""
        return _keys("KAMETRIX_SECRET_KEYS", self.secret_keys.get_secret_value() or self._local_key("secret.key"))

    def signers(self) -> dict[str, bytes]:
        """Ed25519 seeds by id, newest first, that sign checkpoints. Made once in the data folder outside production."""
        return _keys("KAMETRIX_SIGNING_KEYS", self.signing_keys.get_secret_value() or self._local_key("signing.key"))

    def _local_key(self, name: str) -> str:
        path = self.data / name
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            fresh = path.with_suffix(f".{os.getpid()}")
            fresh.touch(mode=0o600)
            fresh.write_text("local:" + base64.b64encode(secrets.token_bytes(32)).decode())
            with contextlib.suppress(FileExistsError):
                os.link(fresh, path)
            fresh.unlink()
        return path.read_text()

    @model_validator(mode="after")
    def _safe(self) -> "Settings":
        databases = [bool(url.get_secret_value()) for url in self._databases()]
        if any(databases) and not all(databases):
            raise Misconfigured(
                "Set DATABASE_URL, DATABASE_APP_URL and DATABASE_PLATFORM_URL together: the three logins differ in what they may see."
            )
        if self.secret_keys.get_secret_value():
            self.keys()
        if self.signing_keys.get_secret_value():
            self.signers()
        if self.is_production:
            self._safe_for_production(all(databases))
        return self

    def _safe_for_production(self, has_database: bool) -> None:
        wrong: list[str] = []
        if not has_database:
            wrong.append("DATABASE_URL, DATABASE_APP_URL, DATABASE_PLATFORM_URL are required")
        elif len({make_url(url.get_secret_value()).username for url in self._databases()}) < 3:
            wrong.append("DATABASE_URL, DATABASE_APP_URL, DATABASE_PLATFORM_URL need three different logins")
        if not self.secret_keys.get_secret_value():
            wrong.append("KAMETRIX_SECRET_KEYS is required")
        needed = {
            "KAMETRIX_SIGNING_KEYS": self.signing_keys, "VAPI_API_KEY": self.vapi_api_key, "STRIPE_SECRET_KEY": self.stripe_secret_key,
        }  # fmt: skip
        wrong += [f"{name} is required" for name, secret in needed.items() if not secret.get_secret_value()]
        if self.smtp_username and self.smtp_security == "none":
            wrong.append("SMTP_SECURITY must not be none where a password is sent")
        wrong += self._weak_secrets() + self._local_addresses()
        if not self.trusted_proxy_hops:
            wrong.append("KAMETRIX_TRUSTED_PROXY_HOPS must be at least 1, or all visitors share the address of the proxy that ends TLS")
        if self.sandbox_providers or self.test_console_url:
            wrong.append("KAMETRIX_SANDBOX_PROVIDERS and KAMETRIX_TEST_CONSOLE_URL must be empty")
        if self.bcrypt_rounds < 12:
            wrong.append("KAMETRIX_BCRYPT_ROUNDS must be at least 12")
        if wrong:
            raise Misconfigured("Unsafe for production: " + "; ".join(wrong) + ".")

    def _databases(self) -> tuple[SecretStr, ...]:
        return (self.database_url, self.database_app_url, self.database_platform_url)

    def _weak_secrets(self) -> list[str]:
        optional = (
            ("VAPI_WEBHOOK_SECRET_PREVIOUS", self.vapi_webhook_secret_previous),
            ("VAPI_WEBHOOK_HMAC_SECRET", self.vapi_webhook_hmac_secret),
            ("STRIPE_WEBHOOK_SECRET_PREVIOUS", self.stripe_webhook_secret_previous),
        )
        required = [("VAPI_WEBHOOK_SECRET", self.vapi_webhook_secret), ("STRIPE_WEBHOOK_SECRET", self.stripe_webhook_secret)]
        given = [*required, *((name, secret) for name, secret in optional if secret)]
        weak = [name for name, secret in given if len(secret.get_secret_value().strip()) < SHORTEST_SECRET]
        return [f"{name} needs at least {SHORTEST_SECRET} characters" for name in weak]

    def _local_addresses(self) -> list[str]:
        addresses = {
            "KAMETRIX_PUBLIC_URL": self.public_url, "KAMETRIX_WEBHOOK_URL": self.webhooks_at, "VAPI_BASE_URL": self.vapi_base_url,
            "STRIPE_BASE_URL": self.stripe_base_url,
        }  # fmt: skip
        if self.llm_api_key.get_secret_value():
            addresses["LLM_BASE_URL"] = self.llm_base_url
        return [f"{name} must be a public https address" for name, url in addresses.items() if not _is_public_https(url)]


def _keys(name: str, text: str) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for pair in text.strip().split(","):
        key_id, _, encoded = pair.strip().partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except ValueError:
            key = b""
        if len(key) != 32 or "." in key_id or not key_id or key_id in found:
            raise Misconfigured(f"{name}: each key is `id:base64` of exactly 32 bytes, each id once.")
        found[key_id] = key
    return found


def _is_public_https(url: str) -> bool:
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    try:
        address = ip_address(host)
    except ValueError:
        return parts.scheme == "https" and host != "" and host.rpartition(".")[2] != "localhost"
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return parts.scheme == "https" and (mapped or address).is_global


@cache
def settings() -> Settings:
    """The settings of this process."""
    return Settings()  # pyright: ignore[reportCallIssue]  # every field has a default; pyright reads the aliases as required
