import asyncio
import re
from collections.abc import Awaitable
from datetime import timedelta
from typing import Any, TypeVar

import pytest
from sqlmodel import select

from kametrix import clock, db
from kametrix.errors import Forbidden, KametrixError, NotFound
from kametrix.integrations.stripe.errors import StripeFailure
from kametrix.models import AutoRecharge, CreditPack, CreditPurchase, Organization, OrgRole
from kametrix.services.access import Actor
from kametrix.settings import settings
from kametrix.state import checkout
from tests import stripe_facts as facts
from tests.factories import create_member
from tests.stripe_sandbox import Stripe

T = TypeVar("T")


def run(work: Awaitable[T]) -> T:
    async def scenario() -> T:
        return await work

    return asyncio.run(scenario())


@pytest.fixture
def owner(stripe_house: Stripe) -> Actor:
    with db.transaction() as session:
        return create_member(session)


def pack(name: str = "Starter") -> CreditPack:
    with db.transaction() as session:
        return facts.pack(session, name)


def purchases() -> list[CreditPurchase]:
    with db.transaction() as session:
        return list(session.exec(select(CreditPurchase).order_by("created_at")))


def balance(actor: Actor) -> int:
    with db.transaction() as session:
        return facts.balance(session, actor)


def away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIPE_BASE_URL", "http://127.0.0.1:9")
    settings.cache_clear()


def test_a_person_goes_to_stripe_pays_and_comes_back_before_the_webhook(owner: Actor, stripe_house: Stripe) -> None:
    address = run(checkout.open_checkout(owner, pack().id))
    [purchase] = purchases()
    assert purchase.stripe_session_id is not None
    assert purchase.stripe_session_id in address
    assert run(checkout.look_again(owner, purchase.stripe_session_id)).status == "OPEN"
    stripe_house.choose(purchase.stripe_session_id)
    session = stripe_house.gateway.session(purchase.stripe_session_id)
    assert session["success_url"] == "http://localhost:3000/credits/return?session={CHECKOUT_SESSION_ID}"
    assert session["cancel_url"] == f"http://localhost:3000/credits?cancelled={purchase.id}"
    for _ in range(2):
        standing = run(checkout.look_again(owner, purchase.stripe_session_id))
        assert (standing.status, standing.balance) == ("PAID", 1000)


def test_two_tabs_pay_one_page_and_are_credited_once(owner: Actor, stripe_house: Stripe) -> None:
    bought = pack().id

    async def both() -> list[str]:
        return list(await asyncio.gather(*(checkout.open_checkout(owner, bought) for _ in range(5))))

    assert len(set(run(both()))) == 1
    [purchase] = purchases()
    stripe_house.choose(purchase.stripe_session_id or "")

    async def back() -> list[Any]:
        return list(await asyncio.gather(*(checkout.look_again(owner, purchase.stripe_session_id or "") for _ in range(5))))

    assert {standing.status for standing in run(back())} == {"PAID"}
    assert balance(owner) == 1000


def test_many_people_of_one_organization_make_one_customer(owner: Actor, stripe_house: Stripe) -> None:
    with db.transaction() as session:
        organization = session.get_one(Organization, owner.organization_id)
        others = [create_member(session, organization) for _ in range(5)]
    bought = pack().id

    async def all_of_them() -> None:
        await asyncio.gather(*(checkout.open_checkout(actor, bought) for actor in others))

    run(all_of_them())
    sessions = [stripe_house.gateway.session(row.stripe_session_id or "") for row in purchases()]
    assert len(sessions) == 5
    with db.transaction() as session:
        known = session.get_one(Organization, owner.organization_id).stripe_customer_id
    assert {made["customer"] for made in sessions} == {known}


def test_a_paid_page_is_not_opened_again(owner: Actor, stripe_house: Stripe) -> None:
    first = run(checkout.open_checkout(owner, pack().id))
    assert run(checkout.open_checkout(owner, pack().id)) == first
    stripe_house.choose(purchases()[0].stripe_session_id or "")
    assert run(checkout.open_checkout(owner, pack().id)) != first
    assert [row.status for row in purchases()] == ["PAID", "OPEN"]
    assert balance(owner) == 1000


def test_while_stripe_is_away_nothing_is_lost_and_a_retry_begins_anew(
    owner: Actor, stripe_house: Stripe, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = settings().stripe_base_url
    away(monkeypatch)
    with pytest.raises(StripeFailure, match="Nothing was charged"):
        run(checkout.open_checkout(owner, pack().id))
    [failed] = purchases()
    assert (failed.status, failed.failure) == (
        "FAILED",
        "The payment service did not answer. Nothing was charged; please try again in a moment.",
    )
    monkeypatch.setenv("STRIPE_BASE_URL", address)
    settings.cache_clear()
    assert run(checkout.open_checkout(owner, pack().id))
    assert [row.status for row in purchases()] == ["FAILED", "OPEN"]


def test_coming_back_while_stripe_is_away_says_what_we_know(owner: Actor, stripe_house: Stripe, monkeypatch: pytest.MonkeyPatch) -> None:
    run(checkout.open_checkout(owner, pack().id))
    [purchase] = purchases()
    stripe_house.choose(purchase.stripe_session_id or "")
    away(monkeypatch)
    assert run(checkout.look_again(owner, purchase.stripe_session_id or "")).status == "OPEN"


def test_another_organizations_page_does_not_exist(owner: Actor, stripe_house: Stripe) -> None:
    purchase = stripe_house.paid(owner)
    with db.transaction() as session:
        stranger = create_member(session)
    for name in (purchase.stripe_session_id or "", purchase.id, "cs_unknown", "", "../customers"):
        with pytest.raises(NotFound):
            run(checkout.look_again(stranger, name))
    assert (balance(owner), balance(stranger)) == (0, 0)


def test_a_price_made_for_the_pack_is_used(owner: Actor, stripe_house: Stripe) -> None:
    price = stripe_house.gateway.sync_price(pack_id=pack().id, name="Starter", price_in_cents=1000, key="price:1")
    with db.transaction() as session:
        session.get_one(CreditPack, pack().id).stripe_price_id = price
    run(checkout.open_checkout(owner, pack().id))
    [purchase] = purchases()
    stripe_house.choose(purchase.stripe_session_id or "")
    assert run(checkout.look_again(owner, purchase.stripe_session_id or "")).status == "PAID"


def test_after_a_change_of_the_account_at_stripe_customer_and_price_are_made_anew(owner: Actor, stripe_house: Stripe) -> None:
    with db.transaction() as session:
        session.get_one(Organization, owner.organization_id).stripe_customer_id = "cus_of_the_account_before"
        session.get_one(CreditPack, pack().id).stripe_price_id = "price_of_the_account_before"
    run(checkout.open_checkout(owner, pack().id))
    assert [row.status for row in purchases()] == ["FAILED", "FAILED", "OPEN"]
    stripe_house.choose(purchases()[2].stripe_session_id or "")
    assert run(checkout.look_again(owner, purchases()[2].stripe_session_id or "")).status == "PAID"


def test_another_currency_is_asked_for_and_credited(owner: Actor, stripe_house: Stripe) -> None:
    with db.transaction() as session:
        session.get_one(Organization, owner.organization_id).currency = "EUR"
    run(checkout.open_checkout(owner, pack().id))
    [purchase] = purchases()
    assert stripe_house.gateway.session(purchase.stripe_session_id or "")["currency"] == "eur"
    stripe_house.choose(purchase.stripe_session_id or "")
    assert run(checkout.look_again(owner, purchase.stripe_session_id or "")).status == "PAID"


def test_the_way_back_is_spelled_as_the_person_spells_us_and_never_elsewhere(owner: Actor, stripe_house: Stripe) -> None:
    homes = {"http://127.0.0.1:3000": "http://127.0.0.1:3000", "http://evil.example": "http://localhost:3000"}
    for (origin, home), name in zip(homes.items(), ("Pro", "Popular"), strict=True):
        run(checkout.open_checkout(owner, pack(name).id, origin=origin))
        made = stripe_house.gateway.session(purchases()[-1].stripe_session_id or "")
        assert re.match(rf"{home}/credits/return\?", made["success_url"])


def test_only_an_owner_goes_to_stripe(owner: Actor, stripe_house: Stripe) -> None:
    with db.transaction() as session:
        member = create_member(session, session.get_one(Organization, owner.organization_id), role=OrgRole.ADMIN)
    for work in (checkout.open_checkout(member, pack().id), checkout.open_card_setup(member), checkout.keep_card(member, "cs_1")):
        with pytest.raises(Forbidden):
            run(work)
    assert purchases() == []


# --- cards


def setup_of(stripe: Stripe, address: str) -> str:
    [found] = [row["id"] for row in stripe.gateway.sessions(clock.now() - timedelta(hours=1)) if str(row["id"]) in address]
    return str(found)


def test_a_card_is_saved_and_kept(owner: Actor, stripe_house: Stripe) -> None:
    page = setup_of(stripe_house, run(checkout.open_card_setup(owner)))
    with pytest.raises(NotFound):
        run(checkout.keep_card(owner, page))
    stripe_house.choose(page, "card_good")
    for _ in range(2):
        run(checkout.keep_card(owner, page))
    with db.transaction() as session:
        kept = session.get_one(AutoRecharge, owner.organization_id)
        assert (kept.card_last4 or "").isdigit()


def test_a_card_of_another_organization_is_not_taken(owner: Actor, stripe_house: Stripe) -> None:
    page = setup_of(stripe_house, run(checkout.open_card_setup(owner)))
    stripe_house.choose(page, "card_good")
    paid = stripe_house.paid(owner).stripe_session_id or ""
    with db.transaction() as session:
        stranger = create_member(session)
    for actor, name in ((stranger, page), (owner, paid), (owner, "cs_unknown"), (owner, ""), (owner, "../x")):
        with pytest.raises(KametrixError):
            run(checkout.keep_card(actor, name))
    with db.transaction() as session:
        assert [row for row in session.exec(select(AutoRecharge)) if row.stripe_payment_method_id] == []
