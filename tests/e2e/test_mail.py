"""E-mail from the product to its reader: the inbox of the sandbox, and what the links in it open."""

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import PASSWORD, Visitor
from tests.e2e.product import Product
from tests.sandbox.parts import until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

NEW = "Quiet-Harbour-73-Finch"


def message(product: Product, to: str, subject: str) -> dict[str, Any]:
    """The newest message with this subject, once it has arrived."""
    found: list[dict[str, Any]] = []

    def arrived() -> bool:
        listed: Any = product.control("GET", f"/mail?to={to}")
        found[:] = [one for one in listed if re.search(subject, one["subject"])]
        return bool(found)

    until(arrived, 60)
    return found[0]


def press(visitor: Visitor, product: Product, to: str, subject: str, button: str) -> Page:
    """Open the message in the sandbox's inbox and press its button; returns the page it opens."""
    inbox = visitor.tab()
    inbox.goto(f"{product.console}/inbox/{message(product, to, subject)['id']}")
    with inbox.context.expect_page() as opened:
        inbox.frame_locator("iframe").get_by_role("link", name=button).click()
    inbox.close()
    opened.value.wait_for_selector("main h1")
    return opened.value


def test_an_address_is_confirmed_by_the_link_in_the_welcome(visitor: Visitor, product: Product) -> None:
    email = visitor.sign_up()
    page = visitor.visit("/settings")
    expect(page.get_by_text("Not confirmed yet")).to_be_visible()
    page.get_by_role("button", name="Send the link again").click()
    expect(page.get_by_text("A new link is on its way")).to_be_visible()
    old = message(product, email, "Welcome to Kametrix")
    opened = press(visitor, product, email, "Confirm your e-mail address", "Confirm the address")
    opened.get_by_role("button", name="Confirm the address").click()
    expect(opened.get_by_text("Your address is confirmed.")).to_be_visible()
    opened.goto(re.findall(r"http://localhost\S+/confirm\?token=\S+", old["text"])[0])
    expect(opened.get_by_role("alert")).to_contain_text("a newer one replaced it")
    page = visitor.visit("/settings")
    expect(page.get_by_label("Your name")).to_have_value("Dana Whitlock")
    expect(page.get_by_text("Not confirmed yet")).to_have_count(0)


def test_a_forgotten_password_is_replaced_by_mail(visitor: Visitor, browser: Browser, product: Product) -> None:
    email = visitor.sign_up()
    stranger = Visitor(browser, product)
    page = stranger.visit("/login")
    page.get_by_role("link", name="Forgot your password?").click()
    page.wait_for_url("**/forgot**")
    page.get_by_label("E-mail").fill(email)
    page.get_by_role("button", name="Send the link").click()
    expect(page.get_by_role("status")).to_contain_text("If there is an account with this address, a link is on its way.")
    opened = press(stranger, product, email, "Set a new password", "Set a new password")
    opened.get_by_label("New password", exact=True).fill(NEW)
    opened.get_by_role("button", name="Set the password").click()
    expect(opened.get_by_text("Your password is changed")).to_be_visible()
    for password, works in ((PASSWORD, False), (NEW, True)):
        page = stranger.visit("/login")
        page.get_by_label("E-mail").fill(email)
        page.get_by_label("Password", exact=True).fill(password)
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url(re.compile(r"/dashboard" if works else r"/login/?\?try="))
    assert stranger.complaints == []
    stranger.close()


def test_an_invitation_arrives_by_mail(visitor: Visitor, browser: Browser, product: Product) -> None:
    visitor.sign_up()
    page = visitor.visit("/settings/team")
    page.get_by_role("button", name="Invite").first.click()
    page.get_by_label("E-mail").fill("robin.vale@example.com")
    page.get_by_role("button", name="Make the link").click()
    expect(page.get_by_text("We sent it to robin.vale@example.com.")).to_be_visible()
    robin = Visitor(browser, product)
    opened = press(robin, product, "robin.vale@example.com", "Invitation to Brightside Dental", "See the invitation")
    expect(opened.get_by_role("heading", name="Join Brightside Dental")).to_be_visible()
    assert robin.complaints == []
    robin.close()


def test_warnings_are_switched_off_in_the_account(visitor: Visitor) -> None:
    visitor.sign_up()
    switch = visitor.visit("/settings").get_by_label("Warnings and statements by mail")
    expect(switch).to_be_checked()
    switch.click()
    expect(visitor.page.get_by_text("no longer come by mail")).to_be_visible()
    visitor.page.reload()
    expect(visitor.page.get_by_label("Warnings and statements by mail")).not_to_be_checked()
