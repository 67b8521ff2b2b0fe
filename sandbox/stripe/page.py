"""The hosted Checkout page: what a payer sees, and which outcome they choose. Works without JavaScript."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sandbox.console.shell import page
from sandbox.store import Json
from sandbox.stripe.cards import BEHAVIOURS
from sandbox.stripe.checkout import Checkout
from sandbox.stripe.errors import StripeError

if TYPE_CHECKING:
    from sandbox.app import Sandbox

TOLD = {
    "declined": "Your card was declined. Try another one.",
    "unconfirmed": "The payment was not confirmed. Try again, or pay in another way.",
}
Handler = Callable[[Request], Awaitable[Response]]


def routes(sandbox: "Sandbox") -> list[Route]:
    """/stripe/pay/ID, and what payments point at."""
    account = sandbox.stripe
    checkout = account.checkout

    async def show(request: Request) -> Response:
        return _session_page(checkout, request.path_params["id"], TOLD.get(request.query_params.get("told", ""), ""))

    async def choose(request: Request) -> Response:
        key = request.path_params["id"]
        async with request.form() as form:
            outcome = str(form.get("outcome") or "")
        try:
            with sandbox.store.transaction():
                session, told = act(checkout, key, outcome)
        except StripeError as error:
            return _session_page(checkout, key, str(error), 409)
        if session["status"] == "complete":
            return RedirectResponse(back_to(session), 303)
        return RedirectResponse(f"/stripe/pay/{key}" + (f"?told={told}" if told else ""), 303)

    async def authenticate(request: Request) -> Response:
        session_id = account.records.hidden("payment_intent", request.path_params["id"]).get("session")
        return RedirectResponse(f"/stripe/pay/{session_id}" if session_id else "/payments", 303)

    async def receipt(request: Request) -> Response:
        charge = account.records.find("charge", request.path_params["id"])
        return page("receipt", 200 if charge else 404, title="Receipt", charge=charge)

    return [
        Route("/stripe/pay/{id}", show, methods=["GET"]),
        Route("/stripe/pay/{id}", choose, methods=["POST"]),
        Route("/stripe/3ds/{id}", authenticate, methods=["GET"]),
        Route("/stripe/receipts/{id}", receipt, methods=["GET"]),
    ]


def act(checkout: Checkout, key: str, outcome: str) -> tuple[Json, str]:
    """Do what was chosen: the session afterwards, and which of TOLD the payer reads when it failed. Raises StripeError."""
    card = outcome.removeprefix("card_")
    if outcome in ("pay", "pay_later"):
        return checkout.pay(key, later=outcome == "pay_later"), ""
    if outcome == "decline":
        return checkout.decline(key), "declined"
    if outcome == "authenticate":
        return checkout.ask(key), ""
    if outcome in ("confirm", "fail"):
        return checkout.answer(key, ok=outcome == "confirm"), "unconfirmed" if outcome == "fail" else ""
    if card in BEHAVIOURS and card != outcome:
        return checkout.save_card(key, card), ""
    raise StripeError(400, "Choose one of the ways to pay.")


def back_to(session: Json) -> str:
    """The success_url with the session's id put in."""
    return session["success_url"].replace("{CHECKOUT_SESSION_ID}", quote(session["id"]))


def _session_page(checkout: Checkout, key: str, note: str = "", status: int = 200) -> Response:
    try:
        session = checkout.get(key)
    except StripeError:
        return page("checkout", 404, title="No such payment", session=None, note="")
    view = {"lines": checkout.line_items(key), "asking": checkout.is_asking(session), "done": back_to(session)}
    origins = {
        f"{split.scheme}://{split.netloc}" for url in (session["success_url"], session["cancel_url"]) if url and (split := urlsplit(url))
    }
    title = "Save a card" if session["mode"] == "setup" else "Pay"
    return page("checkout", status, " ".join(sorted(origins)), title=title, session=session, note=note, **view)
