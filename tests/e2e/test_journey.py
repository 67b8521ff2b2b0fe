"""The main job, as a newcomer does it: sign up, create an agent, take calls, see them billed, change the greeting."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Visitor, look
from tests.e2e.product import Product

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]


@pytest.mark.parametrize("visitor", [look("desk", "light"), look("phone", "dark")], indirect=True, ids=["desk light", "phone dark"])
def test_from_sign_up_to_the_bill(visitor: Visitor, product: Product) -> None:
    visitor.sign_up()
    number = visitor.create_agent()
    assert number.startswith("+1415555")

    # Placed in the sandbox console by a scripted caller, followed on the call page without a reload.
    page, console = visitor.page, visitor.tab()
    page.get_by_role("link", name="Calls", exact=True).first.click()
    expect(page.get_by_text("No calls yet")).to_be_visible()
    console.goto(f"{product.console}/?number=%2B{number[1:]}")
    console.locator("#place").get_by_text("Curious new customer").click()
    console.get_by_role("button", name=f"Call {_spoken(number)}").click()
    live = page.locator("main a[href^='/calls/']").first
    expect(live).to_be_visible()
    live.click()
    page.wait_for_url(re.compile(r"/calls/[0-9a-f]+/?$"))
    expect(page.get_by_text("In progress").or_(page.get_by_text("Ringing")).first).to_be_visible()
    expect(page.get_by_role("heading", name="Summary")).to_be_visible(timeout=60_000)
    expect(page.locator("main").get_by_text("Completed")).to_be_visible()
    expect(page.get_by_text("Hello, this is Mia from Brightside Dental").first).to_be_visible()
    expect(page.get_by_text("1 minute × $0.15 = $0.15")).to_be_visible()

    # Billed once, from grace, and told so.
    credits = visitor.visit("/credits")
    expect(credits.locator("main").get_by_text("−$0.15").first).to_be_visible()
    expect(credits.get_by_text("Call: 1 min")).to_have_count(1)

    # A call of 4 min 32 sec costs five minutes.
    product.call(number, length=272)
    expect(credits.locator("main").get_by_text("−$0.90").first).to_be_visible()
    calls = visitor.visit("/calls")
    calls.locator("main a[href^='/calls/']").last.click()  # the sandbox dates an instant call back by its length
    expect(calls.get_by_text("4 min 32 sec → 5 minutes × $0.15 = $0.75")).to_be_visible()
    assert product.command("ledger", "verify").strip().endswith(" 0 faults")


def test_the_person_is_the_caller(visitor: Visitor, product: Product) -> None:
    """Typing the caller's words, against what the form said."""
    visitor.sign_up()
    number = visitor.create_agent()
    console = visitor.tab()
    console.goto(f"{product.console}/?number=%2B{number[1:]}")
    console.locator("#place").get_by_text("Type it yourself").click()
    console.get_by_role("button", name=f"Call {_spoken(number)}").click()
    expect(console.get_by_text("Hello, this is Mia").first).to_be_visible()
    console.get_by_role("textbox").fill("Hi! Do you take new patients?")
    console.get_by_role("textbox").press("Enter")
    expect(console.get_by_text("Yes, we welcome new patients every day.").first).to_be_visible()
    console.get_by_role("button", name="Hang up").click()
    page = visitor.visit("/calls")
    page.locator("main a[href^='/calls/']").first.click()
    expect(page.get_by_text("Yes, we welcome new patients every day.").first).to_be_visible()
    expect(page.get_by_text("Caller hung up").first).to_be_visible()


def test_the_next_call_speaks_the_new_greeting(visitor: Visitor, product: Product) -> None:
    visitor.sign_up()
    number = visitor.create_agent()
    page = visitor.page
    page.get_by_role("link", name="Edit", exact=True).click()
    page.wait_for_url(re.compile(r"/edit/?$"))
    page.locator("#greeting").fill("Good day, the new greeting speaks.")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(re.compile(r"/agents/[^/]+/?$"))
    expect(page.get_by_text("Callers hear everything you last saved.")).to_be_visible()
    product.call(number)
    page = visitor.visit("/calls")
    page.locator("main a[href^='/calls/']").first.click()
    expect(page.get_by_text("Good day, the new greeting speaks.").first).to_be_visible()


def test_an_agent_that_is_off_refuses_and_a_deleted_one_frees_its_number(visitor: Visitor, product: Product) -> None:
    visitor.sign_up()
    number = visitor.create_agent()
    page = visitor.page
    page.get_by_role("switch").first.click()
    expect(page.get_by_text("Off", exact=True).first).to_be_visible()
    placed = product.call(number)
    scene = product.control("GET", f"/calls/{placed}")
    assert scene["ended_reason"] == "assistant-request-returned-error"
    missed = visitor.visit("/calls?status=missed")
    expect(missed.get_by_text("Turned away").first).to_be_visible()
    missed.locator("main a[href^='/calls/']").first.click()
    expect(missed.get_by_role("heading", name="Why it was turned away")).to_be_visible()
    credits = visitor.visit("/credits")
    expect(credits.locator("main").get_by_text("$0.00").first).to_be_visible()
    visitor.visit("/agents")
    page.get_by_role("button", name=re.compile("Delete|More")).first.click()
    page.get_by_role("menuitem", name="Delete").click() if page.get_by_role("menuitem").count() else None
    dialog = page.get_by_role("alertdialog")
    dialog.get_by_role("textbox").fill("Mia")
    dialog.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("No agent yet")).to_be_visible()


def _spoken(number: str) -> str:
    return f"{number[:2]} {number[2:5]} {number[5:8]} {number[8:]}"
