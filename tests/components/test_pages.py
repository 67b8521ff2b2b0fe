"""Every page can be built, says who may see it, and shows nothing before its data has arrived."""

import logging
from collections.abc import Callable
from typing import Any

import pytest
import reflex as rx
from reflex_base.registry import RegistrationContext

import kametrix.pages  # noqa: F401  # registers every page
from kametrix.components.frame import NAV
from kametrix.components.page import page
from kametrix.components.palette import HITS
from kametrix.components.sections import ADMIN, SETTINGS
from kametrix.services.access import SIGNED_IN
from kametrix.state.frame import FrameState

PUBLIC = {"/", "/imprint", "/privacy", "/login", "/signup", "/invite", "/reset", "/confirm", "/forgot", "/unsubscribe", "404"}
PAGES: dict[str, tuple[Callable[[], rx.Component], dict[str, Any]]] = {
    options["route"]: (draw, options) for draw, options in RegistrationContext.ensure_context().decorated_pages
}


def names(options: dict[str, Any]) -> list[str]:
    return [getattr(event, "handler", event).fn.__qualname__ for event in options.get("on_load") or []]


def test_only_these_pages_are_public() -> None:
    assert {route for route, (_, options) in PAGES.items() if "FrameState.load" not in names(options)} == PUBLIC


@pytest.mark.parametrize("route", sorted(set(PAGES) - PUBLIC))
def test_a_private_page_loads_the_frame_first_and_shows_itself_last(route: str) -> None:
    loaded = names(PAGES[route][1])
    assert loaded[0] == "FrameState.load"
    assert loaded[-1] == "FrameState.arrived"
    assert loaded.count("FrameState.load") == 1


@pytest.mark.parametrize("route", sorted(PAGES))
def test_every_page_can_be_built_and_names_only_icons_that_exist(route: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger="reflex_components_lucide"):
        drawn = str(PAGES[route][0]())
    assert "Invalid icon tag" not in caplog.text
    assert "LucideCircleHelp" not in drawn
    assert "DynamicIcon" not in drawn, "a name left open sends the whole icon library to the browser: use named_icon"


def test_the_icon_check_would_notice(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger="reflex_components_lucide"):
        rx.icon("no-such-icon")
    assert "Invalid icon tag" in caplog.text


@pytest.mark.parametrize("route", sorted(set(PAGES) - PUBLIC))
def test_a_private_page_is_a_skeleton_until_its_own_data_has_arrived(route: str) -> None:
    drawn = str(PAGES[route][0]())
    assert str(FrameState.shown == route) in drawn
    assert 'className:"late"' in drawn


@pytest.mark.parametrize("route", sorted(set(PAGES) - PUBLIC))
def test_a_page_tells_whose_role_may_not_load_it(route: str) -> None:
    own = [getattr(event, "handler", event).fn for event in PAGES[route][1]["on_load"]]
    needs = {handler.access for handler in own} - {SIGNED_IN}
    drawn = str(PAGES[route][0]())
    assert all(str(FrameState.permissions.contains(need)) in drawn for need in needs)
    assert ("Your role does not open this page" in drawn) == bool(needs)


@pytest.mark.parametrize("route", ["/credits", "/dashboard"])
def test_buying_is_offered_only_to_who_may_buy(route: str) -> None:
    assert str(FrameState.permissions.contains("billing:write")) in str(PAGES[route][0]())


def test_every_title_ends_with_the_name_of_the_product() -> None:
    assert all("Kametrix" in str(options["title"]) for _, options in PAGES.values())


def test_a_private_page_must_name_its_entry_of_the_navigation() -> None:
    with pytest.raises(ValueError, match="private page"):
        page("/nowhere", "Nowhere")


def test_the_navigation_leads_only_to_pages_that_exist() -> None:
    assert {entry.href for entry in NAV} | {hit.href for hit in HITS} | {section.href for section in (*SETTINGS, *ADMIN)} <= set(PAGES)
