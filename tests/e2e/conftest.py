"""One product and one browser for all journeys; every page fails its test on a console error.

A run of its own (`make e2e`): while Playwright is open, no other test of the process can have an event loop.
"""

import re
import uuid
from collections.abc import Iterator
from itertools import count

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

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
    expect.set_options(timeout=20_000)
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
        running = playwright.chromium.launch(executable_path=path, args=flags)
        yield running
        running.close()


ADDRESSES = count()


class Visitor:
    """A person at a browser, with an address of their own by which sign-ups are counted. `complaints`: what the console says."""

    def __init__(self, browser: Browser, product: products.Product, **options: object) -> None:
        self.product = product
        self.context: BrowserContext = browser.new_context(base_url=product.address, **{**look("desk", "light"), **options})  # type: ignore[arg-type]  # playwright's options are a TypedDict per argument
        self.context.set_extra_http_headers({"X-Forwarded-For": f"198.18.0.{next(ADDRESSES)}"})
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

    def sign_up(self, *, name: str = "Dana Whitlock", business: str = "Brightside Dental") -> str:
        """Create an account; returns its e-mail address."""
        email = f"{uuid.uuid4().hex[:12]}@example.com"
        page = self.visit("/signup", shows="input[name=timezone]:not([value=''])")
        for field, value in (
            ("name", name),
            ("business", business),
            ("email", email),
            ("password", PASSWORD),
        ):
            page.fill(f"#{field}", value)
        page.get_by_role("button", name="Create account").click()
        page.wait_for_url("**/dashboard**")
        return email

    def create_agent(self, *, name: str = "Mia", numbered: bool = True) -> str:
        """Answer the wizard's questions; returns the number the agent got, E.164, or nothing when it gets none."""
        page = self.visit("/agents/new", shows="#ask h2")
        answers = {
            "What is your business called?": {"#business_name": "Brightside Dental"},
            "What kind of business is it?": {},
            "What do you do?": {"#description": "We are a family dentist. We do check-ups, fillings and cleanings."},
            "What do you offer?": {"#services": "Check-up $90\nCleaning $180"},
            "When are you open?": {"#hours": "Monday to Friday 9 to 17"},
            "Where are your callers?": {},
            "What do your callers ask?": {
                "#question-0": "Do you take new patients?",
                "#answer-0": "Yes, we welcome new patients every day.",
            },
        }
        for question, fields in answers.items():
            page.get_by_role("heading", name=question).wait_for()
            for field, value in fields.items():
                page.fill(field, value)
            page.get_by_role("button", name="Continue").click()
        page.get_by_role("button", name="Skip to the review").click()
        page.get_by_role("button", name=re.compile("Edit\\s*Agent’s name")).click()
        page.fill("#name", name)
        page.get_by_role("button", name="Back to the review").click()
        page.get_by_role("button", name="Create the agent").click()
        page.wait_for_url(re.compile(r"/agents/(?!new)[^/]+/?$"))
        page.get_by_text("Live", exact=True).first.wait_for()
        return "".join(page.locator(".big-number").inner_text().split()) if numbered else ""

    def close(self) -> None:
        self.context.close()


@pytest.fixture
def visitor(browser: Browser, product: products.Product, request: pytest.FixtureRequest) -> Iterator[Visitor]:
    person = Visitor(browser, product, **getattr(request, "param", {}))
    yield person
    complaints = list(person.complaints)
    person.close()
    assert complaints == []
