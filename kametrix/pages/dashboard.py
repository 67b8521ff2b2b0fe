"""The dashboard: is the phone being answered, what did callers want, what does it cost."""

import reflex as rx

from kametrix.components.choose import each
from kametrix.components.conversation import live_wave
from kametrix.components.icons import named_icon
from kametrix.components.links import button_link, text_link
from kametrix.components.page import page
from kametrix.components.panel import empty_state, page_header, panel
from kametrix.components.rows import calls_table
from kametrix.components.stat import Stat, stat_strip
from kametrix.components.status import status_badge
from kametrix.components.ticking import ticking
from kametrix.services.dashboard import Trouble
from kametrix.state.dashboard import DashboardState, Step
from kametrix.state.rows import CallRow

STEP_ICONS = ("headset", "hash", "phone-call", "play", "wallet")


def live_call(call: CallRow) -> rx.Component:
    """A call that rings or runs now."""
    return rx.flex(
        rx.box(live_wave(), class_name="only-desk"),
        rx.box(
            rx.flex(
                status_badge("call", rx.Var.create(call.status)),
                rx.text(ticking(call.duration, rx.Var.create(call.elapsed)), size="2", weight="medium"),
                gap="10px",
                align="center",
            ),
            rx.text(rx.text.strong(call.title, class_name="num"), " with ", call.agent, size="2", margin_top="6px"),
            flex="1",
            min_width="200px",
        ),
        button_link("Follow live", f"/calls/{call.id}"),
        align="center",
        gap="12px 20px",
        wrap="wrap",
        class_name="panel live",
        padding="16px 20px",
        margin_bottom="16px",
        role="region",
        aria_label="Live call",
    )


def low_balance() -> rx.Component:
    """Amber, in words, with the way out."""
    banner = rx.flex(
        rx.icon("triangle-alert", size=16, aria_hidden="true", style={"marginTop": "2px", "flex": "none"}),
        rx.text(DashboardState.low_balance, size="2", flex="1"),
        text_link("See prices", "/credits"),
        gap="10px",
        align="start",
        wrap="wrap",
        class_name="panel",
        padding="12px 16px",
        margin_bottom="24px",
        role="status",
        style={"background": "var(--amber-a2)", "borderColor": "var(--amber-a6)", "color": "var(--amber-11)"},
    )
    return rx.cond(DashboardState.low_balance != "", banner)


def numbers() -> rx.Component:
    """Three numbers, each opening its explanation."""
    return stat_strip(
        (
            Stat("Balance", DashboardState.balance, DashboardState.balance_note, href="/credits"),
            Stat("Active agents", DashboardState.active_agents, DashboardState.agents_note, href="/agents"),
            Stat("Calls this month", DashboardState.calls_this_month, DashboardState.month_note, href="/calls"),
        )
    )


def trouble(item: Trouble) -> rx.Component:
    """An agent whose last change did not reach callers."""
    return rx.el.li(
        rx.flex(
            rx.icon("circle-alert", size=17, color="var(--red-11)", aria_hidden="true", style={"marginTop": "2px", "flex": "none"}),
            rx.box(
                rx.text(item.agent_name, " was not updated", size="2", weight="medium"),
                rx.text(item.why, size="2", color="var(--muted)", margin="2px 0 6px"),
                text_link("Look at it", f"/agents/{item.agent_id}"),
                min_width="0",
            ),
            gap="12px",
            padding="14px 20px",
        )
    )


def needs_you() -> rx.Component:
    """What waits for a person; nothing when nothing does."""
    listed = panel(rx.el.ul(each(DashboardState.troubles, trouble), class_name="list"), title="Needs you", flush=True, margin_bottom="24px")
    return rx.cond(DashboardState.troubles.length() > 0, listed)


def step(item: Step) -> rx.Component:
    """One first step: done, next, or later."""
    sign = rx.cond(item.is_done, rx.icon("check", size=18, aria_hidden="true"), named_icon(item.icon, STEP_ICONS))
    color = rx.cond(item.is_next, "#fff", rx.cond(item.is_done, "var(--green-11)", "var(--muted)"))
    ground = rx.cond(item.is_next, "var(--violet-9)", rx.cond(item.is_done, "var(--green-a3)", "var(--gray-a3)"))
    return rx.el.li(
        rx.flex(
            rx.center(sign, width="40px", height="40px", flex="none", border_radius="12px", background=ground, color=color),
            rx.box(
                rx.text(item.title, rx.cond(item.is_done, rx.el.span(", done", class_name="sr-only")), size="3", weight="medium"),
                rx.text(item.text, size="2", color="var(--muted)"),
                flex="1",
                min_width="180px",
            ),
            rx.cond(item.is_next, button_link(item.action, item.href, flex="none")),
            align="center",
            gap="12px 16px",
            wrap="wrap",
            padding="14px 20px",
        ),
        aria_current=rx.cond(item.is_next, "step", "false"),
    )


def first_steps() -> rx.Component:
    """For a newcomer: what to do, in order."""
    done = rx.text(DashboardState.steps_done, size="1", color="var(--muted)", class_name="num")
    return panel(rx.el.ol(each(DashboardState.steps, step), class_name="list"), title="First steps", action=done, flush=True)


def last_calls() -> rx.Component:
    """The last five calls, or what will stand here."""
    nothing = rx.cond(
        DashboardState.live_rows.length() > 0,
        empty_state("phone", "Your first call is running", "It appears here when it ends."),
        empty_state("phone", "No calls yet", "Calls appear here as soon as your agents receive them."),
    )
    return panel(
        rx.cond(DashboardState.recent.length() > 0, calls_table(DashboardState.recent, label="Last calls", brief=True), nothing),
        title="Last calls",
        action=text_link("All calls", "/calls"),
        flush=True,
    )


@page("/dashboard", "Dashboard", active="Dashboard", on_load=DashboardState.load)
def dashboard() -> rx.Component:
    """What matters now comes first: live calls, then the numbers, then what happened."""
    return rx.fragment(
        page_header(DashboardState.greeting, rx.text(DashboardState.story, size="3", color="var(--muted)", margin_top="4px")),
        each(DashboardState.live_rows, live_call),
        low_balance(),
        needs_you(),
        rx.cond(DashboardState.steps_place == "first", rx.box(first_steps(), margin_bottom="24px")),
        numbers(),
        rx.box(last_calls(), margin_top="24px"),
        rx.cond(DashboardState.steps_place == "later", rx.box(first_steps(), margin_top="24px")),
    )
