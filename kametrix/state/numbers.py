"""Numbers that people type."""


def whole(text: str) -> int:
    """A whole number somebody typed; zero for anything else."""
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
