from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import liquid
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kametrix.errors import Invalid
from kametrix.services import prompts
from kametrix.services.agent_form import Faq, checked
from kametrix.services.prompts import compose, first_message, plain
from tests.forms import agent_form

SNAPSHOTS = Path(__file__).parent.parent / "fixtures" / "prompts"
EVENING = datetime(2026, 11, 20, 2, 30, tzinfo=ZoneInfo("UTC"))
SECRETS = {"customer": {"number": "LEAKED"}, "now": "LEAKED", "phoneNumber": {"number": "LEAKED"}, "name": "LEAKED", "a": "LEAKED"}


def render(template: str, moment: datetime = EVENING) -> str:
    """As the provider does when a call starts: Liquid with the date filter of LiquidJS, which takes a zone."""
    environment = liquid.Environment()
    environment.filters["date"] = lambda _now, form, zone="UTC": moment.astimezone(ZoneInfo(zone)).strftime(form)
    return environment.from_string(template).render(**SECRETS)


GERMAN = agent_form(
    name="Lena",
    business_name="Zahnarztpraxis Süd",
    description="Eine Zahnarztpraxis in Köln.",
    services=("Kontrolle", "Zahnreinigung"),
    hours="Montag bis Freitag, 8 bis 17 Uhr",
    greeting="Guten Tag, Zahnarztpraxis Süd, Lena am Apparat.",
    faqs=(Faq("Nehmen Sie neue Patienten auf?", "Ja, gern."),),
    policies="",
    language="de",
    timezone="Europe/Berlin",
)


@pytest.mark.parametrize(("name", "form"), [("english", agent_form()), ("german", GERMAN)])
def test_the_prompt_is_as_agreed(name: str, form: prompts.AgentForm) -> None:
    prompt = compose(checked(form))
    assert f"{prompt.greeting}\n=====\n{prompt.system_prompt}\n" == (SNAPSHOTS / f"{name}.txt").read_text()


def test_the_date_is_the_business_s_own_when_the_call_starts() -> None:
    assert "Thursday, November 19, 2026, 06:30 PM (America/Los_Angeles)" in render(compose(agent_form()).system_prompt)
    assert "Freitag, 20.11.2026, 03:30 Uhr (Europe/Berlin)" in render(compose(GERMAN).system_prompt)


def test_empty_sections_are_left_out() -> None:
    prompt = compose(agent_form(services=(), hours="", faqs=(), policies="")).system_prompt
    for heading in ("Services", "Opening hours", "Questions and answers", "Policies"):
        assert f"# {heading}" not in prompt
    assert "# Rules" in prompt


@pytest.mark.parametrize(
    ("discloses_ai", "records_calls", "spoken"),
    [
        (True, True, "You are speaking with an AI assistant. This call is recorded. Hello."),
        (True, False, "You are speaking with an AI assistant. Hello."),
        (False, True, "This call is recorded. Hello."),
        (False, False, "Hello."),
    ],
)
def test_what_is_disclosed_is_spoken_first(discloses_ai: bool, records_calls: bool, spoken: str) -> None:
    assert first_message("Hello.", "en", discloses_ai=discloses_ai, records_calls=records_calls) == spoken


def test_the_disclosure_speaks_the_agent_s_language() -> None:
    assert compose(GERMAN).greeting.startswith("Sie sprechen mit einem KI-Assistenten. Dieser Anruf wird aufgezeichnet. Guten Tag")


def test_a_prompt_too_long_to_keep_in_mind_is_refused() -> None:
    faqs = tuple(Faq(f"Question {number}?", "a" * 1400) for number in range(40))
    with pytest.raises(Invalid) as told:
        compose(agent_form(faqs=faqs))
    assert "faqs" in told.value.errors


ATTACKS = (
    "{{",
    "}}",
    "{%",
    "%}",
    "{",
    "}",
    "%",
    "\u200b",
    "\u2060",
    "{{ name }}",
    "{% if a %}",
    "{{a}}",
    "{%- raw -%}",
    "｛｛a｝｝",
    "{\u200b{a}\u200b}",
)
words = st.lists(st.sampled_from(ATTACKS) | st.text(max_size=8), max_size=8).map("".join)


@given(words, words, words, words, words)
@example("{", "{ customer.number }}", "{", "% raw %}", "{{a}}")
def test_nothing_a_person_types_acts_as_a_template(name: str, description: str, service: str, question: str, greeting: str) -> None:
    form = agent_form(
        name=name, business_name=description, description=description, services=(service, description), hours=service,
        faqs=(Faq(question, description), Faq(description, question)), policies=question, greeting=greeting,
    )  # fmt: skip
    prompt = compose(form)
    header = prompts.texts.of("en").date_header(form.timezone)
    for template in (prompt.system_prompt.replace(header, ""), prompt.greeting, plain(greeting)):
        assert render(template) == template
        assert render(template.replace("\u200b", "").replace("\u2060", "")) == template.replace("\u200b", "").replace("\u2060", "")
        assert not set(template) & set("{}")
    assert all(plain(typed) in prompt.system_prompt for typed in (name, description, service, question))


@given(words)
def test_only_braces_change(typed: str) -> None:
    changed = plain(typed)
    assert len(changed) == len(typed)
    assert all(
        now == was or (was in "{｛﹛︷" and now == "(") or (was in "}｝﹜︸" and now == ")")
        for was, now in zip(typed, changed, strict=True)
    )


def test_an_answer_with_a_blank_is_not_given_to_the_agent() -> None:
    faqs = (Faq("What is the price?", "It costs [price]."), Faq("Are you open?", "Yes."))
    prompt = compose(checked(agent_form(faqs=faqs))).system_prompt
    assert "What is the price?" not in prompt
    assert "[price]" not in prompt
    assert "Are you open?" in prompt
    assert "# Questions and answers" not in compose(checked(agent_form(faqs=faqs[:1]))).system_prompt
