"""A conversation in the order it happened."""

from datetime import UTC, datetime, timedelta

from kametrix.models import ToolCallResult
from kametrix.services.conversation import conversation

BEGAN = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def _answer(seconds: float, **columns: str | None) -> ToolCallResult:
    given = {"name": "book_appointment", "result": "Booked.", **columns}
    return ToolCallResult(
        organization_id="o", agent_id="a", vapi_call_id="c", tool_call_id="t", created_at=BEGAN + timedelta(seconds=seconds), **given
    )


def test_turns_without_a_time_keep_their_place() -> None:
    said = [{"role": "agent", "text": "one", "at": 3}, {"role": "caller", "text": "two"}, {"role": "agent", "text": "three", "at": 8}]
    found = conversation(said, [_answer(5)], began=BEGAN)
    assert [(turn.text, turn.at) for turn in found] == [("one", 3), ("two", None), ("Booked.", 5), ("three", 8)]


def test_our_record_of_a_tool_replaces_the_transcripts() -> None:
    said = [{"role": "tool", "text": "{}", "at": 4}, {"role": "caller", "text": "thanks", "at": 6}]
    assert [turn.text for turn in conversation(said, [_answer(4)], began=BEGAN)] == ["Booked.", "thanks"]
    assert [turn.title for turn in conversation(said, [], began=BEGAN)] == ["The agent used a tool", ""]


def test_a_tool_that_failed_says_why() -> None:
    turn = conversation(None, [_answer(-3, result=None, error="The calendar did not answer.")], began=BEGAN)[0]
    assert (turn.failed, turn.text, turn.at) == (True, "The calendar did not answer.", 0)


def test_a_transcript_of_odd_shape_is_still_shown() -> None:
    assert [turn.text for turn in conversation([{}, {"text": 7, "at": 1.9}], [], began=BEGAN)] == ["", "7"]
