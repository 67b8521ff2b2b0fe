"""Production refuses to start unsafe: one test per reason, each breaking one setting of an installation that starts."""

import base64

import pytest

from kametrix.errors import Misconfigured
from kametrix.settings import Settings

KEY = base64.b64encode(b"k" * 32).decode()
SAFE = {
    "KAMETRIX_ENVIRONMENT": "production",
    "KAMETRIX_PUBLIC_URL": "https://kametrix.example",
    "KAMETRIX_SECRET_KEYS": f"k1:{KEY}",
    "KAMETRIX_TRUSTED_PROXY_HOPS": "1",
    "KAMETRIX_BCRYPT_ROUNDS": "12",
    "DATABASE_URL": "postgresql+psycopg2://kametrix_owner@db.example/kametrix",
    "DATABASE_APP_URL": "postgresql+psycopg2://kametrix_app@db.example/kametrix",
    "DATABASE_PLATFORM_URL": "postgresql+psycopg2://kametrix_platform@db.example/kametrix",
    "VAPI_API_KEY": "private-key",
    "VAPI_BASE_URL": "https://api.vapi.ai",
    "VAPI_WEBHOOK_SECRET": "w" * 24,
    "KAMETRIX_SIGNING_KEYS": f"k1:{KEY}",
    "STRIPE_SECRET_KEY": "secret-key",
    "STRIPE_BASE_URL": "https://api.stripe.com",
    "STRIPE_WEBHOOK_SECRET": "whsec_" + "w" * 24,
    "LLM_API_KEY": "another-private-key",
    "LLM_BASE_URL": "https://api.openai.com/v1",
}
OTHERS = (
    "KAMETRIX_WEBHOOK_URL",
    "KAMETRIX_TEST_CONSOLE_URL",
    "KAMETRIX_SANDBOX_PROVIDERS",
    "VAPI_WEBHOOK_SECRET_PREVIOUS",
    "VAPI_WEBHOOK_HMAC_SECRET",
    "STRIPE_WEBHOOK_SECRET_PREVIOUS",
)


def start(monkeypatch: pytest.MonkeyPatch, **changes: str) -> Settings:
    for name in OTHERS:
        monkeypatch.delenv(name, raising=False)
    for name, value in {**SAFE, **changes}.items():
        monkeypatch.setenv(name, value)
    return Settings()  # type: ignore[call-arg]  # every field has a default


def test_a_safe_installation_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    assert start(monkeypatch).is_production


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("KAMETRIX_SECRET_KEYS", "", "KAMETRIX_SECRET_KEYS is required"),
        ("VAPI_API_KEY", "", "VAPI_API_KEY is required"),
        ("KAMETRIX_SIGNING_KEYS", "", "KAMETRIX_SIGNING_KEYS is required"),
        ("STRIPE_SECRET_KEY", "", "STRIPE_SECRET_KEY is required"),
        ("STRIPE_WEBHOOK_SECRET", "", "STRIPE_WEBHOOK_SECRET needs"),
        ("STRIPE_WEBHOOK_SECRET_PREVIOUS", "short", "STRIPE_WEBHOOK_SECRET_PREVIOUS needs"),
        ("STRIPE_BASE_URL", "http://127.0.0.1:4010/stripe", "STRIPE_BASE_URL must be"),
        ("VAPI_WEBHOOK_SECRET", "", "VAPI_WEBHOOK_SECRET needs"),
        ("VAPI_WEBHOOK_SECRET", "w" * 23, "VAPI_WEBHOOK_SECRET needs"),
        ("VAPI_WEBHOOK_SECRET", " " * 24, "VAPI_WEBHOOK_SECRET needs"),
        ("VAPI_WEBHOOK_SECRET_PREVIOUS", "short", "VAPI_WEBHOOK_SECRET_PREVIOUS needs"),
        ("VAPI_WEBHOOK_HMAC_SECRET", "short", "VAPI_WEBHOOK_HMAC_SECRET needs"),
        ("KAMETRIX_TRUSTED_PROXY_HOPS", "0", "KAMETRIX_TRUSTED_PROXY_HOPS"),
        ("KAMETRIX_SANDBOX_PROVIDERS", "Vapi", "must be empty"),
        ("KAMETRIX_TEST_CONSOLE_URL", "https://console.example", "must be empty"),
        ("KAMETRIX_BCRYPT_ROUNDS", "11", "KAMETRIX_BCRYPT_ROUNDS"),
        ("DATABASE_APP_URL", SAFE["DATABASE_URL"], "three different logins"),
        ("DATABASE_APP_URL", SAFE["DATABASE_PLATFORM_URL"], "three different logins"),
    ],
)
def test_production_refuses(monkeypatch: pytest.MonkeyPatch, name: str, value: str, reason: str) -> None:
    with pytest.raises(Misconfigured, match=reason):
        start(monkeypatch, **{name: value})


@pytest.mark.parametrize("name", ["KAMETRIX_PUBLIC_URL", "KAMETRIX_WEBHOOK_URL", "VAPI_BASE_URL", "LLM_BASE_URL"])
@pytest.mark.parametrize(
    "address",
    [
        "http://kametrix.example",
        "https://localhost",
        "https://LOCALHOST:3000",
        "https://localhost.",
        "https://app.localhost",
        "https://127.0.0.1",
        "https://127.9.9.9:4010/vapi",
        "https://[::1]:4010",
        "https://[::ffff:127.0.0.1]",
        "https://0.0.0.0",
        "https://",
        "kametrix.example",
    ],
)
def test_production_refuses_an_address_that_is_not_public_https(monkeypatch: pytest.MonkeyPatch, name: str, address: str) -> None:
    with pytest.raises(Misconfigured, match=f"{name} must be a public https address"):
        start(monkeypatch, **{name: address})


def test_without_a_key_no_model_is_asked_so_its_address_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    assert start(monkeypatch, LLM_API_KEY="", LLM_BASE_URL="http://127.0.0.1:9/v1").is_production


def test_production_needs_its_three_databases(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("DATABASE_URL", "DATABASE_APP_URL", "DATABASE_PLATFORM_URL")
    with pytest.raises(Misconfigured, match="DATABASE_PLATFORM_URL are required"):
        start(monkeypatch, **dict.fromkeys(names, ""))
    for name in names:
        with pytest.raises(Misconfigured, match="together"):
            start(monkeypatch, **{name: ""})


@pytest.mark.parametrize("keys", ["k1", "k1:", f":{KEY}", "k1:not base64!", "k1:c2hvcnQ=", f"k.1:{KEY}", f"k1:{KEY},k1:{KEY}", ","])
def test_keys_that_cannot_be_used_are_told_at_the_start(monkeypatch: pytest.MonkeyPatch, keys: str) -> None:
    with pytest.raises(Misconfigured, match="KAMETRIX_SECRET_KEYS"):
        start(monkeypatch, KAMETRIX_SECRET_KEYS=keys)


def test_a_refusal_names_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Misconfigured) as refused:
        start(monkeypatch, VAPI_WEBHOOK_SECRET="planted", KAMETRIX_SECRET_KEYS="k1:planted")
    assert "planted" not in str(refused.value)
    assert "planted" not in repr(start(monkeypatch, VAPI_API_KEY="planted"))


def test_a_mail_password_is_never_sent_in_the_open(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Misconfigured, match="SMTP_SECURITY must not be none"):
        start(monkeypatch, SMTP_USERNAME="kametrix", SMTP_SECURITY="none")
