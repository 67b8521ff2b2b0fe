"""Who runs this installation, from its settings; built into the page when the product starts."""

import reflex as rx

from kametrix.components.legal import address, legal_page, mail, not_filled
from kametrix.components.page import page
from kametrix.components.prose import heading, paragraph
from kametrix.settings import settings
from kametrix.state.landing import LandingState


@page("/imprint", "Imprint", public=True, on_load=LandingState.load)
def imprint() -> rx.Component:
    """The page."""
    known = settings()
    missing = known.missing_of_operator
    return legal_page(
        "Imprint",
        not_filled(missing) if missing else rx.fragment(),
        address(known),
        _contact(),
        _part("Responsible for the content", known.operator_responsible),
        _part("Register", known.operator_register),
        _part("VAT number", known.operator_vat),
        heading("About the software"),
        paragraph("This service runs Kametrix, which answers telephones. The operator runs this installation and answers for it."),
    )


def _contact() -> rx.Component:
    known = settings()
    if not (known.operator_email.strip() or known.operator_phone.strip()):
        return rx.fragment()
    lines = [paragraph("E-mail: ", mail(known))] if known.operator_email.strip() else []
    lines += [paragraph(f"Telephone: {known.operator_phone.strip()}")] if known.operator_phone.strip() else []
    return rx.fragment(heading("Contact"), *lines)


def _part(title: str, value: str) -> rx.Component:
    return rx.fragment(heading(title), paragraph(value.strip())) if value.strip() else rx.fragment()
