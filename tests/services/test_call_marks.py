"""What a search found is marked, and nothing else changes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kametrix.services.call_marks import marked, snippet, terms


def hits(words: str, text: str) -> list[str]:
    wanted = terms(words)
    return [part.text for part in marked(text, wanted) if part.is_hit] if wanted else []


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("clean", ["Cleaning", "clean"]),
        ('"clean"', ["clean"]),
        ("clean tues", ["Tuesday", "clean"]),
        ("clean -tuesday", ["clean"]),
        ("invoice or clean", ["Cleaning", "clean"]),
        ("-", []),
        ("a.b", []),
    ],
)
def test_the_words_that_were_searched_for_are_marked(words: str, found: list[str]) -> None:
    assert hits(words, "Cleaning on Tuesday, we clean well.") == found


@given(words=st.text(max_size=50), text=st.text(max_size=300))
def test_marking_changes_no_letter_and_a_snippet_is_short(words: str, text: str) -> None:
    wanted = terms(words)
    if wanted:
        assert "".join(part.text for part in marked(text, wanted)) == text
        assert len("".join(part.text for part in snippet([{"role": "caller", "text": text}], "", wanted))) <= 200


def test_the_turn_with_the_most_is_shown_and_else_the_summary() -> None:
    wanted = terms("cleaning tuesday")
    assert wanted
    said = (("agent", "Cleaning?"), ("caller", "A cleaning on Tuesday."), ("tool", "tuesday cleaning tuesday"))
    turns = [{"role": role, "text": text} for role, text in said]
    assert "".join(part.text for part in snippet(turns, "Tuesday", wanted)) == "A cleaning on Tuesday."
    assert "".join(part.text for part in snippet([], "Wants a Tuesday.", wanted)) == "Wants a Tuesday."
    assert snippet([], "Nothing.", wanted) == ()
