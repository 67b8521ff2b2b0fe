"""Settings: name, zone, language, and the switch for all calls."""

import reflex as rx

from kametrix.components.allowed import allowed
from kametrix.components.confirm import confirm_dialog
from kametrix.components.fields import field, form_error
from kametrix.components.form_parts import keeps, language_field, zone_field
from kametrix.components.page import page
from kametrix.components.panel import panel
from kametrix.components.sections import SETTINGS, section_page
from kametrix.pages.settings.parts import facts, pushes, save_button
from kametrix.services.organizations import LONGEST_NAME
from kametrix.state.settings_organization import OrganizationSettingsState
from kametrix.state.settings_pushes import PushesState

State = OrganizationSettingsState
keep = keeps(State.keep)


@page("/settings/organization", "Organization", active="Settings", on_load=[State.load, PushesState.load])
def organization() -> rx.Component:
    """The page."""
    seen = facts((("Name", State.start["name"]), ("Time zone", State.start["timezone"]), ("Language", State.language_name)))
    return section_page(
        "Settings",
        SETTINGS,
        "Organization",
        pushes(),
        rx.flex(
            panel(allowed("organization:write", _form(), otherwise=seen), title="Organization"),
            _calls(),
            direction="column",
            gap="24px",
            max_width="720px",
        ),
        _question(),
        note="What is the same for everybody here.",
    )


def _form() -> rx.Component:
    return rx.form(
        rx.flex(
            form_error(State.problem),
            field(
                "Name",
                "name",
                value=State.start["name"],
                error=State.errors["name"],
                help="As your team and the people you invite see it. Each agent says its own business name.",
                auto_complete="organization",
                max_length=LONGEST_NAME,
                on_change=keep("name"),
            ),
            zone_field(
                State.zone,
                error=State.errors["timezone"],
                on_change=keep("timezone"),
                help=f"{State.there} “Today” and the opening hours go by it; agents in the old zone move along.",
            ),
            language_field(
                State.start["language"],
                error=State.errors["language"],
                on_change=keep("language"),
                help="What new agents speak. Each agent can speak another.",
            ),
            save_button(State.is_saving),
            direction="column",
            gap="20px",
        ),
        on_submit=State.save,
        no_validate=True,
    )


def _calls() -> rx.Component:
    off = rx.button("Stop answering calls", variant="surface", color_scheme="red", on_click=State.turn_question(True))
    on = rx.button("Answer calls again", loading=State.is_switching, on_click=State.resume)
    words = rx.cond(
        State.is_answering, "Your agents take calls.", "Nobody takes calls. Callers hear a sentence that says so, and cost nothing."
    )
    return panel(
        rx.flex(
            rx.flex(
                rx.cond(State.is_answering, _sign("phone"), _sign("phone-off")),
                rx.text(words, size="2"),
                gap="10px",
                align="center",
                flex="1",
                min_width="200px",
            ),
            allowed("organization:write", rx.cond(State.is_answering, off, on)),
            align="center",
            justify="between",
            gap="12px",
            wrap="wrap",
        ),
        title="Answer calls",
    )


def _sign(icon: str) -> rx.Component:
    return rx.icon(icon, size=18, color="var(--muted)", aria_hidden="true", style={"flex": "none"})


def _question() -> rx.Component:
    return confirm_dialog(
        open=State.is_asking,
        on_open_change=State.turn_question,
        title="Stop answering calls?",
        effects=(
            ("phone-off", f"Callers of {State.agents} hear that nobody takes calls at the moment, and are cut off."),
            ("hash", "Your telephone numbers stay yours."),
            ("wallet", "Calls that are turned away cost nothing and stand in your list with the reason."),
            ("phone", "A call that is going on now is not interrupted. You can switch back at any time."),
        ),
        action="Stop answering",
        on_confirm=State.stop,
        keep="Keep answering",
        sending=State.is_switching,
    )
