"""The dashboard: is the phone being answered, what did callers want, what does it cost."""

from typing import Any

import reflex as rx

from kametrix.components.allowed import allowed
from kametrix.components.chart import bar_chart, legend, numbers_table
from kametrix.components.choose import each, match
from kametrix.components.conversation import live_wave
from kametrix.components.heat import heat_map
from kametrix.components.icons import named_icon
from kametrix.components.links import button_link, text_link
from kametrix.components.page import page
from kametrix.components.panel import empty_state, page_header, panel
from kametrix.components.rows import calls_table
from kametrix.components.stat import Stat, stat_strip
from kametrix.components.status import status_badge
from kametrix.components.ticking import ticking
from kametrix.services.call_stats import Span
from kametrix.state.attention import ICONS, Need
from kametrix.state.dashboard import DashboardState, Step
from kametrix.state.frame import FrameState
from kametrix.state.rows import CallRow

STACKED: dict[str, Any] = {"display": "grid", "gap": "24px", "gridTemplateColumns": "minmax(0, 1fr)"}
STEP_ICONS = ("headset", "hash", "phone-call", "play", "wallet")
RANGES = (("7 days", Span.WEEK), ("30 days", Span.MONTH), ("90 days", Span.QUARTER), ("12 months", Span.YEAR))


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
    """Amber, in words, with the way out for who may take it."""
    banner = rx.flex(
        rx.icon("triangle-alert", size=16, aria_hidden="true", style={"marginTop": "2px", "flex": "none"}),
        rx.text(DashboardState.low_balance, size="2", flex="1", min_width="220px"),
        allowed("billing:write", text_link("Buy more credits", "/credits"), otherwise=rx.text("Ask an owner to buy credits.", size="2")),
        gap="4px 10px",
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
    """Three numbers, each opening its explanation; two for who sees no money."""
    agents = Stat("Active agents", DashboardState.active_agents, DashboardState.agents_note, href="/agents")
    calls = Stat(DashboardState.month_title, DashboardState.calls_this_month, DashboardState.month_note, href="/calls")
    balance = Stat("Balance", DashboardState.balance, DashboardState.balance_note, href="/credits")
    return allowed("credits:read", stat_strip((balance, agents, calls)), otherwise=stat_strip((agents, calls)))


def need(item: Need) -> rx.Component:
    """One thing that waits, with what to do about it."""
    color = match(item.tone, {"red": _tone("--red-11", item), "amber": _tone("--amber-11", item), "plain": _tone("--muted", item)})
    back = rx.el.a("Call back", href=f"tel:{item.number}", class_name="link")
    return rx.el.li(
        rx.flex(
            color,
            rx.box(
                rx.text(item.title, size="2", weight="medium", overflow_wrap="anywhere"),
                rx.text(item.text, size="2", color="var(--muted)", margin="2px 0 6px"),
                rx.flex(text_link(item.action, item.href), rx.cond(rx.Var.create(item.number) != "", back), gap="4px 16px", wrap="wrap"),
                min_width="0",
            ),
            gap="12px",
            padding="14px 20px",
        )
    )


def _tone(color: str, item: Need) -> rx.Component:
    return rx.box(named_icon(item.icon, ICONS, size=17), color=f"var({color})", margin_top="2px", flex="none")


def needs_you() -> rx.Component:
    """What waits for a person."""
    return panel(rx.el.ul(each(DashboardState.needs, need), class_name="list"), title="Needs you", flush=True)


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
        empty_state("phone", "No calls yet", DashboardState.nothing_yet),
    )
    return panel(
        rx.cond(DashboardState.recent.length() > 0, calls_table(DashboardState.recent, label="Last calls", brief=True), nothing),
        title="Last calls",
        action=text_link("All calls", "/calls"),
        flush=True,
    )


def ranges() -> rx.Component:
    """How far back the charts reach: links, so that a range can be kept, shared and gone back from."""
    links = [
        rx.el.a(label, href=f"/dashboard?range={span.value}", aria_current=rx.cond(DashboardState.span == span.value, "true", "false"))
        for label, span in RANGES
    ]
    return rx.flex(
        rx.heading("Over time", as_="h2", size="4"),
        rx.el.nav(*links, class_name="seg", aria_label="Range of the charts"),
        justify="between",
        align="center",
        gap="8px 16px",
        wrap="wrap",
    )


def over_time() -> rx.Component:
    """The range, and the calls in it."""
    chart = DashboardState.calls_chart
    return rx.cond(
        DashboardState.has_calls,
        rx.box(ranges(), panel(bar_chart(chart), title=chart.title, action=legend()), style=STACKED | {"gap": "12px"}),
    )


def more_over_time() -> rx.Component:
    """Minutes in the same range, when most calls come, and all of it as a table."""
    chart = DashboardState.minutes_chart
    sentence = rx.text(DashboardState.busiest, size="2", color="var(--muted)", margin_bottom="14px", max_width="70ch")
    beside = {"display": "grid", "gap": "24px", "gridTemplateColumns": "repeat(auto-fit, minmax(min(440px, 100%), 1fr))"}
    both = rx.box(
        panel(bar_chart(chart), title=chart.title),
        panel(
            sentence,
            heat_map(DashboardState.heat, has_hours=DashboardState.has_hours),
            title="Busiest hours",
            action=rx.text(DashboardState.range_words, size="1", color="var(--muted)"),
        ),
        style=beside,
    )
    table = numbers_table(DashboardState.lines, has_money=FrameState.permissions.contains("credits:read"))
    return rx.cond(DashboardState.has_calls, rx.box(both, table, style=STACKED, margin_top="24px"))


def later_steps() -> rx.Component:
    """The steps that are left once calls come in."""
    return rx.cond(DashboardState.steps_place == "later", rx.box(first_steps(), margin_top="24px"))


@page("/dashboard", "Dashboard", active="Dashboard", on_load=DashboardState.load)
def dashboard() -> rx.Component:
    """What matters now comes first: live calls, what waits for a person, today; then what happened before.

    What needs somebody is read first and stands beside the rest on a desk.
    """
    waits = DashboardState.needs.length() > 0
    beside = rx.box(needs_you(), order=rx.breakpoints(initial="0", md="1"), min_width="0")
    first = rx.cond(DashboardState.steps_place == "first", first_steps())
    return rx.fragment(
        page_header(DashboardState.greeting, rx.text(DashboardState.story, size="3", color="var(--muted)", margin_top="4px")),
        each(DashboardState.live_rows, live_call),
        low_balance(),
        rx.box(
            rx.cond(waits, beside),
            rx.box(first, numbers(), over_time(), last_calls(), style=STACKED),
            class_name=rx.cond(waits, "grid-main", ""),
        ),
        more_over_time(),
        later_steps(),
    )
