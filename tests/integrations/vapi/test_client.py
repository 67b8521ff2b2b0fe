"""The client against a real server that misbehaves: what is tried again, what never is, and which error a person reads."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from structlog.testing import capture_logs

from kametrix import clock
from kametrix.integrations.vapi import client as module
from kametrix.integrations.vapi import errors
from kametrix.integrations.vapi.client import VapiClient
from tests.integrations.vapi.misbehaving import Reply, Server, serving
from tests.integrations.vapi.samples import raw

KEY = "private-key-FAKE-REDACT-ME"
OK = Reply(200, {"id": "asst_1"})


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def vapi(server: Server, slept: list[float]) -> Iterator[VapiClient]:
    with VapiClient(server.url, KEY, sleep=slept.append) as client:
        yield client


def sample(name: str, status: int) -> Reply:
    return Reply(status, json.loads(raw(name)))


def test_requests_carry_the_key_and_the_body(server: Server, vapi: VapiClient) -> None:
    server.answer(OK)
    assert vapi.create_assistant({"name": "Mia 😀"}) == {"id": "asst_1"}
    assert vapi.update_assistant("asst_1", {"name": "Mia"}) == {"id": "asst_1"}
    assert vapi.get_assistant("asst_1") == {"id": "asst_1"}
    vapi.delete_assistant("asst_1")
    assert [(asked.method, asked.path, asked.body) for asked in server.asked] == [
        ("POST", "/vapi/assistant", {"name": "Mia 😀"}),
        ("PATCH", "/vapi/assistant/asst_1", {"name": "Mia"}),
        ("GET", "/vapi/assistant/asst_1", None),
        ("DELETE", "/vapi/assistant/asst_1", None),
    ]
    assert {asked.headers["Authorization"] for asked in server.asked} == {f"Bearer {KEY}"}


FAILURES = [Reply(429, {}), Reply(500, {}), Reply(503, b"<html>busy</html>"), Reply(hang_up=True), Reply(200, b"{}", announced=50)]


@pytest.mark.parametrize("failure", FAILURES, ids=["429", "500", "503", "hang up", "cut short"])
@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_reading_changing_and_deleting_are_tried_three_times(
    server: Server, vapi: VapiClient, slept: list[float], failure: Reply, method: str
) -> None:
    def ask() -> object:
        if method == "GET":
            return vapi.get_assistant("asst_1")
        return vapi.update_assistant("asst_1", {}) if method == "PATCH" else vapi.delete_assistant("asst_1")

    server.answer(failure, failure, OK)
    ask()
    assert server.methods == [method] * 3
    assert 0.25 <= slept[0] <= 0.5 <= slept[1] <= 1.0
    server.answer(failure)
    with pytest.raises(errors.VapiError) as raised:
        ask()
    assert (len(server.asked), raised.value.retryable, raised.value.may_have_happened) == (6, True, False)


@pytest.mark.parametrize("failure", FAILURES, ids=["429", "500", "503", "hang up", "cut short"])
def test_creating_is_sent_once_and_says_whether_it_may_have_happened(
    server: Server, vapi: VapiClient, slept: list[float], failure: Reply
) -> None:
    server.answer(failure, OK)
    with pytest.raises(errors.VapiError) as raised:
        vapi.create_assistant({})
    assert (server.methods, slept) == (["POST"], [])
    assert (raised.value.retryable, raised.value.may_have_happened) == (True, failure.status != 429)


@pytest.mark.parametrize("body", [b"<html>", b"", b"[]", b"null", b"\xff", b'{"a": NaN}'])
def test_an_answer_that_is_not_what_was_promised(server: Server, vapi: VapiClient, body: bytes) -> None:
    server.answer(Reply(200, body))
    with pytest.raises(errors.VapiUnreadable, match="cannot be read") as raised:
        vapi.get_assistant("asst_1")
    assert raised.value.retryable
    with pytest.raises(errors.VapiUnreadable) as raised:
        vapi.create_assistant({})
    assert raised.value.may_have_happened


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (
            sample("rest_error_400_validation", 400),
            errors.VapiRefused,
            "name must be shorter than or equal to 40 characters; property serverUrl",
        ),
        (sample("rest_error_400_string", 400), errors.VapiRefused, "Provided phoneNumberId does not exist"),
        (sample("rest_error_401", 401), errors.VapiUnauthorized, "VAPI_API_KEY"),
        (Reply(403, {}), errors.VapiUnauthorized, "VAPI_API_KEY"),
        (sample("rest_error_404", 404), errors.VapiNotFound, "not known at Vapi"),
        (Reply(409, {"error": "assistant_pinned", "message": "Assistant is pinned."}), errors.VapiPinned, "Unpin it"),
        (Reply(409, {"message": "assistant_pinned", "error": "Conflict"}), errors.VapiPinned, "Unpin it"),
        (Reply(409, {"message": "Busy elsewhere"}), errors.VapiConflict, "Busy elsewhere"),
        (Reply(402, {}), errors.VapiRefused, "status 402"),
        (Reply(400, b"<html>no</html>"), errors.VapiRefused, "status 400"),
        (Reply(400, {"message": {"odd": 1}}), errors.VapiRefused, "status 400"),
    ],
)
def test_refusals_are_final_and_say_why(server: Server, vapi: VapiClient, reply: Reply, kind: type[errors.VapiError], words: str) -> None:
    server.answer(reply)
    with pytest.raises(kind, match=words) as raised:
        vapi.update_assistant("asst_1", {})
    assert (server.methods, raised.value.retryable, raised.value.provider_status) == (["PATCH"], False, reply.status)


def test_what_vapi_says_is_bounded_on_one_line_and_redacted(server: Server, vapi: VapiClient) -> None:
    server.answer(Reply(400, {"message": ["first\nline", "see https://b.example/x?X-Amz-Signature=FAKE", "x" * 5000]}))
    with pytest.raises(errors.VapiRefused) as raised:
        vapi.update_assistant("asst_1", {})
    assert "first line; see [redacted]; xxx" in raised.value.message
    assert len(raised.value.message) < 450


def test_deleting_what_is_gone_is_fine(server: Server, vapi: VapiClient) -> None:
    server.answer(sample("rest_error_404", 404))
    vapi.delete_assistant("asst_1")
    server.answer(Reply(200, b""))
    vapi.delete_assistant("asst_1")
    server.answer(Reply(hang_up=True), sample("rest_error_404", 404))
    vapi.delete_assistant("asst_1")


def test_a_pinned_assistant_cannot_be_deleted(server: Server, vapi: VapiClient) -> None:
    server.answer(Reply(409, {"error": "assistant_pinned", "message": "Pinned."}))
    with pytest.raises(errors.VapiPinned):
        vapi.delete_assistant("asst_1")


@pytest.mark.parametrize("asked", ["7", "0"])
def test_the_wait_vapi_asks_for_is_kept(server: Server, vapi: VapiClient, slept: list[float], asked: str) -> None:
    server.answer(Reply(429, {}, {"Retry-After": asked}), OK)
    vapi.get_assistant("asst_1")
    assert slept == [float(asked)]


def test_a_wait_until_a_date_is_understood(server: Server, vapi: VapiClient, slept: list[float]) -> None:
    moment = datetime(2026, 7, 27, 10, tzinfo=UTC)
    server.answer(Reply(503, {}, {"Retry-After": format_datetime(moment + timedelta(seconds=4), usegmt=True)}), OK)
    with clock.at(moment):
        vapi.get_assistant("asst_1")
    assert slept == [4.0]


def test_a_long_wait_is_left_to_the_caller(server: Server, vapi: VapiClient, slept: list[float]) -> None:
    server.answer(Reply(429, {}, {"Retry-After": "120"}), OK)
    with pytest.raises(errors.VapiBusy) as raised:
        vapi.get_assistant("asst_1")
    assert (raised.value.retry_after, slept, len(server.asked)) == (120.0, [], 1)


@pytest.mark.parametrize("asked", ["soon", "-3", "", "1e999"])
def test_a_wait_that_is_none_falls_back_to_our_own(server: Server, vapi: VapiClient, slept: list[float], asked: str) -> None:
    server.answer(Reply(429, {}, {"Retry-After": asked}), OK)
    vapi.get_assistant("asst_1")
    assert len(slept) == 1
    assert 0 <= slept[0] <= 1


def test_a_slow_answer_ends(server: Server) -> None:
    server.answer(Reply(stalls=True))
    with (
        VapiClient(server.url, KEY, read_seconds=0.1) as impatient,
        pytest.raises(errors.VapiUnreachable, match="did not answer") as raised,
    ):
        impatient.create_assistant({})
    assert (raised.value.retryable, raised.value.may_have_happened) == (True, True)


def test_an_endless_answer_ends(server: Server, vapi: VapiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    server.answer(OK)
    monkeypatch.setattr(module, "MAX_ANSWER", 5)
    with pytest.raises(errors.VapiUnreadable):
        vapi.get_assistant("asst_1")
    monkeypatch.setattr(module, "MAX_ANSWER", 5000)
    monkeypatch.setattr(module, "ANSWER_SECONDS", 0)
    with pytest.raises(errors.VapiUnreadable):
        vapi.get_assistant("asst_1")


def test_vapi_down(slept: list[float]) -> None:
    with serving() as gone:
        address = gone.url
    with VapiClient(address, KEY, sleep=slept.append) as client:
        with pytest.raises(errors.VapiUnreachable) as raised:
            client.create_assistant({})
        assert not raised.value.may_have_happened
        with pytest.raises(errors.VapiUnreachable):
            client.get_assistant("asst_1")
    assert len(slept) == 2


@pytest.mark.parametrize("wrong", ["", ".", "..", "a/b", "../call/x", "a?b=c", "x" * 65, "a\n", "a%2f"])
def test_what_is_no_id_is_never_sent(server: Server, vapi: VapiClient, wrong: str) -> None:
    vapi.delete_assistant(wrong)
    for ask in (vapi.get_assistant, vapi.get_phone_number, vapi.get_call, vapi.recording):
        with pytest.raises(errors.VapiNotFound):
            ask(wrong)
    assert server.asked == []


def item(number: int, *, second: int | None = None) -> dict[str, Any]:
    created = datetime(2026, 7, 1, tzinfo=UTC) + timedelta(seconds=number if second is None else second)
    return {"id": f"id{number}", "createdAt": created.isoformat(), "metadata": {"agent": str(number)}}


def fill(server: Server, items: list[dict[str, Any]]) -> None:
    """A bare array, newest first, filtered as Vapi filters it."""

    def respond(path: str) -> Reply:
        query = dict(parse_qsl(urlsplit(path).query))
        until = query.get("createdAtLe", "9")
        return Reply(200, [found for found in items if found["createdAt"] <= until][: int(query["limit"])])

    server.respond = respond


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 250])
def test_lists_are_read_to_their_end_each_item_once(server: Server, vapi: VapiClient, count: int) -> None:
    fill(server, [item(number) for number in reversed(range(count))])
    assert [found["id"] for found in vapi.list_phone_numbers()] == [f"id{number}" for number in reversed(range(count))]


def test_items_created_at_the_same_moment_are_not_lost_between_pages(server: Server, vapi: VapiClient) -> None:
    fill(server, [item(number, second=number // 40) for number in reversed(range(230))])
    assert len(vapi.list_phone_numbers()) == 230


def test_a_list_that_never_ends_is_an_error_not_half_a_list(server: Server, vapi: VapiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_PAGES", 2)
    fill(server, [item(number) for number in reversed(range(400))])
    with pytest.raises(errors.VapiUnreadable):
        vapi.list_phone_numbers()


@pytest.mark.parametrize("body", [{}, [1], [None], "x"])
def test_a_list_of_anything_else_is_unreadable(server: Server, vapi: VapiClient, body: Any) -> None:
    server.answer(Reply(200, body))
    with pytest.raises(errors.VapiUnreadable):
        vapi.list_phone_numbers()


def test_an_assistant_is_found_by_its_metadata(server: Server, vapi: VapiClient) -> None:
    fill(server, [{"id": "bare", "createdAt": "2026-08-01"}, *(item(number) for number in reversed(range(150)))])
    found = vapi.find_assistant("agent", "3")
    assert found
    assert found["id"] == "id3"
    assert vapi.find_assistant("agent", "none") is None


def test_calls_are_asked_for_by_the_moment_of_their_last_change(server: Server, vapi: VapiClient) -> None:
    server.answer(Reply(200, [json.loads(raw("rest_call_get_ended"))]))
    [call] = vapi.list_calls(datetime(2026, 7, 27, 12, 0, 0, 123456, tzinfo=UTC))
    assert "updatedAtGt=2026-07-27T12%3A00%3A00.123Z" in server.asked[0].path
    assert call["id"] == "019fedaf-549c-7000-8625-582e741edd7f"


def test_numbers_and_calls_come_without_secrets(server: Server, vapi: VapiClient) -> None:
    server.answer(sample("rest_phone_numbers_list", 200))
    assert [found["number"] for found in vapi.list_phone_numbers()] == ["+16285550100", "+14155550111", "+16285550101"]
    server.answer(sample("rest_phone_number_twilio", 200))
    for found in (vapi.get_phone_number("pn_1"), vapi.update_phone_number("pn_1", {"assistantId": None})):
        assert "FAKE-REDACT-ME" not in json.dumps(found)
    assert server.asked[-1].body == {"assistantId": None}
    server.answer(sample("rest_call_get_ended", 200))
    assert "X-Amz" not in json.dumps(vapi.get_call("call_1"))


SIGNED = "https://bucket.example/x-mono.wav?X-Amz-Signature=s"


def test_a_recording_is_an_address_our_key_is_never_sent_to(server: Server, vapi: VapiClient) -> None:
    server.answer(Reply(302, b"", {"Location": SIGNED}))
    assert vapi.recording("call_1") == SIGNED
    assert [asked.path for asked in server.asked] == ["/vapi/call/call_1/mono-recording"]
    server.answer(Reply(302, b"", {"Location": "/files/x.wav?sig=1"}))
    assert vapi.recording("call_1") == server.url.replace("/vapi", "/files/x.wav?sig=1")


@pytest.mark.parametrize("reply", [Reply(200, {}), Reply(302, b""), Reply(302, b"", {"Location": "file:///etc/passwd"})])
def test_a_recording_that_leads_nowhere_is_unreadable(server: Server, vapi: VapiClient, reply: Reply) -> None:
    server.answer(reply)
    with pytest.raises(errors.VapiUnreadable):
        vapi.recording("call_1")


def test_a_call_without_recording(server: Server, vapi: VapiClient) -> None:
    server.answer(sample("rest_error_404", 404))
    with pytest.raises(errors.VapiNotFound):
        vapi.recording("call_1")


def test_redirects_of_other_requests_are_not_followed(server: Server, vapi: VapiClient) -> None:
    server.answer(Reply(302, b"", {"Location": SIGNED}))
    with pytest.raises(errors.VapiUnreadable):
        vapi.get_assistant("asst_1")
    assert len(server.asked) == 1


def test_logs_hold_neither_key_nor_bodies_nor_signatures(server: Server, vapi: VapiClient) -> None:
    server.answer(Reply(500, {"message": "BODY-WORD"}), Reply(302, b"", {"Location": SIGNED}))
    with capture_logs() as logs:
        vapi.recording("call_1")
        server.answer(Reply(hang_up=True))
        with pytest.raises(errors.VapiUnreachable):
            vapi.create_assistant({"model": "BODY-WORD"})
    assert [log["event"] for log in logs] == ["vapi.answer", "vapi.answer", "vapi.no_answer"]
    for unwanted in (KEY, "BODY-WORD", "X-Amz", "Bearer"):
        assert unwanted not in repr(logs)
