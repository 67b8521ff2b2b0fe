"""`expand[]`: ids replaced by the objects they name, up to four levels deep (docs.stripe.com/expand, read 2026-11-20)."""

from collections.abc import Callable
from typing import Any

from sandbox.store import Json
from sandbox.stripe.errors import wrong
from sandbox.stripe.records import Records

KINDS = {
    "charge": "charge",
    "customer": "customer",
    "default_price": "price",
    "latest_charge": "charge",
    "payment_intent": "payment_intent",
    "payment_method": "payment_method",
    "price": "price",
    "product": "product",
    "setup_intent": "setup_intent",
}
DEEPEST = 4


def expanded(records: Records, answer: Json, paths: list[str], lines: Callable[[str], list[Json]]) -> Json:
    """A copy of the answer with every path in place of its id; `lines` finds a session's line items. Raises StripeError."""
    for path in paths:
        steps = path.split(".")
        if len(steps) > DEEPEST:
            raise wrong(f"You cannot expand more than {DEEPEST} levels of a property: {path}", "expand")
        answer = _walked(records, answer, steps, path, lines)
    return answer


def _walked(records: Records, at: Any, steps: list[str], path: str, lines: Callable[[str], list[Json]]) -> Any:
    if isinstance(at, list):
        return [_walked(records, item, steps, path, lines) for item in at]
    if not steps or at is None:
        return at
    step, rest = steps[0], steps[1:]
    if step == "data" and at.get("object") == "list":
        return {**at, "data": _walked(records, at["data"], rest, path, lines)}
    if step == "line_items" and at.get("object") == "checkout.session":
        url = f"/v1/checkout/sessions/{at['id']}/line_items"
        found = at.get("line_items") or {"object": "list", "data": lines(at["id"]), "has_more": False, "url": url}
        return {**at, "line_items": _walked(records, found, rest, path, lines)}
    inner = at.get(step)
    if step not in KINDS or step not in at:
        raise wrong(f"This property cannot be expanded ({path}).", "expand")
    if isinstance(inner, str):
        inner = records.find(KINDS[step], inner) or inner
    return {**at, step: _walked(records, inner, rest, path, lines) if isinstance(inner, dict) else inner}
