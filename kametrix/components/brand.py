"""The mark: four strokes of a voice in a rounded square."""

import reflex as rx


def mark(size: int = 24) -> rx.Component:
    """The mark alone. Sized by style: the reset makes an image ignore its width attribute."""
    return rx.el.img(src="/mark.svg", alt="", style={"width": f"{size}px", "height": f"{size}px", "flex": "none", "display": "block"})


def wordmark() -> rx.Component:
    """Mark and name, a link to the front page."""
    name = rx.text("Kametrix", size="4", weight="bold", letter_spacing="-0.02em")
    return rx.el.a(mark(26), name, href="/", class_name="wordmark")
