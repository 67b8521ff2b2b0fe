"""Recordings over HTTP: through our own origin, with ranges, without the provider's key or address."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
from sqlmodel import select

from kametrix import db
from kametrix.models import AuditLog, Call
from kametrix.services.access import Actor
from kametrix.services.recordings import PLAYED
from kametrix.services.sessions import COOKIE
from tests import factories
from tests.api.client import browse, environment
from tests.state.people import logged_in

SOUND = bytes(range(256)) * 40


class Provider(ThreadingHTTPServer):
    """Vapi and its storage on one loopback port; `asked` keeps what they received, `content_type` what the storage answers with."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.content_type, self.storage_status, self.refusal = "audio/wav", 200, 404


class _Handler(BaseHTTPRequestHandler):
    server: Provider

    def do_GET(self) -> None:
        self.server.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        if self.path.startswith("/vapi/"):
            self._redirect()
        else:
            self._sound()

    def _redirect(self) -> None:
        known = self.path == "/vapi/call/vapi-1/mono-recording"
        self.send_response(302 if known else self.server.refusal)
        if known:
            self.send_header("Location", f"http://127.0.0.1:{self.server.server_port}/storage/x.wav?X-Amz-Signature=secret")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _sound(self) -> None:
        wanted = self.headers.get("Range", "")
        first, _, last = wanted.removeprefix("bytes=").partition("-")
        body = SOUND[int(first) : int(last) + 1 if last else None] if wanted else SOUND
        self.send_response(206 if wanted and self.server.storage_status == 200 else self.server.storage_status)
        if wanted:
            self.send_header("Content-Range", f"bytes {first}-{int(first) + len(body) - 1}/{len(SOUND)}")
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Set-Cookie", "storage=1")
        self.send_header("Content-Type", self.server.content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Silence."""


@pytest.fixture
def provider(database: str) -> Iterator[Provider]:
    server = Provider()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    with environment(VAPI_BASE_URL=f"http://127.0.0.1:{server.server_port}/vapi", VAPI_API_KEY="private-key"):
        yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def owner(provider: Provider) -> tuple[Actor, str, str]:
    """Actor, cookie and the id of a recorded call."""
    with db.transaction() as session:
        actor = factories.create_member(session)
        call: Call = factories.create_call(session, factories.create_agent(session, actor), vapi_call_id="vapi-1", has_recording=True)
        return actor, logged_in(session, actor), call.id


def _get(cookie: str, call_id: str, **headers: str) -> httpx.Response:
    answers: list[httpx.Response] = []

    async def scenario(client: httpx.AsyncClient) -> None:
        client.cookies.set(COOKIE, cookie)
        answers.append(await client.get(f"/api/calls/{call_id}/recording", headers=headers))

    browse(scenario)
    return answers[0]


def test_the_recording_plays_and_the_provider_stays_hidden(provider: Provider, owner: tuple[Actor, str, str]) -> None:
    answer = _get(owner[1], owner[2])
    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (200, SOUND, "audio/wav")
    assert not any(word in str(answer.headers) for word in ("private-key", "X-Amz", "127.0.0.1", "storage=1"))
    (_, to_vapi), (_, to_storage) = provider.asked
    assert to_vapi["authorization"] == "Bearer private-key"
    assert "authorization" not in to_storage
    assert "cookie" not in to_storage


def test_seeking_asks_for_a_range_and_gets_it(provider: Provider, owner: tuple[Actor, str, str]) -> None:
    answer = _get(owner[1], owner[2], Range="bytes=512-767")
    assert (answer.status_code, answer.content) == (206, SOUND[512:768])
    assert answer.headers["content-range"] == f"bytes 512-767/{len(SOUND)}"
    assert answer.headers["accept-ranges"] == "bytes"


def test_no_range_hides_that_somebody_listened(provider: Provider, owner: tuple[Actor, str, str]) -> None:
    for wanted in ("bytes=1-", "bytes=2-", ""):
        assert _get(owner[1], owner[2], **({"Range": wanted} if wanted else {})).status_code in (200, 206)
    with db.transaction() as session:
        assert session.exec(select(AuditLog.action)).all() == [PLAYED]


def test_a_storage_that_answers_with_a_page_never_becomes_one_of_ours(provider: Provider, owner: tuple[Actor, str, str]) -> None:
    provider.content_type = "text/html"
    answer = _get(owner[1], owner[2])
    assert answer.headers["content-type"] == "audio/wav"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("status", [403, 500])
def test_a_storage_that_refuses_is_told_in_words(provider: Provider, owner: tuple[Actor, str, str], status: int) -> None:
    provider.storage_status = status
    answer = _get(owner[1], owner[2])
    assert answer.status_code == 502
    assert "try again" in answer.json()["error"]


def test_others_and_strangers_get_nothing(provider: Provider, owner: tuple[Actor, str, str]) -> None:
    with db.transaction() as session:
        other = logged_in(session, factories.create_member(session))
    assert _get(other, owner[2]).status_code == 404
    assert _get(owner[1], "0" * 24).status_code == 404
    assert _get("", owner[2]).status_code == 401
    assert provider.asked == []


@pytest.mark.parametrize(
    ("refusal", "status", "words"),
    [(404, 404, "no longer has"), (401, 502, "try again"), (400, 502, "try again"), (409, 502, "try again"), (200, 502, "try again")],
)
def test_a_provider_that_refuses_is_told_in_words_of_ours(
    provider: Provider, owner: tuple[Actor, str, str], refusal: int, status: int, words: str
) -> None:
    provider.refusal = refusal
    with db.transaction() as session:
        session.get_one(Call, owner[2]).vapi_call_id = "vapi-2"
    answer: Any = _get(owner[1], owner[2])
    assert answer.status_code == status
    assert words in answer.json()["error"]
    assert "VAPI" not in answer.text
