"""Facts for one message of every kind, as the services that post them give them."""

from typing import Any

from kametrix.models import MailKind

FACTS: dict[MailKind, dict[str, Any]] = {
    MailKind.WELCOME: {"name": "Dana Whitlock", "business": "Brightside Dental"},
    MailKind.RECEIPT: {
        "purchase_id": "3f1c8f6f0c2b4f6f8f6f0c2b", "pack": "Starter", "credits": 1000, "amount": 1000, "currency": "usd",
        "paid_at": "2026-11-20T23:30:00+00:00", "balance": 955, "grace_repaid": 45, "automatic": False,
    },
    MailKind.LOW_BALANCE: {"balance": 495, "rate": 15, "in_grace": False},
    MailKind.RECHARGE_FAILED: {"reason": "DECLINED", "pack": "Popular", "amount": 2500, "switched_off": True, "cap": 10000},
    MailKind.PAYMENT_FAILED: {"pack": "Starter", "amount": 1000, "failure": "Your card was declined."},
    MailKind.DISPUTE_OPENED: {
        "amount": 2500, "currency": "usd", "reason": "product_not_received", "payment_id": "pi_3PaQ2eLkdIwHu7ix0f1a2b3c", "balance": -1200,
    },
    MailKind.STATEMENT: {
        "month": "2026-03", "opening": 1234, "closing": -250, "calls": 1041, "minutes": 3127, "used": 46905, "paid": 45421, "seq": 1187,
        "hash": "9f" * 32, "signature": "QmFzZTY0" * 11, "key_id": "local",
    },
    MailKind.PASSWORD_RESET: {},
    MailKind.INVITATION: {
        "organization": "Brightside Dental", "inviter": "Dana Whitlock", "role": "AGENT", "expires_at": "2026-11-27T12:00:00+00:00",
    },
}  # fmt: skip
VARIANTS: dict[str, tuple[MailKind, dict[str, Any]]] = {
    "welcome_again": (MailKind.WELCOME, {"again": True}),
    "receipt_automatic": (MailKind.RECEIPT, {"automatic": True, "grace_repaid": 0, "amount": 123456, "currency": "eur"}),
    "low_balance_grace": (MailKind.LOW_BALANCE, {"balance": -45, "in_grace": True}),
    "recharge_failed_cap": (MailKind.RECHARGE_FAILED, {"reason": "CAP_REACHED", "switched_off": False}),
    "recharge_failed_authentication": (MailKind.RECHARGE_FAILED, {"reason": "AUTHENTICATION_REQUIRED", "switched_off": False}),
    "recharge_failed_no_method": (MailKind.RECHARGE_FAILED, {"reason": "NO_METHOD", "switched_off": False}),
    "payment_failed_unexplained": (MailKind.PAYMENT_FAILED, {"failure": None}),
    "statement_refunded": (MailKind.STATEMENT, {"closing": -1250}),
    "dispute_unexplained": (MailKind.DISPUTE_OPENED, {"reason": None}),
}
"""Other courses a message may take: what differs from FACTS."""
CASES: dict[str, tuple[MailKind, dict[str, Any]]] = {
    **{kind.value.lower(): (kind, facts) for kind, facts in FACTS.items()},
    **{name: (kind, {**FACTS[kind], **changed}) for name, (kind, changed) in VARIANTS.items()},
}
