"""The wizard as a newcomer meets it: a template, a reload in the middle, a second tab, the review, an agent that answers."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Visitor, look
from tests.e2e.product import Product

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


def go_on(page: Page, question: str) -> None:
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name=question)).to_be_visible()


def check(page: Page, faults: list[str]) -> None:
    """Nothing serious of axe, nothing sideways."""
    title = page.locator("#ask h2").first.inner_text()
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    faults += [f"{title}: {one['id']} {one['nodes'][0]['html'][:160]}" for one in found if one["impact"] in ("serious", "critical")]
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        faults.append(f"{title}: scrolls sideways")


@pytest.mark.parametrize("visitor", [look("desk", "dark"), look("phone", "light")], indirect=True, ids=["desk dark", "phone light"])
def test_from_a_template_to_an_agent(visitor: Visitor, product: Product) -> None:
    visitor.sign_up()
    faults: list[str] = []
    page = visitor.visit("/agents/new", shows="#ask h2")
    page.locator("#business_name").press("Enter")
    expect(page.get_by_role("heading", name="What kind of business is it?")).to_be_visible()
    page.get_by_role("radio", name="Dental practice").check()
    expect(page.get_by_text("Filled in: what it does")).to_be_visible()
    check(page, faults)
    for question in ("What do you do?", "What do you offer?", "When are you open?", "Where are your callers?", "What do your callers ask?"):
        go_on(page, question)
    check(page, faults)

    # Spoken in the preview while it is typed, half a pair stops, and a reload goes on here.
    page.fill("#answer-0", "")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("This question has no answer.")).to_be_visible()
    expect(page.locator("#answer-0")).to_be_focused()
    page.fill("#answer-0", "Yes, tomorrow at nine.")
    expect(page.get_by_text("Yes, tomorrow at nine.").locator("visible=true").first).to_be_visible()
    expect(page.get_by_text("Saved just now")).to_be_visible()
    page.reload()
    expect(page.get_by_text("You go on where you left off.")).to_be_visible()
    expect(page.locator("#answer-0")).to_have_value("Yes, tomorrow at nine.")

    # Another tab saves first: this one asks.
    other = visitor.tab()
    other.goto("/agents/new")
    other.locator("#answer-0").fill("Typed in the other tab.")
    expect(other.get_by_text("Saved just now")).to_be_visible()
    page.fill("#answer-0", "Typed here.")
    expect(page.get_by_text("This draft was changed in another tab at")).to_be_visible()
    check(page, faults)
    page.get_by_role("button", name="Keep mine").click()
    expect(page.get_by_text("Saved just now")).to_be_visible()
    other.close()

    # The review: one answer is changed from there and back.
    go_on(page, "What must it always or never do?")
    go_on(page, "How should it sound?")
    page.get_by_role("radio", name="Kai").check()
    check(page, faults)
    page.get_by_role("button", name="Skip to the review").click()
    expect(page.get_by_role("heading", name="Is everything right?")).to_be_visible()
    check(page, faults)
    expect(page.get_by_text("Still to confirm or fill in").first).to_be_visible()
    page.get_by_role("button", name=re.compile(r"Edit\s*First words")).click()
    page.fill("#greeting", "Good morning from {businessName}.")
    page.get_by_role("button", name="Back to the review").click()
    expect(page.locator("#ask").get_by_text("Good morning from Brightside Dental.")).to_be_visible()
    page.get_by_role("button", name="Create the agent").click()
    page.wait_for_url(re.compile(r"/agents/(?!new)[^/]+/?$"), timeout=15_000)
    expect(page.get_by_role("heading", name="Kai")).to_be_visible()
    expect(page.get_by_text("Good morning from Brightside Dental.").first).to_be_visible()
    expect(page.locator(".big-number")).to_contain_text("+1 415 555")
    assert faults == []


def test_started_over_and_brought_back(visitor: Visitor) -> None:
    visitor.sign_up()
    page = visitor.visit("/agents/new", shows="#ask h2")
    page.fill("#business_name", "Aurora Hair")
    expect(page.get_by_text("Saved just now")).to_be_visible()
    page.reload()
    page.get_by_role("button", name="Start over").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Start over").click()
    expect(page.locator("#business_name")).to_have_value("Brightside Dental")
    page.get_by_role("button", name="Bring it back").click()
    expect(page.locator("#business_name")).to_have_value("Aurora Hair")


def test_written_for_somebody_who_typed_little(visitor: Visitor) -> None:
    visitor.sign_up()
    page = visitor.visit("/agents/new", shows="#ask h2")
    for question in ("What kind of business is it?", "What do you do?"):
        go_on(page, question)
    page.fill("#description", "A small bakery with a café.")
    page.get_by_role("button", name="Skip to the review").click()
    page.get_by_role("button", name=re.compile(r"Edit\s*Questions")).click()
    page.get_by_role("button", name="Write it for me").click()
    expect(page.get_by_text("Written from our templates. Filled in:")).to_be_visible()
    expect(page.locator("#question-1")).not_to_have_value("")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#question-0")).to_have_value("")
