"""Confirming an address: by the link alone, once, within three days; and a sign-up that no mail trouble stops."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from kametrix import clock
from kametrix.crypto import token_hash, unseal
from kametrix.errors import Conflict, Invalid, Misconfigured, TooMany
from kametrix.models import AuditLog, MailKind, MailMessage, OrgRole, User, UserStatus
from kametrix.services import accounts, email_confirmation, invitations, mail
from kametrix.services.access import Actor, actor_of
from kametrix.services.accounts import SignUp
from kametrix.services.browser import Browser
from kametrix.services.email_confirmation import EXPIRED, UNKNOWN, LinkState
from tests import factories

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
BROWSER = Browser("203.0.113.7", "Firefox")
FORM = SignUp("Dana Whitlock", "Brightside Dental", "dana@example.com", "kupfer-Wolke-73-tanzt")


def letters(session: Session, kind: MailKind = MailKind.WELCOME) -> list[MailMessage]:
    return list(session.exec(select(MailMessage).where(MailMessage.kind == kind).order_by(MailMessage.created_at, MailMessage.id)))


def token_in(letter: MailMessage) -> str:
    assert letter.secret
    return unseal(letter.secret, place=f"mail_message.secret.{letter.id}")


def signed_up(session: Session) -> tuple[User, str]:
    with clock.at(NOON):
        user = accounts.sign_up(session, FORM)
    return user, token_in(letters(session)[-1])


def actor(user: User) -> Actor:
    return actor_of(
        user_id=user.id, email=user.email, organization_id=user.current_org_id or "", role=OrgRole.OWNER, platform_role=user.role
    )


def test_signing_up_sends_a_welcome_whose_link_confirms_the_address(session: Session) -> None:
    user, token = signed_up(session)
    (letter,) = letters(session)
    assert (letter.to_email, letter.user_id, letter.facts) == (
        "dana@example.com", user.id, {"name": "Dana Whitlock", "business": "Brightside Dental", "again": False},
    )  # fmt: skip
    assert user.email_verification_token_hash == token_hash(token)
    with clock.at(NOON + timedelta(days=2)):
        assert email_confirmation.look(session, token) == LinkState.OPEN
        assert not user.email_verified, "looking confirms nothing"
        assert email_confirmation.confirm(session, token, BROWSER) == user.id
        assert user.email_verified
        assert email_confirmation.look(session, token) == LinkState.DONE
        assert email_confirmation.confirm(session, token, BROWSER) == user.id, "pressed twice"
    trace = session.exec(select(AuditLog).where(AuditLog.action == "USER_CONFIRM_EMAIL")).all()
    assert [(one.entity_id, one.ip_address) for one in trace] == [(user.id, "203.0.113.7")]


def test_a_link_expires_after_three_days(session: Session) -> None:
    user, token = signed_up(session)
    with clock.at(NOON + timedelta(days=3)):
        assert email_confirmation.look(session, token) == LinkState.EXPIRED
        with pytest.raises(Invalid, match="expired"):
            email_confirmation.confirm(session, token, BROWSER)
    assert not user.email_verified
    assert "three days" in EXPIRED


@pytest.mark.parametrize("token", ["", "x", "x" * 5000, "../..", "0", "ü", "a-QMIKHtxq5Suc9RfPjtDJMF-QlB1AFQs613LnFSHkw", "%00"])
def test_what_is_no_link_confirms_nobody(session: Session, token: str) -> None:
    user, _ = signed_up(session)
    assert email_confirmation.look(session, token) == LinkState.UNKNOWN
    with pytest.raises(Invalid, match="not complete"):
        email_confirmation.confirm(session, token, BROWSER)
    assert not user.email_verified
    assert UNKNOWN


def test_a_new_link_kills_the_old_one(session: Session) -> None:
    user, old = signed_up(session)
    with clock.at(NOON):
        assert email_confirmation.send_again(session, actor(user)) == "dana@example.com"
        new = next(token for token in map(token_in, letters(session)) if token != old)
        assert email_confirmation.look(session, old) == LinkState.UNKNOWN
        email_confirmation.confirm(session, new, BROWSER)
        with pytest.raises(Conflict, match="confirmed already"):
            email_confirmation.send_again(session, actor(user))
    assert user.email_verified


def test_links_sent_again_are_limited(session: Session) -> None:
    user, _ = signed_up(session)
    with clock.at(NOON):
        for _ in range(4):
            email_confirmation.count_again(session, actor(user))
        with pytest.raises(TooMany):
            email_confirmation.count_again(session, actor(user))


def test_a_link_that_works_costs_no_attempt(session: Session) -> None:
    _, token = signed_up(session)
    with clock.at(NOON):
        for _ in range(30):
            email_confirmation.count(session, BROWSER)
            email_confirmation.confirm(session, token, BROWSER)


def test_guessing_is_limited_by_network(session: Session) -> None:
    with clock.at(NOON):
        for _ in range(20):
            email_confirmation.count(session, BROWSER)
        with pytest.raises(TooMany):
            email_confirmation.count(session, BROWSER)


@pytest.mark.parametrize("trouble", [Misconfigured("no key"), "too long"])
def test_no_trouble_with_mail_stops_a_sign_up(session: Session, monkeypatch: pytest.MonkeyPatch, trouble: Any) -> None:
    def post(*given: Any, **facts: Any) -> None:
        if isinstance(trouble, Exception):
            raise trouble
        real(*given, **{**facts, "language": "x" * 99})

    real = mail.post
    monkeypatch.setattr(mail, "post", post)
    user = accounts.sign_up(session, FORM)
    session.flush()
    assert letters(session) == []
    assert accounts.log_in(session, "dana@example.com", FORM.password).id == user.id


def test_a_form_sent_twice_sends_one_welcome(session: Session) -> None:
    for _ in range(2):
        accounts.sign_up(session, FORM)
    assert len(letters(session)) == 1


def test_who_joins_by_invitation_is_welcomed_too(session: Session) -> None:
    owner = factories.create_member(session, name="Robin Vale")
    invited = invitations.invite(session, owner, "dana@example.com", "AGENT")
    user = invitations.accept_new(session, invited.token, FORM.checked())
    assert not user.email_verified
    assert token_hash(token_in(letters(session)[0])) == user.email_verification_token_hash


def test_an_invitation_goes_out_by_mail_with_the_link_that_is_shown(session: Session) -> None:
    owner = factories.create_member(session, name="Robin Vale", language="de")
    with clock.at(NOON):
        invited = invitations.invite(session, owner, "dana@example.com", "AGENT")
    (letter,) = letters(session, MailKind.INVITATION)
    assert invited.is_mailed
    assert (letter.to_email, letter.language, token_in(letter)) == ("dana@example.com", "de", invited.token)
    assert letter.facts == {
        "organization": "Brightside Dental", "inviter": "Robin Vale", "role": "AGENT", "expires_at": "2026-11-27T12:00:00+00:00",
    }  # fmt: skip
    renewed = invitations.renew(session, owner, invitations.waiting(session, owner)[0].id)
    assert {token_in(one) for one in letters(session, MailKind.INVITATION)} == {invited.token, renewed.token}


def test_who_has_an_account_reads_an_invitation_in_their_language(session: Session) -> None:
    factories.create_user(session, email="dana@example.com", language="de", status=UserStatus.ACTIVE)
    invitations.invite(session, factories.create_member(session), "dana@example.com", "AGENT")
    assert [one.language for one in letters(session, MailKind.INVITATION)] == ["de"]
