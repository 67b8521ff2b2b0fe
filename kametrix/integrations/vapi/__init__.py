"""Vapi: the voice."""
