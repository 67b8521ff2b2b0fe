"""Liquid templates of assistants, rendered when a call starts (Vapi docs, "dynamic variables"): by python-liquid."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from liquid import Environment
from liquid.exceptions import LiquidError

from sandbox.clock import parse


def render(template: str, now: datetime, variables: dict[str, Any]) -> tuple[str, str]:
    """The text at `now`, and what was wrong with the template ("" when nothing): a broken template is used as it stands."""
    environment = Environment()
    environment.filters["date"] = _date_filter(now)
    try:
        return environment.from_string(template).render(**_built_in(now), **variables), ""
    except LiquidError as error:
        return template, f"The template could not be rendered: {error}"


def _built_in(now: datetime) -> dict[str, str]:
    """Vapi's default variables; they are UTC."""
    moment = now.astimezone(UTC)
    return {
        "now": moment.strftime("%b %d, %Y, %I:%M %p UTC"),
        "date": moment.strftime("%b %d, %Y"),
        "time": moment.strftime("%I:%M %p"),
        "month": moment.strftime("%B"),
        "day": moment.strftime("%A"),
        "year": moment.strftime("%Y"),
    }


def _date_filter(now: datetime) -> Any:
    """LiquidJS's `date`: "now" is the call's start, the second argument an IANA zone; what it cannot read stays as it is."""

    def date(value: object, pattern: object = "%A, %B %-e, %Y at %-l:%M %P %z", zone: object = "UTC") -> object:
        try:
            moment = now if value in ("now", "today") else value if isinstance(value, datetime) else parse(str(value))
            return moment.astimezone(ZoneInfo(str(zone))).strftime(str(pattern))
        except (ValueError, ZoneInfoNotFoundError):
            return value

    return date
