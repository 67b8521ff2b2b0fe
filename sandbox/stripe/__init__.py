"""Stripe: REST objects, the hosted Checkout page, and events delivered with signatures."""
