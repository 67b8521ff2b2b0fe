"""The one decorator every page wears: address, title, frame, and the order in which data arrives."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import reflex as rx

from kametrix.components.allowed import allowed
from kametrix.components.frame import NAV, frame
from kametrix.components.missing import not_for_you
from kametrix.components.panel import page_skeleton
from kametrix.components.tokens import Text
from kametrix.state.frame import FrameState
from kametrix.state.guard import loaded_with

Page = Callable[[], rx.Component]
LABELS = frozenset(entry.label for entry in NAV)


def page(route: str, title: Text, *, active: str = "", on_load: Any = None, public: bool = False) -> Callable[[Page], Page]:
    """Register a page. `title` may be a Var and is followed by the product's name.

    A private page names its entry of the navigation (`active`); it is shown inside the frame once `on_load` is done, and until then
    as a skeleton, so nothing of another page or person flashes. Whoever is not signed in is sent to log in and back here; whose
    role may not load it is told so in its place.
    """
    if not public and active not in LABELS:
        raise ValueError(f"{route}: a private page names its entry of the navigation, one of {sorted(LABELS)}")
    own = [] if on_load is None else list(on_load) if isinstance(on_load, list | tuple) else [on_load]
    needs = loaded_with(*(getattr(event, "handler", event).fn for event in own))
    events = own if public else [FrameState.load, *own, FrameState.arrived(route)]

    def register(content: Page) -> Page:
        @wraps(content)
        def whole() -> rx.Component:
            if public:
                return content()
            shown = content()
            for need in needs:
                shown = allowed(need, shown, otherwise=not_for_you())
            return frame(rx.cond(FrameState.shown == route, shown, page_skeleton()), active=active)

        return rx.page(route=route, title=_titled(title), on_load=events or None)(whole)

    return register


def _titled(title: Text) -> Text:
    if isinstance(title, str):
        return f"{title} · Kametrix"
    return rx.cond(title != "", title.to(str) + " · Kametrix", "Kametrix")
