"""The console's Payments pages: what was paid, and what payers and banks do afterwards."""

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.console.deliveries import described
from sandbox.console.shell import page
from sandbox.console.words import STRIPE_TROUBLES
from sandbox.store import Json
from sandbox.stripe.account import Account
from sandbox.stripe.errors import StripeError
from sandbox.stripe.trouble import KINDS, Trouble

if TYPE_CHECKING:
    from sandbox.app import Sandbox

SHOWN = {"limit": 50}
MOST_TIMES = 50


def routes(sandbox: "Sandbox") -> list[BaseRoute]:
    """/payments, one payment, and what can be done with it."""
    account = sandbox.stripe

    async def listed(_: Request) -> Response:
        return page("payments", title="Payments", active="/payments", rows=rows(account), troubles=STRIPE_TROUBLES, **waiting(account))

    async def show(request: Request) -> Response:
        key = request.path_params["id"]
        session_id = account.records.hidden("payment_intent", key).get("session")
        return RedirectResponse(f"/payments/{session_id}", 303) if session_id else _detail(account, key)

    async def change(request: Request) -> Response:
        key = request.path_params["id"]
        async with request.form() as form:
            asked = {name: str(value) for name, value in form.items()}
        try:
            with sandbox.store.transaction():
                do(account, asked)
        except StripeError as error:
            return _detail(account, key, str(error))
        return RedirectResponse(f"/payments/{key}", 303)

    async def trouble(request: Request) -> Response:
        async with request.form() as form:
            kind, times = str(form.get("kind") or ""), str(form.get("times") or "1")
        if kind in KINDS:
            account.troubles.add(Trouble(kind, times=min(int(times) if times.isdecimal() else 1, MOST_TIMES)))
        elif kind == "none":
            account.troubles.clear()
        return RedirectResponse("/payments", 303)

    return [
        Route("/payments", listed, methods=["GET"]),
        Route("/payments", trouble, methods=["POST"]),
        Route("/payments/{id}", show, methods=["GET"]),
        Route("/payments/{id}", change, methods=["POST"]),
    ]


def rows(account: Account) -> list[Json]:
    """Sessions, and payments made without one, newest first."""
    sessions = account.records.page("checkout.session", "", SHOWN)["data"]
    intents = account.records.page("payment_intent", "", SHOWN)["data"]
    alone = [intent for intent in intents if "session" not in account.records.hidden("payment_intent", intent["id"])]
    found = [_row(account, subject) for subject in (*sessions, *alone)]
    return sorted(found, key=lambda row: row["created"], reverse=True)[: SHOWN["limit"]]


def waiting(account: Account) -> Json:
    """What still goes wrong with events to come."""
    return {"waiting": [dict(STRIPE_TROUBLES).get(one["kind"], one["kind"]) for one in account.troubles.listed()]}


def do(account: Account, asked: Json) -> None:
    """One of the page's buttons. Raises StripeError when it makes no sense any more."""
    about, amount = asked.get("about", ""), asked.get("amount", "")
    doings: dict[str, Callable[[], object]] = {
        "refund": lambda: account.refunds.create({"payment_intent": about, **({"amount": cents(amount)} if amount else {})}),
        "dispute": lambda: account.disputes.open(about, cents(amount) if amount else None),
        "win": lambda: account.disputes.close(about, won=True),
        "lose": lambda: account.disputes.close(about, won=False),
        "settle": lambda: account.checkout.settle(about, ok=True),
        "fail": lambda: account.checkout.settle(about, ok=False),
        "expire": lambda: account.checkout.expire(about),
        "fail_refund": lambda: account.refunds.settle(about, ok=False),
        "settle_refund": lambda: account.refunds.settle(about, ok=True),
        "replay": lambda: account.events.replay(about, 1),
    }
    if asked.get("do") not in doings:
        raise StripeError(400, "Choose what to do.")
    doings[asked["do"]]()


def cents(text: str) -> int:
    """Dollars as typed, in cents. Raises StripeError."""
    try:
        amount = Decimal(text.strip().lstrip("$").replace(",", "")) * 100
        if amount != int(amount) or amount < 1:
            raise InvalidOperation
    except (InvalidOperation, ValueError, OverflowError) as error:
        raise StripeError(400, f"{text[:40]} is not an amount, such as 12.50.") from error
    return int(amount)


def _detail(account: Account, key: str, problem: str = "") -> Response:
    subject = account.records.find("checkout.session", key) or account.records.find("payment_intent", key)
    if subject is None:
        return RedirectResponse("/payments", 303)
    row = _row(account, subject)
    intent_id, charge = row["intent"], row["charge"]
    of_intent = {"payment_intent": intent_id or "none"}
    refunds, disputes = account.records.all("refund", **of_intent), account.records.all("dispute", **of_intent)
    values: Json = {"row": row, "subject": subject, "charge": charge, "refunds": refunds, "disputes": disputes}
    values |= {"events": _events(account, key, intent_id), "problem": problem}
    values["withheld"] = charge is not None and account.refunds.is_withheld(charge)
    values["left"] = charge["amount"] - charge["amount_refunded"] if charge and charge["status"] == "succeeded" else 0
    return page("payment", 400 if problem else 200, title="Payment", active="/payments", **values)


def _events(account: Account, key: str, intent_id: str) -> list[Json]:
    """Events about this payment with their deliveries, newest first."""
    found = account.records.all("event", **{"data.object.id": key})
    if intent_id:
        found += account.records.all("event", **{"data.object.payment_intent": intent_id})
        found += account.records.all("event", **{"data.object.id": intent_id}) if intent_id != key else []
    once = {event["id"]: event for event in found}
    told = [{**event, "deliveries": [described(one) for one in account.store.deliveries(event["id"])]} for event in once.values()]
    return sorted(told, key=lambda event: (event["created"], max((one["id"] for one in event["deliveries"]), default=0)), reverse=True)


def _row(account: Account, subject: Json) -> Json:
    """A session or an intent in words."""
    is_session = subject["object"] == "checkout.session"
    intent_id = subject["payment_intent"] if is_session else subject["id"]
    intent = account.records.find("payment_intent", intent_id or "")
    charge = account.records.find("charge", (intent or {}).get("latest_charge") or "")
    what = "Without the payer" if not is_session else "Card setup" if subject["mode"] == "setup" else "Checkout"
    lines = account.checkout.line_items(subject["id"]) if is_session else []
    state = _state(account, subject, intent, charge)
    amount = subject["amount_total"] if is_session else subject["amount"]
    named = lines[0]["description"] if lines else subject.get("description") or ("A card for later" if is_session else "Saved card charged")
    more = {"what": what, "name": named, "state": state, "amount": amount, "intent": intent_id or "", "charge": charge}
    is_pending = intent is not None and intent["status"] == "processing"
    return {**more, "id": subject["id"], "created": subject["created"], "currency": subject["currency"] or "usd", "pending": is_pending}


def _state(account: Account, subject: Json, intent: Json | None, charge: Json | None) -> str:
    if subject.get("status") in ("open", "expired", "canceled"):
        return "asking" if intent and intent["status"] == "requires_action" else subject["status"]
    if subject.get("mode") == "setup":
        return "saved"
    if charge and charge["status"] == "succeeded":
        if account.refunds.is_withheld(charge):
            return "disputed"
        return "refunded" if charge["refunded"] else "partly" if charge["amount_refunded"] else "paid"
    return "pending" if intent and intent["status"] == "processing" else "failed"
