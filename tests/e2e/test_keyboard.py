"""Hands on the keys: past the navigation, through a menu into a dialog and back, and on in the field one searched with."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Visitor, look

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def test_the_focus_is_never_lost(visitor: Visitor) -> None:
    visitor.sign_up()
    page = visitor.visit("/settings/team")
    press(page, "Tab", "Enter")
    expect(page.locator("#content")).to_be_focused()

    # The menu of the frame opens on itself: nobody logs out by pressing Enter twice.
    menu = page.get_by_role("button", name="Open the menu").first
    menu.focus()
    press(page, "Enter")
    expect(page.get_by_role("dialog")).to_be_focused()
    press(page, "Escape")
    expect(menu).to_be_focused()

    # What a button or a menu opened gives the focus back.
    invite = page.get_by_role("button", name="Invite somebody")
    invite.click()
    expect(page.locator("#email")).to_be_focused()
    press(page, "Escape")
    expect(invite).to_be_focused()
    deeds = page.get_by_role("button", name="What to do about Dana Whitlock")
    deeds.click()
    page.get_by_role("menuitem", name="Leave the organization").click()
    expect(page.get_by_role("alertdialog")).to_be_visible()
    press(page, "Escape")
    expect(deeds).to_be_focused()

    page = visitor.visit("/calls")
    press(page, "/")
    page.keyboard.type("parking")
    press(page, "Enter")
    page.wait_for_url(re.compile("q=parking"))
    expect(page.get_by_role("link", name="Clear all")).to_be_visible()
    expect(page.locator("#q")).to_be_focused()
    press(page, "Escape")
    page.wait_for_url(re.compile(r"/calls/?$"))


@pytest.mark.parametrize("visitor", [look("phone", "light")], indirect=True)
def test_a_very_long_name_fits_into_what_opens(visitor: Visitor) -> None:
    long = "Donaudampfschifffahrtsgesellschaftskapitänskajütentürschlossersatzteilhandlung"
    visitor.sign_up(name=long, business=long)
    page = visitor.visit("/settings/team")
    page.get_by_role("button", name="What to do about").click()
    page.get_by_role("menuitem", name="Leave the organization").click()
    dialog = page.get_by_role("alertdialog")
    expect(dialog).to_be_visible()
    box = dialog.bounding_box()
    assert box
    assert (box["x"] >= 0, box["x"] + box["width"] <= 390) == (True, True)
