"""Settings refuse to start unsafe, and say everything that is wrong at once."""

import base64
import os

import pytest

from kametrix.errors import Misconfigured
from kametrix.settings import Settings, settings
from tests.api.client import environment

KEY = "k1:" + base64.b64encode(bytes(32)).decode()
SAFE = {
    "KAMETRIX_ENVIRONMENT": "production",
    "KAMETRIX_PUBLIC_URL": "https://phones.example.com",
    "KAMETRIX_WEBHOOK_URL": "",
    "KAMETRIX_SECRET_KEYS": KEY,
    "KAMETRIX_SANDBOX_PROVIDERS": "",
    "KAMETRIX_TEST_CONSOLE_URL": "",
    "KAMETRIX_BCRYPT_ROUNDS": "12",
    "DATABASE_URL": "postgresql+psycopg2://owner@db.example.com/kametrix",
    "DATABASE_APP_URL": "postgresql+psycopg2://app@db.example.com/kametrix",
    "DATABASE_PLATFORM_URL": "postgresql+psycopg2://platform@db.example.com/kametrix",
    "VAPI_API_KEY": "key-of-production",
    "VAPI_BASE_URL": "https://api.vapi.ai",
    "VAPI_WEBHOOK_SECRET": "a-webhook-secret-of-32-characters",
}


def read(**changes: str) -> Settings:
    with environment(**{**SAFE, **changes}):
        return settings()


def test_production_starts_when_everything_is_set() -> None:
    assert read().is_production
    assert read().webhooks_at == "https://phones.example.com"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"VAPI_BASE_URL": "http://127.0.0.1:4010/vapi"}, "VAPI_BASE_URL"),
        ({"VAPI_BASE_URL": "https://localhost/vapi"}, "VAPI_BASE_URL"),
        ({"KAMETRIX_PUBLIC_URL": "http://phones.example.com"}, "KAMETRIX_PUBLIC_URL"),
        ({"KAMETRIX_WEBHOOK_URL": "https://127.0.0.1"}, "KAMETRIX_WEBHOOK_URL"),
        ({"KAMETRIX_SANDBOX_PROVIDERS": "Vapi"}, "KAMETRIX_SANDBOX_PROVIDERS"),
        ({"KAMETRIX_TEST_CONSOLE_URL": "http://localhost:4010"}, "KAMETRIX_TEST_CONSOLE_URL"),
        ({"KAMETRIX_SECRET_KEYS": ""}, "KAMETRIX_SECRET_KEYS"),
        ({"KAMETRIX_BCRYPT_ROUNDS": "4"}, "KAMETRIX_BCRYPT_ROUNDS"),
        ({"VAPI_API_KEY": ""}, "VAPI_API_KEY"),
        ({"VAPI_WEBHOOK_SECRET": ""}, "VAPI_WEBHOOK_SECRET"),
        ({"VAPI_WEBHOOK_SECRET": "too-short"}, "VAPI_WEBHOOK_SECRET"),
        ({"DATABASE_URL": "", "DATABASE_APP_URL": "", "DATABASE_PLATFORM_URL": ""}, "DATABASE_URL"),
    ],
)
def test_production_refuses_what_is_only_safe_on_one_machine(changes: dict[str, str], told: str) -> None:
    with pytest.raises(Misconfigured, match=told):
        read(**changes)


def test_everything_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(Misconfigured) as refused:
        read(VAPI_API_KEY="", KAMETRIX_SECRET_KEYS="")
    assert "VAPI_API_KEY" in refused.value.message
    assert "KAMETRIX_SECRET_KEYS" in refused.value.message


def test_one_login_without_the_others_is_refused_everywhere() -> None:
    with pytest.raises(Misconfigured, match="three logins"):
        read(KAMETRIX_ENVIRONMENT="local", DATABASE_APP_URL="")


@pytest.mark.parametrize("keys", ["k1:", "k1:c2hvcnQ=", ":" + KEY[3:], "a.b:" + KEY[3:]])
def test_a_sealing_key_that_is_none_is_refused(keys: str) -> None:
    with pytest.raises(Misconfigured, match="32 bytes"):
        read(KAMETRIX_SECRET_KEYS=keys).keys()


def test_no_secret_shows_when_settings_are_printed() -> None:
    shown = repr(read())
    for secret in (SAFE["VAPI_API_KEY"], SAFE["VAPI_WEBHOOK_SECRET"], KEY, SAFE["DATABASE_URL"]):
        assert secret not in shown


def test_a_local_key_is_made_once_and_for_its_owner_alone(tmp_path: os.PathLike[str]) -> None:
    local = {"KAMETRIX_ENVIRONMENT": "local", "KAMETRIX_SECRET_KEYS": "", "KAMETRIX_DATA": str(tmp_path)}
    first, second = read(**local).keys(), read(**local).keys()
    assert first == second
    assert [path.stat().st_mode & 0o777 for path in read(**local).data.iterdir()] == [0o600]
