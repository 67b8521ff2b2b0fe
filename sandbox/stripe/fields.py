"""Parameters this sandbox takes; anything else is a 400 `parameter_unknown`.

Source: the request types of the stripe library 16.1.0 (API 2026-10-28.endive), read 2026-11-20; the operation is named beside each.
What Stripe takes but this sandbox would not carry out is left out, so that nothing is accepted and then silently ignored; looks and
languages of the hosted page are the exception.
"""

from sandbox.stripe.rules import Flag, Gone, Integer, Items, Metadata, Moments, Off, Rule, Shape, Text, Url

TEXT, BLANK, FLAG, META, TEXTS, URL = Text(), Text(blank=True), Flag(), Metadata(), Items(), Url()
CURRENCY, AMOUNT = Text(3), Integer(1, 99_999_999)
OWN_ID = Text(pattern=r"[A-Za-z0-9_-]+", longest=255)
STATEMENT = Text(22)
NO_TYPES = Gone("payment_method_types_no_longer_supported")  # docs.stripe.com/changelog/endive/2026-09-30
EXPAND = {"expand": Items(TEXT, 20)}


def shape(fields: dict[str, Rule], *required: str) -> Shape:
    """A top-level shape: every operation takes `expand`."""
    return Shape({**fields, **EXPAND}, required)


def listing(**filters: Rule) -> Shape:
    """Parameters of a list."""
    return shape({"limit": Integer(1, 100), "starting_after": TEXT, "ending_before": TEXT, "created": Moments(), **filters})


NOTHING = shape({})

# customers: create, update, list
CUSTOMER = shape(
    {"description": BLANK, "email": Text(512, blank=True), "metadata": META, "name": Text(256, blank=True), "phone": Text(20, blank=True)}
)
CUSTOMERS = listing(email=TEXT)

# products: create, update, list
NAMED = {"description": BLANK, "images": Items(URL, 8), "metadata": META, "name": TEXT, "statement_descriptor": STATEMENT, "tax_code": TEXT}
PRODUCT = shape({**NAMED, "active": FLAG, "id": OWN_ID, "shippable": FLAG, "unit_label": Text(12), "url": URL}, "name")
PRODUCT_UPDATE = shape({**NAMED, "active": FLAG, "default_price": TEXT, "shippable": FLAG, "unit_label": Text(12), "url": URL})
PRODUCTS = listing(active=FLAG, ids=TEXTS)

# prices: create, update, list
TAX = Text(values=("exclusive", "inclusive", "unspecified"))
INLINE = Shape(
    {"active": FLAG, "id": OWN_ID, "metadata": META, "name": TEXT, "statement_descriptor": STATEMENT, "tax_code": TEXT}, ("name",)
)
LABELS = {"active": FLAG, "lookup_key": Text(200), "metadata": META, "nickname": BLANK, "tax_behavior": TAX, "transfer_lookup_key": FLAG}
PRICED = {"currency": CURRENCY, "product": TEXT, "product_data": INLINE, "unit_amount": Integer(0, 99_999_999)}
PRICE = shape({**LABELS, **PRICED}, "currency", "unit_amount")
PRICE_UPDATE = shape({**LABELS})
PRICES = listing(active=FLAG, currency=CURRENCY, lookup_keys=Items(TEXT, 10), product=TEXT, type=Text(values=("one_time", "recurring")))

# checkout/sessions: create, update, expire, list, list line items
PRODUCT_DATA = Shape(
    {"description": TEXT, "images": Items(URL, 8), "metadata": META, "name": TEXT, "tax_code": TEXT, "unit_label": Text(12)}, ("name",)
)
PRICE_DATA = Shape(
    {"currency": CURRENCY, "product": TEXT, "product_data": PRODUCT_DATA, "tax_behavior": TAX, "unit_amount": Integer(0, 99_999_999)},
    ("currency", "unit_amount"),
)
LINE = Shape({"price": TEXT, "price_data": PRICE_DATA, "quantity": Integer(1, 999_999)})
FUTURE = Text(values=("off_session", "on_session"))
PAYMENT_INTENT_DATA = Shape(
    {
        "description": TEXT,
        "metadata": META,
        "receipt_email": TEXT,
        "setup_future_usage": FUTURE,
        "statement_descriptor": STATEMENT,
        "statement_descriptor_suffix": STATEMENT,
    }
)
MESSAGE = Shape({"message": Text(1200)})
OFF = Shape({"enabled": Off()}, ("enabled",))
SESSION = shape(
    {
        "adaptive_pricing": OFF,
        "allow_promotion_codes": Off(),
        "allowed_payment_method_types": Items(Text(values=("card", "us_bank_account"))),
        "automatic_tax": OFF,
        "billing_address_collection": Text(values=("auto", "required")),
        "cancel_url": URL,
        "client_reference_id": Text(200),
        "currency": CURRENCY,
        "custom_text": Shape(dict.fromkeys(("after_submit", "submit", "terms_of_service_acceptance"), MESSAGE)),
        "customer": TEXT,
        "customer_creation": Text(values=("always", "if_required")),
        "customer_email": Text(512),
        "expires_at": Integer(0),
        "invoice_creation": OFF,
        "line_items": Items(LINE, 100),
        "locale": TEXT,
        "metadata": META,
        "mode": Text(values=("payment", "setup")),
        "payment_intent_data": PAYMENT_INTENT_DATA,
        "payment_method_types": NO_TYPES,
        "setup_intent_data": Shape({"description": TEXT, "metadata": META}),
        "submit_type": Text(values=("auto", "book", "donate", "pay", "subscribe")),
        "success_url": URL,
        "ui_mode": Text(values=("hosted_page",)),
    },
    "mode",
    "success_url",
)
SESSION_UPDATE = shape({"metadata": META})
SESSIONS = listing(customer=TEXT, payment_intent=TEXT, status=Text(values=("open", "complete", "expired")))
LINES = listing()

# payment_intents: create, confirm, cancel, list
AUTOMATIC = Shape({"allow_redirects": Text(values=("always", "never")), "enabled": FLAG}, ("enabled",))
PAYMENT_INTENT = shape(
    {
        "allowed_payment_method_types": Items(Text(values=("card",))),
        "amount": AMOUNT,
        "automatic_payment_methods": AUTOMATIC,
        "confirm": FLAG,
        "currency": CURRENCY,
        "customer": TEXT,
        "description": TEXT,
        "metadata": META,
        "off_session": FLAG,
        "payment_method": TEXT,
        "payment_method_types": NO_TYPES,
        "receipt_email": TEXT,
        "setup_future_usage": FUTURE,
        "statement_descriptor": STATEMENT,
        "statement_descriptor_suffix": STATEMENT,
    },
    "amount",
    "currency",
)
CONFIRM = shape({"off_session": FLAG})
PAYMENT_INTENTS = listing(customer=TEXT)

# setup_intents, payment_methods, charges: list
SETUP_INTENTS = listing(customer=TEXT, payment_method=TEXT)
PAYMENT_METHODS = listing(customer=TEXT, type=Text(values=("card", "us_bank_account")))
CHARGES = listing(customer=TEXT, payment_intent=TEXT)

# refunds: create, list
REFUND = shape(
    {
        "amount": AMOUNT,
        "charge": TEXT,
        "metadata": META,
        "payment_intent": TEXT,
        "reason": Text(values=("duplicate", "fraudulent", "requested_by_customer")),
    }
)
REFUNDS = listing(charge=TEXT, payment_intent=TEXT)

# disputes, events: list
DISPUTES = listing(charge=TEXT, payment_intent=TEXT)
EVENTS = listing(delivery_success=FLAG, type=TEXT, types=Items(TEXT, 20))

# webhook_endpoints: create, update, list
ENDPOINT_FIELDS = {"description": BLANK, "enabled_events": Items(TEXT, 500), "metadata": META, "url": URL}
ENDPOINT = shape({**ENDPOINT_FIELDS, "api_version": TEXT}, "enabled_events", "url")
ENDPOINT_UPDATE = shape({**ENDPOINT_FIELDS, "disabled": FLAG})
ENDPOINTS = listing()
