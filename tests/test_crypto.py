"""A sealed secret opens at its own place, with a key that is still configured, and unaltered; anything else is refused."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kametrix.crypto import new_token, seal, token_hash, unseal
from kametrix.errors import Misconfigured
from tests.api.client import environment

PLACE = "agent.webhook_token.a1"
OLD, NEW = (f"{name}:{base64.b64encode(name.encode() * 16).decode()}" for name in ("k1", "k2"))


@given(st.text())
def test_what_is_sealed_opens_at_its_place(secret: str) -> None:
    assert unseal(seal(secret, place=PLACE), place=PLACE) == secret


@pytest.mark.parametrize("place", ["agent.webhook_token.a2", "agent.other.a1", "session.webhook_token.a1", "", PLACE + "1"])
def test_an_envelope_moved_to_another_row_column_or_table_does_not_open(place: str) -> None:
    with pytest.raises(Misconfigured, match="cannot be opened"):
        unseal(seal("secret", place=PLACE), place=place)


def test_an_altered_envelope_does_not_open() -> None:
    envelope = seal("secret", place=PLACE)
    version, key_id, nonce, sealed = envelope.split(".")
    flipped = ("B" if sealed[0] == "A" else "A") + sealed[1:]
    for wrong in (
        "",
        "v1",
        envelope + ".x",
        f"v2.{key_id}.{nonce}.{sealed}",
        f"{version}.k9.{nonce}.{sealed}",
        f"{version}.{key_id}.{nonce}.{flipped}",
        f"{version}.{key_id}..{sealed}",
        f"{version}.{key_id}.{nonce}.",
        f"{version}.{key_id}.{nonce}.ü",
        f"{version}.{key_id}.{nonce}.{sealed[:8]}",
    ):
        with pytest.raises(Misconfigured):
            unseal(wrong, place=PLACE)


def test_two_sealings_of_one_secret_differ_and_show_nothing_of_it() -> None:
    first, second = seal("planted-secret", place=PLACE), seal("planted-secret", place=PLACE)
    assert first != second
    assert "planted" not in first


def test_while_keys_rotate_old_envelopes_open_and_new_ones_use_the_new_key() -> None:
    with environment(KAMETRIX_SECRET_KEYS=OLD):
        before = seal("secret", place=PLACE)
    with environment(KAMETRIX_SECRET_KEYS=f"{NEW},{OLD}"):
        after = seal("secret", place=PLACE)
        assert unseal(before, place=PLACE) == unseal(after, place=PLACE) == "secret"
    assert (before.split(".")[1], after.split(".")[1]) == ("k1", "k2")
    with environment(KAMETRIX_SECRET_KEYS=NEW):
        assert unseal(after, place=PLACE) == "secret"
        with pytest.raises(Misconfigured, match=PLACE):
            unseal(before, place=PLACE)


def test_a_token_is_long_and_kept_as_its_hash_alone() -> None:
    token = new_token()
    assert len(base64.urlsafe_b64decode(token + "=")) == 32
    assert len(token_hash(token)) == 64
    assert token_hash(token) != token_hash(new_token())
