"""The REST side takes what Vapi takes and refuses the rest in its words."""

import httpx
import pytest

from tests.sandbox.parts import PROMPT, Box, assistant

URL = "http://127.0.0.1:9/hook"


@pytest.mark.parametrize("key", ["", "Bearer wrong", "wrong"])
def test_a_wrong_key_is_refused(box: Box, key: str) -> None:
    reply = box.http.get("/vapi/assistant", headers={"Authorization": key})
    assert reply.status_code == 401
    assert reply.json()["message"].startswith("Invalid Key.")
    assert reply.json()["statusCode"] == 401


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"serverUrl": URL}, "property serverUrl should not exist"),
        ({"silenceTimeoutSeconds": 30}, "property silenceTimeoutSeconds should not exist"),
        ({"server": {"url": URL, "secret": "s"}}, "server.property secret should not exist"),
        ({"name": "n" * 41}, "name must be shorter than or equal to 40 characters"),
        ({"maxDurationSeconds": 9}, "maxDurationSeconds must not be less than 10"),
        ({"maxDurationSeconds": True}, "maxDurationSeconds must be a number conforming to the specified constraints"),
        ({"firstMessage": 1}, "firstMessage must be a string"),
        ({"backgroundSound": 5}, "backgroundSound must be a string"),
        ({"serverMessages": ["call.created"]}, "each value in serverMessages must be one of the following values"),
        ({"voice": {"provider": "nobody"}}, "voice.provider must be one of the following values"),
        ({"voice": {"provider": "vapi"}}, "voice.voiceId should not be empty"),
        ({"model": {"provider": "openai", "model": "gpt-99"}}, "model.model must be one of the following values"),
        (
            {"model": {"provider": "openai", "model": "gpt-4.1", "tools": [{"type": "function", "serverUrl": URL}]}},
            "model.each value in tools.property serverUrl should not exist",
        ),
        (
            {"server": {"url": URL, "backoffPlan": {"type": "linear", "maxRetries": 11, "baseDelaySeconds": 1}}},
            "server.backoffPlan.maxRetries must not be greater than 10",
        ),
    ],
)
def test_fields_outside_the_allow_list_are_refused(box: Box, change: dict, message: str) -> None:
    reply = box.http.post("/vapi/assistant", json=assistant(URL, **change))
    assert reply.status_code == 400
    assert reply.json()["error"] == "Bad Request"
    assert any(text.startswith(message) for text in reply.json()["message"]), reply.json()
    assert box.http.get("/vapi/assistant").json() == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"text"', b"null"])
def test_a_body_that_is_no_object_is_refused(box: Box, body: bytes) -> None:
    assert box.http.post("/vapi/assistant", content=body).status_code == 400


def test_patch_replaces_the_whole_model_and_keeps_other_fields(box: Box) -> None:
    made = box.http.post("/vapi/assistant", json=assistant(URL)).json()
    changed = box.http.patch(f"/vapi/assistant/{made['id']}", json={"model": {"provider": "openai", "model": "gpt-4o"}}).json()
    assert changed["model"] == {"provider": "openai", "model": "gpt-4o"}
    assert changed["firstMessage"] == made["firstMessage"]
    assert PROMPT not in str(box.http.get(f"/vapi/assistant/{made['id']}").json())


def test_null_takes_an_assistant_off_a_number(box: Box) -> None:
    made = box.answered_by(assistant(URL))
    assert box.numbers()[0]["assistantId"] == made["id"]
    assert "assistantId" not in box.number(assistantId=None, provider="vapi")
    assert "assistantId" not in box.numbers()[0]


def test_unknown_things_are_not_found(box: Box) -> None:
    for path, noun in (("assistant", "Assistant"), ("phone-number", "Phone Number"), ("call", "Call"), ("tool", "Tool")):
        reply = box.http.get(f"/vapi/{path}/sbx-none")
        assert (reply.status_code, reply.json()["message"]) == (404, f"{noun} Not Found")
    assert box.http.delete("/vapi/assistant/sbx-none").status_code == 404
    assert box.http.get("/vapi/v1/agent").json()["message"] == "Cannot GET /v1/agent"


def test_references_must_exist(box: Box) -> None:
    number = box.numbers()[0]["id"]
    assert box.http.patch(f"/vapi/phone-number/{number}", json={"assistantId": "sbx-none"}).status_code == 400
    assert box.http.post("/vapi/assistant", json=assistant(URL, server={"url": URL, "credentialId": "none"})).status_code == 400
    model = {"provider": "openai", "model": "gpt-4.1", "toolIds": ["none"]}
    assert box.http.post("/vapi/assistant", json=assistant(URL, model=model)).status_code == 400


def test_lists_are_bare_arrays_newest_first_and_paged_by_time(box: Box) -> None:
    box.control("/clock", {"freeze": "2026-11-20T10:00:00Z"})
    made = []
    for _ in range(3):
        made.append(box.http.post("/vapi/assistant", json=assistant(URL)).json())
        box.control("/clock", {"advance": 1})
    page = box.http.get("/vapi/assistant", params={"limit": 2}).json()
    assert [one["id"] for one in page] == [made[2]["id"], made[1]["id"]]
    rest = box.http.get("/vapi/assistant", params={"createdAtLt": page[-1]["createdAt"]}).json()
    assert [one["id"] for one in rest] == [made[0]["id"]]
    moment = "2026-11-20T11:00:01+01:00"
    assert [one["id"] for one in box.http.get("/vapi/assistant", params={"updatedAtGt": moment}).json()] == [made[2]["id"]]


@pytest.mark.parametrize("query", [{"page": "1"}, {"limit": "1001"}, {"limit": "x"}, {"createdAtLt": "yesterday"}])
def test_bad_queries_are_refused(box: Box, query: dict) -> None:
    assert box.http.get("/vapi/call", params=query).status_code == 400


def test_the_pool_has_five_numbers_and_no_sixth_for_free(box: Box) -> None:
    numbers = box.numbers()
    assert [number["number"] for number in numbers] == [f"+1415555010{place}" for place in range(1, 6)]
    assert all(number["status"] == "active" and number["id"].startswith("sbx-") for number in numbers)
    assert box.http.post("/vapi/phone-number", json={"provider": "vapi", "numberDesiredAreaCode": "628"}).status_code == 400
    box.control(f"/numbers/{numbers[4]['id']}", method="DELETE")
    bought = box.http.post("/vapi/phone-number", json={"provider": "vapi", "numberDesiredAreaCode": "628"}).json()
    assert bought["number"] == "+16285550100"


def test_deleting_answers_with_the_object(box: Box) -> None:
    made = box.http.post("/vapi/assistant", json=assistant(URL)).json()
    assert box.http.delete(f"/vapi/assistant/{made['id']}").json()["id"] == made["id"]
    assert box.http.get("/vapi/assistant").json() == []


@pytest.mark.parametrize(("kind", "status"), [("401", 401), ("409", 409), ("429", 429), ("500", 500), ("not_json", 502)])
def test_a_fault_strikes_the_asked_number_of_times(box: Box, kind: str, status: int) -> None:
    box.control("/faults", {"kind": kind, "path": "/vapi/assistant", "method": "GET", "times": 2, "seconds": 3})
    replies = [box.http.get("/vapi/assistant") for _ in range(3)]
    assert [reply.status_code for reply in replies] == [status, status, 200]
    assert replies[0].headers.get("Retry-After") == ("3" if kind == "429" else None)
    assert box.http.get("/vapi/phone-number").status_code == 200


def test_a_dropped_answer_has_done_its_work(box: Box) -> None:
    box.control("/faults", {"kind": "drop_after_write", "method": "POST"})
    with pytest.raises(httpx.TransportError):
        box.http.post("/vapi/assistant", json=assistant(URL))
    assert len(box.http.get("/vapi/assistant").json()) == 1


def test_a_timeout_fault_answers_nothing(box: Box) -> None:
    box.control("/faults", {"kind": "timeout"})
    with pytest.raises(httpx.ReadTimeout):
        box.http.get("/vapi/assistant", timeout=0.2)
