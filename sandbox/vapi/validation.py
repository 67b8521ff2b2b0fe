"""Checks request bodies against the allow-lists of fields.py, with the messages class-validator gives."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


class Rule:
    """Base of all rules: anything goes."""

    def problems(self, value: Any, at: str, name: str) -> list[str]:
        """What is wrong with `value`; `at` is the path so far, `name` the field."""
        return []


@dataclass(frozen=True)
class Text(Rule):
    """A string within lengths, one of `values`, matching `pattern`."""

    longest: int | None = None
    shortest: int = 0
    values: tuple[str, ...] = ()
    pattern: str = ""

    def problems(self, value: Any, at: str, name: str) -> list[str]:
        """A wrong type is told alone: lengths of something else mean nothing."""
        if self.values:
            return [] if value in self.values else [f"{at}{name} must be one of the following values: {', '.join(self.values)}"]
        if not isinstance(value, str):
            return [f"{at}{name} must be a string"]
        found: list[str] = []
        if self.longest is not None and len(value) > self.longest:
            found.append(f"{at}{name} must be shorter than or equal to {self.longest} characters")
        if len(value) < self.shortest:
            found.append(f"{at}{name} must be longer than or equal to {self.shortest} characters")
        if self.pattern and not re.fullmatch(self.pattern, value):
            found.append(f"{at}{name} must match /{self.pattern}/ regular expression")
        return found


@dataclass(frozen=True)
class Number(Rule):
    """A number within bounds."""

    lowest: float | None = None
    highest: float | None = None

    def problems(self, value: Any, at: str, name: str) -> list[str]:
        """True and false are no numbers."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            return [f"{at}{name} must be a number conforming to the specified constraints"]
        if self.lowest is not None and value < self.lowest:
            return [f"{at}{name} must not be less than {self.lowest:g}"]
        if self.highest is not None and value > self.highest:
            return [f"{at}{name} must not be greater than {self.highest:g}"]
        return []


class Flag(Rule):
    """True or false."""

    def problems(self, value: Any, at: str, name: str) -> list[str]:
        """Numbers are no booleans."""
        return [] if isinstance(value, bool) else [f"{at}{name} must be a boolean value"]


class Free(Rule):
    """An object with any keys."""

    def problems(self, value: Any, at: str, name: str) -> list[str]:
        """Only the type is checked."""
        return [] if isinstance(value, Mapping) else [f"{at}{name} must be an object"]


@dataclass(frozen=True)
class Items(Rule):
    """An array whose items follow one rule."""

    item: Rule = field(default_factory=Rule)

    def problems(self, value: Any, at: str, name: str) -> list[str]:
        """Item errors read `each value in`, as captured from Vapi; each is told once."""
        if not isinstance(value, list):
            return [f"{at}{name} must be an array"]
        place = (f"{at}each value in ", name)
        return list(dict.fromkeys(text for part in value for text in self.item.problems(part, *place)))


@dataclass(frozen=True)
class Shape(Rule):
    """An object with exactly these fields; null counts as absent."""

    fields: Mapping[str, Rule]
    required: tuple[str, ...] = ()

    def problems(self, value: Any, at: str, name: str) -> list[str]:
        """Unknown keys are errors: Vapi whitelists properties."""
        if not isinstance(value, Mapping):
            return [f"{at}{name} must be an object"]
        inside = f"{at}{name}." if name else at
        found = [f"{inside}property {key} should not exist" for key in value if key not in self.fields]
        found += [f"{inside}{key} should not be empty" for key in self.required if value.get(key) is None]
        for key, rule in self.fields.items():
            if value.get(key) is not None:
                found += rule.problems(value[key], inside, key)
        return found


@dataclass(frozen=True)
class Choice(Rule):
    """An object whose field `by` says which shape it has; None stands for a shape that is not checked further."""

    by: str
    shapes: Mapping[str, Rule | None]

    def problems(self, value: Any, at: str, name: str) -> list[str]:
        """An unknown discriminator is told alone."""
        if not isinstance(value, Mapping):
            return [f"{at}{name} must be an object"]
        if value.get(self.by) not in self.shapes:
            return [f"{at}{name}.{self.by} must be one of the following values: {', '.join(self.shapes)}"]
        shape = self.shapes[value[self.by]]
        return shape.problems(value, at, name) if shape else []


@dataclass(frozen=True)
class Either(Rule):
    """A string by one rule, anything else by another."""

    text: Text
    other: Rule

    def problems(self, value: Any, at: str, name: str) -> list[str]:
        """Whichever rule fits the type."""
        return (self.text if isinstance(value, str) else self.other).problems(value, at, name)


def check(rule: Shape, body: Any) -> list[str]:
    """All problems of a request body, in order."""
    return rule.problems(body, "", "") if isinstance(body, Mapping) else ["body must be an object"]
