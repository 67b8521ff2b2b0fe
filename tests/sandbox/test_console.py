"""The console without JavaScript: every page says Sandbox, a form places a call, everything sent can be read."""

import re

import pytest

from tests.sandbox.parts import Box, Receiver, assistant, until


def test_every_page_is_marked_and_loads_nothing_from_elsewhere(box: Box, server: Receiver) -> None:
    box.answered_by(assistant(server.url))
    scene = box.call("Do you take walk-ins?")
    first = box.state("/deliveries")[-1]["id"]
    for path in ("/", "/calls", f"/calls/{scene['id']}", "/payments", "/deliveries", f"/deliveries/{first}"):
        page = box.http.get(path)
        assert page.status_code == 200
        assert "<b>Sandbox.</b>" in page.text
        assert not re.findall(r'(?:src|href)="(?:https?:)?//', page.text), path
        assert "default-src 'self'" in page.headers["Content-Security-Policy"]


def test_a_link_preselects_number_and_caller(box: Box) -> None:
    page = box.http.get("/", params={"number": "+14155550103", "persona": "typed"}).text
    assert re.findall(r'name="(\w+)" value="([^"]+)"[^>]*checked', page) == [("number", "+14155550103"), ("persona", "typed")]


def test_the_form_places_a_call_and_leads_to_it(box: Box, server: Receiver) -> None:
    box.answered_by(assistant(server.url))
    chosen = {
        "number": "+14155550101",
        "persona": "hurried",
        "pace": "instant",
        "length": "61",
        "fault": "none",
        "generation": "b_classic",
    }
    placed = box.http.post("/", data=chosen)
    assert placed.status_code == 303
    scene = box.wait(placed.headers["location"].rsplit("/", 1)[1])
    assert scene["seconds"] == 61
    page = box.http.get(placed.headers["location"]).text
    assert "Quick question, are you open on Saturday?" in page
    assert "End-of-call report" in page
    assert 'data-live="no"' in page


@pytest.mark.parametrize("body", [{"number": "+15555550100"}, {"number": "+14155550101", "persona": "nobody"}, {}])
def test_a_call_that_can_not_be_placed_says_why_and_keeps_the_choices(box: Box, body: dict) -> None:
    page = box.http.post("/", data={**body, "pace": "real"})
    assert page.status_code == 400
    assert "The call was not placed." in page.text
    assert '<option value="real" selected>' in page.text


def test_a_person_can_type_and_hang_up_by_form(box: Box, server: Receiver) -> None:
    box.answered_by(assistant(server.url))
    path = box.http.post("/", data={"number": "+14155550101", "persona": "typed", "pace": "instant"}).headers["location"]
    until(lambda: "How can I help?" in box.http.get(path).text)
    assert box.http.post(f"{path}/say", data={"text": "<b>walk-ins</b>?"}).status_code == 303
    until(lambda: "before noon" in box.http.get(path).text)
    assert "&lt;b&gt;walk-ins&lt;/b&gt;?" in box.http.get(path).text
    assert box.http.post(f"{path}/hang-up").status_code == 303
    until(lambda: "The caller hung up." in box.http.get(path).text)


def test_numbers_tell_who_answers(box: Box, server: Receiver) -> None:
    box.answered_by(assistant(server.url))
    assert "Answered by salon" in box.http.get("/").text
    box.number(assistantId=None, server={"url": server.url})
    assert "salon, when Kametrix agrees" in box.http.get("/").text


@pytest.mark.parametrize(
    "body",
    [
        {"number": 5},
        {"number": "+14155550101", "pace": "fast"},
        {"number": "+14155550101", "length": 0},
        {"number": "+14155550101", "length": "long"},
        {"number": "+14155550101", "copies": 1000},
        {"number": "+14155550101", "mood": "good"},
        {"number": "+14155550101", "lines": 5},
        {"number": "+14155550101", "caller": 5},
        {"number": "+14155550101", "length": "nan"},
    ],
)
def test_control_refuses_choices_that_make_no_sense(box: Box, body: dict) -> None:
    reply = box.http.post("/_control/calls", json=body)
    assert reply.status_code == 400
    assert reply.json()["error"]
    assert box.state("/calls") == []


def test_control_takes_json_only(box: Box) -> None:
    assert box.http.post("/_control/reset", data={"a": "b"}).status_code == 415
    assert box.http.post("/_control/clock", json={"advance": "soon"}).status_code == 400
    assert box.http.get("/_control/calls/none").status_code == 404
    assert box.http.post("/_control/faults", json={"kind": "500", "times": "x"}).status_code == 400
    assert box.http.post("/_control/faults", json={"kind": "fire"}).status_code == 400
