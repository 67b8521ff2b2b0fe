"""Checks parameters against the allow-lists of fields.py and turns texts into numbers and booleans, with Stripe's messages."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from sandbox.store import Json
from sandbox.stripe.errors import StripeError, wrong

MOST_KEYS, LONGEST_KEY, LONGEST_VALUE = 50, 40, 500  # docs.stripe.com/api/metadata


class Rule:
    """Base of all rules: takes any value as it is."""

    def read(self, value: Any, param: str) -> Any:
        """The value in its type. Raises StripeError naming `param`."""
        return value


@dataclass(frozen=True)
class Text(Rule):
    """A string within a length, one of `values`; `blank` ones are null."""

    longest: int = 5000
    values: tuple[str, ...] = ()
    pattern: str = ""
    blank: bool = False

    def read(self, value: Any, param: str) -> Any:
        """An empty string unsets where that is allowed."""
        if not isinstance(value, str):
            raise wrong(f"Invalid string: {value}", param)
        if not value:
            if self.blank:
                return None
            message = f"You passed an empty string for '{param}'. We assume empty values are an attempt to unset a parameter"
            raise wrong(f"{message}; however '{param}' cannot be unset.", param, "parameter_invalid_empty")
        if self.values and value not in self.values:
            raise wrong(f"Invalid {param}: must be one of {', '.join(self.values)}", param)
        if len(value) > self.longest:
            raise wrong(f"Invalid string: {value[:20]}...; must be at most {self.longest} characters", param, "parameter_invalid_string")
        if self.pattern and not re.fullmatch(self.pattern, value):
            raise wrong(f"Invalid {param}: {value[:100]}", param)
        return value


class Url(Rule):
    """An address with a scheme and a host."""

    def read(self, value: Any, param: str) -> Any:
        """Only the outside is checked: a success_url holds `{CHECKOUT_SESSION_ID}`."""
        text = str(value) if isinstance(value, str) else ""
        if not re.match(r"https?://[^/\s]+", text) or not urlsplit(text.split("{")[0]).netloc or len(text) > 5000:
            raise wrong("Not a valid URL", param, "url_invalid")
        return text


@dataclass(frozen=True)
class Integer(Rule):
    """A whole number within bounds."""

    lowest: int = -(2**63)
    highest: int = 99_999_999_999

    def read(self, value: Any, param: str) -> Any:
        """Decimal digits only."""
        if not isinstance(value, str) or not re.fullmatch(r"-?[0-9]{1,18}", value):
            raise wrong(f"Invalid integer: {value}", param, "parameter_invalid_integer")
        number = int(value)
        if number < self.lowest:
            raise wrong(f"This value must be greater than or equal to {self.lowest}.", param, "parameter_invalid_integer")
        if number > self.highest:
            raise wrong(f"This value must be less than or equal to {self.highest}.", param, "parameter_invalid_integer")
        return number


class Flag(Rule):
    """true or false."""

    def read(self, value: Any, param: str) -> Any:
        """In words only."""
        if value not in ("true", "false"):
            raise wrong(f"Invalid boolean: {value}", param)
        return value == "true"


class Off(Rule):
    """Something Stripe can do and this sandbox cannot: it may only be switched off, so that nothing is silently left out."""

    def read(self, value: Any, param: str) -> Any:
        """False, or an error that says who refuses."""
        if value != "false":
            raise wrong(f"The sandbox does not do this: {param}", param)
        return False


@dataclass(frozen=True)
class Gone(Rule):
    """A parameter this API version no longer takes, refused with a code of its own."""

    code: str

    def read(self, value: Any, param: str) -> Any:
        """Always an error."""
        raise wrong(f"The parameter {param} is no longer supported in this API version.", param, self.code)


class Metadata(Rule):
    """Texts by key; an empty value removes the key, an empty string all of them."""

    def read(self, value: Any, param: str) -> Any:
        """Lengths as documented."""
        if value == "":
            return {}
        if not isinstance(value, Mapping):
            raise wrong(f"Invalid hash: {value}", param)
        if len(value) > MOST_KEYS:
            raise wrong(f"You can have at most {MOST_KEYS} keys of metadata.", param)
        for key, text in value.items():
            if not isinstance(text, str):
                raise wrong("Metadata values must be strings.", f"{param}[{key}]")
            if len(key) > LONGEST_KEY:
                raise wrong(f"Metadata keys must be {LONGEST_KEY} characters or less: {key[:60]}", param)
            if len(text) > LONGEST_VALUE:
                raise wrong(f"Metadata values must be {LONGEST_VALUE} characters or less.", f"{param}[{key}]")
        return dict(value)


@dataclass(frozen=True)
class Items(Rule):
    """A list whose items follow one rule."""

    item: Rule = field(default_factory=Text)
    most: int = 100

    def read(self, value: Any, param: str) -> Any:
        """Each item, in order."""
        if not isinstance(value, list):
            raise wrong("Invalid array", param)
        if len(value) > self.most:
            raise wrong(f"This array may hold at most {self.most} items.", param)
        return [self.item.read(part, f"{param}[{place}]") for place, part in enumerate(value)]


@dataclass(frozen=True)
class Shape(Rule):
    """An object with exactly these fields."""

    fields: Mapping[str, Rule]
    required: tuple[str, ...] = ()

    def read(self, value: Any, param: str) -> Any:
        """Unknown and missing ones are told by their full name, as Stripe does."""
        if not isinstance(value, Mapping):
            raise wrong("Invalid object", param)
        named = {key: f"{param}[{key}]" if param else key for key in (*value, *self.required)}
        unknown = [key for key in value if key not in self.fields]
        if unknown:
            told = ", ".join(named[key] for key in unknown)
            plural = "s" if len(unknown) > 1 else ""
            raise wrong(f"Received unknown parameter{plural}: {told}", named[unknown[0]], "parameter_unknown")
        for key in self.required:
            if key not in value:
                raise wrong(f"Missing required param: {named[key]}.", named[key], "parameter_missing")
        return {key: self.fields[key].read(inner, named[key]) for key, inner in value.items()}


class Moments(Rule):
    """A moment, or bounds of it: {"gt", "gte", "lt", "lte"}."""

    def read(self, value: Any, param: str) -> Any:
        """Always bounds."""
        if isinstance(value, str):
            moment = Integer(0).read(value, param)
            return {"gte": moment, "lte": moment}
        return Shape({name: Integer(0) for name in ("gt", "gte", "lt", "lte")}).read(value, param)


def merged(old: Json, change: Json | None) -> Json:
    """Metadata after an update: new keys added, blank ones removed; an empty change removes all."""
    if change is None:
        return old
    return {key: text for key, text in {**old, **change}.items() if text != ""} if change else {}


__all__ = ["Flag", "Gone", "Integer", "Items", "Metadata", "Moments", "Off", "Rule", "Shape", "StripeError", "Text", "Url", "merged"]
