import asyncio
import json
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from sqlmodel import select

from kametrix import clock, db
from kametrix.api.app import app
from kametrix.jobs.inbox import work_one
from kametrix.models import CreditPurchase, CreditTransaction, WebhookEvent
from kametrix.services import inbox, ledger_audit, live
from kametrix.settings import settings
from tests import stripe_facts as facts
from tests.factories import create_member
from tests.processes import api_process
from tests.stripe_facts import checkout, event, opened, signed

PATH = "/api/webhooks/stripe"


@pytest.fixture
def purchase(database: str) -> Iterator[CreditPurchase]:
    with db.transaction() as session:
        made = opened(session, create_member(session))
    yield made
    live.flush()
    inbox._wake.flush()


def post(raw: bytes, headers: dict[str, str]) -> httpx.Response:
    async def run() -> httpx.Response:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://test", timeout=30) as client:
            return await client.post(PATH, content=raw, headers=headers)

    return asyncio.run(run())


def stored() -> list[WebhookEvent]:
    with db.transaction() as session:
        return list(session.exec(select(WebhookEvent)))


def work_off() -> None:
    while work_one():
        pass


def balance_of(purchase: CreditPurchase) -> int:
    with db.transaction() as session:
        return sum(session.exec(select(CreditTransaction.amount).where(CreditTransaction.organization_id == purchase.organization_id)))


# --- who may write


def test_a_signed_event_is_stored_and_credited_by_the_worker(purchase: CreditPurchase) -> None:
    answer = post(*signed(event("checkout.session.completed", checkout(purchase))))
    assert (answer.status_code, answer.json()) == (200, {})
    [row] = stored()
    assert (row.provider, row.type, row.subject, row.organization_id) == ("stripe", "checkout.session.completed", "", None)
    work_off()
    assert balance_of(purchase) == 1000


def test_without_a_valid_signature_nothing_is_stored(purchase: CreditPurchase) -> None:
    raw, headers = signed(event("checkout.session.completed", checkout(purchase)))
    header = headers["Stripe-Signature"]
    stamp, _, signature = header.partition(",v1=")
    wrong = ["", "t=", "v1=abc", stamp, f"{stamp},v1=", f"{stamp},v0={signature}", f"{stamp},v1={'0' * 64}", f"t=x,v1={signature}"]
    for value in (*wrong, f"t={int(stamp[2:]) + 1},v1={signature}", f"t=-5,v1={signature}", f"t={'9' * 40},v1={signature}"):
        assert post(raw, {"Stripe-Signature": value}).status_code == 401, value
    assert post(raw, {}).status_code == 401
    assert post(raw.replace(b"1000", b"9000"), headers).status_code == 401
    assert post(raw + b" ", headers).status_code == 401
    assert post(b"\xff" + raw, headers).status_code == 401
    assert post(*signed(event("checkout.session.completed", checkout(purchase)), secret="whsec_of_somebody_else")).status_code == 401
    assert stored() == []


@pytest.mark.parametrize(("seconds_off", "expected"), [(0, 200), (-299, 200), (-301, 401), (299, 200), (301, 401), (-86_400, 401)])
def test_only_what_is_of_now_is_taken_by_our_own_clock(purchase: CreditPurchase, seconds_off: int, expected: int) -> None:
    with clock.at(clock.now()):
        assert post(*signed(event("checkout.session.completed", checkout(purchase)), seconds_off=seconds_off)).status_code == expected


def test_a_recorded_request_is_worth_nothing_later(purchase: CreditPurchase) -> None:
    raw, headers = signed(event("checkout.session.completed", checkout(purchase)))
    moment = clock.now()
    with clock.at(moment.replace(year=moment.year + 1)):
        assert post(raw, headers).status_code == 401
    assert stored() == []


def test_both_secrets_are_accepted_while_one_replaces_the_other(purchase: CreditPurchase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "STRIPE_WEBHOOK_SECRET_PREVIOUS", "whsec_the_one_before")
    settings.cache_clear()
    for secret in (facts.SECRET, "whsec_the_one_before"):
        assert post(*signed(event("checkout.session.completed", checkout(purchase)), secret=secret)).status_code == 200


def test_an_unset_secret_lets_nobody_in(purchase: CreditPurchase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "STRIPE_WEBHOOK_SECRET", "")
    settings.cache_clear()
    assert post(*signed(event("checkout.session.completed", checkout(purchase)), secret="")).status_code == 401


NO_EVENTS: list[bytes] = [
    b"", b"null", b"[]", b"{}", b"{", b'"event"', b'{"object": "event"}', b"\xff\xfe",
    json.dumps(event("x" * 81, {"id": "x"})).encode(),
    json.dumps(event("ping", {"id": "x"}, id="e" * 300)).encode(),
    json.dumps({**event("ping", {"id": "x"}), "object": "v2.core.event"}).encode(),
    json.dumps({**event("ping", {"id": "x"}), "data": {"object": []}}).encode(),
    json.dumps({**event("ping", {"id": "x"}), "id": {"a": 1}}).encode(),
    json.dumps(event("ping", {"id": "x"})).encode().replace(b'"livemode": false', b'"livemode": NaN'),
    b'{"object": "event", "id": "evt_1", "type": "t", "data": {"object": ' + b'{"a":' * 90 + b"1" + b"}" * 92,
]  # fmt: skip


@pytest.mark.parametrize("raw", NO_EVENTS)
def test_a_signed_body_that_is_no_event_is_refused_in_words(purchase: CreditPurchase, raw: bytes) -> None:
    answer = post(*signed(raw))
    assert answer.status_code in (400, 401)
    assert answer.json()["error"]
    assert stored() == []


def test_a_body_beyond_the_limit_is_refused(purchase: CreditPurchase) -> None:
    assert post(*signed(event("ping", {"id": "x" * 5_100_000}))).status_code == 413


def test_characters_no_database_keeps_do_no_harm(purchase: CreditPurchase) -> None:
    assert post(*signed(event("ping", {"id": "a\x00b", "note": "\ud800"}))).status_code == 200
    assert len(stored()) == 1


def test_unknown_types_are_stored_and_do_nothing(purchase: CreditPurchase) -> None:
    assert post(*signed(event("radar.early_fraud_warning.created", {"id": "issfr_1"}))).status_code == 200
    work_off()
    [row] = stored()
    assert row.processed_at is not None
    assert balance_of(purchase) == 0


def test_an_event_of_another_version_is_kept_and_fails_visibly(purchase: CreditPurchase) -> None:
    assert post(*signed(event("checkout.session.completed", checkout(purchase), api_version="2020-08-27"))).status_code == 200
    work_off()
    [row] = stored()
    assert row.failed_at is not None
    assert "2020-08-27" in (row.error or "")
    assert balance_of(purchase) == 0


def test_nothing_of_the_payer_is_kept(purchase: CreditPurchase) -> None:
    details = {"email": "FAKE-MAIL", "name": "FAKE-NAME", "phone": "FAKE-PHONE", "address": {"line1": "FAKE-STREET"}}
    about = checkout(purchase, customer_details=details, customer_email="FAKE-MAIL", client_secret="FAKE-SECRET", url="https://FAKE-URL")
    charge = {
        "id": "ch_1",
        "billing_details": details,
        "receipt_url": "https://FAKE-URL",
        "receipt_email": "FAKE-MAIL",
        "shipping": details,
    }
    post(*signed(event("checkout.session.completed", about)))
    post(*signed(event("charge.succeeded", {**charge, "evidence": {"customer_name": "FAKE-NAME"}})))
    assert "FAKE" not in json.dumps([row.payload for row in stored()])
    work_off()
    assert balance_of(purchase) == 1000


# --- how often it comes


def test_twenty_deliveries_at_once_over_http_credit_once(purchase: CreditPurchase, tmp_path: Path) -> None:
    raw, headers = signed(event("checkout.session.completed", checkout(purchase)))
    with api_process(tmp_path / "api.log") as address, ThreadPoolExecutor(20) as pool:
        start = threading.Barrier(20)

        def deliver() -> int:
            start.wait(30)
            return httpx.post(address + PATH, content=raw, headers=headers, timeout=30).status_code

        assert [job.result() for job in [pool.submit(deliver) for _ in range(20)]] == [200] * 20
    assert len(stored()) == 1
    work_off()
    assert balance_of(purchase) == 1000


def test_twenty_events_about_one_payment_worked_at_once_credit_once(purchase: CreditPurchase) -> None:
    for number in range(20):
        type = ("checkout.session.completed", "checkout.session.async_payment_succeeded")[number % 2]
        assert post(*signed(event(type, checkout(purchase)))).status_code == 200
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: work_off(), range(4)))
    assert balance_of(purchase) == 1000
    with db.transaction() as session:
        assert ledger_audit.verify(session).faults == []


def test_a_refund_told_before_its_payment_is_worked_again(purchase: CreditPurchase) -> None:
    post(*signed(event("refund.created", facts.refund(purchase, 400))))
    work_off()
    post(*signed(event("checkout.session.completed", checkout(purchase))))
    work_off()
    assert balance_of(purchase) == 1000
    moment = clock.now()
    with clock.at(moment.replace(year=moment.year + 1)):
        work_off()
    assert balance_of(purchase) == 600


def test_the_organizations_open_pages_are_told(purchase: CreditPurchase, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr("kametrix.jobs.inbox.announce", told.append)
    post(*signed(event("checkout.session.completed", checkout(purchase))))
    post(*signed(event("invoice.paid", {"id": "in_1"})))
    work_off()
    assert told == [purchase.organization_id]
