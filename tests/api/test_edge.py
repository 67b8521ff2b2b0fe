"""The outermost layer: headers, limits, caches, the proxy's scheme, and who may use a route."""

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Message, Scope
from structlog.testing import capture_logs

from kametrix import db
from kametrix.api.access import SIGNED, route
from kametrix.api.app import ROUTES
from kametrix.api.edge import PAGE_LIMIT, EdgeMiddleware, content_policy
from kametrix.api.responses import UNEXPECTED, on_bug, on_expected
from kametrix.errors import KametrixError, TooMany
from kametrix.models import OrgRole, User
from kametrix.services import sessions
from kametrix.services.access import PERMISSIONS, PUBLIC, SIGNED_IN
from tests import factories
from tests.api.client import OWN, browse, environment, unreachable


async def echo(request: Request) -> Response:
    return PlainTextResponse(f"{len(await request.body())} {request.url.scheme}")


async def html(_request: Request) -> Response:
    return HTMLResponse("<p>page</p>")


async def elsewhere(request: Request) -> Response:
    """As the server of files answers a folder without its slash: with the host the sender wrote."""
    return RedirectResponse(request.query_params.get("to") or request.url.replace(path="/html/"))


async def unchanged(_request: Request) -> Response:
    return Response(status_code=304, headers={"etag": "x"})


async def who(request: Request) -> Response:
    return JSONResponse({"email": request.state.principal.actor.email})


async def too_many(_request: Request) -> Response:
    raise TooMany("Slow down.", retry_after=7)


async def bug(_request: Request) -> Response:
    raise ValueError("token=abc")


PATHS = ("/page", "/api/webhooks/vapi/x", "/assets/index-abc.js", "/fonts/inter.woff2", "/mark.svg", "/api/thing")


def small_app(front_end: Path | None = None) -> EdgeMiddleware:
    routes = [Route(path, echo, methods=["GET", "POST"]) for path in PATHS]
    people = [
        route("/who", who, ["GET", "POST"], access=SIGNED_IN),
        route("/write", who, ["GET"], access="agents:write"),
        route("/too-many", too_many, ["GET"], access=PUBLIC),
        route("/bug/{token}", bug, ["GET"], access=PUBLIC),
        Route("/html", html),
        Route("/elsewhere", elsewhere),
        Route("/unchanged", unchanged),
    ]
    handlers = {KametrixError: on_expected, Exception: on_bug}
    return EdgeMiddleware(Starlette(routes=[*routes, *people], exception_handlers=handlers), front_end=front_end)


def visit(scenario: Callable[[httpx.AsyncClient], object], **options: object) -> None:
    async def run(client: httpx.AsyncClient) -> None:
        await scenario(client)  # type: ignore[misc]  # a coroutine function

    browse(run, app=small_app(), **options)


def test_every_route_declares_who_may_use_it() -> None:
    for declared in ROUTES:
        assert isinstance(declared, Route)
        assert getattr(declared.endpoint, "access", None) in PERMISSIONS | {PUBLIC, SIGNED_IN, SIGNED}, declared.path


def test_an_unknown_access_cannot_be_declared() -> None:
    with pytest.raises(ValueError, match="unknown access"):
        route("/x", echo, ["GET"], access="everybody")


def test_every_answer_carries_the_security_headers_and_its_own_id() -> None:
    async def scenario(client: httpx.AsyncClient) -> None:
        first, missing = await client.get("/page"), await client.get("/nothing")
        for answer in (first, missing):
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["x-frame-options"] == "DENY"
            assert answer.headers["referrer-policy"] == "strict-origin-when-cross-origin"
            assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert "default-src 'self'" in (await client.get("/html")).headers["content-security-policy"]
        assert first.headers["x-request-id"] != missing.headers["x-request-id"]
        assert "strict-transport-security" not in first.headers

    visit(scenario)


def test_inline_scripts_of_the_build_are_allowed_by_hash_and_no_others(tmp_path: Path) -> None:
    script = "window.x = 'ü';\n"
    (tmp_path / "sub").mkdir()
    (tmp_path / "index.html").write_text(f"<script>{script}</script><script src='/a.js'></script><script type=\"module\">go()</script>")
    (tmp_path / "sub" / "404.html").write_text(f"<script nonce=''>{script}</script>")
    policy = content_policy(tmp_path, "https://kametrix.example")
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    digests = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (script, "go()")]
    assert set(rules["script-src"].split()) == {"'self'", "'unsafe-eval'", *(f"'sha256-{digest}'" for digest in digests)}
    assert rules["connect-src"] == "'self' wss://kametrix.example"
    assert rules["object-src"] == rules["base-uri"] == rules["frame-ancestors"] == "'none'"


def test_hashed_files_are_kept_and_pages_are_asked_for_anew() -> None:
    async def scenario(client: httpx.AsyncClient) -> None:
        expected = {
            "/assets/index-abc.js": "public, max-age=31536000, immutable",
            "/fonts/inter.woff2": "public, max-age=2592000",
            "/mark.svg": "no-cache",
            "/html": "no-store",
            "/api/thing": "no-store",
        }
        for path, header in expected.items():
            assert (await client.get(path)).headers["cache-control"] == header, path
        assert "immutable" not in (await client.get("/assets/missing.js")).headers["cache-control"]

    visit(scenario)


def test_an_unchanged_file_keeps_the_policy_it_came_with() -> None:
    async def scenario(client: httpx.AsyncClient) -> None:
        assert "content-security-policy" not in (await client.get("/unchanged")).headers

    visit(scenario)


@pytest.mark.parametrize(("path", "limit"), [("/page", 1_000_000), ("/api/webhooks/vapi/x", 5_000_000)])
@pytest.mark.parametrize("is_declared", [True, False])
def test_a_body_beyond_the_limit_is_refused(path: str, limit: int, is_declared: bool) -> None:
    async def chunks(size: int) -> AsyncIterator[bytes]:
        for start in range(0, size, 100_000):
            yield b"x" * min(100_000, size - start)

    async def scenario(client: httpx.AsyncClient) -> None:
        def body(size: int) -> object:
            return b"x" * size if is_declared else chunks(size)

        assert (await client.post(path, content=body(limit))).text == f"{limit} http"  # type: ignore[arg-type]
        answer = await client.post(path, content=body(limit + 1))  # type: ignore[arg-type]
        assert answer.status_code == 413
        assert "larger than" in answer.json()["error"]
        assert answer.headers["x-request-id"]

    visit(scenario)


def test_a_body_whose_length_http_2_does_not_tell_is_refused_beyond_the_limit() -> None:
    pieces: Iterator[Message] = iter({"type": "http.request", "body": b"x" * 100_000, "more_body": True} for _ in range(20))
    taken: list[Message] = []
    sent: list[Message] = []

    async def receive() -> Message:
        taken.append(next(pieces))
        return taken[-1]

    async def send(message: Message) -> None:
        sent.append(message)

    scope: Scope = {
        "type": "http", "http_version": "2", "method": "POST", "path": "/page", "raw_path": b"/page", "query_string": b"",
        "root_path": "", "scheme": "http", "headers": [(b"host", b"localhost:3000")], "server": ("localhost", 3000), "client": None,
    }  # fmt: skip
    asyncio.run(small_app()(scope, receive, send))
    assert sent[0]["status"] == 413
    assert len(taken) == PAGE_LIMIT // 100_000 + 1


def test_an_address_with_a_nul_is_nothing_we_have() -> None:
    async def scenario(client: httpx.AsyncClient) -> None:
        for address in ("/bug/%00", "/api/calls/a%00b/recording"):
            answer = await client.get(address)
            assert answer.status_code == 404
            assert answer.headers["x-request-id"]

    visit(scenario)


def test_a_redirect_of_ours_ignores_the_host_the_sender_wrote() -> None:
    async def scenario(client: httpx.AsyncClient) -> None:
        async def target(host: str, to: str = "") -> str:
            return (await client.get("/elsewhere", params={"to": to} if to else {}, headers={"host": host})).headers["location"]

        assert await target("evil.example") == "http://localhost:3000/html/"
        assert await target("127.0.0.1:3000") == "http://127.0.0.1:3000/html/"
        assert await target("evil.example", "/login?try=1") == "/login?try=1"
        assert await target("evil.example", "https://checkout.example/x") == "https://checkout.example/x"

    visit(scenario)


def test_the_scheme_of_the_proxy_is_believed_behind_a_proxy_alone() -> None:
    async def scenario(client: httpx.AsyncClient) -> None:
        assert (await client.get("/page", headers={"x-forwarded-proto": "https"})).text == "0 http"
        with environment(KAMETRIX_TRUSTED_PROXY_HOPS="1"):
            assert (await client.get("/page", headers={"x-forwarded-proto": "https"})).text == "0 https"
            assert (await client.get("/page")).text == "0 http"

    visit(scenario)


def test_a_route_for_people_checks_session_role_and_origin(database: str) -> None:
    with db.transaction() as session:
        actor = factories.create_member(session, role=OrgRole.VIEWER)
        token = sessions.start(session, session.get_one(User, actor.user_id), ip_address="", user_agent="")

    async def scenario(client: httpx.AsyncClient) -> None:
        assert (await client.get("/who")).status_code == 401
        client.cookies[sessions.COOKIE] = "x" * 43
        assert (await client.get("/who")).status_code == 401
        client.cookies[sessions.COOKIE] = token
        assert (await client.get("/who")).json() == {"email": actor.email}
        assert (await client.get("/write")).status_code == 403
        assert (await client.post("/who")).status_code == 403
        assert (await client.post("/who", headers={"Origin": "https://evil.example"})).status_code == 403
        assert (await client.post("/who", headers=OWN)).status_code == 200
        with unreachable():
            answer = await client.get("/who")
            assert answer.status_code == 503
            assert answer.headers["retry-after"] == "5"
            assert "set-cookie" not in answer.headers

    visit(scenario)


def test_expected_errors_say_when_to_come_back() -> None:
    async def scenario(client: httpx.AsyncClient) -> None:
        answer = await client.get("/too-many")
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")
        assert answer.json() == {"error": "Slow down.", "errors": {}}

    visit(scenario)


def test_a_bug_is_told_in_general() -> None:
    async def scenario() -> None:
        transport = httpx.ASGITransport(small_app(), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost:3000") as client:
            with capture_logs() as logs:
                answer = await client.get("/bug/token-of-an-agent")
            assert answer.status_code == 500
            assert answer.json() == {"error": UNEXPECTED, "errors": {}}
            assert logs[0]["endpoint"] == "bug"
            assert "token-of-an-agent" not in str(logs)

    asyncio.run(scenario())
