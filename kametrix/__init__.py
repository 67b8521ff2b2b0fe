"""Kametrix: an AI receptionist for small businesses."""
