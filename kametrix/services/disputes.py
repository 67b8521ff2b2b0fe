"""Payments their payer's bank takes back: the credits go at once, calls wait, and a won dispute brings both back.

An inquiry (Stripe's `warning_*`) moves no money and is none yet. News may come in any order: what closed is not opened again,
and only a reinstatement turns a lost dispute into a won one.
"""

from typing import Final

import structlog
from sqlmodel import Session, and_, col, exists, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from kametrix import clock
from kametrix.integrations.stripe.events import Dispute
from kametrix.models import CreditDispute, CreditPurchase, DisputeStatus, MailKind, Organization, TransactionType
from kametrix.services import ledger, mail, paid, sync_requests
from kametrix.services.access import SYSTEM, open_to
from kametrix.services.inbox import Refused

CLOSED: Final = {"won": DisputeStatus.WON, "lost": DisputeStatus.LOST}

log = structlog.get_logger()


def blocking(organization_id: str) -> SelectOfScalar[str]:
    """The disputes because of which calls are declined: open, or lost with a debt left, until an operator lifts them."""
    indebted = select(Organization.id).where(Organization.id == organization_id, Organization.balance_cents < 0)
    return select(CreditDispute.id).where(
        CreditDispute.organization_id == organization_id,
        col(CreditDispute.lifted_at).is_(None),
        or_(CreditDispute.status == DisputeStatus.OPEN, and_(CreditDispute.status == DisputeStatus.LOST, exists(indebted))),
    )


@open_to(SYSTEM)
def is_blocking(session: Session, organization_id: str) -> bool:
    """Whether calls are declined because of a dispute."""
    return session.exec(blocking(organization_id).limit(1)).first() is not None


@open_to(SYSTEM)
def may_block(session: Session, organization_id: str) -> bool:
    """Whether each call has to be asked about: calls are declined now, or will be when a debt comes after a lost dispute."""
    unlifted = select(CreditDispute.id).where(CreditDispute.organization_id == organization_id, col(CreditDispute.lifted_at).is_(None))
    return session.exec(unlifted.where(CreditDispute.status != DisputeStatus.WON).limit(1)).first() is not None


@open_to(SYSTEM)
def apply(session: Session, facts: Dispute, *, withdrawn: bool = False, reinstated: bool = False) -> str | None:
    """Bring a dispute to what Stripe says of it; returns its organization, none when it is about no payment of ours.

    `withdrawn`, `reinstated`: the money itself was moved. Raises NotYet before its payment is credited, and Refused for another
    currency or more than was paid.
    """
    if facts.payment_id is None:
        log.info("dispute.without_payment", stripe_dispute_id=facts.id)
        return None
    purchase = paid.behind(session, facts.payment_id)
    dispute = session.exec(select(CreditDispute).where(CreditDispute.stripe_dispute_id == facts.id)).one_or_none()
    if dispute is None:
        if not withdrawn and is_inquiry(facts):
            return purchase.organization_id
        dispute = _open(session, purchase, facts)
    told = DisputeStatus.WON if reinstated else CLOSED.get(facts.state, DisputeStatus.OPEN)
    if told == DisputeStatus.WON and dispute.status != DisputeStatus.WON:
        _close(session, dispute, DisputeStatus.WON)
        _give_again(session, purchase, dispute)
    elif told == DisputeStatus.LOST and dispute.status == DisputeStatus.OPEN:
        _close(session, dispute, DisputeStatus.LOST)
    return purchase.organization_id


def is_inquiry(facts: Dispute) -> bool:
    """Whether a bank only asks, or was satisfied before it took anything."""
    return facts.state.startswith("warning_") or facts.state == "prevented"


def _open(session: Session, purchase: CreditPurchase, facts: Dispute) -> CreditDispute:
    """Take the credits and have the organization's calls wait."""
    if facts.currency != purchase.currency or facts.amount > purchase.price_in_cents:
        raise Refused("A dispute in another currency, or about more than was paid; nothing was posted.")
    dispute = CreditDispute(
        organization_id=purchase.organization_id, credit_purchase_id=purchase.id, stripe_dispute_id=facts.id, amount=facts.amount,
        reason=facts.reason,
    )  # fmt: skip
    session.add(dispute)
    session.flush()
    if credits := paid.credits_of(purchase, facts.amount):
        ledger.post(
            session, organization_id=purchase.organization_id, type=TransactionType.DISPUTE, amount=-credits, key=f"dispute:{facts.id}",
            description="Disputed payment", stripe_payment_id=purchase.stripe_payment_id,
        )  # fmt: skip
    balance = session.exec(select(Organization.balance_cents).where(Organization.id == purchase.organization_id)).one()
    told = {
        "amount": facts.amount, "currency": purchase.currency, "reason": facts.reason or "", "payment_id": purchase.stripe_payment_id,
        "balance": balance,
    }  # fmt: skip
    mail.post_to_owners(session, purchase.organization_id, MailKind.DISPUTE_OPENED, key=f"dispute:{facts.id}", facts=told)
    sync_requests.push_organization(session, purchase.organization_id)
    log.warning("dispute.opened", organization_id=purchase.organization_id, purchase_id=purchase.id, amount=facts.amount)
    return dispute


def _close(session: Session, dispute: CreditDispute, status: DisputeStatus) -> None:
    dispute.status, dispute.closed_at, dispute.updated_at = status, clock.now(), clock.now()
    sync_requests.push_organization(session, dispute.organization_id)
    session.flush()


def _give_again(session: Session, purchase: CreditPurchase, dispute: CreditDispute) -> None:
    """The bank decided for us: the credits come back."""
    taken = paid.posted(session, f"dispute:{dispute.stripe_dispute_id}")
    if taken:
        ledger.post(
            session, organization_id=purchase.organization_id, type=TransactionType.DISPUTE_REVERSAL, amount=-taken,
            key=f"dispute_won:{dispute.stripe_dispute_id}", description="Dispute decided for us",
            stripe_payment_id=purchase.stripe_payment_id,
        )  # fmt: skip
