"""Purchases told by signed webhooks, each event twice, API and worker as real processes: how many are credited a second, once each."""

import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from sqlalchemy import text

from benchmarks import cluster
from benchmarks.report import Figure
from kametrix import db
from kametrix.services import ledger_audit
from tests import stripe_facts
from tests.factories import create_member
from tests.processes import api_process, worker_process

PURCHASES = 2_000
ORGANIZATIONS = 100
CONNECTIONS = 16
SECRET = "whsec_benchmark_0123456789abcdef"

_CREDITED = text("select count(*) from credit_transaction where type = 'PURCHASE'")
_WAITING = text("select count(*) from webhook_event where processed_at is null and failed_at is null")


def figures() -> list[Figure]:
    """Credited a second from the first event to the last credit, and what the audit says."""
    nowhere = {"VAPI_API_KEY": "none", "VAPI_BASE_URL": "http://127.0.0.1:9", "SMTP_HOST": ""}
    with cluster.database(STRIPE_WEBHOOK_SECRET=SECRET, **nowhere), tempfile.TemporaryDirectory() as logs:
        messages = _messages()
        with api_process(Path(logs) / "api.log") as address, worker_process(Path(logs) / "worker.log"):
            began = time.perf_counter()
            refused = _send(address, messages)
            acknowledged = time.perf_counter() - began
            _drain()
            seconds = time.perf_counter() - began
        with db.transaction() as session:
            credited = session.connection().execute(_CREDITED).scalar_one()
            faults = ledger_audit.verify(session).fault_count
    wrong = abs(credited - PURCHASES) + faults + refused
    return [
        Figure("purchases credited per second, each event delivered twice", f"{credited / seconds:,.0f}/s"),
        Figure("... of their events made durable", f"{len(messages) / acknowledged:,.0f}/s"),
        Figure(f"credited of {PURCHASES:,} purchases; refused; faults", f"{credited:,}; {refused}; {faults}", "all; 0; 0", met=wrong == 0),
    ]


def _messages() -> list[tuple[bytes, dict[str, str]]]:
    """Signed events of purchases whose pages are open, every one twice, the copies far from each other."""
    found: list[tuple[bytes, dict[str, str]]] = []
    with db.transaction() as session:
        actors = [create_member(session) for _ in range(ORGANIZATIONS)]
        for number in range(PURCHASES):
            purchase = stripe_facts.recharge(session, actors[number % ORGANIZATIONS])
            purchase.kind, purchase.stripe_session_id = "CHECKOUT", f"cs_bench_{number}"
            told = stripe_facts.event("checkout.session.completed", stripe_facts.checkout(purchase))
            found.append(stripe_facts.signed(told, secret=SECRET))
            session.flush()
    return found + found[::-1]


def _send(address: str, messages: list[tuple[bytes, dict[str, str]]]) -> int:
    """How many were not answered 200."""
    url = f"http://{urlsplit(address).netloc}/api/webhooks/stripe"
    with httpx.Client(trust_env=False, limits=httpx.Limits(max_connections=CONNECTIONS)) as client, ThreadPoolExecutor(CONNECTIONS) as pool:
        answers = pool.map(lambda one: client.post(url, content=one[0], headers=one[1], timeout=30).status_code, messages)
        return sum(status != 200 for status in answers)


def _drain() -> None:
    deadline = time.monotonic() + 600
    while True:
        with db.transaction() as session:
            if session.connection().execute(_WAITING).scalar_one() == 0:
                return
        if time.monotonic() > deadline:
            raise RuntimeError("The events were not worked off in time.")
        time.sleep(0.05)
