"""Shared parts of the interface; no business words."""
