"""Jobs about the saved card: charge it, keep it, forget it. The network stands between two transactions."""

import structlog

from kametrix.errors import Invalid
from kametrix.integrations.reading import text
from kametrix.integrations.stripe.client import StripeGateway
from kametrix.integrations.stripe.errors import StripeFailure
from kametrix.jobs.app import RETRY, jobs, perform
from kametrix.services import live, recharge, recharge_attempts
from kametrix.services.payment_account import gateway
from kametrix.services.recharge_attempts import Attempt, Outcome

log = structlog.get_logger()


@jobs.task(name="recharge", retry=RETRY)
def charge_saved_card(organization_id: str) -> None:
    """Buy credits by itself, if that is still due. While Stripe is away this is repeated, with the same key."""
    attempt = perform(recharge_attempts.plan, organization_id)
    if attempt is not None:
        perform(recharge_attempts.record, attempt, _charged(gateway(), attempt))
    live.announce(organization_id)


@jobs.task(name="save_card", retry=RETRY)
def save_card(organization_id: str, session_id: str) -> None:
    """Keep the card a finished setup page saved. Raises Invalid when the page was opened for another organization or saved none."""
    stripe = gateway()
    owner, card = text(stripe.session(session_id).get("client_reference_id")), stripe.saved_card(session_id)
    if card is None or owner != organization_id:
        raise Invalid("This page of the payment service saved no card of this organization.")
    perform(recharge.keep_card, organization_id, card)
    live.announce(organization_id)


@jobs.task(name="forget_card", retry=RETRY)
def forget_card(organization_id: str, payment_method_id: str) -> None:
    """Forget a card here and at Stripe."""
    perform(recharge.drop_card, organization_id, payment_method_id)
    live.announce(organization_id)
    gateway().detach_card(payment_method_id)


@jobs.task(name="detach_card", retry=RETRY)
def detach_card(payment_method_id: str) -> None:
    """Have Stripe forget a card another one took the place of."""
    gateway().detach_card(payment_method_id)


def _charged(gateway: StripeGateway, attempt: Attempt) -> Outcome:
    """What Stripe said of the card. Raises StripeFailure when it said nothing of it: away, busy, or our own mistake."""
    try:
        charge = gateway.charge(
            customer_id=attempt.customer_id,
            payment_method_id=attempt.payment_method_id,
            amount=attempt.amount,
            currency=attempt.currency,
            metadata=attempt.metadata,
            key=attempt.key,
        )
    except StripeFailure as failure:
        code = recharge_attempts.card_problem(failure)
        if code is None:
            log.warning("recharge.no_answer", organization=attempt.organization_id, code=failure.code, retryable=failure.retryable)
            raise
        return Outcome(failure.payment_id, code=code, failure=failure.message)
    return Outcome(charge.payment_id, charge.status)
