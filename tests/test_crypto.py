"""Sealed secrets open at their own place, with the key they were sealed with, and nowhere else."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kametrix.crypto import new_token, seal, token_hash, unseal
from kametrix.errors import Misconfigured
from tests.api.client import environment

PLACE = "agent.webhook_token.a1"
OLD, NEW = ("old:" + base64.b64encode(bytes([1]) * 32).decode(), "new:" + base64.b64encode(bytes([2]) * 32).decode())


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_what_is_sealed_opens_again(secret: str) -> None:
    envelope = seal(secret, place=PLACE)
    assert envelope.startswith("v1.")
    assert unseal(envelope, place=PLACE) == secret


def test_the_same_secret_never_looks_the_same() -> None:
    assert seal("secret", place=PLACE) != seal("secret", place=PLACE)


def test_a_moved_envelope_stays_closed() -> None:
    with pytest.raises(Misconfigured, match=r"agent\.webhook_token\.b2"):
        unseal(seal("secret", place=PLACE), place="agent.webhook_token.b2")


@pytest.mark.parametrize("part", [0, 1, 2, 3])
def test_an_altered_envelope_stays_closed(part: int) -> None:
    parts = seal("secret", place=PLACE).split(".")
    parts[part] = ("A" if parts[part][0] != "A" else "B") + parts[part][1:]
    with pytest.raises(Misconfigured):
        unseal(".".join(parts), place=PLACE)


@pytest.mark.parametrize("envelope", ["", "secret", "v1.k.n", "v1.local.*.*"])
def test_what_is_no_envelope_is_told_so(envelope: str) -> None:
    with pytest.raises(Misconfigured):
        unseal(envelope, place=PLACE)


def test_a_key_is_replaced_while_the_old_one_still_opens() -> None:
    with environment(KAMETRIX_SECRET_KEYS=OLD):
        before = seal("secret", place=PLACE)
    with environment(KAMETRIX_SECRET_KEYS=f"{NEW},{OLD}"):
        after = seal("secret", place=PLACE)
        assert (before.split(".")[1], after.split(".")[1]) == ("old", "new")
        assert unseal(before, place=PLACE) == unseal(after, place=PLACE) == "secret"
    with environment(KAMETRIX_SECRET_KEYS=NEW), pytest.raises(Misconfigured):
        unseal(before, place=PLACE)


def test_a_token_is_32_random_bytes_and_its_hash_does_not_tell_it() -> None:
    token = new_token()
    assert len(base64.urlsafe_b64decode(token + "=")) == 32
    assert token != new_token()
    assert len(token_hash(token)) == 64
    assert token not in token_hash(token)
