"""A summary out of what was really said: quotes, never inventions."""

from sandbox.store import Json

ENDS = {
    "customer-ended-call": ("The caller hung up.", "Der Anrufer hat aufgelegt."),
    "assistant-ended-call": ("The call ended with a goodbye.", "Das Gespräch endete mit einer Verabschiedung."),
    "assistant-said-end-call-phrase": ("The call ended with a goodbye.", "Das Gespräch endete mit einer Verabschiedung."),
    "assistant-forwarded-call": ("The call was put through.", "Der Anruf wurde weiterverbunden."),
    "exceeded-max-duration": (
        "The call was cut at its longest allowed duration.",
        "Das Gespräch wurde nach der längsten erlaubten Dauer beendet.",
    ),
    "silence-timed-out": ("The call ended after a long silence.", "Das Gespräch endete nach langer Stille."),
}


def summarize(messages: list[Json], reason: str, *, german: bool) -> str:
    """What the caller asked, what tools did, how it ended; "" when nobody spoke."""
    asked = [_short(str(message["message"])) for message in messages if message["role"] == "user" and message.get("message")]
    if not asked:
        return "Der Anrufer hat nichts gesagt." if german else "The caller said nothing."
    quoted = [f"“{text}”" for text in (asked if len(asked) <= 4 else [*asked[:3], asked[-1]])]
    start = "Der Anrufer sagte: " if german else "The caller said: "
    tools = [str(message["result"]) for message in messages if message["role"] == "tool_call_result"]
    used = [("Nachgesehen: " if german else "Looked up: ") + _short(tools[-1])] if tools else []
    end = ENDS.get(reason)
    return " ".join([start + ", ".join(quoted) + ".", *used, *([end[german]] if end else [])])


def _short(text: str, longest: int = 110) -> str:
    return text if len(text) <= longest else text[: longest - 1].rsplit(" ", 1)[0] + "…"
