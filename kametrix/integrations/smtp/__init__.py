"""Sending e-mail through any SMTP server."""
