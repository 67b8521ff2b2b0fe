"""What a month would cost: three sliders, reckoned in the browser (assets/landing.js) by the rule calls are charged with."""

import reflex as rx

from kametrix.components.tokens import Text
from kametrix.services.estimate import month
from kametrix.services.site_settings import DEFAULTS
from kametrix.services.wording import counted, dollars

CALLS, DAYS, SECONDS = 8, 5, 120
"""What the sliders show at first."""
PRESETS: tuple[tuple[str, int, int, int], ...] = (
    ("After hours only", 2, 7, 120),
    ("Lunch and evenings", 8, 5, 120),
    ("Every call", 30, 6, 150),
)
"""Words, calls a day, days a week, seconds."""


def calculator(rate: int | rx.Var[int]) -> rx.Component:
    """`rate` is in cents a minute."""
    return rx.box(
        rx.box(_presets(), *_sliders(), padding="24px", style={"display": "grid", "gap": "20px", "minWidth": "0"}),
        _outcome(),
        class_name="panel halves",
        custom_attrs={"data-calculator": "", "data-rate": rate},
    )


def _presets() -> rx.Component:
    buttons = [
        rx.button(
            words,
            size="1",
            variant="soft",
            color_scheme="gray",
            radius="full",
            type="button",
            custom_attrs={"data-preset": f"{calls} {days} {seconds}"},
        )
        for words, calls, days, seconds in PRESETS
    ]
    return rx.flex(*buttons, gap="8px", wrap="wrap", role="group", aria_label="Start from")


def _sliders() -> list[rx.Component]:
    return [
        _slider("Calls a day", "calls", (1, 100, 1), CALLS, str(CALLS)),
        _slider("Days a week", "days", (1, 7, 1), DAYS, str(DAYS)),
        _slider("Length of a call", "seconds", (15, 900, 15), SECONDS, "2:00"),
    ]


def _slider(label: str, name: str, span: tuple[int, int, int], value: int, shown: str) -> rx.Component:
    lowest, highest, step = span
    return rx.box(
        rx.flex(
            rx.el.label(label, html_for=f"reckon-{name}", class_name="label"),
            rx.el.output(shown, html_for=f"reckon-{name}", class_name="num", custom_attrs={"data-shows-value": name}),
            justify="between",
            align="baseline",
        ),
        rx.el.input(
            type="range",
            id=f"reckon-{name}",
            name=name,
            min=lowest,
            max=highest,
            step=step,
            default_value=value,
            style={"width": "100%", "height": "28px", "margin": "4px 0 0", "accentColor": "var(--ring)", "cursor": "pointer"},
        ),
    )


def _outcome() -> rx.Component:
    first = month(CALLS, DAYS, SECONDS, DEFAULTS["cents_per_minute"])
    return rx.box(
        rx.text("A month costs about", size="2", color="var(--muted)"),
        rx.text(dollars(first.cents), class_name="huge num", custom_attrs={"data-reckoned": "price"}),
        rx.text(
            _number(counted(first.calls, "call"), "calls"),
            ", ",
            _number(counted(first.minutes, "started minute"), "minutes"),
            size="3",
            margin_top="4px",
        ),
        rx.text(
            "Each call counted as that long, every started minute in full; a year of 52 weeks, divided by twelve. No base fee.",
            size="2",
            color="var(--muted)",
            margin_top="12px",
        ),
        role="status",
        padding="24px",
        background="var(--violet-a2)",
        style={"borderRadius": "var(--radius-4)", "minWidth": "0", "alignContent": "center"},
    )


def _number(first: Text, name: str) -> rx.Component:
    return rx.el.span(first, class_name="num", custom_attrs={"data-reckoned": name})
