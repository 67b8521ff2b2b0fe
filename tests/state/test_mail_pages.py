"""The pages behind links in e-mails, and what the account page says and does about mail."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

import kametrix.kametrix  # noqa: F401  # registers every page and state
from kametrix import db
from kametrix.crypto import token_hash
from kametrix.models import MailKind, MailMessage, MailStatus, User
from kametrix.services import email_confirmation, unsubscribing
from kametrix.services.access import Actor
from kametrix.services.password_requests import ANSWER
from kametrix.state import guard
from kametrix.state.account import AccountState
from kametrix.state.admin.failures import FailuresState
from kametrix.state.confirm import ConfirmState
from kametrix.state.forgot import ForgotState
from kametrix.state.frame import FrameState
from kametrix.state.team import TeamState
from kametrix.state.unsubscribe import UnsubscribeState
from tests.api.client import environment
from tests.mail_facts import FACTS
from tests.services.admin.test_failed_mail import message
from tests.state.admin.people import operator
from tests.state.people import member
from tests.state.processor import Server, serve

TOKEN = "planted-token-" + "x" * 29


@pytest.fixture(autouse=True)
def _fresh_memory() -> Iterator[None]:
    guard._seen.clear()
    guard._rates.clear()
    yield
    guard._seen.clear()


def person(actor: Actor) -> User:
    with db.transaction() as session:
        return session.get_one(User, actor.user_id)


def with_link(actor: Actor) -> None:
    """The person has a link of confirmation with TOKEN."""
    with db.transaction() as session:
        email_confirmation._post(session, session.get_one(User, actor.user_id), again=False)
        session.get_one(User, actor.user_id).email_verification_token_hash = token_hash(TOKEN)


async def shown(server: Server, state: Any, path: str, cookie: str = "", tab: str = "tab") -> Any:
    opened = server.tab(tab, cookie, path=path)
    await opened.send(state.load)
    return await opened.state(state)


def test_opening_a_link_of_confirmation_offers_the_button_and_does_nothing(database: str) -> None:
    actor, cookie = member()
    with_link(actor)

    async def scenario(server: Server) -> None:
        for tab, own, signed_in in (("a", "", False), ("b", cookie, True)):
            found = await shown(server, ConfirmState, f"/confirm?token={TOKEN}", own, tab)
            assert (found.way, found.token, found.is_signed_in) == ("open", TOKEN, signed_in)
        assert not person(actor).email_verified
        with db.transaction() as session:
            session.get_one(User, actor.user_id).email_verified = True
        assert (await shown(server, ConfirmState, f"/confirm?token={TOKEN}", "", "c")).way == "done"
        for tab, path in (("d", "/confirm"), ("e", f"/confirm?token={'x' * 9000}"), ("f", "/confirm?token=other")):
            found = await shown(server, ConfirmState, path, "", tab)
            assert (found.way, found.problem) == ("dead", email_confirmation.UNKNOWN)

    serve(scenario)


def test_the_page_for_a_forgotten_password_says_one_sentence_to_all(database: str) -> None:
    async def scenario(server: Server) -> None:
        assert (await shown(server, ForgotState, "/forgot")).sent == ""
        assert (await shown(server, ForgotState, "/forgot?sent=1", "", "b")).sent == ANSWER
        with environment(SMTP_HOST=""):
            assert not (await shown(server, ForgotState, "/forgot", "", "c")).has_mail

    serve(scenario)


def test_opening_a_link_of_unsubscribing_offers_the_button_and_does_nothing(database: str) -> None:
    actor, _ = member()
    token = parse_qs(urlsplit(unsubscribing.page_for(actor.user_id)).query)["token"][0]

    async def scenario(server: Server) -> None:
        assert (await shown(server, UnsubscribeState, f"/unsubscribe?token={token}")).way == "open"
        assert person(actor).email_notifications
        assert (await shown(server, UnsubscribeState, f"/unsubscribe?token={token}&done=1", "", "b")).way == "done"
        for tab, path in (("c", "/unsubscribe"), ("d", "/unsubscribe?done=1"), ("e", f"/unsubscribe?token={token}x")):
            found = await shown(server, UnsubscribeState, path, "", tab)
            assert (found.way, found.problem) == ("dead", unsubscribing.WRONG)

    serve(scenario)


def test_the_account_page_sends_the_link_again_a_few_times(database: str) -> None:
    actor, cookie = member()

    async def scenario(server: Server) -> None:
        tab = server.tab("tab", cookie, path="/settings")
        await tab.send(AccountState.load)
        assert not (await tab.state(AccountState)).is_verified
        for _ in range(4):
            assert f"A new link is on its way to {actor.email}." in await tab.send(AccountState.confirm_again)
        assert "Too many attempts" in await tab.send(AccountState.confirm_again)
        assert not (await tab.state(AccountState)).is_sending

    serve(scenario)


def test_an_address_confirmed_in_another_tab_is_shown_as_such(database: str) -> None:
    actor, cookie = member()

    async def scenario(server: Server) -> None:
        tab = server.tab("tab", cookie, path="/settings")
        await tab.send(AccountState.load)
        with db.transaction() as session:
            session.get_one(User, actor.user_id).email_verified = True
        assert "confirmed already" in await tab.send(AccountState.confirm_again)
        assert (await tab.state(AccountState)).is_verified

    serve(scenario)


def test_warnings_and_statements_are_switched_in_the_account(database: str) -> None:
    actor, cookie = member()

    async def scenario(server: Server) -> None:
        tab = server.tab("tab", cookie, path="/settings")
        await tab.send(AccountState.load)
        for wanted in (False, True):
            told = await tab.send(AccountState.choose_mail, wanted=wanted)
            assert ("no longer come" in told) is not wanted
            assert (await tab.state(AccountState)).wants_mail is person(actor).email_notifications is wanted

    serve(scenario)


def test_the_team_page_says_whether_an_invitation_went_out_by_mail(database: str) -> None:
    _, cookie = member()

    async def scenario(server: Server) -> None:
        tab = server.tab("tab", cookie, path="/settings/team")
        await tab.send(TeamState.load)
        await tab.send(TeamState.invite, form={"email": "robin@example.com", "role": "AGENT"})
        assert (await tab.state(TeamState)).link_way.startswith("We sent it to robin@example.com.")
        with environment(SMTP_HOST=""):
            await tab.send(TeamState.invite, form={"email": "kim@example.com", "role": "AGENT"})
        assert "not sent by mail" in (await tab.state(TeamState)).link_way
        await tab.send(TeamState.turn_inviting, is_open=False)
        assert (await tab.state(TeamState)).link_way == ""

    serve(scenario)


def test_an_operator_sees_failed_messages_and_sends_them_again(database: str) -> None:
    _, cookie = operator()
    with db.transaction() as session:
        again, away = message(session).id, message(session, MailKind.WELCOME, facts=FACTS[MailKind.WELCOME]).id

    async def scenario(server: Server) -> None:
        tab = server.tab("tab", cookie, path="/admin/failures")
        await tab.send(FailuresState.load)
        lines = {line.id: (line.title, line.can_retry) for line in (await tab.state(FailuresState)).mail}
        assert lines == {again: ("Receipt", True), away: ("Welcome", False)}
        assert "being sent again" in await tab.send(FailuresState.send_again, mail_id=again)
        assert "ask for a new one" in await tab.send(FailuresState.send_again, mail_id=away)
        assert "dismissed" in await tab.send(FailuresState.dismiss_mail, mail_id=away)
        await tab.send(FailuresState.load)
        assert (await tab.state(FailuresState)).mail == []

    serve(scenario)
    with db.transaction() as session:
        assert session.get_one(MailMessage, again).status == MailStatus.PENDING


@pytest.mark.parametrize(("providers", "inbox"), [("Vapi, mail", "http://localhost:4010/inbox"), ("Vapi", ""), ("", "")])
def test_the_ribbon_leads_to_the_inbox_where_mail_is_simulated(database: str, providers: str, inbox: str) -> None:
    _, cookie = member()

    async def scenario(server: Server) -> None:
        found = await shown(server, FrameState, "/dashboard", cookie)
        assert (found.inbox, "e-mails" in found.ribbon) == (inbox, bool(inbox))

    with environment(KAMETRIX_SANDBOX_PROVIDERS=providers):
        serve(scenario)
