"""Webhooks prove themselves or are refused; nothing configured means nothing accepted."""

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kametrix.integrations.vapi.authentication import verify

RAW = b'{"message": {"type": "hang"}}'
NOW = 1_785_146_540.0
SECRET, BEFORE, KEY = "present-secret", "former-secret", "hmac-secret"


def check(
    headers: dict[str, str], *, secrets: tuple[str, ...] = (SECRET, BEFORE), key: str = KEY, raw: bytes = RAW, now: float = NOW
) -> bool:
    return verify(raw, headers, secrets=list(secrets), hmac_secret=key, now=now)


def signed(timestamp: str, *, key: str = KEY, raw: bytes = RAW) -> dict[str, str]:
    digest = hmac.new(key.encode(), timestamp.encode() + b"." + raw, hashlib.sha256).hexdigest()
    return {"X-Signature": digest, "X-Timestamp": timestamp}


@pytest.mark.parametrize("secret", [SECRET, BEFORE])
@pytest.mark.parametrize("name", ["X-Vapi-Secret", "x-vapi-secret"])
def test_both_secrets_are_accepted_in_either_header(name: str, secret: str) -> None:
    assert check({name: secret})
    assert check({"Authorization": f"Bearer {secret}"})
    assert check({"authorization": f"bearer {secret}", name: ""})


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Vapi-Secret": ""},
        {"X-Vapi-Secret": "wrong"},
        {"X-Vapi-Secret": SECRET + "x"},
        {"X-Vapi-Secret": f"Bearer {SECRET}"},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": SECRET},
        {"Authorization": f"Basic {SECRET}"},
        {"X-Vapi-Secret": "pr\u00e9sent"},
        {"X-Signature": "", "X-Timestamp": str(int(NOW))},
    ],
)
def test_anything_else_is_refused(headers: dict[str, str]) -> None:
    assert not check(headers)


@pytest.mark.parametrize("headers", [{"X-Vapi-Secret": ""}, {"Authorization": "Bearer "}, {}, signed(str(int(NOW)), key="")])
def test_without_a_configured_secret_nothing_is_accepted(headers: dict[str, str]) -> None:
    assert not check(headers, secrets=(), key="")
    assert not check(headers, secrets=("", ""), key="")


@pytest.mark.parametrize("offset", [-300, -299, 0, 299, 300])
@pytest.mark.parametrize("unit", [1, 1000])
def test_a_signature_of_the_last_or_next_five_minutes_is_accepted(offset: int, unit: int) -> None:
    assert check(signed(str(int((NOW + offset) * unit))), secrets=())


@pytest.mark.parametrize("offset", [-301, 301, -86_400, 86_400 * 365])
@pytest.mark.parametrize("unit", [1, 1000])
def test_old_and_future_signatures_are_refused(offset: int, unit: int) -> None:
    assert not check(signed(str(int((NOW + offset) * unit))), secrets=())


@pytest.mark.parametrize("timestamp", ["", "soon", "-1", "1e9", "9" * 17, "\u0661\u0662", " 1785146540", "1785146540.5"])
def test_a_timestamp_that_is_none_is_refused(timestamp: str) -> None:
    assert not check(signed(timestamp), secrets=())


def test_the_signature_covers_the_bytes_as_received() -> None:
    headers = signed(str(int(NOW)))
    assert check(headers, secrets=())
    assert check({**headers, "X-Signature": "sha256=" + headers["X-Signature"].upper()}, secrets=())
    assert not check(headers, secrets=(), raw=RAW + b" ")
    assert not check(signed(str(int(NOW)), key="other"), secrets=())
    assert not check({**headers, "X-Timestamp": str(int(NOW) + 1)}, secrets=())


@given(st.text(max_size=30), st.text(max_size=30))
def test_only_the_secret_itself_is_accepted(offered: str, secret: str) -> None:
    assert check({"X-Vapi-Secret": offered}, secrets=(secret,), key="") == (offered == secret and bool(secret))
