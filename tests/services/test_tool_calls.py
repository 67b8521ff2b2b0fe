from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlmodel import Session, select

from kametrix import db
from kametrix.integrations.vapi.events import Message
from kametrix.models import Agent, ToolCallResult
from kametrix.services import texts, tool_calls
from kametrix.services.tool_calls import FAILED, ToolAnswer, answer, failures
from tests.factories import create_agent, create_member
from tests.vapi_messages import message


@pytest.fixture
def agent(session: Session) -> Agent:
    return create_agent(session, create_member(session))


def asks(*requests: dict[str, Any], call_id: str | None = "call-1") -> Message:
    return Message("tool-calls", call_id, None, message("tool-calls", call_id, toolCallList=list(requests)))


def tool(tool_call_id: str, arguments: Any = '{"date": "2026-07-29"}', name: str = "check_availability") -> dict[str, Any]:
    return {"id": tool_call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


def test_each_request_gets_one_answer_in_order(session: Session, agent: Agent) -> None:
    answers = answer(session, agent.id, asks(tool("c"), tool("a", {"date": "2026-07-29"}), tool("b", name="book")))
    assert [given.tool_call_id for given in answers] == ["c", "a", "b"]
    assert {given.result for given in answers} == {texts.of("en").tool_unavailable}
    assert [given.as_json()["name"] for given in answers] == ["check_availability", "check_availability", "book"]


def test_the_answer_is_in_the_agents_language(session: Session, agent: Agent) -> None:
    agent.language = "de"
    assert answer(session, agent.id, asks(tool("a")))[0].result == texts.of("de").tool_unavailable


def test_arguments_that_cannot_be_read_are_told_and_never_taken_for_none(session: Session, agent: Agent) -> None:
    broken, sound = answer(session, agent.id, asks(tool("a", '{"date": '), tool("b")))
    assert (broken.result, sound.error) == (None, None)
    assert "error" in broken.as_json()
    assert "result" not in broken.as_json()


def test_a_repeated_request_gets_the_stored_answer(session: Session, agent: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    first = answer(session, agent.id, asks(tool("a"), tool("b", "[")))
    monkeypatch.setattr(tool_calls, "_perform", lambda _agent, asked: ToolAnswer(asked.id, asked.name, result="Something else."))
    assert answer(session, agent.id, asks(tool("a"), tool("b", "["))) == first
    assert len(session.exec(select(ToolCallResult)).all()) == 2


def test_answers_are_one_line(session: Session) -> None:
    assert ToolAnswer("a", "book", result="Two\n  lines\r\n and\ta tab ").as_json()["result"] == "Two lines and a tab"
    assert ToolAnswer("a", "book", error="No\nway").as_json() == {"toolCallId": "a", "name": "book", "error": "No way"}


def test_another_agents_answer_is_never_given_away(session: Session, agent: Agent) -> None:
    answer(session, agent.id, asks(tool("a")))
    stranger = create_agent(session, create_member(session))
    [given] = answer(session, stranger.id, asks(tool("a")))
    assert (given.result, given.error) == (None, FAILED)


def test_requests_nothing_can_be_kept_by_are_answered_all_the_same(session: Session, agent: Agent) -> None:
    for request in (asks(tool("a"), call_id=None), asks(tool("x" * 200)), asks({"function": {"name": "book", "arguments": {}}})):
        assert answer(session, agent.id, request)[0].result
    assert session.exec(select(ToolCallResult)).all() == []


def test_secrets_in_arguments_are_not_kept(session: Session, agent: Agent) -> None:
    answer(session, agent.id, asks(tool("a", {"password": "FAKE-REDACT-ME", "date": "2026-07-29"})))
    assert session.exec(select(ToolCallResult)).one().arguments == {"password": "[redacted]", "date": "2026-07-29"}


def test_failures_answer_every_request(session: Session) -> None:
    told = [given.as_json() for given in failures(asks(tool("a"), tool("b", "[")))]
    assert [entry["toolCallId"] for entry in told] == ["a", "b"]
    assert all(entry["error"] for entry in told)


def test_one_request_many_times_at_once_is_answered_once(database: str) -> None:
    with db.transaction() as session:
        agent = create_agent(session, create_member(session))

    def run(_number: int) -> list[ToolAnswer]:
        with db.transaction() as session:
            return answer(session, agent.id, asks(tool("a"), tool("b")))

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(run, range(20)))
    assert all(given == answers[0] for given in answers)
    with db.transaction() as session:
        assert len(session.exec(select(ToolCallResult)).all()) == 2
