"""Vapi: REST, a caller engine and webhooks."""
