"""Signed requests of providers."""
