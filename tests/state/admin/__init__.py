"""The operator's console, through Reflex's own processor."""
