"""Sample calls of three trades: only what an agent of today says and does. Nobody in them is real."""

from dataclasses import dataclass
from typing import Final, Literal

WORDS_A_SECOND: Final = 2.7
"""How fast people speak on the telephone."""
PAUSE: Final = 0.6
"""Seconds between two speakers."""


@dataclass(frozen=True)
class SampleTurn:
    """`second`: when it begins, from the start of the call."""

    speaker: Literal["agent", "caller"]
    words: str
    second: int


@dataclass(frozen=True)
class SampleCall:
    """`seconds` is its length; `icon` and `trade` are what it is chosen by."""

    key: str
    trade: str
    icon: str
    business: str
    turns: tuple[SampleTurn, ...]
    seconds: int
    summary: str


def _call(key: str, trade: str, icon: str, business: str, summary: str, *words: str) -> SampleCall:
    """The agent speaks first, then both in turn; times follow from the words."""
    turns: list[SampleTurn] = []
    second = 0.0
    for place, said in enumerate(words):
        turns.append(SampleTurn("caller" if place % 2 else "agent", said, round(second)))
        second += len(said.split()) / WORDS_A_SECOND + PAUSE
    return SampleCall(key, trade, icon, business, tuple(turns), round(second), summary)


DENTIST = _call(
    "dentist",
    "Dentist",
    "stethoscope",
    "Brightside Dental",
    "Robin is new in town and would like a first visit, on a Saturday morning if possible. Call back on this number.",
    "You are speaking with an AI assistant. This call is recorded. Hello, this is Mia from Brightside Dental. How can I help you?",
    "Hi, I just moved here. Do you take new patients?",
    "We do, and welcome to the neighbourhood. A first visit takes about an hour: an exam, x-rays and a cleaning.",
    "Lovely. And are you open on Saturdays?",
    "On Saturdays from nine to one. Shall I note your name and number, so that the team calls you with a time?",
    "Please. It’s Robin, on this number.",
    "Thank you, Robin. I have noted a first visit, Saturday morning if possible. The team will call you back.",
)
PLUMBER = _call(
    "plumber",
    "Plumber",
    "wrench",
    "Harbor Plumbing",
    "Urgent: water under the kitchen sink; Sam has closed the main valve. 14 Alder Street, second floor. Knows the fee of $90.",
    "You are speaking with an AI assistant. This call is recorded. Harbor Plumbing, this is Leo. What can we do for you?",
    "There is water under my kitchen sink and it keeps coming!",
    "I am sorry to hear that. Please close the main valve first: it is usually near the water meter. Can you reach it?",
    "Yes, one moment. Okay, it’s closed. It has stopped.",
    "Well done. I will pass this on as urgent. Where are you, and whom do we ask for?",
    "14 Alder Street, second floor. I’m Sam. What does it cost to come out?",
    "The call-out is ninety dollars, the first half hour included. Anything beyond that, the plumber tells you before the work begins.",
    "That’s fine. When will somebody call?",
    "During the day usually within half an hour, on the number you are calling from. Is there anything else?",
    "No. Thank you so much.",
    "You are welcome, Sam. Keep the valve closed until we are there. Goodbye.",
)
RESTAURANT = _call(
    "restaurant",
    "Restaurant",
    "utensils",
    "Olive & Thyme",
    "Alex asks for a table for six on Friday at half past seven; one guest is vegan, one cannot eat nuts. Please confirm on this number.",
    "You are speaking with an AI assistant. This call is recorded. Good evening, Olive and Thyme, this is Nora. How may I help?",
    "Do you have something for vegans? And one of us can’t eat nuts.",
    "We do: five main dishes are vegan. Please tell the waiter about the nuts as well: the kitchen uses them, and I note it for the team.",
    "Great. Could we come on Friday, six people, half past seven?",
    "I note a table for six on Friday at half past seven. The team confirms it by phone before noon. Your name, please?",
    "Alex. Is there parking?",
    "Behind the house, free from six o’clock. Thank you, Alex, you will hear from us.",
)
CALLS: Final = (DENTIST, PLUMBER, RESTAURANT)
