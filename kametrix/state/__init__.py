"""Reflex state: one class per page family, plain view rows, one service call per event."""
