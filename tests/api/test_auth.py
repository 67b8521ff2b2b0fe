"""Sign up, log in, log out over HTTP: cookies, redirects, refusals, and a database that does not answer."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import bcrypt
import httpx
import pytest
from sqlmodel import func, select

from kametrix import clock, db
from kametrix.api import auth, forms
from kametrix.crypto import new_id, token_hash
from kametrix.models import Organization, User
from kametrix.models import Session as LoginSession
from kametrix.services import accounts, kept_forms, sessions
from kametrix.services.kept_forms import KeptForm
from tests.api.client import OWN, browse, environment, unreachable

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
GOOD = "kupfer-Wolke-73-tanzt"
DANA = {
    "name": "Dana Whitlock",
    "business": "Brightside Dental",
    "email": "dana@example.com",
    "password": GOOD,
    "timezone": "Europe/Berlin",
}
PRODUCTION = {
    "KAMETRIX_ENVIRONMENT": "production",
    "KAMETRIX_PUBLIC_URL": "https://kametrix.example",
    "KAMETRIX_WEBHOOK_URL": "https://kametrix.example",
    "VAPI_BASE_URL": "https://vapi.example",
    "KAMETRIX_SECRET_KEYS": "k1:" + "A" * 43 + "=",
    "KAMETRIX_SIGNING_KEYS": "s1:" + "A" * 43 + "=",
    "STRIPE_BASE_URL": "https://stripe.example",
    "KAMETRIX_BCRYPT_ROUNDS": "12",
    "KAMETRIX_TRUSTED_PROXY_HOPS": "1",
}


async def post(client: httpx.AsyncClient, path: str, data: dict[str, str], **headers: str) -> httpx.Response:
    return await client.post(path, data=data, headers=OWN | headers)


def cookies_set(answer: httpx.Response) -> dict[str, str]:
    return {line.partition("=")[0]: line for line in answer.headers.get_list("set-cookie")}


def refused(answer: httpx.Response, page: str) -> KeptForm:
    """The form that came back, opened the way the page opens it."""
    address = urlsplit(answer.headers["location"])
    assert (answer.status_code, address.path) == (303, page)
    value = cookies_set(answer)[kept_forms.COOKIE].partition("=")[2].partition(";")[0]
    found = kept_forms.kept(value, parse_qs(address.query)["try"][0])
    assert found
    return found


def test_signing_up_logs_in_at_once(database: str) -> None:
    async def scenario(client: httpx.AsyncClient) -> None:
        answer = await post(client, "/auth/signup", DANA)
        assert (answer.status_code, answer.headers["location"]) == (303, "/dashboard")
        cookie = cookies_set(answer)[sessions.COOKIE]
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        assert "Path=/" in cookie
        assert "Max-Age=2592000" in cookie
        assert "Secure" not in cookie
        with db.transaction() as session:
            found = sessions.principal(session, token_hash(client.cookies[sessions.COOKIE]))
            row = session.exec(select(LoginSession)).one()
            organization = session.exec(select(Organization)).one()
        assert found
        assert found.actor.email == "dana@example.com"
        assert row.ip_address == "203.0.113.7"
        assert row.user_agent
        assert row.user_agent.startswith("python-httpx")
        assert organization.timezone == "Europe/Berlin"

    browse(scenario)


def test_cookies_are_secure_in_production(database: str) -> None:
    async def scenario(client: httpx.AsyncClient) -> None:
        answer = await client.post("/auth/signup", data=DANA, headers={"Origin": "https://kametrix.example"})
        assert answer.headers["location"] == "/dashboard"
        assert "; Secure" in cookies_set(answer)[sessions.COOKIE]
        assert answer.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"
        assert (await post(client, "/auth/login", {})).status_code == 403

    with environment(**PRODUCTION):
        browse(scenario)


def test_a_refused_sign_up_keeps_everything_but_the_password(database: str) -> None:
    async def scenario(client: httpx.AsyncClient) -> None:
        answer = await post(client, "/auth/signup", DANA | {"password": "Secret1", "email": "dana at example", "redirect": "/agents"})
        kept = refused(answer, "/signup")
        assert kept.values == {"name": "Dana Whitlock", "business": "Brightside Dental", "email": "dana at example"}
        assert set(kept.errors) == {"email", "password"}
        assert "redirect=%2Fagents" in answer.headers["location"]
        assert "Secret1" not in str(answer.headers)
        cookie = cookies_set(answer)[kept_forms.COOKIE]
        assert "HttpOnly" in cookie
        assert "Max-Age=120" in cookie
        assert sessions.COOKIE not in cookies_set(answer)

    browse(scenario)


@pytest.mark.parametrize("sent", [{}, DANA | {"password": "Aa1!" * 1250}, DANA | {"email": "@" * 9000, "name": "🦷" * 9000}])
def test_a_kept_form_fits_a_cookie_whatever_was_sent(database: str, sent: dict[str, str]) -> None:
    async def scenario(client: httpx.AsyncClient) -> None:
        answer = await post(client, "/auth/signup", sent)
        assert refused(answer, "/signup").errors["password" if "name" in sent and len(sent["name"]) < 100 else "name"]
        assert len(cookies_set(answer)[kept_forms.COOKIE]) < 4000

    browse(scenario)


def test_a_kept_form_opens_for_its_own_try_alone() -> None:
    form = KeptForm(message="No.", values={"email": "dana@example.com"})
    assert kept_forms.kept(form.sealed(), form.key) == form
    for cookie, key in ((form.sealed(), new_id()), ("", form.key), ("v1.a.b", form.key), ("x" * 5000, form.key)):
        assert kept_forms.kept(cookie, key) is None


def test_an_address_in_use_is_told_at_sign_up(database: str) -> None:
    async def scenario(client: httpx.AsyncClient) -> None:
        await post(client, "/auth/signup", DANA)
        answer = await post(client, "/auth/signup", DANA | {"password": "Nebel-giraffe-4-Leuchtturm"})
        assert refused(answer, "/signup").errors == {"email": accounts.TAKEN}

    browse(scenario)


def test_a_form_sent_twice_signs_in_both_times(database: str) -> None:
    async def scenario(client: httpx.AsyncClient) -> None:
        for _ in range(2):
            assert (await post(client, "/auth/signup", DANA)).headers["location"] == "/dashboard"
        with db.transaction() as session:
            assert session.exec(select(func.count()).select_from(User)).one() == 1

    browse(scenario)


def test_the_twenty_first_sign_up_of_an_hour_is_refused(database: str) -> None:
    async def scenario(client: httpx.AsyncClient) -> None:
        for number in range(20):
            answer = await post(client, "/auth/signup", DANA | {"email": f"person{number}@example.com"})
            assert answer.headers["location"] == "/dashboard"
        assert "Too many attempts" in refused(await post(client, "/auth/signup", DANA), "/signup").message
        with db.transaction() as session:
            assert session.exec(select(func.count()).select_from(User)).one() == 20

    browse(scenario)


def test_logging_in_goes_to_the_page_asked_for(database: str) -> None:
    async def scenario(client: httpx.AsyncClient) -> None:
        await post(client, "/auth/signup", DANA)
        for target, goes in (("/calls?status=FAILED", "/calls?status=FAILED"), ("//evil.example", "/dashboard"), ("", "/dashboard")):
            answer = await post(client, "/auth/login", {"email": "Dana@Example.com", "password": GOOD, "redirect": target})
            assert answer.headers["location"] == goes

    browse(scenario)


def test_every_failed_log_in_sounds_the_same_and_keeps_the_address(database: str) -> None:
    async def scenario(client: httpx.AsyncClient) -> None:
        await post(client, "/auth/signup", DANA)
        for email, password in (("dana@example.com", "Wrong-1-password"), ("nobody@example.com", GOOD), ("not an address", "x" * 5000)):
            kept = refused(await post(client, "/auth/login", {"email": email, "password": password}), "/login")
            assert (kept.message, kept.errors, kept.values) == (accounts.WRONG, {}, {"email": email})

    browse(scenario)


def test_five_wrong_passwords_lock_for_fifteen_minutes_also_for_the_right_one(database: str) -> None:
    moment = [NOON]

    async def scenario(client: httpx.AsyncClient) -> None:
        await post(client, "/auth/signup", DANA)
        for _ in range(5):
            refused(await post(client, "/auth/login", {"email": DANA["email"], "password": "Wrong-1-password"}), "/login")
        right = {"email": DANA["email"], "password": GOOD}
        assert refused(await post(client, "/auth/login", right), "/login").message == "Too many attempts. Please try again in 15 minutes."
        moment[0] += timedelta(minutes=15)
        assert (await post(client, "/auth/login", right)).headers["location"] == "/dashboard"

    with clock.at(lambda: moment[0]):
        browse(scenario)


@pytest.mark.parametrize("path", ["/auth/signup", "/auth/login", "/auth/logout"])
def test_a_form_of_another_site_does_nothing(database: str, path: str) -> None:
    async def scenario(client: httpx.AsyncClient) -> None:
        await post(client, "/auth/signup", DANA)
        for origin in (None, "null", "https://evil.example", "http://localhost:3001", "http://localhost:3000.evil.example"):
            answer = await client.post(path, data=DANA | {"email": "x@example.com"}, headers={"Origin": origin} if origin else {})
            assert answer.status_code == 403
            assert "set-cookie" not in answer.headers
        with db.transaction() as session:
            assert session.exec(select(func.count()).select_from(LoginSession)).one() == 1
            assert session.exec(select(func.count()).select_from(User)).one() == 1

    browse(scenario)


def test_logging_out_ends_the_session_and_may_be_repeated(database: str) -> None:
    async def scenario(client: httpx.AsyncClient) -> None:
        await post(client, "/auth/signup", DANA)
        hashed = token_hash(client.cookies[sessions.COOKIE])
        for _ in range(2):
            answer = await post(client, "/auth/logout", {})
            assert (answer.status_code, answer.headers["location"]) == (303, "/login")
        assert sessions.COOKIE not in client.cookies
        with db.transaction() as session:
            assert sessions.principal(session, hashed) is None

    browse(scenario)


@pytest.mark.parametrize("page", ["/login", "/signup"])
def test_an_unreachable_database_brings_the_form_back_in_words(database: str, page: str) -> None:
    async def scenario(client: httpx.AsyncClient) -> None:
        await post(client, "/auth/signup", DANA)
        with unreachable():
            answer = await post(client, f"/auth{page}", DANA)
            assert refused(answer, page).message == forms.BUSY
            assert refused(answer, page).values["email"] == "dana@example.com"
            assert sessions.COOKIE not in cookies_set(answer)

    browse(scenario)


def test_an_unreachable_database_never_logs_out(database: str) -> None:
    async def scenario(client: httpx.AsyncClient) -> None:
        await post(client, "/auth/signup", DANA)
        with unreachable():
            answer = await post(client, "/auth/logout", {})
            assert answer.status_code == 503
            assert "You are still logged in" in answer.text
            assert "set-cookie" not in answer.headers

    browse(scenario)


def test_the_kept_form_is_gone_after_logging_in(database: str) -> None:
    async def scenario(client: httpx.AsyncClient) -> None:
        refused(await post(client, "/auth/login", {"email": "x@example.com", "password": "y"}), "/login")
        assert kept_forms.COOKIE in client.cookies
        await post(client, "/auth/signup", DANA)
        assert kept_forms.COOKIE not in client.cookies

    browse(scenario)


@pytest.mark.parametrize(
    "options",
    [
        {"content": b"\xff\xfe=%zz&email=%ff%fe", "headers": {"content-type": "application/x-www-form-urlencoded"}},
        {"content": b"{}", "headers": {"content-type": "application/json"}},
        {"content": b"--x\r\nbroken", "headers": {"content-type": "multipart/form-data; boundary=x"}},
        {"content": b"email=a&email=b&password=", "headers": {"content-type": "application/x-www-form-urlencoded"}},
        {"files": {"email": ("a.txt", b"x")}},
    ],
)
def test_what_is_no_form_is_refused_without_a_crash(database: str, options: dict[str, Any]) -> None:
    async def scenario(client: httpx.AsyncClient) -> None:
        headers = options.pop("headers", {})
        answer = await client.post("/auth/login", headers=OWN | headers, **options)
        assert answer.status_code in (303, 400)
        assert sessions.COOKIE not in cookies_set(answer)

    browse(scenario)


def test_passwords_are_hashed_beside_the_event_loop(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twelve rounds take a quarter of a second: in the loop every open page would stand still."""
    where: list[str] = []
    for name in ("hashpw", "checkpw"):
        monkeypatch.setattr(bcrypt, name, _noting(where, getattr(bcrypt, name)))

    async def scenario(client: httpx.AsyncClient) -> None:
        await post(client, "/auth/signup", DANA)
        await post(client, "/auth/login", {"email": DANA["email"], "password": GOOD})
        await post(client, "/auth/login", {"email": "nobody@example.com", "password": GOOD})

    browse(scenario)
    assert len(where) >= 3
    assert threading.main_thread().name not in where


def _noting(where: list[str], hashing: Callable[..., Any]) -> Callable[..., Any]:
    def noted(*given: Any) -> Any:
        where.append(threading.current_thread().name)
        return hashing(*given)

    return noted


def test_a_flood_of_sign_ups_holds_up_no_log_in(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(client: httpx.AsyncClient) -> None:
        await post(client, "/auth/signup", DANA)
        monkeypatch.setattr(auth.CHECKS, "_taken", auth.CHECKS.threads + auth.CHECKS.waiting)
        assert refused(await post(client, "/auth/signup", DANA | {"email": "another@example.com"}), "/signup").message == forms.BUSY
        answer = await post(client, "/auth/login", {"email": DANA["email"], "password": GOOD})
        assert answer.headers["location"] == "/dashboard"

    browse(scenario)
