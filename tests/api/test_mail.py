"""What links in e-mails do over HTTP: nothing when opened, what they say when their button is pressed; and one answer to all who forgot."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from sqlalchemy import text
from sqlmodel import select

from kametrix import clock, db
from kametrix.crypto import unseal
from kametrix.jobs.mail import ask_password_reset, send_mail
from kametrix.models import AuditLog, MailKind, MailMessage, User, UserStatus
from kametrix.services import invitations, kept_forms, unsubscribing
from kametrix.services.password_requests import ANSWER
from kametrix.services.sessions import COOKIE
from tests import factories
from tests.api.client import OWN, browse, environment
from tests.api.test_auth import DANA, GOOD, PRODUCTION, refused
from tests.mailbox import mailbox, text_of

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def letter(kind: MailKind) -> MailMessage:
    with db.transaction() as session:
        return session.exec(select(MailMessage).where(MailMessage.kind == kind)).one()


def asked() -> list[dict[str, str]]:
    with db.transaction() as session:
        jobs = text("select args from procrastinate_jobs where task_name = 'ask_password_reset' order by id")
        return list(session.connection().execute(jobs).scalars())


def user(email: str = "dana@example.com") -> User:
    with db.transaction() as session:
        return session.exec(select(User).where(User.email == email)).one()


def link_in(body: str) -> str:
    """The path of the button's address."""
    found = re.search(r"http://localhost:3000(/\w+\?token=\S+)", body)
    assert found
    return found.group(1)


def test_from_sign_up_to_a_confirmed_address(database: str) -> None:
    with mailbox() as box:

        async def scenario(client: httpx.AsyncClient) -> None:
            await client.post("/auth/signup", data=DANA, headers=OWN)
            await asyncio.to_thread(send_mail, letter(MailKind.WELCOME).id)
            token = parse_qs(urlsplit(link_in(text_of(box.taken[0]))).query)["token"][0]
            client.cookies.clear()
            assert (await client.get("/auth/confirm", params={"token": token})).status_code == 405, "a scanner opens links"
            assert not user().email_verified
            assert (await client.post("/auth/confirm", data={"token": token})).status_code == 403
            answer = await client.post("/auth/confirm", data={"token": token}, headers=OWN)
            assert (answer.status_code, answer.headers["location"]) == (303, f"/confirm?token={token}")
            assert COOKIE not in answer.cookies, "nobody is logged in by it"
            assert user().email_verified

        browse(scenario)


def test_a_wrong_link_of_confirmation_says_why(database: str) -> None:
    async def scenario(client: httpx.AsyncClient) -> None:
        for token in ("x" * 43, "", "x" * 4000, "\x00"):
            kept = refused(await client.post("/auth/confirm", data={"token": token}, headers=OWN), "/confirm")
            assert "not complete" in kept.message

    browse(scenario)


def test_a_forgotten_password_is_set_anew_by_mail(database: str) -> None:
    with db.transaction() as session:
        factories.create_member(session, email="dana@example.com", password_hash="$2b$04$" + "x" * 53, language="de")
    with mailbox() as box:

        async def scenario(client: httpx.AsyncClient) -> None:
            answer = await client.post("/auth/forgot", data={"email": " Dana@Example.com "}, headers=OWN)
            assert (answer.status_code, answer.headers["location"]) == (303, "/forgot?sent=1")
            ask_password_reset(**asked()[0])
            await asyncio.to_thread(send_mail, letter(MailKind.PASSWORD_RESET).id)
            assert box.taken[0]["Subject"] == "Neues Passwort setzen - Kametrix"
            token = parse_qs(urlsplit(link_in(text_of(box.taken[0]))).query)["token"][0]
            done = await client.post("/auth/reset", data={"token": token, "password": GOOD}, headers=OWN)
            assert done.headers["location"] == "/reset?done=1"
            entered = await client.post("/auth/login", data={"email": "dana@example.com", "password": GOOD}, headers=OWN)
            assert entered.headers["location"] == "/dashboard"

        browse(scenario)
    with db.transaction() as session:
        trace = session.exec(select(AuditLog).where(AuditLog.action == "USER_PASSWORD_FORGOTTEN")).one()
    assert (trace.ip_address, trace.entity_id) == ("203.0.113.7", user().id)


def test_the_answer_does_not_tell_who_has_an_account(database: str) -> None:
    with db.transaction() as session:
        for number, status in enumerate(UserStatus):
            factories.create_user(session, email=f"known{number}@example.com", status=status)
        factories.create_user(session, email="deleted@example.com", deleted_at=NOON)

    async def scenario(client: httpx.AsyncClient) -> None:
        known = [f"known{number}@example.com" for number in range(len(UserStatus))]
        answers = {}
        for email in ("nobody@example.com", "deleted@example.com", *known):
            answer = await client.post("/auth/forgot", data={"email": email}, headers=OWN)
            answers[email] = (answer.status_code, answer.headers["location"], answer.content, "set-cookie" in answer.headers)
        assert set(answers.values()) == {(303, "/forgot?sent=1", b"", False)}

    browse(scenario)
    assert "If there is an account" in ANSWER
    for job in asked():
        ask_password_reset(**job)
    assert letter(MailKind.PASSWORD_RESET).to_email == "known0@example.com", "only who may log in"


def test_requests_are_limited_per_address_and_network_alike_for_everybody(database: str) -> None:
    with db.transaction() as session:
        factories.create_user(session, email="dana@example.com")

    async def scenario(client: httpx.AsyncClient) -> None:
        told: list[list[str]] = []
        for email in ("dana@example.com", "nobody@example.com"):
            answers = [await client.post("/auth/forgot", data={"email": email}, headers=OWN) for _ in range(5)]
            told.append([answer.headers["location"].partition("try=")[0] for answer in answers])
            assert "Too many attempts" in refused(answers[-1], "/forgot").message
        assert told[0] == told[1] == ["/forgot?sent=1"] * 4 + ["/forgot?"]
        for number in range(12):
            answer = await client.post("/auth/forgot", data={"email": f"person{number}@example.com"}, headers=OWN)
            assert answer.headers["location"] == "/forgot?sent=1"
        answer = await client.post("/auth/forgot", data={"email": "one-more@example.com"}, headers=OWN)
        assert "Too many attempts" in refused(answer, "/forgot").message

    with clock.at(NOON):
        browse(scenario)


@pytest.mark.parametrize(
    "email", ["", "dana", "dana@", "a@example.com\r\nBcc: b@example.com", "x" * 9000 + "@example.com", "d\x00@example.com"]
)
def test_what_is_no_address_is_told_at_the_field(database: str, email: str) -> None:
    async def scenario(client: httpx.AsyncClient) -> None:
        kept = refused(await client.post("/auth/forgot", data={"email": email}, headers=OWN), "/forgot")
        assert "Enter an e-mail address" in kept.errors["email"]

    browse(scenario)
    assert asked() == []


def test_a_newer_request_replaces_the_link_and_each_sends_its_own_mail(database: str) -> None:
    with db.transaction() as session:
        factories.create_user(session, email="dana@example.com")
    for _ in range(2):
        ask_password_reset("dana@example.com", "203.0.113.7", "Firefox")
    with db.transaction() as session:
        letters = session.exec(select(MailMessage)).all()
    assert len({unseal(one.secret or "", place=f"mail_message.secret.{one.id}") for one in letters}) == 2


def test_one_click_of_a_mail_program_unsubscribes(database: str) -> None:
    with db.transaction() as session:
        actor = factories.create_member(session, email="dana@example.com")
    address = unsubscribing.one_click_for(actor.user_id).removeprefix("http://localhost:3000")

    async def scenario(client: httpx.AsyncClient) -> None:
        opened = await client.get(address)
        assert (opened.status_code, urlsplit(opened.headers["location"]).path) == (303, "/unsubscribe")
        assert user().email_notifications, "opening changes nothing"
        for _ in range(2):
            answer = await client.post(address, data={"List-Unsubscribe": "One-Click"})
            assert (answer.status_code, answer.json()) == (200, {"unsubscribed": True})
        assert not user().email_notifications
        forged = await client.post(address[:-2] + "xx", data={"List-Unsubscribe": "One-Click"})
        assert (forged.status_code, "not one of ours" in forged.json()["error"]) == (401, True)
        assert (await client.post("/api/mail/unsubscribe")).status_code == 401

    browse(scenario)


def test_the_button_of_the_page_unsubscribes(database: str) -> None:
    with db.transaction() as session:
        actor = factories.create_member(session, email="dana@example.com")
    token = parse_qs(urlsplit(unsubscribing.page_for(actor.user_id)).query)["token"][0]

    async def scenario(client: httpx.AsyncClient) -> None:
        kept = refused(await client.post("/auth/unsubscribe", data={"token": token[:-1]}, headers=OWN), "/unsubscribe")
        assert (user().email_notifications, "Nothing was changed" in kept.message) == (True, True)
        assert (await client.post("/auth/unsubscribe", data={"token": token})).status_code == 403
        done = await client.post("/auth/unsubscribe", data={"token": token}, headers=OWN)
        assert parse_qs(urlsplit(done.headers["location"]).query) == {"token": [token], "done": ["1"]}
        assert not user().email_notifications

    browse(scenario)


def test_a_kept_form_of_a_wrong_link_holds_no_token(database: str) -> None:
    async def scenario(client: httpx.AsyncClient) -> None:
        answer = await client.post("/auth/confirm", data={"token": "planted-token"}, headers=OWN)
        assert "planted" not in str(answer.headers.get_list("set-cookie"))
        assert kept_forms.COOKIE in str(answer.headers.get_list("set-cookie"))

    browse(scenario)


def test_in_production_only_who_confirmed_their_address_has_invitations_mailed(database: str) -> None:
    with db.transaction() as session:
        strange, known = factories.create_member(session), factories.create_member(session, email_verified=True)
    with environment(**PRODUCTION):
        for actor, mailed in ((strange, False), (known, True)):
            with db.transaction() as session:
                assert invitations.invite(session, actor, "robin@example.com", "AGENT").is_mailed is mailed
    with environment(SMTP_HOST=""), db.transaction() as session:
        assert not invitations.invite(session, known, "kim@example.com", "AGENT").is_mailed
    assert letter(MailKind.INVITATION).organization_id == known.organization_id


def test_a_request_waits_an_hour_at_most(database: str) -> None:
    with db.transaction() as session:
        factories.create_user(session, email="dana@example.com")
    with clock.at(NOON):
        ask_password_reset("dana@example.com", "", "")
    with mailbox() as box, clock.at(NOON + timedelta(hours=2)):
        send_mail(letter(MailKind.PASSWORD_RESET).id)
        assert box.taken == []
