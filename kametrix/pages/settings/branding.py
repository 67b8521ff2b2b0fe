"""Settings: logo and colour, with the marks they make."""

from typing import Any

import reflex as rx

from kametrix.components.allowed import allowed
from kametrix.components.fields import field
from kametrix.components.organization_mark import organization_mark
from kametrix.components.page import page
from kametrix.components.panel import panel
from kametrix.components.sections import SETTINGS, section_page
from kametrix.pages.settings.parts import save_button
from kametrix.state.settings_branding import OURS, BrandingState

State = BrandingState
KINDS = "image/png,image/jpeg,image/webp,image/gif"
OPEN = rx.call_script("document.getElementById('logo-file').click()")


@page("/settings/branding", "Branding", active="Settings", on_load=State.load)
def branding() -> rx.Component:
    """The page."""
    return section_page(
        "Settings",
        SETTINGS,
        "Branding",
        rx.flex(_marks(), _logo(), _color(), direction="column", gap="24px", max_width="720px"),
        note="How your organization shows itself: beside its name in the menu and on invitations.",
    )


def _marks() -> rx.Component:
    """The mark as it is used, and on both grounds."""

    def on(ground: str) -> rx.Component:
        drawn = organization_mark(State.name, State.logo, State.color, 28)
        return rx.center(drawn, padding="14px", border_radius="12px", background=ground)

    return panel(
        rx.flex(
            rx.flex(
                organization_mark(State.name, State.logo, State.color, 40),
                rx.text(State.name, weight="medium", overflow_wrap="anywhere"),
                align="center",
                gap="12px",
                flex="1",
                min_width="200px",
            ),
            rx.flex(on("#ffffff"), on("#18171a"), gap="8px", aria_hidden="true"),
            align="center",
            gap="16px",
            wrap="wrap",
        ),
        title="Your mark",
    )


def _logo() -> rx.Component:
    choose = rx.fragment(
        rx.el.input(
            type="file", id="logo-file", accept=KINDS, class_name="sr-only", aria_label="Logo file", tab_index=-1,
            on_change=State.send_logo,
        ),
        rx.button(
            rx.icon("upload", size=16, aria_hidden="true"), rx.cond(State.logo != "", "Choose another", "Choose a picture"),
            type="button", variant="surface", loading=State.is_sending, on_click=OPEN, aria_describedby="logo-note",
        ),
        rx.cond(
            State.logo != "",
            rx.button("Remove", type="button", variant="soft", color_scheme="gray", on_click=State.remove_logo),
            rx.fragment(),
        ),
    )  # fmt: skip
    frame = {"maxWidth": "128px", "maxHeight": "96px", "borderRadius": "8px", "outline": "1px solid var(--line)"}
    picture = rx.el.img(src=State.logo, alt="Your logo", style=frame)
    none = rx.text("No logo yet: the first letter of the name stands in for it.", size="2", color="var(--muted)")
    return panel(
        rx.flex(
            rx.cond(State.logo != "", picture, none),
            allowed("organization:write", rx.flex(choose, gap="10px", wrap="wrap")),
            direction="column",
            align="start",
            gap="16px",
        ),
        rx.box(
            rx.cond(
                State.logo_error != "",
                rx.text(State.logo_error, size="1", color="var(--red-11)", role="alert"),
                allowed(
                    "organization:write",
                    rx.text("PNG, JPEG, WebP or GIF, at most 2 MB. It is made smaller for you.", size="1", color="var(--muted)"),
                    otherwise=rx.text("An owner or admin of the organization can change this.", size="1", color="var(--muted)"),
                ),
            ),
            id="logo-note",
            margin_top="10px",
        ),
        title="Logo",
    )


def _color() -> rx.Component:
    shown: Any = rx.cond(State.color != "", State.color, OURS)
    picker = rx.el.input(
        type="color", id="color-picker", default_value=shown, on_change=State.pick_color, aria_label="Choose the color",
        style={"width": "44px", "height": "40px", "padding": "2px", "border": "0", "background": "none", "cursor": "pointer"},
    )  # fmt: skip
    text = rx.input(
        id="color", name="color", default_value=State.color, placeholder=OURS, size="3", flex="1", max_length=7, on_change=State.type_color,
        aria_invalid=rx.cond(State.color_error != "", "true", "false"), aria_describedby="color-note",
    )  # fmt: skip
    form = rx.form(
        rx.flex(
            field(
                "Color",
                "color",
                help="Behind the first letter. The letter is black or white, whichever reads better.",
                error=State.color_error,
                control=rx.flex(picker, text, gap="8px", align="center"),
            ),
            save_button(State.is_saving, "Save color"),
            direction="column",
            gap="20px",
        ),
        on_submit=State.save_color,
    )
    seen = rx.text(rx.cond(State.stored != "", State.stored, "Our violet"), class_name="num")
    return panel(allowed("organization:write", form, otherwise=seen), title="Color")
