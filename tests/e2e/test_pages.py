"""Every page at both sizes and in both themes: no serious axe violation, no console error, no sideways scrolling."""

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, StorageState

from tests.e2e.conftest import SIZES, Visitor, look
from tests.e2e.product import Product

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

THEMES = ("light", "dark")
PUBLIC = ("/", "/imprint", "/privacy", "/signup", "/login", "/reset", "/invite", "/confirm", "/forgot", "/unsubscribe", "/nowhere")
PRIVATE = (
    "/dashboard",
    "/agents",
    "/agents/new",
    "{agent}",
    "{agent}/edit",
    "/calls",
    "{call}",
    "/credits",
    "/credits/billing",
    "/credits/return?session=cs_test_unknown",
    "/credits/statements",
    "{month}",
    "{charge}",
    "/credits/transactions/unknown",
    "/settings",
    "/calls/unknown",
    "/settings/organization",
    "/settings/hours",
    "/settings/agents",
    "/settings/branding",
    "/settings/team",
    "/settings/activity",
    "/organizations/new",
    "/admin",
    "/admin/users",
    "{user}",
    "/admin/agents",
    "/admin{agent}",
    "/admin/numbers",
    "/admin/numbers/import",
    "/admin/payments",
    "/admin/payments/unknown",
    "/admin/prices",
    "/admin/audit",
    "/admin/calls",
    "/admin/ledger",
    "/admin/failures",
)


@pytest.fixture(scope="module")
def owner(browser: Browser, product: Product) -> Iterator[tuple[StorageState, dict[str, str]]]:
    """Somebody with an agent and a call who is an operator too, and where these are shown."""
    visitor = Visitor(browser, product)
    email = visitor.sign_up()
    number = visitor.create_agent()
    agent = re.sub(r"https?://[^/]+|/$", "", visitor.page.url)
    product.call(number)
    page = visitor.visit("/calls")
    link = page.locator("main a[href^='/calls/']").first
    link.wait_for()
    call = (link.get_attribute("href") or "").rstrip("/")
    found = {}
    for name, path, link in (("charge", "/credits", "/credits/transactions/"), ("month", "/credits/statements", "/credits/statements/")):
        found[name] = visitor.visit(path).locator(f"main a[href^='{link}']").first.get_attribute("href") or ""
    product.command("make-admin", email)
    page = visitor.visit("/admin/users")
    user = page.get_by_role("link", name="Dana Whitlock").first.get_attribute("href") or ""
    yield visitor.context.storage_state(), {"agent": agent, "call": call, "user": user, **found}
    visitor.close()


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", SIZES)
def test_pages_look_and_read_right(
    browser: Browser, product: Product, owner: tuple[StorageState, dict[str, str]], size: str, theme: str
) -> None:
    state, places = owner
    options = look(size, theme)
    visitor, stranger = Visitor(browser, product, storage_state=state, **options), Visitor(browser, product, **options)
    faults: list[str] = []
    for person, paths in ((stranger, PUBLIC), (visitor, PRIVATE)):
        for path in paths:
            page = person.visit(path.format(**places), shows="h1")
            page.wait_for_timeout(300)
            found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
            serious = [one for one in found if one["impact"] in ("serious", "critical")]
            faults += [f"{path}: {one['id']} {one['nodes'][0]['html'][:160]}" for one in serious]
            if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                faults.append(f"{path}: scrolls sideways")
            if page.evaluate("document.documentElement.classList.contains('dark')") != (theme == "dark"):
                faults.append(f"{path}: not {theme}")
        faults += [complaint for complaint in person.complaints if "/nowhere" not in complaint]
        person.close()
    assert faults == []
