"""Stripe: buying credits by Checkout, charging saved cards, refunds, and what Stripe tells us of them."""
