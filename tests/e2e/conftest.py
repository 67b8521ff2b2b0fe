"""One product and one browser for all journeys; every page fails its test on a console error.

A run of its own (`make e2e`): while Playwright is open, no other test of the process can have an event loop.
"""

import re
import uuid
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from tests.e2e import product as products
from tests.e2e.browser import chromium

PASSWORD = "Sunny-Meadow-42-Lark"
SIZES = {"desk": (1366, 900), "phone": (390, 844)}


def look(size: str, theme: str) -> dict[str, object]:
    """Options of a visitor with this window and this preference."""
    width, height = SIZES[size]
    return {"viewport": {"width": width, "height": height}, "color_scheme": theme}


@pytest.fixture(scope="session")
def product() -> Iterator[products.Product]:
    running = products.start()
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = chromium()
    assert path, "no Chromium: `make browser` installs it"
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
        running = playwright.chromium.launch(executable_path=path, args=flags)
        yield running
        running.close()


class Visitor:
    """A person at a browser. What the console complains about is kept in `complaints`."""

    def __init__(self, browser: Browser, product: products.Product, **options: object) -> None:
        self.product = product
        self.context: BrowserContext = browser.new_context(base_url=product.address, **{**look("desk", "light"), **options})  # type: ignore[arg-type]  # playwright's options are a TypedDict per argument
        self.complaints: list[str] = []
        self.page = self.tab()

    def tab(self) -> Page:
        page = self.context.new_page()
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: {error}"))
        return page

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(f"{message.location.get('url', '')}: {message.text}")

    def visit(self, path: str, *, shows: str = "main h1") -> Page:
        """Open an address of the product and wait until it is alive: private pages show their title only with their data."""
        self.page.goto(path)
        self.page.wait_for_selector(shows, state="attached")
        return self.page

    def sign_up(self, *, name: str = "Dana Whitlock", business: str = "Brightside Dental") -> None:
        page = self.visit("/signup", shows="input[name=timezone]:not([value=''])")
        for field, value in (
            ("name", name),
            ("business", business),
            ("email", f"{uuid.uuid4().hex[:12]}@example.com"),
            ("password", PASSWORD),
        ):
            page.fill(f"#{field}", value)
        page.get_by_role("button", name="Create account").click()
        page.wait_for_url("**/dashboard**")

    def create_agent(self, *, name: str = "Mia") -> str:
        """Fill the form; returns the number the agent got, E.164."""
        page = self.visit("/agents/new")
        page.fill("#business_name", "Brightside Dental")
        page.fill("#description", "We are a family dentist. We do check-ups, fillings and cleanings.")
        page.fill("#services", "Check-up $90\nCleaning $180")
        page.fill("#hours", "Monday to Friday 9 to 17")
        page.fill("#name", name)
        page.get_by_label("When a caller asks").first.fill("Do you take new patients?")
        page.get_by_label("Your agent answers").first.fill("Yes, we welcome new patients every day.")
        page.get_by_role("button", name="Save").click()
        page.wait_for_url(re.compile(r"/agents/(?!new)[^/]+/?$"), timeout=15_000)
        page.get_by_text("Live", exact=True).first.wait_for()
        return "".join(page.locator(".big-number").inner_text().split())

    def close(self) -> None:
        self.context.close()


@pytest.fixture
def visitor(browser: Browser, product: products.Product, request: pytest.FixtureRequest) -> Iterator[Visitor]:
    person = Visitor(browser, product, **getattr(request, "param", {}))
    yield person
    complaints = list(person.complaints)
    person.close()
    assert complaints == []
