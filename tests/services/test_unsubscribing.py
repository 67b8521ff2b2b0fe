"""The link that turns warnings and statements off: for its own person, forged for nobody, and on again in the settings."""

import base64
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session, select

from kametrix import clock
from kametrix.crypto import is_seal_of, seal_of
from kametrix.models import AuditLog, User
from kametrix.services import unsubscribing
from kametrix.services.unsubscribing import NotOurs
from tests import factories
from tests.api.client import environment


def token_for(user_id: str) -> str:
    return parse_qs(urlsplit(unsubscribing.page_for(user_id)).query)["token"][0]


def wants(session: Session, user_id: str) -> bool:
    return session.get_one(User, user_id, populate_existing=True).email_notifications


def test_the_link_turns_mail_off_for_its_person_and_only_once(session: Session) -> None:
    actor, other = factories.create_member(session), factories.create_member(session)
    token = token_for(actor.user_id)
    assert unsubscribing.problem(session, token) == ""
    assert wants(session, actor.user_id), "looking changes nothing"
    for _ in range(2):
        unsubscribing.unsubscribe(session, token)
    assert (wants(session, actor.user_id), wants(session, other.user_id)) == (False, True)
    (trace,) = session.exec(select(AuditLog)).all()
    assert (trace.action, trace.new_values) == ("USER_UPDATE", {"email_notifications": False})
    unsubscribing.choose(session, actor, True)
    assert wants(session, actor.user_id)


def test_both_addresses_carry_the_same_token() -> None:
    page, click = unsubscribing.page_for("abc"), unsubscribing.one_click_for("abc")
    assert page.startswith("http://localhost:3000/unsubscribe?token=abc.")
    assert click == page.replace("/unsubscribe", "/api/mail/unsubscribe")


def test_a_token_is_of_one_person(session: Session) -> None:
    mine, theirs = factories.create_member(session), factories.create_member(session)
    proof = token_for(mine.user_id).partition(".")[2]
    gone = factories.create_user(session, deleted_at=clock.now())
    for token in (
        f"{theirs.user_id}.{proof}", f"{mine.user_id}.{proof[:-1]}", f"{mine.user_id}.", f".{proof}", mine.user_id, "", "x" * 5000,
        f"{mine.user_id}.{proof}.{proof}", f" {mine.user_id}.{proof}", f"{mine.user_id.upper()}.{proof}",
        token_for("nobody"),
        token_for(gone.id),
        f"{mine.user_id}.{seal_of(mine.user_id, purpose='another')}", f"{mine.user_id}.{'ü' * 43}",
    ):  # fmt: skip
        assert unsubscribing.problem(session, token)
        with pytest.raises(NotOurs, match="Nothing was changed"):
            unsubscribing.unsubscribe(session, token)
    assert all(wants(session, user_id) for user_id in (mine.user_id, theirs.user_id, gone.id))


@given(st.text(max_size=120))
def test_whatever_is_sent_is_no_seal_of(text: str) -> None:
    assert not is_seal_of("abc", text, purpose=unsubscribing.PURPOSE)


def test_a_link_works_while_its_key_is_configured() -> None:
    def keys(*numbers: int) -> str:
        return ",".join(f"k{number}:{base64.b64encode(bytes([number]) * 32).decode()}" for number in numbers)

    with environment(KAMETRIX_SECRET_KEYS=keys(1)):
        old = seal_of("abc", purpose="x")
    with environment(KAMETRIX_SECRET_KEYS=keys(2, 1)):
        assert is_seal_of("abc", old, purpose="x")
        assert seal_of("abc", purpose="x") != old
    with environment(KAMETRIX_SECRET_KEYS=keys(2)):
        assert not is_seal_of("abc", old, purpose="x")
