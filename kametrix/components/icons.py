"""An icon whose name a state knows."""

from collections.abc import Sequence

import reflex as rx

from kametrix.components.choose import match
from kametrix.components.tokens import Text


def named_icon(name: Text, among: Sequence[str], *, size: int = 18) -> rx.Component:
    """The icon called `name`, one of `among`. A name left open would send the whole library (60 kB) to the browser."""
    return match(name, {each: rx.icon(each, size=size, aria_hidden="true") for each in among})
