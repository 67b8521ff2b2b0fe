"""From the cause to the reader: what moves money posts facts the templates know, in the language of each owner, once."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlmodel import col, select

from kametrix import clock, db
from kametrix.integrations.stripe.events import PaymentState, session_payment
from kametrix.jobs.mail import send_mail
from kametrix.models import AutoRecharge, CallStatus, MailKind, MailMessage, Organization, RechargeFailure
from kametrix.services import balance_watch, disputes, ledger, purchases, recharge
from kametrix.services.access import Actor
from tests import factories
from tests.jobs.test_statements import FIRST, run, sign
from tests.mailbox import Mailbox, mailbox, text_of
from tests.services.test_disputes import told
from tests.statement_books import build
from tests.stripe_facts import bought, checkout, opened

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def box(database: str) -> Iterator[Mailbox]:
    with mailbox() as running, clock.at(NOON):
        yield running


@pytest.fixture
def owners(database: str) -> tuple[Actor, Actor]:
    """Two owners of Brightside Dental: Dana reads English, Jonas German."""
    with db.transaction() as session:
        organization = factories.create_organization(session)
        dana = factories.create_member(session, organization, email="dana@example.com")
        return dana, factories.create_member(session, organization, email="jonas@example.com", language="de-DE")


def delivered(box: Mailbox) -> dict[str, str]:
    """Send what waits; subject by reader, with the text."""
    with db.transaction() as session:
        ids = session.exec(select(MailMessage.id).order_by(col(MailMessage.created_at), MailMessage.id)).all()
    before = len(box.taken)
    for mail_id in ids:
        send_mail(mail_id)
    with db.transaction() as session:
        assert {row.status.value for row in session.exec(select(MailMessage))} <= {"SENT"}
    return {f"{one['To']}: {one['Subject']}": text_of(one) for one in box.taken[before:]}


def test_a_purchase_sends_each_owner_a_receipt_that_tells_settled_grace(box: Mailbox, owners: tuple[Actor, Actor]) -> None:
    dana, _ = owners
    with db.transaction() as session:
        factories.post_credit(session, dana, -45)
        bought(session, dana)
    found = delivered(box)
    assert found.keys() == {"dana@example.com: Receipt for Starter - Kametrix", "jonas@example.com: Quittung für Starter - Kametrix"}
    english, german = (found[name] for name in sorted(found))
    for words in (
        "Pack: Starter",
        "Price: $10.00",
        "Credits: 1,000, $0.45 of it settled grace",
        "Balance after: $9.55",
        "20 November 2026",
    ):
        assert words in english
    assert "Credits: 1.000, davon glichen 0,45 $ die Überziehung aus" in german


def test_a_dispute_tells_what_it_took(box: Mailbox, owners: tuple[Actor, Actor]) -> None:
    dana, _ = owners
    with db.transaction() as session:
        purchase = bought(session, dana)
        told(session, purchase)
        assert disputes.is_blocking(session, dana.organization_id)
    found = delivered(box)
    assert "asked for $10.00 back" in found["dana@example.com: A payment was disputed - Kametrix"]
    assert "Angegebener Grund: fraudulent" in found["jonas@example.com: Eine Zahlung wurde angefochten - Kametrix"]


def test_a_payment_that_failed_late_tells_why(box: Mailbox, owners: tuple[Actor, Actor]) -> None:
    dana, _ = owners
    with db.transaction() as session:
        unpaid = session_payment(checkout(opened(session, dana), paid=False))
        purchases.settle(session, replace(unpaid, state=PaymentState.FAILED, failure="The bank said no."))
    found = delivered(box)
    text = found["dana@example.com: Your payment failed - Kametrix"]
    assert "The payment of $10.00 for Starter failed" in text
    assert "The bank said no." in text


@pytest.mark.parametrize("reason", list(RechargeFailure))
def test_a_failed_recharge_tells_why(box: Mailbox, owners: tuple[Actor, Actor], reason: RechargeFailure) -> None:
    dana, _ = owners
    with db.transaction() as session:
        row = AutoRecharge(organization_id=dana.organization_id)
        recharge.tell(session, row, reason, pack="Starter", amount=1000, switched_off=False, key="1")
    text = delivered(box)["dana@example.com: Automatic recharge failed - Kametrix"]
    assert ("Nothing was charged." in text, "$100.00 a month" in text) == (True, reason == RechargeFailure.CAP_REACHED)


def test_a_call_that_leaves_little_and_one_that_leaves_nothing_warn_once_each(box: Mailbox, owners: tuple[Actor, Actor]) -> None:
    dana, _ = owners
    subjects: list[list[str]] = []
    with db.transaction() as session:
        factories.post_credit(session, dana, 545)
        agent = factories.create_agent(session, dana)
    for minutes in (1, 3, 1, 40, 1):
        with db.transaction() as session:
            call = factories.create_call(session, agent, status=CallStatus.COMPLETED)
            charged = ledger.charge_call(session, call, seconds=60 * minutes, rate=15)
            assert charged
            balance_watch.after_charge(session, dana.organization_id, charged)
        subjects.append(sorted(name for name in delivered(box) if name.startswith("dana")))
    low = ["dana@example.com: Low Credit Balance - Kametrix"]
    assert subjects == [[], low, [], low, []]
    titles = [text_of(one).splitlines()[0] for one in box.taken if one["To"] == "dana@example.com"]
    assert titles == ["Your credits are running low", "Your credits are used up"]
    with db.transaction() as session:
        assert session.get_one(Organization, dana.organization_id).balance_cents < 0
    assert {MailKind.LOW_BALANCE} == {kind for (kind,) in kinds()}


def kinds() -> list[tuple[MailKind]]:
    with db.transaction() as session:
        return [(kind,) for kind in session.exec(select(MailMessage.kind))]


def test_a_statement_arrives_with_its_seal_and_stays_away_from_who_does_not_want_it(box: Mailbox, tmp_path: Path) -> None:
    books = build(tmp_path, nightly=False)
    with db.transaction() as session:
        organization = session.get_one(Organization, books.actor.organization_id)
        factories.create_member(session, organization, email="quiet@example.com", email_notifications=False)
    sign(FIRST)
    run(FIRST)
    with db.transaction() as session:
        ids = session.exec(select(MailMessage.id).where(MailMessage.kind == MailKind.STATEMENT)).all()
    for mail_id in ids:
        send_mail(mail_id)
    (taken,) = [one for one in box.taken if one["Subject"] == "Statement for November 2026 - Kametrix"]
    text = text_of(taken)
    assert taken["To"] == books.actor.email
    assert taken["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert {"Balance before: $10.00", "Paid in: $20.00", "Calls: 6 (79 minutes)", "Used: $11.82", "Balance after: $18.18"} <= set(
        text.splitlines()
    )
    assert "http://localhost:3000/credits/statements/2026-11" in text
    assert "Signature: " in text
