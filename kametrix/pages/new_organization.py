"""A further organization: one field, posted to the server, and a full page load into the new one."""

import reflex as rx

from kametrix.components.fields import NativeForm, field, form_error
from kametrix.components.links import button_link
from kametrix.components.page import page
from kametrix.components.panel import page_header, panel
from kametrix.state.organizations import NewOrganizationState

FACTS = (
    ("wallet", "It has its own credits: what you buy for one organization is not spent by another."),
    ("phone", "It has its own numbers, agents, calls and settings."),
    ("users", "It has its own team. You are its owner; nobody else sees it until you invite them."),
)


@page("/organizations/new", "New organization", active="Settings", on_load=NewOrganizationState.load)
def new_organization() -> rx.Component:
    """The page."""
    return rx.fragment(
        page_header("New organization", "For another business or location. You can switch between yours at any time."),
        rx.box(panel(_form()), max_width="560px"),
    )


def _form() -> rx.Component:
    facts = [
        rx.flex(
            rx.icon(icon, size=16, color="var(--muted)", aria_hidden="true", style={"marginTop": "2px", "flex": "none"}),
            rx.text(words, size="2", color="var(--muted)"),
            gap="10px",
        )
        for icon, words in FACTS
    ]
    return NativeForm.create(
        rx.flex(
            form_error(NewOrganizationState.message),
            field(
                "Name",
                "name",
                value=NewOrganizationState.name,
                error=NewOrganizationState.error,
                placeholder="Whitlock Orthodontics",
                auto_complete="organization",
                required=True,
                max_length=100,
            ),
            *facts,
            rx.el.input(type="hidden", name="timezone", value=NewOrganizationState.zone, read_only=True),
            rx.flex(
                rx.button("Create organization", size="3", type="submit"),
                button_link("Cancel", "/dashboard", size="3", variant="soft", color_scheme="gray"),
                gap="12px",
                wrap="wrap",
                margin_top="4px",
            ),
            direction="column",
            gap="16px",
        ),
        method="post",
        action="/auth/organization/new",
        key=NewOrganizationState.form,
    )
