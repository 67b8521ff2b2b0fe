"""Which addresses are ours."""

from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from starlette.requests import Request

from kametrix.api.origin import client_address, own_origins, own_path
from tests.api.client import environment

CHARACTERS = st.text(st.sampled_from("/\\:@.?#&%=\t\n\r \x00\x7fahtps;javscrip\u2028\u3000\uff0f"), max_size=25)


@pytest.mark.parametrize("target", ["/calls", "/calls?status=FAILED&after=x", "/agents/abc#voice", "/calls?q=http://a.example", "/ümlaut"])
def test_paths_of_ours_are_kept(target: str) -> None:
    assert own_path(target) == target


@pytest.mark.parametrize(
    "target",
    [
        "", None, "calls", "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "https://evil.example",
        "javascript:alert(1)", "/\t/evil.example", "/\n/evil.example", " //evil.example", "/a\x00b", "/a\u00a0b", "/auth/logout",
        "/login?redirect=/login", "/" + "x" * 501,
    ],
)  # fmt: skip
def test_everything_else_goes_to_the_dashboard(target: str | None) -> None:
    assert own_path(target) == "/dashboard"


@given(CHARACTERS.map(lambda text: "/" + text) | CHARACTERS | st.text(max_size=30))
@example("/[")
@example("//[")
@example("/\\[x")
def test_no_target_leaves_our_origin(target: str) -> None:
    found = own_path(target)
    read = "".join(character for character in found if character not in "\t\n\r").strip().replace("\\", "/")
    parts = urlsplit(urljoin("https://kametrix.example/login", read))
    assert (parts.scheme, parts.netloc) == ("https", "kametrix.example")


def test_the_loopback_address_counts_as_ours_on_one_machine_alone() -> None:
    assert own_origins() == ["http://localhost:3000", "http://127.0.0.1:3000"]
    with environment(KAMETRIX_PUBLIC_URL="https://kametrix.example/"):
        assert own_origins() == ["https://kametrix.example"]


@pytest.mark.parametrize(
    ("hops", "forwarded", "address"),
    [
        ("0", "198.51.100.9", "203.0.113.7"),
        ("1", "198.51.100.9", "198.51.100.9"),
        ("1", "1.1.1.1, 198.51.100.9", "198.51.100.9"),
        ("2", "1.1.1.1, 198.51.100.9, 10.0.0.1", "198.51.100.9"),
        ("2", "198.51.100.9", "203.0.113.7"),
        ("1", "", "203.0.113.7"),
        ("1", "1.1.1.1\n198.51.100.9", "198.51.100.9"),
    ],
)
def test_a_forwarded_address_is_believed_behind_our_own_proxies_alone(hops: str, forwarded: str, address: str) -> None:
    lines = [(b"x-forwarded-for", line.encode()) for line in forwarded.split("\n")]
    request = Request({"type": "http", "headers": lines, "client": ("203.0.113.7", 1)})
    with environment(KAMETRIX_TRUSTED_PROXY_HOPS=hops):
        assert client_address(request) == address
