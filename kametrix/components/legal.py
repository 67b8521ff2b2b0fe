"""What the legal pages share: their look, and who runs this installation."""

import reflex as rx

from kametrix.components.prose import link, prose
from kametrix.components.public import public_page
from kametrix.settings import Settings

NOT_FILLED = "The operator of this installation has not filled in this page yet."


def legal_page(title: str, *parts: rx.Component) -> rx.Component:
    """A public page of text."""
    heading = rx.heading(title, as_="h1", size="8", letter_spacing="-0.03em", margin_bottom="24px")
    return public_page(rx.box(heading, prose(*parts), class_name="land", style={"paddingTop": "32px", "paddingBottom": "80px"}))


def not_filled(missing: list[str]) -> rx.Component:
    """Says so plainly, and to the operator what to do."""
    return rx.box(
        rx.text(NOT_FILLED, size="3", weight="medium"),
        rx.text(f"Operator: set {', '.join(missing)} and start again.", size="2", margin_top="4px", style={"overflowWrap": "anywhere"}),
        class_name="note",
        margin_bottom="24px",
    )


def address(known: Settings) -> rx.Component:
    """Name and address as on a letter; nothing while neither is known."""
    lines = [line.strip() for line in (known.operator_name, *known.operator_address.split(";")) if line.strip()]
    return rx.el.address(
        *[rx.el.span(line, style={"display": "block"}) for line in lines],
        style={"fontStyle": "normal", "lineHeight": "24px", "marginBottom": "12px"},
    )


def mail(known: Settings) -> rx.Component:
    """The operator's e-mail address as a link."""
    return link(known.operator_email.strip(), f"mailto:{known.operator_email.strip()}")
