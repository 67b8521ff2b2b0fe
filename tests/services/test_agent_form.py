from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kametrix.errors import Invalid
from kametrix.services.agent_form import LIMITS, MAX_SERVICE, AgentForm, Faq, blanks, checked, named, unfilled, unfilled_in_short
from tests.forms import agent_form


def errors_of(**fields: Any) -> dict[str, str]:
    with pytest.raises(Invalid) as told:
        checked(agent_form(**fields))
    return told.value.errors


def test_every_wrong_field_is_told_at_once() -> None:
    wrong = errors_of(
        name="", business_name=" ", description="\n", services=("x" * 121, "ok"), hours="h" * 1001, voice_id="Spencer", greeting="",
        end_call_message="e" * 501, faqs=(Faq("Q", ""), Faq("", "A"), Faq("q" * 301, "a" * 1501)), policies="p" * 4001, language="fr",
        timezone="Mars/Olympus",
    )  # fmt: skip
    assert wrong.keys() == {
        "name", "business_name", "description", "services.0", "hours", "voice_id", "greeting", "end_call_message", "faqs.0.answer",
        "faqs.1.question", "faqs.2.question", "faqs.2.answer", "policies", "language", "timezone",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("field", "limit"),
    [("name", 100), ("business_name", 200), ("description", 4000), ("hours", 1000), ("greeting", 500), ("policies", 4000)],
)
def test_a_field_may_be_as_long_as_its_limit(field: str, limit: int) -> None:
    assert getattr(checked(agent_form(**{field: "é" * limit})), field) == "é" * limit
    assert errors_of(**{field: "é" * (limit + 1)}).keys() == {field}


def test_lists_have_limits() -> None:
    checked(agent_form(services=("s",) * 30, faqs=(Faq("Q", "A"),) * 50))
    assert errors_of(services=("s",) * 31, faqs=(Faq("Q", "A"),) * 51).keys() == {"services", "faqs"}


def test_empty_lines_of_lists_are_dropped() -> None:
    form = checked(agent_form(services=("", " Cleaning ", ""), faqs=(Faq("", ""), Faq("Q", "A"), Faq(" ", "\n"))))
    assert form.services == ("Cleaning",)
    assert form.faqs == (Faq("Q", "A"),)


def test_an_error_counts_the_pairs_as_they_were_sent() -> None:
    assert errors_of(faqs=(Faq("", ""), Faq("", ""), Faq("Parking?", ""))).keys() == {"faqs.2.answer"}


def test_placeholders_are_filled_in_when_saved() -> None:
    form = checked(agent_form(greeting="This is {agentName} of { businessname }.", end_call_message="{businessName} says goodbye."))
    assert form.greeting == "This is Mia of Brightside Dental."
    assert form.end_call_message == "Brightside Dental says goodbye."


def test_a_name_that_looks_like_a_placeholder_stays_a_name() -> None:
    form = checked(agent_form(name="{businessName}", greeting="I am {agentName}."))
    assert form.greeting == "I am {businessName}."


@pytest.mark.parametrize("greeting", ["Hello {firstName}", "Hello {{ customer.number }}", "{ staff name }"])
def test_an_unknown_placeholder_is_refused(greeting: str) -> None:
    assert "{businessName}" in errors_of(greeting=greeting.replace("customer.number", "number"))["greeting"]


def test_a_greeting_too_long_once_filled_in_is_refused() -> None:
    assert "greeting" in errors_of(business_name="b" * 200, greeting="{businessName}" * 3)


def test_closing_words_default_to_the_language() -> None:
    assert checked(agent_form(end_call_message="", language="de")).end_call_message == "Vielen Dank für Ihren Anruf. Auf Wiederhören!"


def test_unreadable_characters_are_dropped_and_lines_joined_where_one_is_meant() -> None:
    form = checked(agent_form(name="Mi\x00a\ud800 \n Jane", description="One\r\ntwo\rthree\x1b[0m"))
    assert form.name == "Mia Jane"
    assert form.description == "One\ntwo\nthree[0m"


@pytest.mark.parametrize("name", ["مطعم الأرز", "צהריים", "Zoë 👩🏽‍⚕️", "名前"])
def test_every_script_is_welcome(name: str) -> None:
    assert checked(agent_form(name=name, business_name=name, greeting=name)).name == name


typed = st.text(st.characters(), max_size=60)


@given(typed, typed, typed, typed)
def test_whatever_is_typed_is_stored_as_text_or_refused_at_its_field(name: str, description: str, question: str, greeting: str) -> None:
    form = agent_form(name=name, description=description, greeting=greeting, faqs=(Faq(question, "A"),), services=(name,))
    stored = accepted(form)
    for text in (stored.name, stored.description, stored.greeting, *stored.services) if stored else ():
        assert "\x00" not in text
        assert text.encode().decode() == text


def accepted(form: AgentForm) -> AgentForm | None:
    try:
        return checked(form)
    except Invalid as told:
        known = {"name", "description", "greeting", "faqs.0.question"}
        return None if told.errors.keys() <= known else pytest.fail(f"{told.errors}")


def test_a_service_may_be_as_long_as_the_form_says() -> None:
    assert checked(agent_form(services=("x" * MAX_SERVICE,))).services == ("x" * MAX_SERVICE,)
    with pytest.raises(Invalid) as wrong:
        checked(agent_form(services=("Cleaning", "x" * (MAX_SERVICE + 1))))
    assert list(wrong.value.errors) == ["services.1"]


@pytest.mark.parametrize("inner", [" " * 100_000, "\n " * 50_000, "a " * 50_000, "{" * 100_000, "{ a" * 30_000])
def test_placeholders_are_found_in_one_pass_whatever_is_pasted(inner: str) -> None:
    """The pattern must not try every way to share out the spaces: that would hold up the whole process for hours."""
    assert errors_of(greeting="{" + inner + "-")["greeting"].startswith("This has")
    assert blanks("[" * 100_000) == ()


def test_a_pasted_book_as_a_name_does_not_grow_with_every_placeholder() -> None:
    """Previews speak what is typed with every key, also what could never be saved."""
    spoken = named("{agentName} {businessName} " * 100, agent="x" * 10_000, business="y" * 10_000)
    assert len(spoken) == 100 * (LIMITS["name"] + LIMITS["business_name"] + 2)


@pytest.mark.parametrize("spelt", ["{businessName}", "{ businessname }", "{BUSINESSNAME\t}"])
def test_a_placeholder_may_be_spaced_and_spelt_in_any_way(spelt: str) -> None:
    assert checked(agent_form(greeting=f"Hello from {spelt}.")).greeting == "Hello from Brightside Dental."


def test_blanks_are_told_where_they_stand_and_stop_nobody() -> None:
    form = agent_form(
        hours="[hours]", policies="Cancel [notice] ahead, [notice] at least, or pay [fee].", services=("Check-up [45 minutes]", "Cleaning"),
        faqs=(Faq("Price?", "It costs [price]."), Faq("Why [sic]?", "Because.")),
    )  # fmt: skip
    assert unfilled(form) == {
        "hours": "Still to confirm or fill in: [hours]. Until then the agent may say it as it stands.",
        "policies": "Still to confirm or fill in: [notice], [fee]. Until then the agent may say it as it stands.",
        "services.0": "Still to confirm or fill in: [45 minutes]. Until then the agent may say it as it stands.",
        "faqs.0.answer": "Still to confirm or fill in: [price]. Until then callers do not get this answer.",
    }
    assert checked(form).faqs == form.faqs


def test_blanks_are_told_in_a_sentence() -> None:
    assert unfilled_in_short(agent_form()) == ""
    one = agent_form(faqs=(Faq("Price?", "[price] or [price]"),))
    assert unfilled_in_short(one) == "Still to confirm or fill in: [price]. Callers do not get an answer that has a blank."
    many = agent_form(hours="[a]", policies="[b] [c]", services=("[d]",), faqs=(Faq("Price?", "[e]"),))
    assert "and 2 more" in unfilled_in_short(many)


@pytest.mark.parametrize("text", ["[]", "[", "]", "[two\nlines]", "[[a]", f"[{'x' * 61}]", ""])
def test_what_is_no_blank(text: str) -> None:
    assert blanks(text) in ((), ("[a]",))
