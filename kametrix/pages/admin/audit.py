"""The audit log of the whole platform: narrowed, opened row by row, exported."""

import reflex as rx

from kametrix.components.links import text_link
from kametrix.components.listing import QUIET, choice
from kametrix.components.page import page
from kametrix.components.sections import ADMIN, section_page
from kametrix.components.trail import trail, trail_filters
from kametrix.services.audit_words import ACTIONS, ENTITIES
from kametrix.state.admin.audit import AuditState

WHAT = (("", "Everything"), *sorted(((action, title) for action, (title, _) in ACTIONS.items()), key=lambda one: one[1]))
THINGS = (("", "Any thing"), *ENTITIES.items())


@page("/admin/audit", "Audit log", active="Admin", on_load=AuditState.load)
def audit() -> rx.Component:
    """The page."""
    is_narrowed = (AuditState.asked_for["person"] != "") | (AuditState.asked_for["organization"] != "")
    only = rx.flex(
        rx.text("Only what was done by and to one person or thing.", size="2"),
        text_link("Show everything", "/admin/audit"),
        gap="12px",
        wrap="wrap",
        margin_bottom="12px",
    )
    export = rx.flex(
        rx.button(rx.icon("download", size=16), "CSV", on_click=AuditState.export("csv"), **QUIET),
        rx.button(rx.icon("download", size=16), "JSON", on_click=AuditState.export("json"), **QUIET),
        gap="8px",
    )
    return section_page(
        "Admin",
        ADMIN,
        "Audit log",
        trail_filters(AuditState, WHAT, choice("Thing", "entity", THINGS, AuditState.asked_for["entity"])),
        rx.cond(is_narrowed, only),
        trail(AuditState, "/admin/audit"),
        action=export,
        note="Who did what. An export holds what the filters leave, at most 10,000 rows.",
    )
