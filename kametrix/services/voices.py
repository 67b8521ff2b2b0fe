"""The voices a caller can hear: Vapi's own, as documented on 2026-08-20; retired ones are not offered."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Voice:
    """`id` is what the provider is sent."""

    id: str
    name: str
    description: str


VOICES = (
    Voice("Savannah", "Savannah", "A woman's voice, warm and unhurried."),
    Voice("Elliot", "Elliot", "A man's voice, calm and friendly."),
    Voice("Emma", "Emma", "A woman's voice, clear and cheerful."),
    Voice("Clara", "Clara", "A woman's voice, composed and professional."),
    Voice("Nico", "Nico", "A young man's voice, easy-going."),
    Voice("Kai", "Kai", "A young man's voice, relaxed."),
    Voice("Sagar", "Sagar", "A man's voice, steady and precise."),
    Voice("Godfrey", "Godfrey", "A man's voice, energetic."),
    Voice("Neil", "Neil", "A man's voice, clear and businesslike."),
    Voice("Layla", "Layla", "A woman's voice, soft and patient."),
    Voice("Sid", "Sid", "A man's voice, low and settled."),
    Voice("Naina", "Naina", "A woman's voice, gentle and attentive."),
    Voice("Rohan", "Rohan", "A man's voice, bright; the provider's older voice engine."),
)
BY_ID = {voice.id: voice for voice in VOICES}
