"""Prompts of any layout are read: headings, labels, bullets, questions with answers behind or below."""

import pytest

from sandbox.vapi.knowledge import Knowledge, read
from sandbox.vapi.words import looks_german, says

LAYOUTS = {
    "markdown": "## FAQ\n**Do you take walk-ins?**\nYes, before noon.\n\n## Hours\nMon 9-17\nSat: 10-14",
    "letters": "Questions:\nQ: Do you take walk-ins?\nA: Yes, before noon.\nHours: Mon 9-17. Sat: 10-14",
    "bullets": "Frequently asked questions:\n- Do you take walk-ins? Yes, before noon.\nOpening hours:\n- Mon 9-17\n- Sat: 10-14",
    "tags": "<faq>\n1. Do you take walk-ins?\nYes, before noon.\n<hours>\nMon 9-17\nSat: 10-14",
    "german": "# Fragen\nFrage: Do you take walk-ins?\nAntwort: Yes, before noon.\n\n# Öffnungszeiten\nMon 9-17\nSat: 10-14",
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_questions_and_hours_are_found(layout: str) -> None:
    known = read(LAYOUTS[layout])
    fact, score = known.best("Do you accept walk-ins?")
    assert fact is not None
    assert fact.answer == "Yes, before noon."
    assert score >= 0.5
    assert "Mon 9-17" in known.told("hours")
    assert "Sat" in known.told("hours")


@pytest.mark.parametrize(
    ("prompt", "name"),
    [
        ("You are Mia, the receptionist of Harbor Salon. Be kind.", "Harbor Salon"),
        ("You answer the phone for Bright Dental, a dentist.", "Bright Dental"),
        ("Du bist Mia am Empfang von Zahnarztpraxis Nord.", "Zahnarztpraxis Nord"),
        ("Be kind.", ""),
    ],
)
def test_the_business_is_named(prompt: str, name: str) -> None:
    assert read(prompt).business == name


def test_an_unrelated_question_fits_nothing() -> None:
    assert read(LAYOUTS["markdown"]).best("Do you repair bicycles?")[1] == 0
    assert Knowledge().best("Anything?") == (None, 0.0)


def test_an_empty_or_odd_prompt_is_no_error() -> None:
    for prompt in ("", "\n\n", "Q:", "A: x", "?", "# ", ":" * 50, "Q: a\nQ: b\nA:"):
        assert read(prompt).best("Hello?")[1] == 0


def test_german_is_told_from_english() -> None:
    assert looks_german("Wann haben Sie geöffnet?")
    assert not looks_german("When are you open on Saturday?")
    assert says("Well, good-bye then!", ["good bye"])
    assert not says("The buyer", ["bye"])
