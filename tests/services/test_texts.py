from dataclasses import fields

import pytest

from kametrix.services import texts
from kametrix.services.texts import LANGUAGES, Texts


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_missing_or_shared_with_another_language(language: str) -> None:
    words = texts.of(language)
    others = [other for code, other in LANGUAGES.items() if code != language]
    for field in fields(Texts):
        value = getattr(words, field.name)
        assert value, field.name
        assert all(getattr(other, field.name) != value for other in others), field.name


def test_both_languages_have_the_same_rules() -> None:
    assert len({len(words.rules) for words in LANGUAGES.values()}) == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_templates_name_the_same_placeholders(language: str) -> None:
    words = texts.of(language)
    assert "{businessName}" in words.greeting
    assert "{agentName}" in words.greeting
    assert words.identity.format(name="Mia", business="Brightside") != words.identity


def test_refusals_are_one_speakable_line() -> None:
    for words in LANGUAGES.values():
        for refusal in (words.line_off, words.line_unavailable, words.line_busy, words.tool_unavailable):
            assert "\n" not in refusal
            assert len(refusal) < 200


def test_an_unknown_language_speaks_english() -> None:
    assert texts.of("xx") is texts.ENGLISH


def test_the_date_header_is_a_template_in_the_zone() -> None:
    assert texts.ENGLISH.date_header("America/New_York") == (
        'Current date and time: {{"now" | date: "%A, %B %d, %Y, %I:%M %p", "America/New_York"}} (America/New_York)'
    )
    german = texts.GERMAN.date_header("Europe/Berlin")
    assert '{{"now" | date: "%A, %d.%m.%Y, %H:%M", "Europe/Berlin" | replace: "Monday", "Montag"' in german
    assert german.endswith("}} Uhr (Europe/Berlin)")
