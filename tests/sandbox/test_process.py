"""The process: refuses production, answers this machine only, keeps its state over a restart."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.sandbox.parts import ROOT, Box, Receiver, assistant, until


def test_it_refuses_production(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sandbox", "--data", str(tmp_path / "data")]
    ran = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "KAMETRIX_ENVIRONMENT": "production"}, capture_output=True, text=True, timeout=30, check=False
    )
    assert ran.returncode != 0
    assert "does not run in production" in ran.stderr
    assert not (tmp_path / "data").exists()


def test_it_refuses_a_port_that_is_taken(box: Box, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sandbox", "--port", str(box.port), "--data", str(tmp_path / "data")]
    environment = {name: value for name, value in os.environ.items() if name != "KAMETRIX_ENVIRONMENT"}
    ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=30, check=False)
    assert ran.returncode != 0
    assert f"Port {box.port} is taken" in ran.stderr


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "https://evil.example"}, {"Origin": "null"}])
def test_foreign_hosts_and_pages_are_refused(box: Box, headers: dict) -> None:
    assert box.http.get("/_control/clock", headers=headers).status_code == 403
    assert box.http.post("/", headers=headers).status_code == 403


def test_the_product_and_the_sandbox_do_not_import_each_other() -> None:
    for folder, other in (("sandbox", "kametrix"), ("kametrix", "sandbox")):
        for path in (ROOT / folder).rglob("*.py"):
            assert f"import {other}" not in path.read_text(), path
            assert f"from {other}" not in path.read_text(), path


def test_state_survives_a_restart(start: Callable[..., Box], server: Receiver) -> None:
    first = start()
    made = first.answered_by(assistant(server.url))
    scene = first.call("Bye.")
    first.control(f"/numbers/{first.numbers()[4]['id']}", method="DELETE")
    numbers = first.numbers()
    first.stop()
    second = start()
    assert second.http.get("/vapi/assistant").json() == [made]
    assert second.numbers() == numbers
    assert second.http.get(f"/vapi/call/{scene['id']}").json()["status"] == "ended"
    assert second.call("Bye.")["ended_reason"] == "customer-ended-call"


def test_a_call_cut_by_a_stop_has_ended_after_it_and_retries_go_on(start: Callable[..., Box], server: Receiver) -> None:
    server.answer = lambda message: (503, {})
    first = start()
    plan = {"type": "fixed", "maxRetries": 3, "baseDelaySeconds": 10}
    first.answered_by(assistant(server.url, server={"url": server.url, "backoffPlan": plan}, serverMessages=["status-update"]))
    call_id = first.place(persona="typed")
    until(lambda: server.kinds() == ["ringing", "in-progress"])
    until(lambda: {delivery["state"] for delivery in first.state("/deliveries")} == {"waiting"})
    first.stop()
    server.answer = lambda message: (200, {})
    second = start()
    call = second.http.get(f"/vapi/call/{call_id}").json()
    assert (call["status"], call["endedReason"]) == ("ended", "worker-shutdown")
    assert second.state(f"/calls/{call_id}")["is_live"] == "no"
    second.control("/clock", {"speed": 100})
    until(lambda: {delivery["state"] for delivery in second.state("/deliveries")} == {"delivered"})
    assert sorted(server.kinds()) == ["in-progress", "in-progress", "ringing", "ringing"]


def test_a_language_model_answers_when_one_is_configured(start: Callable[..., Box], server: Receiver) -> None:
    wanted = {"tool_calls": [{"id": "call_1", "type": "function", "function": {"name": "lookup", "arguments": '{"what": "price"}'}}]}
    replies = [wanted, {"content": "It is forty dollars."}, {"content": "Goodbye!", "tool_calls": [_end_call()]}]
    seen: list[dict] = []

    def complete(body: dict) -> tuple[int, dict]:
        seen.append(body)
        return 200, {"choices": [{"message": {"role": "assistant", **replies[len(seen) - 1]}}]}

    model = Receiver(complete)
    box = start(LLM_BASE_URL=f"{model.url}/v1", LLM_API_KEY="k", LLM_MODEL="m")
    tool = {"type": "function", "function": {"name": "lookup"}, "server": {"url": server.url}}
    server.answer = lambda m: (200, {"results": [{"toolCallId": "call_1", "result": "$40"}] if m["type"] == "tool-calls" else []})
    box.answered_by(assistant(server.url, model=assistant("")["model"] | {"tools": [tool, {"type": "endCall"}]}))
    scene = box.call("What does it cost?", "Thanks.")
    assert "AI: It is forty dollars.\nUser: Thanks.\nAI: Goodbye!" in scene["transcript"]
    assert scene["ended_reason"] == "assistant-ended-call"
    assert seen[0]["model"] == "m"
    assert seen[0]["messages"][0]["content"].startswith("You are Mia")
    assert seen[1]["messages"][-1] == {"role": "tool", "tool_call_id": "call_1", "content": "$40"}
    model.close()


def test_a_model_that_fails_leaves_the_turn_to_the_receptionist(start: Callable[..., Box], server: Receiver) -> None:
    box = start(LLM_BASE_URL="http://127.0.0.1:9/v1", LLM_MODEL="m")
    box.answered_by(assistant(server.url))
    scene = box.call("Do you take walk-ins?")
    assert "Yes, before noon." in scene["transcript"]
    assert "language model did not answer" in scene["notes"][0]


def _end_call() -> dict:
    return {"id": "call_2", "type": "function", "function": {"name": "end_call", "arguments": "{}"}}
