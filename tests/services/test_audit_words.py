"""Every act that the code can record is told in words, never by its name in the code."""

import ast
import re
from pathlib import Path

import pytest

from kametrix.services import audit_words

CODE = Path(audit_words.__file__).parent.parent
NOTING = {"record", "note", "_note", "_change"}
ACTION = re.compile(r"[A-Z]+(_[A-Z]+)+")


def recorded() -> set[str]:
    """Names of actions: words like AGENT_UPDATE given to a function that notes, or whose first argument is the session."""
    found: set[str] = set()
    for path in CODE.rglob("*.py"):
        for call in (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)):
            on_session = bool(call.args) and isinstance(call.args[0], ast.Name) and call.args[0].id == "session"
            if on_session or ast.unparse(call.func).rpartition(".")[2] in NOTING:
                words = [part.value for given in call.args for part in ast.walk(given) if isinstance(part, ast.Constant)]
                found |= {word for word in words if isinstance(word, str) and ACTION.fullmatch(word)}
    return found


def test_the_acts_of_all_parts_are_found() -> None:
    assert {"AGENT_UPDATE", "CALL_ASSIGN", "TEAM_INVITE", "ORGANIZATION_LOGO", "USER_CREDIT_ADJUST", "ACCESS_DENIED"} <= recorded()


def test_every_act_is_told_in_words() -> None:
    assert recorded() - set(audit_words.ACTIONS) == set()


@pytest.mark.parametrize(
    ("action", "told"),
    [
        ("TEAM_INVITE", "Dana invited robin@example.com"),
        ("TEAM_LEAVE", "Dana left the team"),
        ("CALL_ASSIGN", "Dana changed who follows up a call"),
        ("ORGANIZATION_CREATE", "Dana created the organization robin@example.com"),
    ],
)
def test_an_act_reads_as_a_sentence(action: str, told: str) -> None:
    assert audit_words.sentence(action, "Dana", "robin@example.com", ()) == told


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [("balance", 1234, "$12.34"), ("is_active", True, "Yes"), ("is_active", False, "No"), ("revision", 3, "3"), ("x", None, ""),
     ("filters", {"actor_id": "a"}, "Actor: a"), ("names", ["a", "b"], "a, b")],
)  # fmt: skip
def test_values_are_told_in_words(name: str, value: object, words: str) -> None:
    assert audit_words.value(name, value) == words


def test_an_act_nobody_has_words_for_is_still_told() -> None:
    assert audit_words.title("LEAD_MERGE") == "Lead merge"
    assert audit_words.sentence("LEAD_MERGE", "Robin", "a lead", ()) == "Robin lead merge a lead"
