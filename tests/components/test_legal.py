"""Imprint and privacy page: what the operator filled in, plainly what is missing, and only what is true of the product."""

from collections.abc import Callable, Iterator

import pytest

from kametrix.components.legal import NOT_FILLED
from kametrix.models import Organization
from kametrix.pages.imprint import imprint
from kametrix.pages.privacy import PERIODS, privacy
from kametrix.services import kept_forms, sessions
from kametrix.settings import settings

FILLED = {
    "KAMETRIX_OPERATOR_NAME": "Brightside Telephony Ltd",
    "KAMETRIX_OPERATOR_ADDRESS": "1 Example Street; 10115 Berlin ;Germany",
    "KAMETRIX_OPERATOR_EMAIL": "office@example.com",
    "KAMETRIX_OPERATOR_PHONE": "+1 415 555 0100",
    "KAMETRIX_OPERATOR_RESPONSIBLE": "Dana Whitlock",
    "KAMETRIX_OPERATOR_REGISTER": "Example register 12345",
    "KAMETRIX_OPERATOR_VAT": "XX123456789",
}
Page = Callable[[], object]
Fill = Callable[[dict[str, str]], None]
PAGES = pytest.mark.parametrize("page", [imprint, privacy])


@pytest.fixture
def fill(monkeypatch: pytest.MonkeyPatch) -> Iterator[Fill]:
    def with_settings(values: dict[str, str]) -> None:
        for name in FILLED:
            monkeypatch.setenv(name, values.get(name, ""))
        settings.cache_clear()

    yield with_settings
    settings.cache_clear()


@PAGES
def test_an_operator_who_filled_nothing_in_is_told_on_by_the_page(page: Page, fill: Fill) -> None:
    fill({})
    drawn = str(page())
    assert NOT_FILLED in drawn
    for name in ("KAMETRIX_OPERATOR_NAME", "KAMETRIX_OPERATOR_ADDRESS", "KAMETRIX_OPERATOR_EMAIL"):
        assert name in drawn
    for absent in ("mailto:", "Telephone:", "VAT number", "Responsible for", "Register"):
        assert absent not in drawn


@PAGES
def test_one_missing_setting_is_named_alone(page: Page, fill: Fill) -> None:
    fill({**FILLED, "KAMETRIX_OPERATOR_EMAIL": "  "})
    drawn = str(page())
    assert NOT_FILLED in drawn
    assert "KAMETRIX_OPERATOR_EMAIL" in drawn
    assert "KAMETRIX_OPERATOR_NAME" not in drawn


def test_a_filled_imprint_shows_everything(fill: Fill) -> None:
    fill(FILLED)
    drawn = str(imprint())
    assert NOT_FILLED not in drawn
    for words in (*FILLED.values(), "mailto:office@example.com"):
        for line in words.split(";"):
            assert line.strip() in drawn


def test_the_privacy_page_names_the_operator(fill: Fill) -> None:
    fill(FILLED)
    drawn = str(privacy())
    assert NOT_FILLED not in drawn
    assert "Brightside Telephony Ltd" in drawn
    assert "mailto:office@example.com" in drawn


def test_what_an_operator_typed_is_text_and_never_markup(fill: Fill) -> None:
    fill({**FILLED, "KAMETRIX_OPERATOR_NAME": "<script>alert(1)</script>"})
    assert '"<script>alert(1)</script>"' in str(imprint())


def test_the_privacy_page_names_the_cookies_and_periods_the_product_has(fill: Fill) -> None:
    fill(FILLED)
    drawn = str(privacy())
    assert {name for name in (sessions.COOKIE, kept_forms.COOKIE) if name in drawn} == {sessions.COOKIE, kept_forms.COOKIE}
    for _, name in PERIODS:
        assert str(Organization.__table__.columns[f"retention_{name}_days"].default.arg) in drawn
    periods = {column.name for column in Organization.__table__.columns if column.name.endswith("_days")}
    assert periods == {f"retention_{name}_days" for _, name in PERIODS}
    assert f"{sessions.IDLE.days} days after your last visit" in drawn
