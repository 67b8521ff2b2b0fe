"""The dashboard's charts as somebody uses them: a range that can be kept, arrow keys, a table, and a call that moves today's bar."""

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.conftest import Visitor, look
from tests.e2e.product import Product

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


def test_charts_are_kept_walked_read_and_live(browser: Browser, visitor: Visitor, product: Product) -> None:
    visitor.sign_up()
    number = visitor.create_agent()
    product.call(number)
    page = visitor.visit("/dashboard?range=30d")
    chart = page.get_by_role("list", name="Calls by day")
    expect(chart.get_by_role("link")).to_have_count(30)
    expect(chart.get_by_role("link").last).to_have_text("Today so far: 1 call, 1 answered, 0 missed")

    # The range stands in the address: it survives a reload, and going there and back.
    page.reload()
    expect(page.get_by_role("link", name="30 days")).to_have_attribute("aria-current", "true")
    page.get_by_role("link", name="12 months").click()
    expect(page.get_by_role("list", name="Calls by month").get_by_role("link")).to_have_count(12)
    page.go_back()
    expect(chart.get_by_role("link")).to_have_count(30)

    # A call moves today's bar while somebody looks, in the chart and in the table.
    page.get_by_text("Show as table").click()
    today = page.get_by_role("row", name=re.compile("^Today so far"))
    expect(today.get_by_role("cell").first).to_have_text("1")
    product.call(number)
    expect(chart.get_by_role("link").last).to_have_text("Today so far: 2 calls, 2 answered, 0 missed")
    expect(today.get_by_role("cell").first).to_have_text("2")

    # One place to enter the chart by keyboard, arrows within it; a bar opens its calls.
    chart.get_by_role("link").last.focus()
    page.keyboard.press("ArrowLeft")
    expect(chart.locator("a:focus")).to_contain_text("No calls")
    page.keyboard.press("End")
    expect(chart.locator(".tip:visible")).to_contain_text("2 calls, 2 answered, 0 missed")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/calls/?\?from=(\d{4}-\d\d-\d\d)&to=\1$"))

    # On a touch screen the first tap tells, the second opens.
    phone = Visitor(browser, product, storage_state=visitor.context.storage_state(), has_touch=True, **look("phone", "dark"))
    page = phone.visit("/dashboard")
    today = page.get_by_role("list", name="Calls by day").get_by_role("link").last
    today.tap()
    expect(page.locator(".tip:visible")).to_contain_text("Tap again to see them")
    assert "/dashboard" in page.url
    today.tap()
    page.wait_for_url("**/calls**")
    assert phone.complaints == []
    phone.close()


def test_a_page_of_another_role_says_so_in_its_place(visitor: Visitor) -> None:
    visitor.sign_up()
    page = visitor.visit("/admin")
    expect(page.get_by_role("heading", name="Not for your role")).to_be_visible()
    expect(page.get_by_text("You are here as Owner")).to_be_visible()
    expect(page.locator("[data-sonner-toast]")).to_have_count(0)
