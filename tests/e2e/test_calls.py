"""Calls at a browser: found by words and keys, filtered, followed up, exported."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Visitor, look
from tests.e2e.product import Product

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


def test_a_call_is_found_followed_up_and_exported(visitor: Visitor, product: Product) -> None:
    visitor.sign_up()
    product.call(visitor.create_agent())
    page = visitor.visit("/calls")
    expect(page.get_by_text("1 call", exact=True)).to_be_visible()

    # A key leads to the search; what it finds is marked, stays after a reload and on the call's own page, and going back.
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type("found online")
    page.keyboard.press("Enter")
    page.wait_for_url("**/calls?q=found+online")
    expect(page.locator("main mark").first).to_have_text("found")
    page.reload()
    expect(page.locator("#q")).to_have_value("found online")
    page.locator("main a.row-link").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/calls/[0-9a-f]+/?\?q=found\+online"))
    expect(page.locator("[data-hit] mark").first).to_be_in_viewport()
    page.get_by_role("button", name="I’ll follow up").click()
    expect(page.get_by_role("region", name="Follow up").get_by_text("You are following up on this call.")).to_be_visible()
    page.go_back()
    expect(page.get_by_text("Dana Whitlock follows up")).to_be_visible()
    expect(page.locator("#q")).to_have_value("found online")

    # Filters join the search, each can be taken away, Escape takes all.
    page.get_by_role("button", name="Filters").click()
    page.get_by_label("When").select_option("today")
    page.get_by_label("Who follows up").select_option("me")
    page.get_by_role("button", name="Show calls").click()
    page.wait_for_url("**/calls?q=found+online&period=today&assigned=me")
    page.get_by_role("link", name="Today Remove this filter").click()
    page.wait_for_url("**/calls?assigned=me&q=found+online")
    expect(page.get_by_text("Assigned to me")).to_be_visible()
    page.locator("main h1").click()
    page.keyboard.press("Escape")
    page.wait_for_url(re.compile(r"/calls/?$"))
    expect(page.locator("#q")).to_have_value("")
    with page.expect_download() as download:
        page.get_by_role("link", name="Export").click()
    assert re.fullmatch(r"calls-\d{4}-\d\d-\d\d\.csv", download.value.suggested_filename)
    lines = download.value.path().read_text("utf-8-sig").splitlines()
    assert len(lines) == 2
    assert "Dana Whitlock" in lines[1]


@pytest.mark.parametrize("visitor", [look("phone", "dark")], indirect=True)
def test_an_address_that_says_nonsense_is_told_so(visitor: Visitor) -> None:
    visitor.sign_up()
    page = visitor.visit("/calls?status=nonsense&older=x&from=2026-02-31")
    expect(page.get_by_text("Start again from the newest calls")).to_be_visible()
    page = visitor.visit("/calls?status=nonsense&agent=x")
    expect(page.get_by_text("does not fit, so it was left out")).to_be_visible()
    page = visitor.visit("/calls?q=%22%22")
    expect(page.get_by_text("There is no word in this to search for")).to_be_visible()
    expect(page.get_by_text("No such calls")).to_be_visible()
