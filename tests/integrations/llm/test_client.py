"""The unmodified library against a provider on loopback: what arrives, what breaks, and what is closed."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import aclosing

import pytest
from structlog.testing import capture_logs

from kametrix.integrations.llm import client, errors
from kametrix.integrations.llm.client import Endpoint, Wanted
from kametrix.integrations.llm.errors import LlmBusy, LlmError, LlmRefused, LlmUnreachable, LlmUnusable
from kametrix.services.model_answers import Texts
from tests.llm_provider import ANSWER, KEY, MODEL, Provider, running


@pytest.fixture
def provider() -> Iterator[Provider]:
    with running() as fake:
        yield fake


def wanted() -> Wanted[Texts]:
    return Wanted("Write.", '{"description": "A bakery."}', Texts, lambda answer: "" if answer.faqs else "faqs are missing", 700)


def endpoint(provider: Provider, *, key: str = KEY, model: str = MODEL, path: str = "") -> Endpoint:
    return Endpoint(provider.url + path, model, key)


async def read(place: Endpoint, seen: list[Texts], *, seconds: float = 30) -> None:
    async with aclosing(client.stream(place, wanted(), seconds=seconds)) as pieces:
        async for piece in pieces:
            seen[:] = [*seen, piece]


def written(provider: Provider) -> list[Texts]:
    seen: list[Texts] = []
    asyncio.run(read(endpoint(provider), seen))
    return seen


def failure(place: Endpoint, seen: list[Texts] | None = None, *, seconds: float = 30) -> LlmError:
    with pytest.raises(LlmError) as told:
        asyncio.run(read(place, [] if seen is None else seen, seconds=seconds))
    return told.value


def test_the_answer_grows_by_whole_texts(provider: Provider) -> None:
    seen = written(provider)
    assert seen[-1].model_dump() == ANSWER
    whole = {pair["answer"] for pair in ANSWER["faqs"]} | {""}
    assert all(pair.answer in whole for piece in seen for pair in piece.faqs)
    assert all(piece.policies in ("", ANSWER["policies"]) for piece in seen)


def test_one_request_is_sent_with_its_limits(provider: Provider) -> None:
    written(provider)
    (request,) = provider.requests
    assert request["max_tokens"] == 700
    assert request["stream_options"] == {"include_usage": True}
    assert "Write." in provider.prompt("system")
    assert provider.prompt("user") == '{"description": "A bakery."}'


def test_fences_and_chatter_around_the_answer_do_no_harm(provider: Provider) -> None:
    provider.answers = ["```json\n" + Texts.model_validate(ANSWER).model_dump_json() + "\n```"]
    assert written(provider)[-1].model_dump() == ANSWER


@pytest.mark.parametrize("first", ["no JSON at all", "{}", '{"faqs": "none"}', '{"faqs": [', "[1, 2]", '{"faqs": []}'])
def test_a_wrong_answer_is_asked_for_once_more(provider: Provider, first: str) -> None:
    provider.answers = [first, ANSWER]
    assert written(provider)[-1].model_dump() == ANSWER
    assert len(provider.requests) == 2


def test_no_connection_is_used_twice(provider: Provider) -> None:
    """What stands between us and a provider may close one at any moment, and nothing says whether the question arrived."""
    provider.hangs_up_late = True
    provider.answers = ["{}", ANSWER]
    assert written(provider)[-1].model_dump() == ANSWER


def test_a_second_wrong_answer_is_told(provider: Provider) -> None:
    provider.answers = ["no JSON at all"]
    told = failure(endpoint(provider))
    assert isinstance(told, LlmUnusable)
    assert told.retryable
    assert len(provider.requests) == 2


@pytest.mark.parametrize(
    ("status", "error", "kind", "retryable"),
    [
        (429, {"code": "rate_limit_exceeded", "type": "requests"}, LlmBusy, True),
        (429, {"code": "insufficient_quota", "type": "insufficient_quota"}, LlmRefused, False),
        (500, {"type": "server_error"}, LlmBusy, True),
        (503, {"type": "service_unavailable"}, LlmBusy, True),
        (400, {}, LlmRefused, False),
        (403, {}, LlmRefused, False),
    ],
)
def test_a_refusal_is_sent_once_and_told(
    provider: Provider, status: int, error: dict[str, str], kind: type[LlmError], retryable: bool
) -> None:
    provider.status, provider.error = status, {"message": f"planted words about {KEY}", **error}
    told = failure(endpoint(provider))
    assert isinstance(told, kind)
    assert told.retryable is retryable
    assert told.provider_status == status
    assert "planted" not in told.message
    assert len(provider.requests) == 1


def test_how_long_to_wait_is_passed_on(provider: Provider) -> None:
    provider.status, provider.headers = 429, {"retry-after": "17"}
    told = failure(endpoint(provider))
    assert told.retry_after == 17
    assert "in 17 seconds" in told.message


@pytest.mark.parametrize(
    ("part", "words"), [({"key": "wrong"}, "key"), ({"model": "other"}, "does not exist"), ({"path": "/v9"}, "does not exist")]
)
def test_a_wrong_setting_is_named(provider: Provider, part: dict[str, str], words: str) -> None:
    told = failure(endpoint(provider, **part))
    assert isinstance(told, LlmRefused)
    assert not told.retryable
    assert words in told.message


def test_a_stream_cut_in_the_middle_keeps_what_came(provider: Provider) -> None:
    provider.cut_after = 9
    seen: list[Texts] = []
    told = failure(endpoint(provider), seen)
    assert isinstance(told, LlmUnreachable)
    assert told.retryable
    assert seen[-1].faqs
    assert len(provider.requests) == 1


@pytest.mark.parametrize("raw", [b"data: {not json}\n\n", b"data: []\n\n", b"data: {}\n\n", b"\xff\xfe\x00", b"<html>Sign in</html>"])
def test_a_stream_of_something_else_is_told(provider: Provider, raw: bytes) -> None:
    provider.raw = raw
    assert failure(endpoint(provider)).retryable


def test_nobody_answers() -> None:
    told = failure(Endpoint("http://127.0.0.1:9/v1", MODEL, KEY))
    assert isinstance(told, LlmUnreachable)


def test_an_answer_without_end_is_cut_off(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    provider.answers, provider.size = ['{"policies": "' + "very long " * 20_000], 4000
    assert isinstance(failure(endpoint(provider)), LlmUnusable)
    assert len(provider.requests) == 1


def test_a_silent_provider_is_given_up_and_hung_up_on(provider: Provider) -> None:
    provider.stall_after = 9
    seen: list[Texts] = []
    told = failure(endpoint(provider), seen, seconds=1.5)
    assert isinstance(told, LlmUnreachable)
    assert "too long" in told.message
    assert seen
    assert provider.left.wait(10)


def test_closing_the_generator_hangs_up(provider: Provider) -> None:
    provider.stall_after = 9

    async def leave_after_the_first_piece() -> None:
        async with aclosing(client.stream(endpoint(provider), wanted())) as pieces:
            async for _ in pieces:
                break
        assert await asyncio.to_thread(provider.left.wait, 10)
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(leave_after_the_first_piece())


def test_cancelling_the_reader_hangs_up(provider: Provider) -> None:
    provider.stall_after = 0

    async def cancel_while_waiting() -> None:
        reader = asyncio.create_task(read(endpoint(provider), []))
        assert await asyncio.to_thread(provider.stalled.wait, 30)
        reader.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reader
        assert await asyncio.to_thread(provider.left.wait, 10)
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(cancel_while_waiting())


def test_the_key_is_in_no_error_and_no_log(provider: Provider) -> None:
    provider.status, provider.error = 401, {"message": f"Incorrect API key provided: {KEY}"}
    with capture_logs() as logs:
        told = failure(endpoint(provider))
    everything = f"{logs} {told!r} {told.__cause__!r} {endpoint(provider)!r}"
    assert told.__suppress_context__
    assert [entry["event"] for entry in logs] == ["llm.failed"]
    assert KEY not in everything


def test_words_for_waiting() -> None:
    assert "in a few minutes" in errors.busy(429, 3600).message
    assert "in a few minutes" in errors.busy(429, None).message
    assert "in 5 seconds" in errors.busy(429, 0).message
    assert "in 17 seconds" in errors.busy(429, 16.2).message


def test_the_library_is_loaded_only_when_a_model_writes() -> None:
    code = """
import sys, kametrix.kametrix
assert not {"pydantic_ai", "openai"} & set(sys.modules), "imported at start"
import kametrix.integrations.llm.engine
assert {"pydantic_ai", "openai"} <= set(sys.modules)
"""
    clean = {**os.environ, "KAMETRIX_ENVIRONMENT": "local"}
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], env=clean, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
