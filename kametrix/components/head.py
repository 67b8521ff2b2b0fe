"""What every page loads and shows once: the stylesheet, the font, the behaviour of shared parts, the toasts."""

import reflex as rx
from reflex_components_core.core.banner import has_too_many_connection_errors

STYLESHEETS = ["/kametrix.css"]


def head_components() -> list[rx.Component]:
    """For `rx.App(head_components=...)`."""
    font = {"as": "font", "type": "font/woff2", "crossOrigin": "anonymous"}
    return [
        rx.el.link(rel="preload", href="/fonts/inter-latin.woff2", custom_attrs=font),
        rx.el.link(rel="icon", href="/mark.svg", type="image/svg+xml"),
        rx.el.meta(name="viewport", content="width=device-width, initial-scale=1"),
        rx.el.script(src="/kametrix.js", custom_attrs={"defer": True}),
        rx.el.script(src="/landing.js", custom_attrs={"defer": True}),
    ]


@rx.memo
def connection_lost() -> rx.Component:
    """Says in plain words that the server is out of reach, in place of Reflex's own message, which names its socket."""
    note = rx.flex(
        rx.icon("wifi-off", size=16, aria_hidden="true", style={"flex": "none"}),
        rx.text("The connection is lost. This page goes on by itself as soon as it is back.", size="2"),
        role="status",
        class_name="panel offline",
    )
    return rx.fragment(rx.cond(has_too_many_connection_errors, note))


def toaster() -> rx.Component:
    """For `rx.App(toaster=...)`."""
    return rx.toast.provider(position="bottom-right", rich_colors=False, close_button=True)
