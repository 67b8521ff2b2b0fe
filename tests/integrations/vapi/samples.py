"""The sample messages of tests/fixtures/vapi, and JSON of any shape."""

import json
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

FOLDER = Path(__file__).parents[2] / "fixtures" / "vapi"
WEBHOOKS = sorted(path.stem for path in FOLDER.glob("webhook_*.json"))
GENERATIONS = [f"webhook_end_of_call_report_{name}" for name in ("a_2026", "b_classic", "c_legacy")]

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20)
json_values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4), max_leaves=15
)


def raw(name: str) -> bytes:
    """A sample as it came over the wire."""
    return (FOLDER / f"{name}.json").read_bytes()


def body(name: str) -> dict[str, Any]:
    """The `message` object of a webhook sample, fresh."""
    return json.loads(raw(name))["message"]


def wire(message: Any) -> bytes:
    """A message as Vapi posts it."""
    return json.dumps({"message": message}).encode()
