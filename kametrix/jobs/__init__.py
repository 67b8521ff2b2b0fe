"""Background work: one line each, payload to service."""
