"""A stranger hears a call, reckons a month, and leaves without a trace."""

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from kametrix.components.sample import ALOUD, SILENT
from kametrix.services.estimate import month
from kametrix.services.sample_calls import DENTIST, PLUMBER
from kametrix.services.wording import counted, dollars
from tests.e2e.conftest import Visitor, look
from tests.e2e.product import Product

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

VOICES = """
window.said = [];
const voices = [["Elsewhere", "en-US", false], ["Eins", "de-DE", true], ["Ada", "en-US", true], ["Ben", "en-GB", true]]
  .map(([name, lang, localService]) => ({ name, lang, localService }));
Object.defineProperty(window, "speechSynthesis", { value: {
  getVoices: () => voices,
  speak: (speech) => {
    said.push(`${speech.voice.name}: ${speech.text}`);
    window.finish = speech.onend;
    speech.onstart();
    if (window.isFast) setTimeout(speech.onend);
  },
  cancel: () => {},
} });
window.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
"""
"""A browser with voices: one speaks elsewhere, one another language, two are English and on the device."""


def hidden(page: Page) -> int:
    """Bubbles of the shown call that are still to come."""
    return page.locator("[data-sample]:not([hidden]) .bubble.soon").count()


def test_a_stranger_hears_a_call_and_reckons_a_month(visitor: Visitor, product: Product) -> None:
    visitor.page.add_init_script(VOICES)
    hosts: set[str] = set()
    visitor.page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    page = visitor.visit("/")

    # Spoken turn by turn by two voices of this device, in step with the bubbles.
    hear = page.locator("[data-play-sample]").first
    hear.click()
    expect(hear).to_have_accessible_name("Pause")
    assert page.evaluate("said") == [f"Ada: {DENTIST.turns[0].words}"]
    assert hidden(page) == len(DENTIST.turns) - 1
    page.evaluate("finish()")
    assert page.evaluate("said")[1:] == [f"Ben: {DENTIST.turns[1].words}"]
    assert hidden(page) == len(DENTIST.turns) - 2
    expect(page.get_by_text(ALOUD)).to_be_visible()

    # Paused, nothing goes on, even if the browser finishes late; resumed, the turn begins again.
    hear.click()
    page.evaluate("finish()")
    assert hidden(page) == len(DENTIST.turns) - 2
    hear.click()
    assert page.evaluate("said")[2:] == [f"Ben: {DENTIST.turns[1].words}"]

    # Another trade ends it and shows its own call, to its end.
    page.get_by_role("button", name="Plumber").click()
    expect(page.get_by_text("Harbor Plumbing", exact=True)).to_be_visible()
    expect(page.get_by_text("Brightside Dental", exact=True)).to_be_hidden()
    expect(page.get_by_role("button", name="Stop")).to_be_disabled()
    page.evaluate("window.isFast = true; said.length = 0")
    hear.click()
    expect(page.get_by_text(PLUMBER.summary)).to_be_visible()
    expect(hear).to_have_accessible_name("Hear a call")
    assert len(page.evaluate("said")) == len(PLUMBER.turns)
    expect(page.get_by_text("2 minutes × $0.15 = $0.30")).to_be_visible()

    # Another number of calls, by keyboard; then a preset.
    slider = page.get_by_role("slider", name="Calls a day")
    slider.focus()
    page.keyboard.press("ArrowRight")
    reckoned = month(9, 5, 120, 15)
    outcome = page.locator("[data-calculator] [role=status]")
    expect(outcome).to_contain_text(dollars(reckoned.cents))
    expect(outcome).to_contain_text(f"{counted(reckoned.calls, 'call')}, {counted(reckoned.minutes, 'started minute')}")
    page.get_by_role("button", name="Every call").click()
    expect(outcome).to_contain_text(dollars(month(30, 6, 150, 15).cents))
    page.get_by_role("slider", name="Length of a call").focus()
    page.keyboard.press("Home")
    expect(outcome).to_contain_text(dollars(month(30, 6, 15, 15).cents))

    # On to the legal pages: nothing was asked of anybody else, and no cookie set.
    page.get_by_role("link", name="Imprint").click()
    expect(page.get_by_role("heading", name="Imprint")).to_be_visible()
    page.get_by_role("link", name="Privacy").click()
    expect(page.get_by_role("heading", name="Privacy", exact=True)).to_be_visible()
    assert hosts == {urlsplit(product.address).netloc}
    assert visitor.context.cookies() == []


@pytest.mark.parametrize("visitor", [look("phone", "light")], indirect=True, ids=["phone"])
def test_without_a_voice_of_its_own_the_browser_shows_the_call_in_silence(visitor: Visitor) -> None:
    visitor.page.add_init_script("Object.defineProperty(window, 'speechSynthesis', { value: { getVoices: () => [], cancel: () => {} } });")
    page = visitor.visit("/")
    page.locator("[data-play-sample]").first.click()
    expect(page.get_by_text(SILENT)).to_be_visible()
    page.wait_for_function(f"document.querySelectorAll('[data-sample]:not([hidden]) .bubble.soon').length < {len(DENTIST.turns) - 1}")
    page.get_by_role("button", name="Stop").click()
    assert hidden(page) == 0
    expect(page.get_by_text("0:44")).to_be_visible()


@pytest.mark.parametrize("visitor", [{"reduced_motion": "reduce"}], indirect=True, ids=["calm"])
def test_who_asked_for_less_motion_sees_all_words_and_which_is_spoken(visitor: Visitor) -> None:
    visitor.page.add_init_script(VOICES)
    page = visitor.visit("/")
    page.locator("[data-play-sample]").first.click()
    assert hidden(page) == 0
    expect(page.locator(".turn-now")).to_have_text(f"Agent: {DENTIST.turns[0].words}")
