"""Provider messages, background jobs and e-mails that were given up: why, and once more."""

from typing import Any

import reflex as rx

from kametrix.components.choose import each
from kametrix.components.page import page
from kametrix.components.panel import empty_state, page_header, panel
from kametrix.state.admin.failures import FailureLine, FailuresState, MailLine


@page("/admin/failures", "Given up", active="Admin", on_load=FailuresState.load)
def failures() -> rx.Component:
    """The page."""
    again = rx.button("Work all again", size="2", variant="soft", on_click=FailuresState.replay_all, loading=FailuresState.is_sending)
    calm = empty_state("check", "Nothing was given up", "What fails again and again appears here with its reason.")
    return rx.fragment(
        page_header("Given up", "What failed again and again. Mend the cause, then have it tried once more.", back=("Admin", "/admin")),
        rx.flex(
            panel(
                rx.cond(FailuresState.messages.length() > 0, rx.el.ul(each(FailuresState.messages, _message), class_name="list"), calm),
                title="Provider messages",
                action=rx.cond(FailuresState.messages.length() > 1, again),
                flush=True,
            ),
            panel(
                rx.cond(FailuresState.jobs.length() > 0, rx.el.ul(each(FailuresState.jobs, _job), class_name="list"), calm),
                title="Background jobs",
                flush=True,
            ),
            panel(
                rx.cond(FailuresState.mail.length() > 0, rx.el.ul(each(FailuresState.mail, _mail), class_name="list"), calm),
                title="E-mails",
                flush=True,
            ),
            direction="column",
            gap="24px",
        ),
    )


def _message(item: FailureLine | Any) -> rx.Component:
    again = rx.button(
        "Work again", size="1", variant="soft", on_click=FailuresState.replay(item.id), aria_label=f"Work again: {item.title}"
    )
    return _line(item, again)


def _job(item: FailureLine | Any) -> rx.Component:
    deeds = rx.flex(
        rx.button("Start again", size="1", variant="soft", on_click=FailuresState.retry(item.id), aria_label=f"Start again: {item.title}"),
        rx.button(
            "Dismiss", size="1", variant="soft", color_scheme="gray", on_click=FailuresState.dismiss(item.id),
            aria_label=f"Dismiss: {item.title}",
        ),
        gap="8px",
    )  # fmt: skip
    return _line(item, deeds)


def _mail(item: MailLine | Any) -> rx.Component:
    again = rx.button(
        "Send again", size="1", variant="soft", on_click=FailuresState.send_again(item.id), aria_label=f"Send again: {item.title}"
    )
    away = rx.button(
        "Dismiss", size="1", variant="soft", color_scheme="gray", on_click=FailuresState.dismiss_mail(item.id),
        aria_label=f"Dismiss: {item.title}",
    )  # fmt: skip
    return _line(item, rx.flex(rx.cond(item.can_retry, again, rx.fragment()), away, gap="8px"))


def _line(item: Any, deeds: rx.Component) -> rx.Component:
    return rx.el.li(
        rx.flex(
            rx.box(
                rx.flex(
                    rx.text(item.title, size="2", weight="medium"),
                    rx.text(item.about, size="1", color="var(--muted)"),
                    rx.text(item.at, size="1", color="var(--muted)", class_name="num"),
                    gap="2px 10px",
                    wrap="wrap",
                    align="baseline",
                ),
                rx.text(item.error, size="1", color="var(--red-11)", overflow_wrap="anywhere"),
                flex="1",
                min_width="200px",
            ),
            deeds,
            align="center",
            gap="12px",
            wrap="wrap",
            padding="12px 20px",
        )
    )
