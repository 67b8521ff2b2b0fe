"""A team comes together: an invitation by link, a new account, a changed role felt in an open tab, another organization, a farewell."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import PASSWORD, Visitor, look
from tests.e2e.product import Product

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


def invite(page: Page, email: str, role: str) -> str:
    """Make a link on the team page; returns it."""
    page.get_by_role("button", name="Invite somebody").click()
    page.fill("#email", email)
    page.select_option("#role", role)
    page.get_by_role("button", name="Make the link").dblclick()  # as many people do: it is one link
    link = page.locator("#invite-link")
    expect(link).to_have_value(re.compile(r"/invite\?token=[\w-]{43}$"))
    found = link.input_value()
    page.get_by_role("button", name="Done").click()
    return found


def deed(page: Page, name: str, label: str) -> None:
    """Choose from the menu of a member."""
    page.get_by_role("button", name=f"What to do about {name}").click()
    page.get_by_role("menuitem", name=label).click()


def test_from_an_invitation_to_a_farewell(browser: Browser, product: Product, visitor: Visitor) -> None:
    visitor.sign_up()
    page = visitor.visit("/settings/team")
    link = invite(page, "robin@example.com", "MANAGER")
    expect(page.get_by_text("robin@example.com", exact=True)).to_be_visible()
    trail = visitor.tab()
    trail.goto("/settings/activity")
    expect(trail.get_by_text("invited robin@example.com")).to_have_count(1)
    trail.close()

    robin = Visitor(browser, product, **look("phone", "dark"))
    theirs = robin.visit(link.removeprefix(product.address), shows="#password")
    expect(theirs.get_by_role("heading", name="Join Brightside Dental")).to_be_visible()
    theirs.fill("#name", "Robin Vale")
    theirs.fill("#password", PASSWORD)
    theirs.get_by_role("button", name="Create account and join").click()
    theirs.wait_for_url("**/dashboard**", timeout=20_000)

    # The owner's open page shows the new member by itself; the used link lets nobody else in.
    expect(page.get_by_text("Robin Vale")).to_be_visible()
    stranger = Visitor(browser, product)
    stranger.visit(link.removeprefix(product.address), shows="h1:has-text('Already used')")
    stranger.close()

    # A changed role is felt where it is open.
    robin.visit("/agents")
    expect(theirs.get_by_role("link", name="New agent").first).to_be_visible()
    deed(page, "Robin Vale", "Change role")
    page.get_by_label("Viewer").check()
    page.get_by_role("button", name="Change the role").click()
    expect(page.get_by_text("Robin Vale is a viewer now.")).to_be_visible()

    # Another organization, and back by the menu.
    robin.visit("/organizations/new")
    theirs.fill("#name", "Vale Vets")
    theirs.get_by_role("button", name="Create organization").click()
    theirs.wait_for_url("**/dashboard**", timeout=20_000)
    menu = theirs.get_by_role("button", name="Open the menu").first
    expect(menu).to_contain_text("Vale Vets")
    menu.click()
    theirs.get_by_role("button", name="Brightside Dental").click()
    expect(theirs.get_by_role("button", name="Open the menu").first).to_contain_text("Brightside Dental")

    # Removed: the open tab goes on elsewhere by itself.
    deed(page, "Robin Vale", "Remove from the team")
    page.get_by_role("alertdialog").get_by_role("button", name="Remove").click()
    expect(page.get_by_text("Robin Vale no longer belongs to the team.")).to_be_visible()
    expect(theirs.get_by_role("button", name="Open the menu").first).to_contain_text("Vale Vets", timeout=30_000)
    complaints = list(robin.complaints)
    robin.close()
    assert complaints == []
