"""A delivery in words, whichever provider made it."""

import json

from sandbox.console.words import KINDS, moment
from sandbox.store import Json


def described(delivery: Json) -> Json:
    """A delivery with its label, last answer and time, in words."""
    body = json.loads(delivery["body"])
    message = body.get("message", {})
    label = KINDS.get(delivery["type"]) or (f"Status: {message['status']}" if "status" in message else delivery["type"])
    about = f"/payments/{_payment_of(body)}" if delivery["server"].get("provider") else f"/calls/{delivery['call_id']}"
    attempts = delivery["attempts"]
    last = attempts[-1] if attempts else None
    answer = "" if last is None else f"HTTP {last['status']}" if last["status"] else "no answer"
    tries = "" if not last else f"{last['ms']} ms" if len(attempts) == 1 else f"{len(attempts)} attempts"
    words = {"at": moment(delivery["at"]), "ms": f"{last['ms']} ms" if last else ""}
    return {**delivery, "label": label, "about": about, "answer": answer, "tries": tries, **words}


def _payment_of(event: Json) -> str:
    """The payment an event of Stripe's is about, or an empty text."""
    subject = event["data"]["object"]
    found = subject.get("payment_intent") or subject.get("id")
    return found if isinstance(found, str) and found.startswith(("cs_", "pi_")) else ""
