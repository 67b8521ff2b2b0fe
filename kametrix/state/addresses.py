"""Addresses of lists: what a page's own says, and those of other filters and of the pages before and after."""

from typing import Any
from urllib.parse import urlencode

import reflex as rx

from kametrix import storable
from kametrix.services.keyset import Page, Place


def said(state: rx.State, *names: str) -> dict[str, str]:
    """What the address of the open page says under these names, as far as it can be kept; empty text for what it leaves out."""
    query = state.router.url.query_parameters
    return {name: storable.text(str(query.get(name, ""))[:200]) for name in names}


def place(state: rx.State) -> Place:
    """Where the address says that the open page begins."""
    return Place(**said(state, "older", "newer"))


def address(path: str, **query: str) -> str:
    """`path` with the parts of the query that say something."""
    told = {name: value for name, value in query.items() if value}
    return f"{path}?{urlencode(told)}" if told else path


def neighbours(path: str, query: dict[str, str], page: Page[Any]) -> tuple[str, str]:
    """The addresses of the pages before and after; empty where there is none."""
    newer = address(path, **query, newer=page.newer) if page.newer else ""
    return newer, address(path, **query, older=page.older) if page.older else ""
