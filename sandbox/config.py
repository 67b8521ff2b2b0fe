"""What one sandbox process was started with."""

import os
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Llm:
    """An OpenAI-compatible model that answers callers; without `base_url` the built-in receptionist does."""

    base_url: str = ""
    api_key: str = ""
    model: str = ""


@dataclass(frozen=True)
class Config:
    """`public` is the address browsers and the product use; `data` holds state and recordings."""

    port: int
    data: Path
    public: str
    api_key: str = "sbx_local"
    credential_id: str = ""
    credential_token: str = ""
    llm: Llm = field(default_factory=Llm)
    stripe_api_key: str = "sk_test_sbx_local"
    stripe_webhook_url: str = ""
    stripe_webhook_secret: str = ""
    smtp_port: int = 0
    """Where mail is taken; 0: nowhere."""


class Refused(SystemExit):
    """The sandbox does not start; the message says why."""


def from_environment(port: int, data: Path, public: str) -> Config:
    """Read the SANDBOX_* and LLM_* variables. Raises Refused in production."""
    if os.environ.get("KAMETRIX_ENVIRONMENT") == "production":
        raise Refused("The sandbox does not run in production: unset KAMETRIX_ENVIRONMENT=production, or use the real providers.")
    read = os.environ.get
    return Config(
        port=port,
        data=data,
        public=(public or f"http://localhost:{port}").rstrip("/"),
        api_key=read("SANDBOX_VAPI_API_KEY") or Config.api_key,
        credential_id=read("SANDBOX_VAPI_CREDENTIAL_ID", ""),
        credential_token=read("SANDBOX_VAPI_CREDENTIAL_TOKEN", ""),
        smtp_port=int(read("SANDBOX_SMTP_PORT") or 0),
        llm=Llm(read("LLM_BASE_URL", "").rstrip("/"), read("LLM_API_KEY", ""), read("LLM_MODEL", "")),
        stripe_api_key=read("SANDBOX_STRIPE_SECRET_KEY") or Config.stripe_api_key,
        stripe_webhook_url=read("SANDBOX_STRIPE_WEBHOOK_URL", ""),
        stripe_webhook_secret=read("SANDBOX_STRIPE_WEBHOOK_SECRET", ""),
    )
