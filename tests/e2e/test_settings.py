"""Settings reach callers: opening hours decide what they hear, a logo is seen, two people at one agent both keep theirs."""

from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.e2e.conftest import Visitor
from tests.e2e.product import Product

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

LUMINANCE = """element => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d");
  const of = color => { canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1);
    const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map(x => (x /= 255) <= .04045 ? x / 12.92 : ((x + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b; };
  const style = getComputedStyle(element), [a, b] = [of(style.color), of(style.backgroundColor)].sort((a, b) => b - a);
  return (a + .05) / (b + .05);
}"""
"""The contrast of an element's text."""


def first_words(product: Product, number: str) -> str:
    scene: dict[str, Any] = product.control("GET", f"/calls/{product.call(number)}")
    return str(scene["messages"][0]["message"])


def test_outside_the_opening_hours_callers_hear_the_other_greeting(visitor: Visitor, product: Product) -> None:
    visitor.sign_up()
    number = visitor.create_agent()
    agent = visitor.page.url.rstrip("/")
    page = visitor.visit(f"{agent}/edit")
    page.fill("#hours", "")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(agent + "**")

    page = visitor.visit("/settings/hours")
    page.get_by_role("button", name="Set opening hours").click()
    for day in ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday"):
        page.get_by_label(f"{day}: open or closed").select_option("Closed")
    page.get_by_label("Greeting outside the hours").fill("{agentName} here. We are closed, but I can take a message.")
    expect(page.locator(".aside").get_by_text("Mia here. We are closed")).to_be_visible()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("1 agent is being updated").first).to_be_visible()
    expect(page.get_by_text("being updated. Callers hear it")).to_have_count(0)
    assert "Mia here. We are closed, but I can take a message." in first_words(product, number)
    expect(visitor.visit(agent).get_by_text("Mia here. We are closed")).to_be_visible()

    page = visitor.visit("/settings/hours")
    for day in ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"):
        page.get_by_label(f"{day}: open or closed").select_option("Day and night")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("1 agent is being updated").first).to_be_visible()
    expect(page.get_by_text("being updated. Callers hear it")).to_have_count(0)
    assert "We are closed" not in first_words(product, number)


def test_a_logo_and_a_color_are_seen_in_the_menu(visitor: Visitor) -> None:
    visitor.sign_up()
    page = visitor.visit("/settings/branding")
    for color in ("#ffee00", "#102030", "#808080"):
        page.fill("#color", color)
        page.get_by_role("button", name="Save color").click()
        mark = page.locator("aside span.org-mark").first
        expect(mark).to_have_css("background-color", f"rgb({int(color[1:3], 16)}, {int(color[3:5], 16)}, {int(color[5:7], 16)})")
        assert mark.evaluate(LUMINANCE) >= 4.5
    page.set_input_files("#logo-file", {"name": "logo.svg", "mimeType": "image/svg+xml", "buffer": b"<svg/>"})
    expect(page.get_by_text("SVG pictures can carry programs")).to_be_visible()
    visitor.complaints.clear()  # the console tells of the 422 that was asked for
    out = BytesIO()
    Image.new("RGB", (300, 200), "teal").save(out, "JPEG")
    page.set_input_files("#logo-file", {"name": "logo.jpg", "mimeType": "image/jpeg", "buffer": out.getvalue()})
    logo = page.locator("aside img.org-mark").first
    expect(logo).to_be_visible()
    assert logo.evaluate("image => image.decode().then(() => image.naturalWidth)") == 256
    page.get_by_role("button", name="Remove").click()
    expect(page.locator("aside span.org-mark").first).to_be_visible()


def test_of_two_windows_the_later_one_is_told_and_keeps_its_words(visitor: Visitor) -> None:
    visitor.sign_up()
    visitor.create_agent()
    agent = visitor.page.url.rstrip("/")
    first, second = visitor.visit(f"{agent}/edit"), visitor.tab()
    second.goto(f"{agent}/edit")
    for page, words in ((second, "Words of the second window."), (first, "Words of the first window.")):
        page.get_by_label("Rules to follow").fill(words)
        page.get_by_role("button", name="Save", exact=True).click()
        if page is second:
            page.wait_for_url(agent + "**")
            expect(page.get_by_text("is saved").first).to_be_visible()
    expect(first.get_by_text("You saved this agent in another window")).to_be_visible()
    first.get_by_role("button", name="See their version").click()
    expect(first.get_by_label("Rules to follow")).to_have_value("Words of the second window.")
    first.get_by_role("button", name="Return to mine").click()
    expect(first.get_by_label("Rules to follow")).to_have_value("Words of the first window.")
    first.get_by_role("button", name="Save", exact=True).click()
    expect(first.get_by_text("is saved").first).to_be_visible()


def test_switched_off_callers_are_turned_away_and_the_owner_is_told(visitor: Visitor, product: Product) -> None:
    visitor.sign_up()
    number = visitor.create_agent()
    page = visitor.visit("/settings/organization")
    page.get_by_role("button", name="Stop answering calls").click()
    page.get_by_role("button", name="Stop answering", exact=True).click()
    expect(page.get_by_text("Nobody takes calls.")).to_be_visible()
    expect(page.get_by_text("being updated. Callers hear it")).to_have_count(0)
    product.call(number)
    page = visitor.visit("/agents")
    expect(page.get_by_text("Calls are switched off.")).to_be_visible()
    page = visitor.visit("/calls")
    expect(page.get_by_text("Turned away", exact=False).first).to_be_visible()
