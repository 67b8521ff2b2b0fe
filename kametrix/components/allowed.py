"""What only some roles see. Showing is not allowing: the guard and the services refuse whatever a page shows by mistake."""

import reflex as rx

from kametrix.state.frame import FrameState


def allowed(need: str, *children: rx.Component, otherwise: rx.Component | None = None) -> rx.Component:
    """`children` for people who hold the permission `need`, else `otherwise` (nothing)."""
    return rx.cond(FrameState.permissions.contains(need), rx.fragment(*children), otherwise or rx.fragment())


def offered(need: str, *children: rx.Component) -> rx.Component:
    """`children` for everybody when `need` is empty, else for those who hold it."""
    return allowed(need, *children) if need else rx.fragment(*children)
