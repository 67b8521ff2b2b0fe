"""The operator's day: credits adjusted, numbers compared and given, a person suspended whose open tab is out."""

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from tests.e2e.conftest import SIZES, Visitor, look
from tests.e2e.product import Product

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]


@pytest.fixture
def operator(browser: Browser, product: Product) -> Iterator[Visitor]:
    person = Visitor(browser, product)
    person.sign_up(name="Olive Berg", business="Kametrix")
    page = person.visit("/settings")
    email = page.locator("input[name=username]").input_value()
    product.command("make-admin", email)
    yield person
    complaints = list(person.complaints)
    person.close()
    assert complaints == []


def test_an_operator_helps_a_customer_and_lets_one_go(operator: Visitor, visitor: Visitor, product: Product) -> None:
    visitor.sign_up(name="Robin Vega", business="Vega Bakery")
    visitor.create_agent(name="Ida")
    page = operator.visit("/admin/users?search=Vega+Bakery")
    page.get_by_role("link", name="Robin Vega").click()

    page.get_by_role("button", name="Adjust the credits of Vega Bakery").click()
    page.fill("#amount", "25")
    expect(page.get_by_text("After this: $25.00.")).to_be_visible()
    page.fill("#reason", "Welcome")
    page.get_by_role("button", name="Adjust credits").click()
    expect(page.get_by_text("Welcome").or_(page.get_by_text("$25.00")).first).to_be_visible()
    expect(visitor.visit("/credits").locator("main").get_by_text("$25.00").first).to_be_visible()

    # Her second agent waits: before the first pack there is one number. The operator finds a new one at the provider and gives it.
    visitor.create_agent(name="Ada", numbered=False)
    product.control("POST", "/numbers", {"number": "+14155559001"})
    page = operator.visit("/admin/numbers")
    page.get_by_role("button", name="Compare with provider").click()
    expect(page.get_by_text(re.compile("the provider lists"))).to_be_visible()
    page = operator.visit("/admin/numbers?search=4155559001")
    page.get_by_role("button", name=re.compile("What to do with")).click()
    page.get_by_role("menuitem", name="Give to an agent").click()
    page.get_by_role("textbox", name="Agent or organization").last.fill("Vega")
    page.get_by_role("dialog").get_by_role("button", name=re.compile("Ada")).click()
    expect(page.get_by_text("Ada has +1 415 555 9001")).to_be_visible()
    expect(page.get_by_text("Assigned", exact=True).first).to_be_visible()
    agent = visitor.visit("/agents")
    expect(agent.get_by_text("+1 415 555 9001").first).to_be_visible()
    expect(agent.get_by_text("Updating", exact=True)).to_have_count(0)
    product.call("+14155559001")
    calls = visitor.visit("/calls")
    expect(calls.locator("main a[href^='/calls/']").first).to_be_visible()
    calls.locator("main a[href^='/calls/']").first.click()
    expect(calls.get_by_text("Completed").first).to_be_visible()

    # Suspended: the open tab is logged out without being touched.
    page = operator.visit("/admin/users?search=Vega+Bakery")
    page.get_by_role("button", name="What to do with Robin Vega").click()
    page.get_by_role("menuitem", name="Suspend").click()
    page.get_by_role("button", name="Suspend", exact=True).last.click()
    expect(page.get_by_text("is suspended")).to_be_visible()
    visitor.page.wait_for_url("**/login**", timeout=40_000)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_the_console_looks_and_reads_right(browser: Browser, product: Product, operator: Visitor, size: str, theme: str) -> None:
    person = Visitor(browser, product, storage_state=operator.context.storage_state(), **look(size, theme))
    faults: list[str] = []
    pages = ("", "/users", "/agents", "/numbers", "/payments", "/prices", "/audit", "/failures")
    for path in (f"/admin{page}" for page in pages):
        page = person.visit(path)
        found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
        faults += [f"{path}: {one['id']} {one['nodes'][0]['html'][:160]}" for one in found if one["impact"] in ("serious", "critical")]
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            faults.append(f"{path}: scrolls sideways")
    faults += person.complaints
    person.close()
    assert faults == []
