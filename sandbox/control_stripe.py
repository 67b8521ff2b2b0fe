"""/_control/stripe: what payers, banks and the network do, as tests and the console ask for it. Documented in README.md."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from starlette.requests import Request
from starlette.routing import Route

from sandbox.control import Handler, Handlers, Wrong, as_json, json_of
from sandbox.store import Json
from sandbox.stripe.cards import BEHAVIOURS
from sandbox.stripe.page import act
from sandbox.stripe.records import PREFIXES
from sandbox.stripe.trouble import AMOUNTS, KINDS, Trouble

if TYPE_CHECKING:
    from sandbox.app import Sandbox

T = TypeVar("T")
Work = Callable[[str, Json], Json | list[Json] | None]
"""Id in the address (or empty) and body."""
MOST_REPLAYS = 1000


def routes(sandbox: "Sandbox") -> list[Route]:
    """All of /_control/stripe."""
    handlers: Handlers = {}
    for works in (_of_sessions(sandbox), _of_payments(sandbox), _of_cards(sandbox), _of_events(sandbox), _of_objects(sandbox)):
        handlers |= {where: _whole(sandbox, work) for where, work in works.items()}
    return [Route(f"/_control/stripe{path}", as_json(handler), methods=[method]) for (method, path), handler in handlers.items()]


def _whole(sandbox: "Sandbox", work: Work) -> Handler:
    """The work in one transaction: nothing is left half done."""

    async def handle(request: Request) -> Json | list[Json] | None:
        body = await json_of(request) if request.method == "POST" else {}
        with sandbox.store.transaction():
            return work(request.path_params.get("id", ""), body)

    return handle


def taken(body: Json, name: str, kind: type[T], default: T) -> T:
    """A value of the body in its type. Raises Wrong."""
    if name not in body:
        return default
    value: Any = body[name]
    if type(value) is not kind:
        raise Wrong(f"{name}: not a {kind.__name__}")
    return value


def _of_sessions(sandbox: "Sandbox") -> dict[tuple[str, str], Work]:
    checkout = sandbox.stripe.checkout

    def pay(key: str, body: Json) -> Json:
        return act(checkout, key, taken(body, "outcome", str, "pay"))[0]

    def settle(key: str, body: Json) -> Json:
        return checkout.settle(key, ok=taken(body, "ok", bool, True))

    def expire(key: str, body: Json) -> Json:
        return checkout.expire(key)

    return {
        ("POST", "/sessions/{id}/pay"): pay,
        ("POST", "/sessions/{id}/settle"): settle,
        ("POST", "/sessions/{id}/expire"): expire,
    }


def _of_payments(sandbox: "Sandbox") -> dict[tuple[str, str], Work]:
    account = sandbox.stripe

    def refund(key: str, body: Json) -> Json:
        amount = {"amount": taken(body, "amount", int, 0)} if "amount" in body else {}
        if amount and amount["amount"] < 1:
            raise Wrong("amount: at least 1")
        return account.refunds.create({"payment_intent": key, **amount}, pending=taken(body, "pending", bool, False))

    def settle_refund(key: str, body: Json) -> Json:
        return account.refunds.settle(key, ok=taken(body, "ok", bool, True))

    def dispute(key: str, body: Json) -> Json:
        amount = taken(body, "amount", int, 0) if "amount" in body else None
        return account.disputes.open(key, amount, taken(body, "reason", str, "fraudulent"))

    def close(key: str, body: Json) -> Json:
        return account.disputes.close(key, won=taken(body, "won", bool, False))

    return {
        ("POST", "/payments/{id}/refund"): refund,
        ("POST", "/payments/{id}/dispute"): dispute,
        ("POST", "/refunds/{id}/settle"): settle_refund,
        ("POST", "/disputes/{id}/close"): close,
    }


def _of_cards(sandbox: "Sandbox") -> dict[tuple[str, str], Work]:
    account = sandbox.stripe

    def behaviour_of(body: Json) -> Any:
        chosen = body.get("behaviour", "good")
        if chosen not in BEHAVIOURS:
            raise Wrong(f"behaviour: one of {', '.join(BEHAVIOURS)}")
        return chosen

    def save(_: str, body: Json) -> Json:
        customer = account.records.need("customer", taken(body, "customer", str, ""))
        card = account.cards.attach(account.cards.make(behaviour_of(body)), customer["id"])
        return account.cards.behave(card["id"], behaviour_of(body), taken(body, "decline_code", str, ""))

    def behave(key: str, body: Json) -> Json:
        return account.cards.behave(key, behaviour_of(body), taken(body, "decline_code", str, ""))

    return {("POST", "/cards"): save, ("POST", "/cards/{id}"): behave}


def _of_events(sandbox: "Sandbox") -> dict[tuple[str, str], Work]:
    account = sandbox.stripe

    def replay(key: str, body: Json) -> None:
        account.events.replay(key, min(max(taken(body, "times", int, 1), 1), MOST_REPLAYS))

    def emit(_: str, body: Json) -> Json:
        if not isinstance(body.get("type"), str) or not isinstance(body.get("object"), dict):
            raise Wrong("type: of the event; object: what it is about")
        return account.events.emit(body["type"], body["object"])

    def add(_: str, body: Json) -> list[Json]:
        unknown = set(body) - set(Trouble.__dataclass_fields__)
        if body.get("kind") not in KINDS or unknown:
            raise Wrong(f"kind: one of {', '.join(KINDS)}; and type, times, copies, seconds, amount, currency")
        for name in ("times", "copies", "amount"):
            taken(body, name, int, 1)
        if not isinstance(body.get("seconds", 0), int | float) or not all(
            isinstance(body.get(name, ""), str) for name in ("type", "currency")
        ):
            raise Wrong("seconds is a number, type and currency texts")
        account.troubles.add(Trouble(**body))
        return account.troubles.listed()

    def listed(_: str, __: Json) -> list[Json]:
        return account.troubles.listed()

    def clear(_: str, __: Json) -> None:
        account.troubles.clear()

    return {
        ("POST", "/events/{id}/replay"): replay,
        ("POST", "/events"): emit,
        ("POST", "/troubles"): add,
        ("GET", "/troubles"): listed,
        ("DELETE", "/troubles"): clear,
    }


def _of_objects(sandbox: "Sandbox") -> dict[tuple[str, str], Work]:
    records = sandbox.stripe.records

    def listed(kind: str, _: Json) -> list[Json]:
        if kind not in PREFIXES:
            raise Wrong(f"one of {', '.join(PREFIXES)}", 404)
        return records.all(kind)

    def edit(key: str, body: Json) -> Json:
        found = next((one for kind in PREFIXES if (one := records.find(kind, key))), None)
        if found is None:
            raise Wrong("no such object", 404)
        unknown = sorted(set(body) - {"amount", "currency", "metadata", "customer"})
        if unknown:
            raise Wrong(f"unknown: {', '.join(unknown)}")
        if "amount" in body:
            found |= {name: taken(body, "amount", int, 0) for name in AMOUNTS if name in found}
        return records.save(found | {name: body[name] for name in ("currency", "metadata", "customer") if name in body})

    return {("GET", "/objects/{id}"): listed, ("POST", "/objects/{id}"): edit}
