"""Jobs about payments: news that was lost, refunds that were ordered, packs Stripe is to know. The network stands between transactions."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import structlog
from sqlmodel import Session

from kametrix import clock
from kametrix.errors import KametrixError
from kametrix.integrations.stripe import events
from kametrix.integrations.stripe.client import StripeGateway
from kametrix.integrations.stripe.errors import StripeFailure
from kametrix.integrations.stripe.events import Payment, PaymentState
from kametrix.jobs.app import RETRY, jobs, perform
from kametrix.services import inbox, live, pack_prices, payment_events, payment_sync, refunds, stripe_audit
from kametrix.services.ledger_audit import Fault
from kametrix.services.payment_account import gateway
from kametrix.services.payment_sync import Unfinished
from kametrix.settings import settings

LOOKED_BACK: Final = timedelta(days=3)
"""So long Stripe itself tries to deliver an event."""

log = structlog.get_logger()


@jobs.task(name="sync_purchases", queueing_lock="sync_purchases")
def sync_purchases(timestamp: int) -> None:
    """Every ten minutes: ask about purchases whose news did not come. While Stripe is away the next run does it."""
    for waiting in perform(payment_sync.unfinished):
        try:
            changed = perform(payment_events.learn, _asked(gateway(), waiting))
        except KametrixError as error:
            log.warning("purchases.not_synced", purchase_id=waiting.purchase_id, scheduled=timestamp, error=error.message)
            if isinstance(error, StripeFailure) and error.retryable:
                return
            if isinstance(error, StripeFailure) and error.provider_status == 404:
                perform(payment_sync.give_up, waiting.purchase_id)
        else:
            live.announce(changed or waiting.organization_id)


@jobs.task(name="reconcile_payments", queueing_lock="reconcile_payments", retry=RETRY)
def reconcile_payments(timestamp: int) -> None:
    """Every night: what Stripe could not tell us is fetched, and its lists are compared with our rows."""
    faults = reconcile(gateway())
    for fault in faults:
        log.error("payments.differ", organization_id=fault.organization_id, problem=fault.problem)
    log.info("payments.reconciled", faults=len(faults), scheduled=timestamp)


def reconcile(gateway: StripeGateway) -> list[Fault]:
    """Credit, give back and take back what was missed in the last days; returns the differences that stay."""
    since = clock.now() - LOOKED_BACK
    if perform(payment_sync.adopt_events, gateway.undelivered_events(since)):
        inbox.wake()
    _adopt(payment_sync.adopt_payment, gateway.payments(since))
    _adopt(payment_sync.adopt_refund, gateway.refunds(since))
    _adopt(payment_sync.adopt_dispute, gateway.disputes(since))
    return perform(stripe_audit.compare, stripe_audit.ask(gateway, since))


@jobs.task(name="refund_payment", retry=RETRY)
def refund_payment(refund_id: str) -> None:
    """Carry out a refund an operator ordered; repeated, it is the same one."""
    plan = perform(refunds.plan, refund_id)
    if plan is None:
        return
    try:
        made = gateway().refund(payment_id=plan.payment_id, amount=plan.amount, key=plan.refund_id, metadata=plan.metadata)
    except StripeFailure as failure:
        if failure.retryable:
            raise
        log.warning("refund.refused", refund_id=refund_id, code=failure.code, error=failure.message)
        perform(refunds.could_not, refund_id, failure)
    else:
        perform(payment_sync.adopt_refund, made)
    live.announce(plan.organization_id)


@jobs.task(name="sync_packs", retry=RETRY)
def sync_packs() -> None:
    """Tell Stripe of packs it does not know as they are now; without a key they are priced when they are bought."""
    if not settings().stripe_secret_key.get_secret_value():
        return
    for pack in perform(pack_prices.wanted):
        price = gateway().sync_price(pack_id=pack.pack_id, name=pack.name, price_in_cents=pack.price_in_cents, key=pack.key)
        perform(pack_prices.record, pack, price)


@jobs.task(name="retire_price", retry=RETRY)
def retire_price(price_id: str) -> None:
    """A price nobody buys at any more."""
    gateway().retire_price(price_id)


def _asked(gateway: StripeGateway, waiting: Unfinished) -> Payment:
    """What Stripe says of a purchase now."""
    if waiting.session_id is None:
        return events.intent_payment(gateway.payment(waiting.payment_id or ""))
    told = events.session_payment(gateway.session(waiting.session_id))
    needed = told.state == PaymentState.PENDING and told.payment_id is not None
    return payment_sync.joined(told, events.intent_payment(gateway.payment(told.payment_id or "")) if needed else None)


def _adopt(service: Callable[[Session, dict[str, Any]], str | None], listed: list[dict[str, Any]]) -> None:
    """Each in a transaction of its own: one that cannot be is named by the comparison, and stops no other."""
    for one in listed:
        try:
            changed = perform(service, one)
        except KametrixError as error:
            log.warning("reconcile.not_adopted", about=str(one.get("id")), error=error.message)
            continue
        if changed:
            live.announce(changed)
