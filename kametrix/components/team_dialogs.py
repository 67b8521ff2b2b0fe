"""What the team page asks before it does anything: a role, a removal, a hand-over, an invitation."""

from typing import Any

import reflex as rx

from kametrix.components.confirm import confirm_dialog
from kametrix.components.copying import copy_button
from kametrix.components.fields import field, form_error, select_field
from kametrix.components.focus import BACK_TO_OPENER, focus_on
from kametrix.models import OrgRole
from kametrix.services.invitations import ROLES as INVITED_AS
from kametrix.services.roles import ROLES
from kametrix.state.frame import FrameState
from kametrix.state.team import TeamState

ASKED: Any = TeamState.asked
INVITATION: Any = TeamState.asked_invitation
QUIET = {"fontSize": "14px", "lineHeight": "20px", "color": "var(--muted)", "overflowWrap": "anywhere"}
RADIO = {"accentColor": "var(--violet-9)"}
DAYS = "The link works once, for seven days."


def questions() -> tuple[rx.Component, ...]:
    """Every question; one is open at a time."""
    return (_role(), _remove(), _transfer(), _leave(), _withdraw())


def _role() -> rx.Component:
    choices = [_choice(role) for role in OrgRole]
    return rx.dialog.root(
        rx.dialog.content(
            rx.dialog.title(f"What may {ASKED.name} do?", size="4", margin_bottom="4px"),
            rx.dialog.description(
                "It changes at once, on open pages too. The account and other organizations stay as they are.", style=QUIET
            ),
            rx.form(
                rx.el.fieldset(
                    rx.el.legend("Role", class_name="sr-only"), *choices, style={"border": "0", "padding": "0", "margin": "16px 0 0"}
                ),
                _answers("Change the role"),
                on_submit=TeamState.change_role,
                key=ASKED.user_id,
            ),
            max_width="480px",
            on_open_auto_focus=focus_on("[role=dialog] :checked"),
            on_close_auto_focus=BACK_TO_OPENER,
        ),
        open=TeamState.question == "role",
        on_open_change=TeamState.turn,
    )


def _choice(role: OrgRole) -> rx.Component:
    words = ROLES[role]
    choice = rx.el.label(
        rx.el.input(type="radio", name="role", value=role.value, default_checked=ASKED.role == role.value, required=True, style=RADIO),
        rx.box(rx.text(words.name, size="2", weight="medium"), rx.text(words.about, size="1", color="var(--muted)")),
        style={"display": "flex", "gap": "12px", "alignItems": "baseline", "padding": "8px 0", "cursor": "pointer"},
    )
    return rx.cond(TeamState.offered.contains(role.value), choice)


def _answers(action: str) -> rx.Component:
    return rx.flex(
        rx.dialog.close(rx.button("Cancel", variant="soft", color_scheme="gray", type="button")),
        rx.button(action, type="submit", loading=TeamState.is_sending),
        justify="end",
        gap="12px",
        margin_top="20px",
        wrap="wrap",
    )


def _question(name: str, **parts: Any) -> rx.Component:
    return confirm_dialog(open=TeamState.question == name, on_open_change=TeamState.turn, sending=TeamState.is_sending, **parts)


def _remove() -> rx.Component:
    return _question(
        "remove",
        title=f"Remove {ASKED.name} from the team?",
        effects=(
            ("eye-off", f"{ASKED.email} sees nothing of {FrameState.organization} from now on, on open pages too."),
            ("phone", "Calls assigned to them stay, and show a former member."),
            ("user", "Their account and their other organizations stay."),
        ),
        action="Remove",
        keep="Keep them",
        on_confirm=TeamState.remove,
    )


def _transfer() -> rx.Component:
    return _question(
        "transfer",
        title=f"Hand {FrameState.organization} over to {ASKED.name}?",
        effects=(
            ("crown", f"{ASKED.name} ({ASKED.email}) becomes an owner, with billing and everything else."),
            ("user-cog", "You become an admin. Only an owner can make you one again."),
            ("wallet", "Credits, numbers, agents and calls stay where they are."),
        ),
        word=FrameState.organization,
        action="Hand over",
        on_confirm=TeamState.transfer,
    )


def _leave() -> rx.Component:
    goes_on = rx.cond(
        TeamState.has_others,
        "You go on in another of your organizations.",
        "You are logged out. When you log in again, you get an empty organization of your own.",
    )
    return _question(
        "leave",
        title=f"Leave {FrameState.organization}?",
        effects=(
            ("eye-off", "You see nothing of it from now on. Somebody has to invite you to come back."),
            ("phone", "Calls assigned to you stay, and show a former member."),
            ("log-out", goes_on),
        ),
        action="Leave",
        keep="Stay",
        on_confirm=TeamState.leave,
    )


def _withdraw() -> rx.Component:
    return _question(
        "withdraw",
        title=f"Withdraw the invitation of {INVITATION.email}?",
        effects=(("link-2-off", "The link stops working at once."),),
        action="Withdraw",
        on_confirm=TeamState.withdraw,
    )


def invite_dialog() -> rx.Component:
    """The form, and after it the link, which is seen only here."""
    return rx.dialog.root(
        rx.dialog.content(
            rx.dialog.title(rx.cond(TeamState.link == "", "Invite somebody", "The invitation is ready"), size="4", margin_bottom="4px"),
            rx.cond(TeamState.link == "", _invite_form(), _link()),
            max_width="520px",
            on_close_auto_focus=BACK_TO_OPENER,
        ),
        open=TeamState.is_inviting,
        on_open_change=TeamState.turn_inviting,
    )


def _invite_form() -> rx.Component:
    roles = [(role.value, f"{ROLES[role].name}: {ROLES[role].about}") for role in INVITED_AS]
    return rx.fragment(
        rx.dialog.description(f"They get a link by mail, and you can hand it on as well. {DAYS}", style=QUIET),
        rx.form(
            rx.flex(
                form_error(TeamState.message),
                field(
                    "E-mail",
                    "email",
                    kind="email",
                    error=TeamState.errors["email"],
                    help="Only whoever logs in with this address can accept.",
                    placeholder="robin@practice.com",
                    auto_complete="off",
                    required=True,
                    max_length=254,
                ),
                select_field("Role", "role", roles, error=TeamState.errors["role"]),
                direction="column",
                gap="16px",
                margin_top="16px",
            ),
            _answers("Make the link"),
            on_submit=TeamState.invite,
        ),
    )


def _link() -> rx.Component:
    return rx.fragment(
        rx.dialog.description(TeamState.link_note, style=QUIET),
        rx.el.label("The link", html_for="invite-link", class_name="label", style={"display": "block", "margin": "16px 0 6px"}),
        rx.input(id="invite-link", value=TeamState.link, read_only=True, size="3", width="100%"),
        rx.box(
            rx.text(TeamState.link_way, size="2", overflow_wrap="anywhere"),
            class_name="note",
            margin_top="12px",
        ),
        rx.flex(
            rx.dialog.close(rx.button("Done", variant="soft", color_scheme="gray")),
            copy_button(TeamState.link, label="Copy the link", variant="solid", color_scheme="violet", size="2"),
            justify="end",
            gap="12px",
            margin_top="20px",
        ),
    )
