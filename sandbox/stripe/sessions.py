"""What a Checkout session and its setup intent show, before anything happened to them."""

from sandbox.store import Json

LATER = "us_bank_account"
"""The way to pay whose money takes days."""
PASSED_ON = (
    "allow_promotion_codes",
    "billing_address_collection",
    "cancel_url",
    "client_reference_id",
    "customer",
    "customer_creation",
    "customer_email",
    "locale",
    "metadata",
    "mode",
    "submit_type",
    "success_url",
)

BLANK_SETUP: Json = {
    "application": None,
    "automatic_payment_methods": None,
    "cancellation_reason": None,
    "description": None,
    "flow_directions": None,
    "last_setup_error": None,
    "latest_attempt": None,
    "mandate": None,
    "metadata": {},
    "next_action": None,
    "on_behalf_of": None,
    "payment_method": None,
    "payment_method_options": {},
    "payment_method_types": ["card"],
    "single_use_mandate": None,
    "status": "requires_payment_method",
    "usage": "off_session",
}


def total(lines: list[Json]) -> int:
    """The sum of all lines, in the smallest unit of their currency."""
    return sum(line["amount_total"] for line in lines)


def blank(params: Json, lines: list[Json], expires_at: int) -> Json:
    """A session's fields out of the parameters it was made with."""
    amount = total(lines) if lines else None
    methods = params.get("allowed_payment_method_types") or (["card", LATER] if lines else ["card"])
    shown: Json = {
        "adaptive_pricing": {"enabled": False} if lines else None,
        "after_expiration": None,
        "allow_promotion_codes": None,
        "allowed_payment_method_types": params.get("allowed_payment_method_types"),
        "amount_subtotal": amount,
        "amount_total": amount,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "billing_address_collection": None,
        "cancel_url": None,
        "client_reference_id": None,
        "client_secret": None,
        "collected_information": None,
        "consent": None,
        "consent_collection": None,
        "currency": lines[0]["currency"] if lines else params.get("currency"),
        "currency_conversion": None,
        "custom_fields": [],
        "custom_text": {"after_submit": None, "shipping_address": None, "submit": None, "terms_of_service_acceptance": None},
        "customer": None,
        "customer_creation": "if_required" if lines and "customer" not in params else None,
        "customer_details": None,
        "customer_email": None,
        "discounts": [],
        "expires_at": expires_at,
        "invoice": None,
        "invoice_creation": {"enabled": False, "invoice_data": {}} if lines else None,
        "locale": None,
        "metadata": {},
        "mode": "payment",
        "origin_context": None,
        "payment_intent": None,
        "payment_link": None,
        "payment_method_collection": "if_required" if lines else "always",
        "payment_method_configuration_details": None,
        "payment_method_options": {},
        "payment_method_types": methods,
        "payment_status": "unpaid" if lines else "no_payment_required",
        "permissions": None,
        "phone_number_collection": {"enabled": False},
        "recovered_from": None,
        "saved_payment_method_options": None,
        "setup_intent": None,
        "shipping_address_collection": None,
        "shipping_cost": None,
        "shipping_options": [],
        "status": "open",
        "submit_type": None,
        "subscription": None,
        "success_url": None,
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0} if lines else None,
        "ui_mode": "hosted_page",
        "url": None,
        "wallet_options": None,
    }
    return {**shown, **{name: params[name] for name in PASSED_ON if name in params}}
