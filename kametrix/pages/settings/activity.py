"""Settings: who in the organization, or of us, did what."""

import reflex as rx

from kametrix.components.page import page
from kametrix.components.sections import SETTINGS, section_page
from kametrix.components.trail import trail, trail_filters
from kametrix.services.audit_words import ACTIONS
from kametrix.state.admin.audit import ActivityState

OF_THE_PLATFORM = ("ADMIN_", "BULK_", "PACK_", "MESSAGE_", "JOB_", "ACCESS_", "AUDIT_", "PHONE_IMPORT", "PHONE_SYNC", "PHONE_CREATE")
WHAT = (
    ("", "Everything"),
    *sorted(((action, title) for action, (title, _) in ACTIONS.items() if not action.startswith(OF_THE_PLATFORM)), key=lambda one: one[1]),
)


@page("/settings/activity", "Activity", active="Settings", on_load=ActivityState.load)
def activity() -> rx.Component:
    """The page."""
    return section_page(
        "Settings",
        SETTINGS,
        "Activity",
        trail_filters(ActivityState, WHAT),
        trail(ActivityState, "/settings/activity"),
        note="Who did what in your organization.",
    )
