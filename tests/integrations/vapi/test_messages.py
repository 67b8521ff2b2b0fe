"""Any message parses; nothing but Invalid ever comes out of a bad one; status and parties are read from whatever is there."""

import contextlib
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlmodel import Session

from kametrix.errors import Invalid
from kametrix.integrations.vapi import events
from kametrix.integrations.vapi.messages import MAX_BYTES
from kametrix.integrations.vapi.redaction import redact
from tests.integrations.vapi.samples import WEBHOOKS, body, json_values, raw, wire

CALL = "019fedaf-549c-7000-8625-582e741edd7f"
KNOWN_FIELDS = st.sampled_from(
    [
        *("type", "call", "timestamp", "status", "artifact", "messages", "startedAt", "endedAt", "durationSeconds", "cost"),
        *("costs", "transcript", "analysis", "customer", "phoneNumber", "toolCallList", "toolCalls", "toolWithToolCallList"),
        *("functionCall", "destination"),
    ]
)


def read_everything(message: events.Message) -> None:
    body = message.body
    events.report(body), events.status(body), events.parties(body), events.tool_calls(body), events.call_report(body)
    assert len(events.dedupe_key(message)) <= 200


@pytest.mark.parametrize("name", WEBHOOKS)
def test_every_sample_is_read_and_reads_the_same_after_redaction(name: str) -> None:
    message = events.parse(raw(name))
    assert message.call_id == CALL
    read_everything(message)
    kept = redact(message.body)
    for reader in (events.report, events.status, events.tool_calls, events.parties):
        assert reader(kept) == reader(message.body)


def test_only_the_type_is_needed() -> None:
    message = events.parse(wire({"type": "hang"}))
    assert (message.type, message.call_id, message.timestamp) == ("hang", None, None)
    read_everything(message)


@pytest.mark.parametrize(
    "sent",
    [
        *(b"", b"{", b"[]", b"null", b'"text"', b"{}", b"\xff\xfe{}", b'{"message": []}', b'{"message": {}}'),
        *(wire({"type": ""}), wire({"type": {}}), wire({"type": "x" * 81}), wire({"type": "hang", "call": {"id": "c" * 65}})),
    ],
)
def test_what_is_no_message_is_refused_in_plain_words(sent: bytes) -> None:
    with pytest.raises(Invalid) as refused:
        events.parse(sent)
    assert "was stored" in refused.value.message


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "9" * 5000])
def test_numbers_json_does_not_have_are_refused(constant: str) -> None:
    with pytest.raises(Invalid, match="number"):
        events.parse(f'{{"message": {{"type": "hang", "cost": {constant}}}}}'.encode())


@pytest.mark.parametrize("depth", [61, 5_000, 500_000])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_deep_nesting_is_refused_clearly(depth: int, opening: str, closing: str) -> None:
    with pytest.raises(Invalid, match="deeper than 60"):
        events.parse(('{"message": {"type": "hang", "x": ' + opening * depth + "1" + closing * depth + "}}").encode())


def test_a_body_above_the_limit_is_refused() -> None:
    whole = wire({"type": "hang"}).ljust(MAX_BYTES)
    assert events.parse(whole).type == "hang"
    with pytest.raises(Invalid, match="8 MiB"):
        events.parse(whole + b" ")


def test_what_postgresql_cannot_store_is_removed_everywhere() -> None:
    sent = (
        rb'{"message": {"type": "ha\u0000ng", "call": {"id": "c\ud800d"}, "k\u0000ey": ["a\udfffb", {"x": "\ud83d\ude00 \u202e\u0645"}]}}'
    )
    message = events.parse(sent)
    assert (message.type, message.call_id) == ("hang", "cd")
    assert message.body["key"] == ["ab", {"x": "😀 \u202eم"}]
    json.dumps(message.body, ensure_ascii=False).encode()


def test_every_number_and_text_that_is_read_can_be_stored(session: Session) -> None:
    sent = rb'{"message": {"type": "hang", "a": 1e308, "b": -5e-324, "c": ' + b"9" * 4000 + rb', "d": "x\u0000\udc00y", "\u0000": 1}}'
    message = events.parse(sent)
    [(stored,)] = session.execute(text("select cast(:body as jsonb)"), {"body": json.dumps(message.body)})
    assert (stored["c"], stored["d"], stored[""]) == (message.body["c"], "xy", 1)


@pytest.mark.parametrize(
    "sent",
    [
        1785146540000,
        1785146540,
        "1785146540000",
        "1785146540",
        "2026-07-27T10:02:20.000Z",
        "2026-07-27T12:02:20+02:00",
        "2026-07-27 10:02:20",
    ],
)
def test_timestamps_in_milliseconds_seconds_and_iso(sent: object) -> None:
    assert events.parse(wire({"type": "hang", "timestamp": sent})).timestamp == datetime(2026, 7, 27, 10, 2, 20, tzinfo=UTC)


@pytest.mark.parametrize("sent", [True, -5, 0, 1e30, "soon", "", [], "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "9" * 400])
def test_a_timestamp_out_of_this_world_is_unknown(sent: object) -> None:
    assert events.parse(wire({"type": "hang", "timestamp": sent})).timestamp is None


@given(st.binary(max_size=200))
def test_arbitrary_bytes_never_raise_anything_else(sent: bytes) -> None:
    with contextlib.suppress(Invalid):
        read_everything(events.parse(sent))


@given(json_values)
def test_arbitrary_json_never_raises_anything_else(sent: object) -> None:
    with contextlib.suppress(Invalid):
        read_everything(events.parse(json.dumps(sent).encode()))


@given(st.dictionaries(KNOWN_FIELDS, json_values, max_size=8), st.dictionaries(KNOWN_FIELDS, json_values, max_size=8), st.booleans())
def test_known_fields_of_any_shape_are_read(outer: dict[str, object], inner: dict[str, object], has_call: bool) -> None:
    call = {"call": inner, "artifact": inner} if has_call else {}
    read_everything(events.parse(wire({**outer, **call, "type": "end-of-call-report"})))


@pytest.mark.parametrize(
    ("status", "stage"),
    [
        *(("scheduled", "QUEUED"), ("queued", "QUEUED"), ("ringing", "RINGING"), ("in-progress", "IN_PROGRESS")),
        *(
            ("forwarding", "IN_PROGRESS"),
            ("ended", "ENDED"),
            ("not-found", None),
            ("deletion-failed", None),
            ("new", None),
            (None, None),
            (7, None),
        ),
    ],
)
def test_status_becomes_a_stage(status: object, stage: str | None) -> None:
    assert events.status({"type": "status-update", "status": status}).stage == stage


def test_the_ended_status_tells_why_and_whether_the_caller_spoke() -> None:
    update = events.status(body("webhook_status_update_ended"))
    assert (update.call_id, update.stage, update.ended_reason, update.user_spoke) == (CALL, "ENDED", "customer-ended-call", True)
    assert update.at == datetime(2026, 7, 27, 10, 2, 11, 718000, tzinfo=UTC)


def test_a_forwarded_call_tells_where() -> None:
    assert events.status(body("webhook_status_update_forwarding")).transferred_to == "+14155550199"


def test_status_of_an_answer_of_get_call() -> None:
    update = events.status(json.loads(raw("rest_call_get_ended")))
    assert (update.call_id, update.stage, update.ended_reason) == (CALL, "ENDED", "customer-ended-call")
    assert update.started_at == datetime(2026, 7, 27, 10, 0, 4, 120000, tzinfo=UTC)


def test_parties_of_inbound_and_outbound_calls() -> None:
    inbound = events.parties(body("webhook_status_update_in_progress"))
    outbound = events.parties(body("webhook_end_of_call_report_no_answer"))
    assert (inbound.from_number, inbound.to_number, inbound.is_outbound) == ("+14155550147", "+16285550100", False)
    assert (outbound.from_number, outbound.to_number, outbound.is_outbound) == ("+16285550100", "+14155550147", True)
    assert inbound.assistant_id == "1cbf8c70-5fd7-4f61-a220-376ab35be1b0"
    assert inbound.phone_number_id == "42b4b25d-031e-4786-857f-63b346c9580f"


def test_parties_known_only_from_the_call() -> None:
    call = {"customer": {"number": "+14155550147"}, "phoneNumber": {"sipUri": "sip:desk@example.com"}}
    found = events.parties({"type": "hang", "call": call})
    assert (found.from_number, found.to_number) == ("+14155550147", "sip:desk@example.com")
