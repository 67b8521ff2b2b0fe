"""What every page loads and shows once: the stylesheet, the font, the behaviour of shared parts, the toasts."""

import reflex as rx

STYLESHEETS = ["/kametrix.css"]


def head_components() -> list[rx.Component]:
    """For `rx.App(head_components=...)`."""
    font = {"as": "font", "type": "font/woff2", "crossOrigin": "anonymous"}
    return [
        rx.el.link(rel="preload", href="/fonts/inter-latin.woff2", custom_attrs=font),
        rx.el.link(rel="icon", href="/mark.svg", type="image/svg+xml"),
        rx.el.meta(name="viewport", content="width=device-width, initial-scale=1"),
        rx.el.script(src="/kametrix.js", custom_attrs={"defer": True}),
    ]


def toaster() -> rx.Component:
    """For `rx.App(toaster=...)`."""
    return rx.toast.provider(position="bottom-right", rich_colors=False, close_button=True)
