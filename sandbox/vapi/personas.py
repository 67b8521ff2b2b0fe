"""Scripted callers: what they want to say, and what they answer when asked for a name, a number or a time."""

from dataclasses import dataclass, field

from sandbox.vapi.choices import SCRIPT, TYPED


@dataclass(frozen=True)
class Persona:
    """`lines` in order; an empty line is silence. `words_per_second` is how fast the caller speaks."""

    id: str
    name: str
    note: str
    lines: tuple[str, ...]
    answers: dict[str, str] = field(default_factory=dict[str, str])
    words_per_second: float = 2.6


ENGLISH = {
    "name": "My name is Dana Whitlock.",
    "number": "You can reach me at 415 555 0147.",
    "time": "The first one is perfect, thank you. My name is Dana Whitlock.",
}
PERSONAS = (
    Persona(
        "curious",
        "Curious new customer",
        "Asks what you offer, when you are open and what it costs",
        (
            "Hi, I found you online. What services do you offer?",
            "That sounds good. When are you open?",
            "And how much does it usually cost?",
            "Great, that's all I needed. Thank you, goodbye!",
        ),
        ENGLISH,
    ),
    Persona(
        "hurried",
        "Caller in a hurry",
        "One question, then gone",
        ("Quick question, are you open on Saturday?", "Okay thanks, bye."),
        ENGLISH,
        3.6,
    ),
    Persona(
        "appointment",
        "Wants an appointment",
        "Asks for a time, gives a name and a number",
        (
            "Hello, I'd like to book an appointment, please. Some afternoon next week would be best.",
            "Wonderful. Thank you so much, goodbye.",
        ),
        ENGLISH,
    ),
    Persona(
        "elderly",
        "Elderly caller",
        "Slow, repeats herself, wants to be sure",
        (
            "Hello? Hello, is this a real person I am speaking to?",
            "Oh, I see. Well, my dear, could you tell me when you are open?",
            "Sorry, I did not catch that. When did you say you are open?",
            "And where can I park the car when I come to see you?",
            "Thank you, dear, you were very kind. Goodbye now.",
        ),
        {**ENGLISH, "name": "This is Edith Marlow, M A R L O W.", "number": "My number is 415 555 0182, the land line."},
        1.6,
    ),
    Persona("silent", "Silent caller", "Says nothing until the line is closed", ("", "", "", "", "", "")),
    Persona(
        "wrong_number",
        "Wrong number",
        "Was looking for somebody else",
        ("Hi, can I get a large pepperoni pizza for pickup?", "Oh, sorry, I must have the wrong number. Bye."),
        ENGLISH,
    ),
    Persona(
        "german",
        "German caller",
        "Spricht Deutsch: Öffnungszeiten, Preis, Rückruf",
        (
            "Guten Tag, wann haben Sie denn geöffnet?",
            "Und was kostet das bei Ihnen ungefähr?",
            "Könnten Sie mich bitte zurückrufen?",
            "Vielen Dank, das war alles. Auf Wiederhören!",
        ),
        {
            "name": "Mein Name ist Jana Ostermann.",
            "number": "Sie erreichen mich unter 0151 555 0147.",
            "time": "Der erste Termin passt gut. Mein Name ist Jana Ostermann.",
        },
    ),
    Persona(
        "talker",
        "Long talker",
        "Tells a long story before each question",
        (
            "Hello there, you know, my neighbour told me about you, she has been coming to you for years and she is always so happy, "
            "so I thought I would finally give you a ring. What do you offer, exactly?",
            "Oh how interesting, that reminds me of the place we had before we moved, it was on the corner next to the bakery, they were "
            "lovely people but they closed two years ago. So when could I come by, when are you open?",
            "Wonderful, wonderful. My husband always says I should ask about the price first, he is very careful with these things, so "
            "before I forget: how much does it cost?",
            "I see. And one more thing, do you have parking? We have this big old car, you would laugh if you saw it.",
            "Could somebody call me back about it? There is so much more I would like to ask.",
            "You have been so patient with me. Thank you very much, and have a lovely day. Goodbye!",
        ),
        ENGLISH,
    ),
)
BY_ID = {persona.id: persona for persona in PERSONAS}
IDS = (*BY_ID, TYPED, SCRIPT)

ASKS = {
    "time": (
        "which time",
        "what time works",
        "which one works",
        "which of these",
        "which works",
        "suits you",
        "welche zeit",
        "passt ihnen",
    ),
    "name": ("your name", "who is calling", "who am i speaking", "ihr name", "ihren namen"),
    "number": ("your number", "phone number", "reach you", "call you back at", "ihre nummer", "telefonnummer", "erreichen"),
}


def asked_for(reply: str, answers: dict[str, str]) -> list[str]:
    """What an agent's question wants to know and this caller can tell, in the order to say it."""
    question = reply.lower()
    if "?" not in question and "please" not in question and "bitte" not in question:
        return []
    asked = [topic for topic, signs in ASKS.items() if topic in answers and any(sign in question for sign in signs)]
    return ["time"] if "time" in asked else asked
