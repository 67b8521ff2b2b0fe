"""What pages load is there, ours, and small."""

import re
from pathlib import Path

from kametrix.components.head import STYLESHEETS, head_components
from kametrix.kametrix import app

ASSETS = Path(__file__).parents[2] / "assets"
STYLES = (ASSETS / "kametrix.css").read_text()


def test_everything_a_page_loads_exists_and_is_our_own() -> None:
    head = "".join(str(part) for part in head_components())
    wanted = {*STYLESHEETS, *re.findall(r'"(?:href|src)":"([^"]+)"', head), *re.findall(r'(?:href|src):"([^"]+)"', head)}
    wanted |= {address for address in re.findall(r"""url\(["']?([^"')]+)""", STYLES) if not address.startswith("data:")}
    assert {"/kametrix.css", "/kametrix.js", "/mark.svg", "/fonts/inter-latin.woff2"} <= wanted
    assert [address for address in wanted if not (ASSETS / address.removeprefix("/")).is_file()] == []


def test_the_font_comes_with_its_licence() -> None:
    assert "SIL Open Font License" in (ASSETS / "fonts" / "LICENSE").read_text()


def test_the_stylesheet_stays_short() -> None:
    assert len(STYLES.splitlines()) <= 150


def test_motion_ends_where_people_asked_for_less() -> None:
    assert "prefers-reduced-motion: reduce" in STYLES


def test_a_lost_connection_is_told_in_our_words_in_place_of_the_frameworks() -> None:
    assert (5, "Overlay") in app.app_wraps, "Reflex draws its message about the socket elsewhere now"
    assert "ConnectionLost" in str(app.extra_app_wraps[5, "Overlay"](True))
