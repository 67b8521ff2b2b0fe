"""What e-mails say: every kind in both languages as committed, nothing unfilled, nothing unescaped, no foreign links.

`python -m tests.services.test_mail_texts` writes tests/fixtures/mail anew.
"""

import re
from html.parser import HTMLParser
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from jinja2 import UndefinedError

from kametrix.models import MailKind
from kametrix.services.mail_texts import NON_ESSENTIAL, PATHS, WITH_SECRET, Rendered, link_for, render
from tests.api.client import environment
from tests.mail_facts import CASES, FACTS

FIXTURES = Path(__file__).parent.parent / "fixtures" / "mail"
LANGUAGES = ("en", "de")
OPERATOR = {"KAMETRIX_OPERATOR_NAME": "Kametrix Ltd", "KAMETRIX_OPERATOR_ADDRESS": "1 Harbour Road; Portland, OR"}


def rendered(name: str, language: str, /, **changed: object) -> Rendered:
    kind, facts = CASES[name]
    return render(
        kind, language, {**facts, **changed}, link_for(kind, facts, "t0ken_-" * 6),
        unsubscribe="http://localhost:3000/unsubscribe?token=x.y" if kind in NON_ESSENTIAL else "", place="Brightside Dental",
        zone=ZoneInfo("Europe/Berlin"),
    )  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", CASES)
def test_a_message_says_what_was_agreed(name: str, language: str) -> None:
    with environment(**OPERATOR):
        found = rendered(name, language)
    kept = FIXTURES / f"{name}.{language}.txt"
    assert f"{found.subject}\n\n{found.text}" == kept.read_text()


class Page(HTMLParser):
    """The visible words, the links, and the tags left open."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.links: list[str] = []
        self.open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in ("script", "img", "form", "iframe", "link", "object")
        if tag not in ("meta", "br"):
            self.open.append(tag)
        assert not [name for name, _ in attrs if name.startswith("on")]
        self.links += [value or "" for name, value in attrs if name == "href"]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open and "title" not in self.open:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", CASES)
def test_both_forms_say_the_same_and_leave_nothing_unfilled(name: str, language: str) -> None:
    found = rendered(name, language)
    page = Page(found.html)
    assert page.open == []
    for text in (found.subject, found.html, found.text):
        assert not re.search(r"\{\{|\}\}|\{%|\bNone\b|undefined|\n\n\n", text), text
    told = page.text
    for line in filter(None, found.text.splitlines()):
        words = line.strip() if not re.match(r"[^.]{1,40}: ", line) else line.partition(": ")[2].strip()
        if words not in ("--",) and not words.endswith(":") and "localhost:3000" not in words:
            assert " ".join(words.split()) in told, line
    assert f'lang="{language}"' in found.html


@pytest.mark.parametrize("name", CASES)
def test_every_link_leads_home(name: str) -> None:
    kind, _ = CASES[name]
    found = rendered(name, "en")
    links = set(Page(found.html).links)
    assert all(link.startswith("http://localhost:3000") for link in links)
    assert ("unsubscribe" in found.text.lower()) is (kind in NON_ESSENTIAL)
    assert any("/unsubscribe?" in link for link in links) is (kind in NON_ESSENTIAL)


def test_subjects_are_fixed_where_they_were_agreed() -> None:
    assert [rendered("welcome", language).subject for language in LANGUAGES] == ["Welcome to Kametrix", "Willkommen bei Kametrix"]
    assert [rendered("low_balance", language).subject for language in LANGUAGES] == [
        "Low Credit Balance - Kametrix", "Guthaben wird knapp - Kametrix",
    ]  # fmt: skip
    assert rendered("low_balance_grace", "en").subject == "Low Credit Balance - Kametrix"
    assert "grace: $0.45 of it is in use" in rendered("low_balance_grace", "en").text


def test_a_receipt_tells_pack_price_credits_grace_and_balance() -> None:
    text = rendered("receipt", "en").text
    for words in ("Pack: Starter", "Price: $10.00", "Credits: 1,000", "$0.45 of it settled grace", "Balance after: $9.55"):
        assert words in text
    assert "grace" not in rendered("receipt_automatic", "en").text.lower()
    assert "Preis: 1.234,56 €" in rendered("receipt_automatic", "de").text


def test_a_statement_adds_up() -> None:
    assert "Refunds" not in rendered("statement", "en").text, "12.34 + 454.21 − 469.05 = −2.50"
    assert "Refunds, corrections and other: −$10.00" in rendered("statement_refunded", "en").text


def test_days_are_those_of_the_organization() -> None:
    assert "21 November 2026" in rendered("receipt", "en").text, "23:30 UTC is the next day in Berlin"


@pytest.mark.parametrize(("language", "spoken"), [("de", "de"), ("de-AT", "de"), ("DE", "de"), ("en", "en"), ("fr", "en"), ("", "en")])
def test_german_readers_read_german_and_all_others_english(language: str, spoken: str) -> None:
    kind = MailKind.PASSWORD_RESET
    assert render(kind, language, {}, "http://localhost:3000/").subject == render(kind, spoken, {}, "http://localhost:3000/").subject


EVIL = '</td><script>alert(1)</script> {{ 7*7 }} & "Söhne" {% raw %}'


@pytest.mark.parametrize("language", LANGUAGES)
def test_other_peoples_words_are_text_and_nothing_else(language: str) -> None:
    for name, facts in {
        "welcome": {"name": EVIL, "business": EVIL}, "invitation": {"organization": EVIL, "inviter": EVIL},
        "payment_failed": {"failure": EVIL, "pack": EVIL}, "dispute_opened": {"reason": EVIL},
    }.items():  # fmt: skip
        found = rendered(name, language, **facts)
        assert "<script" not in found.html
        assert Page(found.html).open == []
        assert "{{ 7*7 }}" in found.text
    kind = MailKind.STATEMENT
    assert "<script" not in render(kind, language, FACTS[kind], "http://localhost:3000/", place=EVIL).html


def test_an_organizations_name_becomes_no_link_and_no_second_line() -> None:
    name = "Win at https://evil.example/now\r\nBcc: all@example.com " + "x" * 300
    found = rendered("invitation", "en", organization=name)
    for text in (found.subject, found.html, found.text):
        assert not re.search(r"evil\.example|https://evil|all@example", text)
    assert "\n" not in found.subject
    assert len(found.subject) < 140
    assert "Dr. Müller & Söhne" in rendered("invitation", "de", organization="Dr. Müller & Söhne").subject


@pytest.mark.parametrize("name", [name for name, (kind, facts) in CASES.items() if facts])
def test_a_fact_nobody_gave_is_an_error(name: str) -> None:
    kind, facts = CASES[name]
    first = "month" if kind == MailKind.STATEMENT else next(iter(facts))
    left_out = {key: value for key, value in facts.items() if key != first}
    if kind == MailKind.WELCOME and facts.get("again"):
        return
    with pytest.raises(UndefinedError):
        render(kind, "en", left_out, "http://localhost:3000/")


def test_a_link_carries_its_token_and_only_there() -> None:
    assert PATHS.keys() == set(MailKind)
    assert {MailKind.WELCOME, MailKind.PASSWORD_RESET, MailKind.INVITATION} == WITH_SECRET
    assert link_for(MailKind.PASSWORD_RESET, {}, "a&b=c/../") == "http://localhost:3000/reset?token=a%26b%3Dc%2F..%2F"
    assert link_for(MailKind.STATEMENT, {"month": "2026-11"}) == "http://localhost:3000/credits/statements/2026-11"
    assert "//evil" not in link_for(MailKind.STATEMENT, {"month": "//evil.example"})
    found = rendered("password_reset", "en")
    assert found.html.count("t0ken_-" * 6) == 3, "the button, and the address to copy"
    assert found.text.count("t0ken_-" * 6) == 1


def test_who_runs_the_installation_is_told() -> None:
    with environment(**OPERATOR):
        assert "Sent by Kametrix Ltd, 1 Harbour Road, Portland, OR" in rendered("receipt", "en").text
    assert "Sent by" not in rendered("receipt", "en").text


if __name__ == "__main__":
    with environment(KAMETRIX_PUBLIC_URL="http://localhost:3000", **OPERATOR):
        for case in CASES:
            for spoken in LANGUAGES:
                made = rendered(case, spoken)
                (FIXTURES / f"{case}.{spoken}.txt").write_text(f"{made.subject}\n\n{made.text}")
