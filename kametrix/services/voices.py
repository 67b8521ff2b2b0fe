"""The voices a caller can hear: Vapi's own, as its documentation listed them in August 2026; retired ones are not offered.

Source: docs.vapi.ai, "Vapi Voices", active voices; Rohan is left out, it alone has no version 2. The accent is the voice's
character in English; each speaks German too.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Voice:
    """`id` is what the provider is sent."""

    id: str
    name: str
    description: str


VOICES: Final = (
    Voice("Clara", "Clara", "A woman in her thirties, warm and professional; American."),
    Voice("Elliot", "Elliot", "A man in his twenties, friendly and soothing; Canadian."),
    Voice("Emma", "Emma", "A woman in her twenties, warm and conversational; Asian American."),
    Voice("Godfrey", "Godfrey", "A man in his twenties, energetic; American."),
    Voice("Kai", "Kai", "A man in his thirties, relaxed and approachable; American."),
    Voice("Layla", "Layla", "A woman in her twenties, bright and cheerful; American."),
    Voice("Naina", "Naina", "A woman in her twenties, calm and collected; Indian American."),
    Voice("Neil", "Neil", "A man in his twenties, clear and professional; Indian American."),
    Voice("Nico", "Nico", "A man in his twenties, casual and natural; American."),
    Voice("Sagar", "Sagar", "A man in his twenties, steady and professional; Indian American."),
    Voice("Savannah", "Savannah", "A woman in her twenties, straightforward; from the American South."),
    Voice("Sid", "Sid", "A man in his thirties, deep and laid-back; American."),
)
BY_ID: Final = {voice.id: voice for voice in VOICES}
