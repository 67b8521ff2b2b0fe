"""The settings, log-in and sign-up pages behind the guard."""

from collections.abc import Iterator

import pytest

import kametrix.kametrix  # noqa: F401  # registers every page and state
from kametrix import db
from kametrix.models import User
from kametrix.services import accounts, kept_forms, passwords, sessions
from kametrix.services.access import Actor
from kametrix.state import guard
from kametrix.state.account import AccountState
from kametrix.state.entry import GONE, EntryState
from kametrix.state.frame import FrameState
from tests import factories
from tests.state.processor import Server, serve

OLD = "kupfer-Wolke-73-tanzt"
NEW = "Nebel-giraffe-4-Leuchtturm"


@pytest.fixture(autouse=True)
def _fresh_memory() -> Iterator[None]:
    guard._seen.clear()
    guard._rates.clear()
    yield
    guard._seen.clear()


def member(count: int = 1) -> tuple[Actor, list[str]]:
    """A person with a password and `count` sessions."""
    with db.transaction() as session:
        actor = factories.create_member(session, password_hash=passwords.hashed(OLD))
        user = session.get_one(User, actor.user_id)
        return actor, [sessions.start(session, user, ip_address="203.0.113.7", user_agent="Firefox/140.0 Linux") for _ in range(count)]


def test_a_name_is_saved_and_shown_in_the_frame_at_once(database: str) -> None:
    _, [token] = member()

    async def scenario(server: Server) -> None:
        tab = server.tab(cookie=token)
        await tab.send(AccountState.load)
        told = await tab.send(AccountState.save_name, form={"name": " Ida  Sommer "})
        state, frame = await tab.state(AccountState), await tab.state(FrameState)
        assert (state.name, state.name_error, state.is_saving_name) == ("Ida Sommer", "", False)
        assert frame.person == "Ida Sommer"
        assert "Your name is saved." in told

    serve(scenario)


def test_a_wrong_name_is_told_at_the_field(database: str) -> None:
    _, [token] = member()

    async def scenario(server: Server) -> None:
        tab = server.tab(cookie=token)
        for form in ({"name": " "}, {}, {"name": "x" * 101}):
            told = await tab.send(AccountState.save_name, form=form)
            state = await tab.state(AccountState)
            assert state.name_error
            assert "aria-invalid" in told
            assert not state.is_saving_name

    serve(scenario)


def test_a_password_is_changed_and_other_devices_are_logged_out_at_once(database: str) -> None:
    actor, [here, there] = member(2)

    async def scenario(server: Server) -> None:
        tab, other = server.tab("here", here), server.tab("there", there)
        await other.send(AccountState.load)
        await tab.send(AccountState.load)
        assert "aria-invalid" in await tab.send(AccountState.change_password, form={"old": NEW, "new": NEW})
        state = await tab.state(AccountState)
        assert (state.password_errors["old"], state.password_form) == ("This is not your current password.", 0)
        await tab.send(AccountState.change_password, form={"old": OLD, "new": "short"})
        assert state.password_errors == {"old": "", "new": "Use at least 8 characters."}
        told = await tab.send(AccountState.change_password, form={"old": OLD, "new": NEW})
        assert "Your password is changed. 1 other session ended." in told
        assert (state.password_form, state.password_errors, len(state.sessions)) == (1, {"old": "", "new": ""}, 1)
        assert "/login" in await other.send(AccountState.load)
        assert OLD not in tab.received()
        assert NEW not in tab.received()

    serve(scenario)
    with db.transaction() as session:
        assert accounts.log_in(session, actor.email, NEW)


def test_guessing_the_current_password_is_limited(database: str) -> None:
    _, [token] = member()

    async def scenario(server: Server) -> None:
        tab = server.tab(cookie=token)
        for _ in range(5):
            await tab.send(AccountState.change_password, form={"old": NEW, "new": NEW})
        told = await tab.send(AccountState.change_password, form={"old": OLD, "new": NEW})
        assert "Too many attempts" in told
        assert not (await tab.state(AccountState)).is_saving_password

    serve(scenario)


def test_a_session_is_named_before_it_is_ended(database: str) -> None:
    _, [here, there] = member(2)

    async def scenario(server: Server) -> None:
        tab, other = server.tab("here", here), server.tab("there", there)
        await tab.send(AccountState.load)
        await other.send(AccountState.load)
        state = await tab.state(AccountState)
        assert [(row.device, row.is_current) for row in state.sessions] == [("Firefox on Linux", True), ("Firefox on Linux", False)]
        await tab.send(AccountState.ask_revoke, session_id="somebody else's")
        assert state.revoking == ""
        await tab.send(AccountState.ask_revoke, session_id=state.sessions[1].id)
        assert state.revoking == "Firefox on Linux"
        await tab.send(AccountState.turn_revoke, is_open=False)
        assert state.revoking == ""
        await tab.send(AccountState.ask_revoke, session_id=state.sessions[1].id)
        assert "is logged out" in await tab.send(AccountState.revoke, _form={})
        assert (len(state.sessions), state.has_others) == (1, False)
        assert "/login" in await other.send(AccountState.load)

    serve(scenario)


def test_all_others_are_ended_together(database: str) -> None:
    _, tokens = member(3)

    async def scenario(server: Server) -> None:
        tab = server.tab(cookie=tokens[0])
        await tab.send(AccountState.load)
        await tab.send(AccountState.turn_others, is_open=True)
        assert "2 other sessions ended." in await tab.send(AccountState.revoke_others, _form={})
        assert len((await tab.state(AccountState)).sessions) == 1

    serve(scenario)


def test_a_refused_form_comes_back_with_its_reasons(database: str) -> None:
    form = kept_forms.KeptForm(errors={"email": accounts.TAKEN}, values={"name": "Dana", "email": "dana@example.com"})

    async def scenario(server: Server) -> None:
        path = f"/signup?try={form.key}&redirect=/agents"
        tab = server.tab(path=path, other_cookies=f"{kept_forms.COOKIE}={form.sealed()}")
        assert "timeZone" in await tab.send(EntryState.load)
        state = await tab.state(EntryState)
        assert state.values == {"name": "Dana", "business": "", "email": "dana@example.com", "password": ""}
        assert state.errors["email"] == accounts.TAKEN
        assert (state.form, state.target, state.other_query) == (form.key, "/agents", "?redirect=%2Fagents")
        tab.path = "/signup"
        await tab.send(EntryState.load)
        assert (state.form, state.values["name"], state.errors["email"]) == ("", "", "")
        tab.path = f"/signup?try={'0' * 24}"
        await tab.send(EntryState.load)
        assert state.message == GONE

    serve(scenario)


def test_whoever_is_signed_in_goes_on(database: str) -> None:
    _, [token] = member()

    async def scenario(server: Server) -> None:
        assert "/dashboard" in await server.tab(cookie=token, path="/login").send(EntryState.load)

    serve(scenario)


def test_strength_is_shown_while_typing_and_the_password_is_not_kept(database: str) -> None:
    async def scenario(server: Server) -> None:
        tab = server.tab(path="/signup")
        state = await tab.state(EntryState)
        await tab.send(EntryState.keep, field="name", value="Bartholomew Featherstone")
        for password, score, words in (
            ("Bart", 0, "Use at least 8 characters."),
            ("Featherstone1", 2, "Too easy to guess."),
            (OLD, 4, "Strong."),
            ("Aa1!" * 1250, 2, "Use at most 72 characters"),
        ):
            await tab.send(EntryState.weigh, password=password)
            assert state.meter.score <= score
            assert words in state.meter.words
            assert password not in tab.received()
        await tab.send(EntryState.weigh, password="")
        assert state.meter.score == -1

    serve(scenario)
