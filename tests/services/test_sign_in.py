"""Attempts are counted by the line they come from, whatever address of it they use."""

import pytest
from sqlmodel import Session

from kametrix.errors import TooMany
from kametrix.services import sign_in
from kametrix.services.sign_in import Browser


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:aaaa:bbbb:cccc:dddd", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unknown", "unknown"),
        ("", ""),
    ],
)
def test_a_line_is_its_address_or_its_ipv6_network(address: str, network: str) -> None:
    assert Browser(address, "").network == network


def test_changing_the_address_within_a_network_brings_no_more_attempts(session: Session) -> None:
    for number in range(5):
        sign_in.count_log_in(session, f"person{number}@example.com", Browser(f"2001:db8::{number + 1:x}", ""))
    with pytest.raises(TooMany):
        sign_in.count_log_in(session, "another@example.com", Browser("2001:db8::ffff", ""))
    sign_in.count_log_in(session, "another@example.com", Browser("2001:db8:0:1::1", ""))
