"""Paying on Stripe's page, between transactions: opening it, and looking again when somebody comes back before the webhook."""

import re
from collections.abc import Callable
from typing import Final, ParamSpec, TypeVar

import structlog

from kametrix import db
from kametrix.crypto import new_id
from kametrix.errors import NotFound
from kametrix.integrations.stripe import events
from kametrix.integrations.stripe.client import Card, CheckoutOrder, OpenedSession, StripeGateway
from kametrix.integrations.stripe.errors import StripeFailure
from kametrix.services import live, purchases, recharge
from kametrix.services.access import Actor
from kametrix.services.payment_account import gateway
from kametrix.services.purchases import Order, Standing
from kametrix.settings import settings

LANE: Final = db.Lane("stripe", threads=6, waiting=60)
"""Threads that wait for Stripe: never those that serve pages."""

P = ParamSpec("P")
R = TypeVar("R")
log = structlog.get_logger()


async def open_checkout(actor: Actor, pack_id: str, *, origin: str = "") -> str:
    """The address of Stripe's page for a pack. `origin`: where the person sees our pages, to be brought back there.

    Raises NotFound for a pack that is not on sale, TooMany, and StripeFailure while Stripe is away: then nothing is charged.
    """
    for _ in range(2):  # customer and price may both be of another account
        try:
            return await _opened_for(actor, pack_id, origin)
        except StripeFailure as failure:
            if failure.code != "resource_missing":
                raise
            log.warning("checkout.unknown_at_stripe", organization_id=actor.organization_id, param=failure.param)
            await db.run_platform(db.PAGES, purchases.forget_unknown, actor.organization_id, pack_id, failure.param or "")
    return await _opened_for(actor, pack_id, origin)


async def _opened_for(actor: Actor, pack_id: str, origin: str) -> str:
    order = await _begin(actor, pack_id)
    return order.checkout_url or await _page(actor, order, origin)


async def _page(actor: Actor, order: Order, origin: str) -> str:
    """Stripe's page for an order that has none. Raises StripeFailure, and then the purchase is over."""
    try:
        opened = await _asked(_opened, order.checkout, await _customer(actor.organization_id, order.customer_id), _home(origin))
    except StripeFailure as failure:
        log.warning("checkout.not_opened", purchase_id=order.checkout.purchase_id, code=failure.code, error=failure.message)
        await db.run_platform(db.PAGES, purchases.could_not_open, order.checkout.purchase_id, failure)
        raise
    await db.run_platform(db.PAGES, purchases.record_session, order.checkout.purchase_id, opened)
    return opened.url


async def look_again(actor: Actor, session_id: str) -> Standing:
    """Where the purchase of a Checkout session stands; an unfinished one is asked for at Stripe, and credited if it is paid.

    Raises NotFound for what is not the organization's. While Stripe is away the answer is what we know.
    """
    found = await db.run(purchases.standing, actor, session_id)
    if found.status not in purchases.UNFINISHED or not session_id.startswith("cs_"):
        return found
    try:
        facts = events.session_payment(await _asked(StripeGateway.session, session_id))
    except StripeFailure as failure:
        log.warning("checkout.not_looked_up", purchase_id=found.purchase_id, error=failure.message)
        return found
    settled = await db.run_platform(db.PAGES, purchases.settle, facts)
    live.announce(actor.organization_id)
    return settled if settled is not None and settled.purchase_id == found.purchase_id else found


async def open_card_setup(actor: Actor) -> str:
    """The address of Stripe's page that saves a card. Raises Forbidden, and StripeFailure while Stripe is away."""
    customer = await _customer(actor.organization_id, await db.run(purchases.customer, actor))
    back, cancelled = f"{_home('')}/credits/billing?setup={{CHECKOUT_SESSION_ID}}", f"{_home('')}/credits/billing"
    opened = await _asked(_setup, actor.organization_id, customer, back, cancelled)
    return opened.url


async def keep_card(actor: Actor, session_id: str) -> None:
    """Keep the card a setup page of this organization saved: the person is back before the webhook.

    Raises Forbidden, NotFound for another organization's page or one that saved no card, and StripeFailure.
    """
    await db.run(purchases.customer, actor)
    card = await _asked(_saved, session_id, actor.organization_id)
    await db.run_platform(db.PAGES, recharge.keep_card, actor.organization_id, card)
    live.announce(actor.organization_id)


async def _begin(actor: Actor, pack_id: str) -> Order:
    """A purchase to be paid; one begun minutes ago only while its page is still open."""
    order = await db.run_platform(db.PAGES, purchases.begin, actor, pack_id)
    if not order.checkout_url or not order.session_id:
        return order
    await look_again(actor, order.session_id)
    return await db.run_platform(db.PAGES, purchases.begin, actor, pack_id)


async def _customer(organization_id: str, known: str | None) -> str:
    if known:
        return known
    made = await _asked(StripeGateway.create_customer, organization_id)
    return await db.run_platform(db.PAGES, purchases.record_customer, organization_id, made)


def _opened(gateway: StripeGateway, order: CheckoutOrder, customer_id: str, home: str) -> OpenedSession:
    back, cancelled = f"{home}/credits/return?session={{CHECKOUT_SESSION_ID}}", f"{home}/credits?cancelled={order.purchase_id}"
    return gateway.create_checkout(order, customer_id=customer_id, success_url=back, cancel_url=cancelled)


def _setup(gateway: StripeGateway, organization_id: str, customer_id: str, back: str, cancelled: str) -> OpenedSession:
    return gateway.create_setup(
        organization_id=organization_id, customer_id=customer_id, success_url=back, cancel_url=cancelled, key=f"setup:{new_id()}"
    )


def _saved(gateway: StripeGateway, session_id: str, organization_id: str) -> Card:
    is_one = re.fullmatch("cs_[A-Za-z0-9_]{1,240}", session_id)
    if is_one and gateway.session(session_id).get("client_reference_id") == organization_id and (card := gateway.saved_card(session_id)):
        return card
    raise NotFound("No card was saved there. Please try again.")


async def _asked(request: Callable[..., R], *args: object) -> R:
    def work() -> R:
        return request(gateway(), *args)

    return await LANE.run(work)


def _home(origin: str) -> str:
    """Our address as the person sees it: the public one, on one machine also spelled by its loopback number."""
    public = settings().public_url.rstrip("/")
    local = public.replace("://localhost", "://127.0.0.1")
    return local if origin.rstrip("/") == local and not settings().is_production else public
