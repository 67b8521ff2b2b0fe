"""Money as people meet it: buy, wait, be refunded, owe, buy again; pay later, be declined, go back; the time at zero; the saved card."""

import re
from collections.abc import Callable
from typing import Any, cast

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Visitor, look
from tests.e2e.product import Product
from tests.sandbox.parts import until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]


def to_stripe(page: Page, pack: str) -> str:
    """Press Buy and arrive on the payment page; returns the id of its session."""
    page.get_by_role("button", name=f"Buy {pack}").click()
    page.wait_for_url("**/stripe/pay/**")
    return page.url.rstrip("/").rpartition("/")[2]


def pay(page: Page, way: str = "Pay now") -> None:
    page.get_by_role("button", name=way).click()
    page.wait_for_url("**/credits/return**")


def balance_of(page: Page, amount: str) -> None:
    """The big number of the credits page becomes this, without a reload."""
    expect(page.locator("main .huge").first).to_have_text(amount)


def payment_of(product: Product, session_id: str) -> str:
    """The payment behind a session."""
    sessions = cast("list[dict[str, Any]]", product.control("GET", "/stripe/objects/checkout.session"))
    return next(str(one["payment_intent"]) for one in sessions if one["id"] == session_id)


@pytest.mark.parametrize("visitor", [look("desk", "light"), look("phone", "dark")], indirect=True, ids=["desk light", "phone dark"])
def test_from_a_pack_to_credit_refund_debt_and_back(visitor: Visitor, product: Product) -> None:
    visitor.sign_up()
    number = visitor.create_agent()
    page = visitor.visit("/credits")
    watched = visitor.tab()
    watched.goto("/credits")
    balance_of(watched, "$0.00")

    session = to_stripe(page, "Starter")
    pay(page)
    expect(page.get_by_role("heading", name="1,000 credits added")).to_be_visible()
    expect(page.get_by_text("Your balance is $10.00.")).to_be_visible()
    balance_of(watched, "$10.00")
    page.reload()
    expect(page.get_by_role("heading", name="1,000 credits added")).to_be_visible()

    # Five minutes are used, then everything is given back at Stripe: what was used is owed.
    product.call(number, length=272)
    balance_of(watched, "$9.25")
    product.control("POST", f"/stripe/payments/{payment_of(product, session)}/refund", {})
    balance_of(watched, "−$0.75")
    expect(watched.get_by_text("All of $10.00 refunded.")).to_be_visible()
    expect(watched.get_by_text("After $0.75 grace settlement, you'll receive 925 credits")).to_be_visible()

    page = visitor.visit("/credits")
    to_stripe(page, "Starter")
    pay(page)
    expect(page.get_by_role("heading", name="925 credits added")).to_be_visible()
    expect(page.get_by_text("$0.75 of grace was paid back first. Your balance is $9.25.")).to_be_visible()
    balance_of(watched, "$9.25")
    assert product.command("ledger", "verify").strip().endswith(" 0 faults")


def test_who_pays_later_is_credited_when_the_money_arrives(visitor: Visitor, product: Product) -> None:
    visitor.sign_up()
    page = visitor.visit("/credits")
    session = to_stripe(page, "Popular")
    pay(page, "Pay later")
    expect(page.get_by_role("heading", name="Your bank needs a few days")).to_be_visible()
    credits = visitor.tab()
    credits.goto("/credits")
    expect(credits.get_by_text("A payment is on its way")).to_be_visible()
    balance_of(credits, "$0.00")
    product.control("POST", f"/stripe/sessions/{session}/settle", {"ok": True})
    expect(page.get_by_role("heading", name="2,500 credits added")).to_be_visible()
    balance_of(credits, "$25.00")


def test_who_is_declined_tries_again_and_who_goes_back_goes_on(visitor: Visitor) -> None:
    visitor.sign_up()
    page = visitor.visit("/credits")
    session = to_stripe(page, "Starter")
    page.get_by_role("link", name="Go back").click()
    page.wait_for_url("**cancelled=**")
    expect(page.get_by_text("You came back without paying.")).to_be_visible()
    expect(page.get_by_text("Waiting for your payment")).to_be_visible()
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url(f"**/stripe/pay/{session}**")
    with page.expect_navigation():
        page.get_by_role("button", name="Card declined").click()
    expect(page.get_by_text("declined")).not_to_have_count(0)
    visitor.complaints.clear()  # the payment page answers a declined card with 402
    pay(page)
    expect(page.get_by_role("heading", name="1,000 credits added")).to_be_visible()


def test_two_tabs_pay_one_session_once(visitor: Visitor) -> None:
    visitor.sign_up()
    first, second = visitor.visit("/credits"), visitor.tab()
    second.goto("/credits")
    balance_of(second, "$0.00")
    assert to_stripe(first, "Starter") == to_stripe(second, "Starter")
    pay(first)
    second.get_by_role("button", name="Pay now").click()
    expect(second.get_by_text(re.compile("done|complete", re.IGNORECASE)).first).to_be_visible()
    visitor.complaints.clear()  # the payment page answers the second payment with 409
    expect(first.get_by_role("heading", name="1,000 credits added")).to_be_visible()
    page = visitor.visit("/credits")
    balance_of(page, "$10.00")
    expect(page.get_by_role("table", name="Payments").get_by_text("Starter, 1,000 credits")).to_have_count(1)


def test_an_address_of_no_payment_is_calmly_unknown(visitor: Visitor) -> None:
    visitor.sign_up()
    page = visitor.visit("/credits/return?session=cs_test_nobody")
    expect(page.get_by_role("heading", name="We do not know this payment")).to_be_visible()


def test_the_choice_at_zero_reaches_the_number_and_the_keyboard_makes_it(visitor: Visitor, product: Product) -> None:
    visitor.sign_up()
    number = visitor.create_agent()
    page = visitor.visit("/credits/billing")
    cards = page.get_by_role("radiogroup", name="When credits run out")
    page.locator("main .crumb").focus()
    page.keyboard.press("Tab")
    expect(cards.get_by_role("radio", name=re.compile("Keep answering"))).to_be_focused()
    for _ in range(2):
        page.keyboard.press("ArrowDown", delay=100)  # a key that is let go at once moves the focus alone
    chosen = cards.get_by_role("radio", name=re.compile("Pass calls on"))
    expect(chosen).to_be_focused()
    expect(chosen).to_be_checked()
    page.get_by_role("button", name="Save", exact=True).first.click()
    expect(page.get_by_text("Say which number takes the calls.")).to_be_visible()
    expect(page.locator("#forwarding_number")).to_be_focused()
    page.locator("#forwarding_number").fill("+1 415 555 9876")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Saved.")).to_be_visible()
    expect(page.get_by_text("Your numbers are being switched")).to_have_count(0)
    placed = product.call(number)
    scene = product.control("GET", f"/calls/{placed}")
    assert "415" in str(scene.get("forwarded_to") or scene), scene

    cards.get_by_role("radio", name=re.compile("Stop taking calls")).click()
    page.get_by_role("button", name="Save", exact=True).first.click()
    expect(page.get_by_text("Your numbers are being switched")).to_have_count(0)
    placed = product.call(number)
    assert product.control("GET", f"/calls/{placed}")["ended_reason"] == "assistant-request-returned-error"
    credits = visitor.visit("/credits")
    expect(credits.get_by_text("Callers hear that nobody can take the call, as you chose in Billing.")).to_be_visible()


def test_a_saved_card_is_charged_by_itself_after_a_call(visitor: Visitor, product: Product) -> None:
    visitor.sign_up()
    number = visitor.create_agent()
    page = visitor.visit("/credits")
    to_stripe(page, "Starter")
    pay(page)
    expect(page.get_by_role("heading", name="1,000 credits added")).to_be_visible()

    page = visitor.visit("/credits/billing")
    page.get_by_role("button", name="Save a card").click()
    page.wait_for_url("**/stripe/pay/**")
    page.get_by_role("button", name="A card that works").click()
    page.wait_for_url("**/credits/billing**")
    expect(page.get_by_text("Visa ending in 4242")).to_be_visible()
    expect(page).not_to_have_url(re.compile("setup="))
    page.get_by_role("switch", name="Charge my card by itself").click()
    page.locator("#threshold_cents").fill("10.00")
    page.locator("#monthly_cap_cents").fill("10.00")
    page.get_by_role("button", name="Save", exact=True).last.click()
    expect(page.get_by_text("Your card is charged by itself from now on.")).to_be_visible()

    product.call(number)
    credits = visitor.visit("/credits")
    balance_of(credits, "$19.85")
    expect(credits.get_by_text("Automatic recharge")).to_be_visible()

    # What was allowed for the month is used up: nothing more is charged.
    product.call(number, length=600)
    balance_of(credits, "$18.35")
    page = visitor.visit("/credits/billing")
    expect(page.get_by_text("$10.00 of $10.00 this month").first).to_be_visible()
    page.get_by_role("button", name="Remove card").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Remove card").click()
    expect(page.get_by_text("No card is saved")).to_be_visible()


def test_an_operator_gives_money_back_and_the_customer_sees_it(visitor: Visitor, product: Product) -> None:
    business = "Maple Street Optics"
    email = visitor.sign_up(business=business)
    page = visitor.visit("/credits")
    to_stripe(page, "Starter")
    pay(page)
    expect(page.get_by_role("heading", name="1,000 credits added")).to_be_visible()
    product.command("make-admin", email)

    page = visitor.visit("/admin/payments?search=Maple+Street")
    page.get_by_role("link", name=business).click()
    page.get_by_role("button", name="Refund").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("#amount")).to_have_value("10.00")
    dialog.locator("#amount").fill("4")
    dialog.locator("#reason").fill("Bought twice by mistake")
    dialog.get_by_role("button", name="Refund").click()
    expect(page.get_by_text("$4.00 is on its way back.")).to_be_visible()

    def is_given_back() -> bool:
        page.get_by_role("button", name="Look again").click()
        page.wait_for_timeout(300)
        return page.get_by_text("Given back", exact=True).count() > 0

    until(is_given_back)
    credits = visitor.visit("/credits")
    balance_of(credits, "$6.00")
    expect(credits.get_by_text("$4.00 of $10.00 refunded.")).to_be_visible()


def test_a_dispute_stops_calls_until_an_operator_lets_them_start(visitor: Visitor, product: Product) -> None:
    email = visitor.sign_up(business="Cedar Lane Vets")
    number = visitor.create_agent()
    page = visitor.visit("/credits")
    session = to_stripe(page, "Starter")
    pay(page)
    expect(page.get_by_role("heading", name="1,000 credits added")).to_be_visible()
    page = visitor.visit("/credits")
    product.control("POST", f"/stripe/payments/{payment_of(product, session)}/dispute", {})
    expect(page.get_by_text("Calls are paused: $10.00 that was paid here is disputed")).to_be_visible()
    balance_of(page, "$0.00")

    def ends_with(reason: str) -> Callable[[], bool]:
        return lambda: product.control("GET", f"/calls/{product.call(number)}")["ended_reason"] == reason

    until(ends_with("assistant-request-returned-error"))
    product.command("make-admin", email)
    page = visitor.visit("/admin/payments?search=Cedar+Lane")
    page.get_by_role("link", name="Cedar Lane Vets").click()
    page.get_by_role("button", name=re.compile("Let calls start")).click()
    page.get_by_role("alertdialog").get_by_role("button", name="Let calls start").click()
    expect(page.get_by_text("takes calls again.").last).to_be_visible()
    page = visitor.visit("/credits")
    expect(page.get_by_text("Calls are paused")).to_have_count(0)
