"""The team: who belongs to the organization, who is invited, and what each role may do."""

from typing import Any

import reflex as rx

from kametrix.components.allowed import allowed
from kametrix.components.page import page
from kametrix.components.panel import panel
from kametrix.components.role_matrix import role_matrix
from kametrix.components.rows import cell, data_table, table_row, unseen
from kametrix.components.sections import SETTINGS, section_page
from kametrix.components.team_dialogs import invite_dialog, questions
from kametrix.services.roles import ROLES
from kametrix.state.frame import FrameState
from kametrix.state.team import InvitationRow, MemberRow, TeamState

COLUMNS = (("Name", ""), ("Role", ""), ("Joined", ""), ("Last seen", ""), (unseen("Actions"), "end"))
WAITING_COLUMNS = (("Invited", ""), ("Role", ""), (unseen("Actions"), "end"))


@page("/settings/team", "Team", active="Settings", on_load=TeamState.load)
def team() -> rx.Component:
    """The page."""
    invite = rx.button(rx.icon("user-plus", size=16, aria_hidden="true"), "Invite somebody", on_click=TeamState.turn_inviting(True))
    return section_page(
        "Settings",
        SETTINGS,
        "Team",
        rx.flex(_members(), _waiting(), _abilities(), direction="column", gap="24px"),
        allowed("team:write", invite_dialog()),
        *questions(),
        note="Who works in this organization, and what they may do.",
        action=allowed("team:write", invite),
    )


def role_badge(role: Any) -> rx.Component:
    """The role in a word; owners in the colour of the house."""
    words = [(one.value, words.name) for one, words in ROLES.items()]
    return rx.badge(rx.match(role, *words, ""), color_scheme=rx.cond(role == "OWNER", "violet", "gray"), size="2", radius="full")


def _members() -> rx.Component:
    return panel(
        data_table("Members", "team-row", COLUMNS, TeamState.members, _member),
        title="Members",
        action=rx.text(TeamState.note, size="1", color="var(--muted)"),
        flush=True,
    )


def _member(row: MemberRow | Any) -> rx.Component:
    you = rx.cond(row.is_self, rx.text(" (you)", as_="span", color="var(--muted)"))
    who = rx.flex(
        rx.el.span(row.initials, class_name="face", aria_hidden="true"),
        rx.box(
            rx.text(row.name, you, size="2", weight="medium", class_name="clip"),
            rx.text(row.email, size="1", color="var(--muted)", class_name="clip"),
            min_width="0",
        ),
        align="center",
        gap="12px",
        min_width="0",
    )
    return table_row(
        cell(who),
        cell(role_badge(row.role), class_name="only-desk"),
        cell(row.joined, class_name="muted only-desk"),
        cell(row.seen, class_name="muted only-desk"),
        cell(_deeds(row), class_name="end"),
        cell(
            rx.flex(
                role_badge(row.role), rx.text(row.seen, size="1", color="var(--muted)"), gap="8px", align="center", padding_left="40px"
            ),
            class_name="only-phone wide",
        ),
        kind="team-row",
    )


def _deeds(row: MemberRow | Any) -> rx.Component:
    """What can be done about a member, in a menu; nothing for whom nothing can be done about."""

    def item(icon: str, label: str, question: str, **props: Any) -> rx.Component:
        return rx.menu.item(rx.icon(icon, size=14), label, on_select=TeamState.ask(question, row.user_id), **props)

    own = rx.fragment(
        rx.cond(
            TeamState.is_primary,
            rx.fragment(),
            rx.menu.item(rx.icon("house", size=14), "Start here when logging in", on_select=TeamState.make_primary),
        ),
        item("log-out", "Leave the organization", "leave", color="red"),
    )
    others = rx.fragment(
        item("user-cog", "Change role", "role"),
        rx.cond(row.can_own, item("crown", "Hand over the organization", "transfer")),
        rx.menu.separator(),
        item("user-minus", "Remove from the team", "remove", color="red"),
    )
    button = rx.icon_button(
        rx.icon("ellipsis", size=16), variant="ghost", color_scheme="gray", size="2", margin="0", aria_label=f"What to do about {row.name}"
    )
    menu = rx.menu.root(rx.menu.trigger(button), rx.menu.content(rx.cond(row.is_self, own, others)), modal=False)
    return rx.cond(row.is_self | row.can_change, menu)


def _waiting() -> rx.Component:
    open_ones = panel(
        data_table("Invitations", "team-waiting", WAITING_COLUMNS, TeamState.waiting, _invitation), title="Open invitations", flush=True
    )
    return rx.cond(TeamState.waiting.length() > 0, open_ones)


def _invitation(row: InvitationRow | Any) -> rx.Component:
    deeds = rx.flex(
        rx.button(
            "New link",
            size="2",
            variant="soft",
            color_scheme="gray",
            on_click=TeamState.renew(row.id),
            aria_label=f"New link for {row.email}",
        ),
        rx.button(
            "Withdraw",
            size="2",
            variant="soft",
            color_scheme="red",
            on_click=TeamState.ask_withdrawal(row.id),
            aria_label=f"Withdraw the invitation of {row.email}",
        ),
        gap="8px",
        wrap="wrap",
    )
    return table_row(
        cell(
            rx.text(row.email, size="2", weight="medium", class_name="clip"),
            rx.text(row.note, size="1", color=rx.cond(row.is_expired, "var(--amber-11)", "var(--muted)")),
        ),
        cell(role_badge(row.role)),
        cell(deeds, class_name="end wide"),
        kind="team-waiting",
    )


def _abilities() -> rx.Component:
    own = rx.text("You are: ", rx.el.b(FrameState.role), size="1", color="var(--muted)")
    return panel(role_matrix(), title="What each role may do", action=own, flush=True)
