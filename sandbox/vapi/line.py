"""One call in progress: its own clock, what was said, and how it can be cut."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from sandbox.clock import Clock, epoch_ms, iso
from sandbox.store import Json
from sandbox.vapi.choices import TYPED, Choices

MAX_DURATION = 600.0  # Vapi's default for maxDurationSeconds
SPOKEN_WORDS_PER_SECOND = 2.6


class CallEnded(Exception):
    """Somebody or something ended the call; `reason` is Vapi's endedReason."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Line:
    """A scripted call runs on a clock of its own that began earlier, so that it ends about now and not in the future; a typed
    call runs on the real one. All moments sent are taken from it."""

    def __init__(self, key: str, choices: Choices, number: Json, clock: Clock, changed: Callable[["Line"], None]) -> None:
        self.id, self.choices, self.number = key, choices, number
        self.assistant: Json | None = None
        self.is_transient = False
        self.prompt = ""
        self.status, self.ended_reason = "ringing", ""
        self.messages: list[Json] = []
        self.notes: list[str] = []
        self.backdated = timedelta()
        self.placed_at: datetime = clock.now()
        self.created_at = self.placed_at
        self.started_at: datetime | None = None
        self.ended_at: datetime | None = None
        self.limit = MAX_DURATION
        self.typed: asyncio.Queue[str] = asyncio.Queue()
        self.inserted: list[tuple[str, bool]] = []
        self.talk: asyncio.Task[str] | None = None
        self.done = asyncio.Event()
        self._clock, self._changed = clock, changed
        self._passed = 0.0
        self._hung_up = ""

    @property
    def is_typed(self) -> bool:
        """Whether a person types the caller's words."""
        return self.choices.persona == TYPED

    @property
    def elapsed(self) -> float:
        """Seconds since the call was answered, on its own clock."""
        if self.is_typed and self.started_at:
            return (self._clock.now() - self.backdated - self.started_at).total_seconds()
        return self._passed

    @property
    def moment(self) -> datetime:
        """Now, on the call's clock."""
        if self.ended_at:
            return self.ended_at
        if not self.started_at:
            return self._clock.now() - self.backdated
        return self.started_at + timedelta(seconds=self.elapsed)

    @property
    def user_spoke(self) -> bool:
        """Whether the caller said a word."""
        return any(message["role"] == "user" for message in self.messages)

    def backdate(self, expected: float) -> None:
        """Begin `expected` seconds ago, for a call whose clock runs faster than the real one."""
        self.backdated = timedelta(seconds=round(expected, 3))
        self.created_at = self._clock.now() - self.backdated

    def answer(self) -> None:
        """The agent picks up."""
        self.started_at = self.moment
        self.status = "in-progress"
        self.changed()

    def end(self, reason: str) -> None:
        """Over. A chosen length is exact unless the call was cut before; nothing outlasts the limit."""
        if self.started_at:
            length = self.choices.length or 0.0
            padded = length if reason in ("customer-ended-call", "assistant-ended-call", "assistant-said-end-call-phrase") else 0.0
            self.ended_at = self.started_at + timedelta(seconds=round(min(max(self.elapsed, padded), self.limit), 3))
        else:
            self.ended_at = self.moment
        self.status, self.ended_reason = "ended", reason
        self.changed()

    async def speak(self, role: str, text: str, words_per_second: float = SPOKEN_WORDS_PER_SECOND) -> None:
        """`bot` or `user` says something and takes the time it takes."""
        begin = self.elapsed
        message = self.add(role, message=text)
        length = max(0.6, len(text.split()) / words_per_second)
        try:
            await self.pass_time(length)
        finally:
            spoken = max(0.0, (length if self.is_typed else self.elapsed - begin))
            message |= {"endTime": message["time"] + round(spoken * 1000), "duration": round(spoken * 1000)}
            self.changed()

    def add(self, role: str, **fields: object) -> Json:
        """Put a message into the record at the present moment."""
        message: Json = {"role": role, "time": epoch_ms(self.moment), "secondsFromStart": round(self.elapsed, 3), **fields}
        if role == "bot":
            message["source"] = ""
        self.messages.append(message)
        self.changed()
        return message

    async def pass_time(self, seconds: float, share: float | None = None) -> None:
        """Let the call's clock run. Raises CallEnded when the assistant's limit or the chosen length is reached."""
        real = self.choices.wall_share if share is None else share
        allowed = min(seconds, self.left())
        if self.is_typed:
            await self._clock.sleep(allowed * real)
        else:
            await self._clock.sleep(allowed * real)
            self._passed += allowed
        self.check()

    def check(self) -> None:
        """Raises CallEnded at the limit or at the chosen length."""
        if self.elapsed >= self.limit - 1e-6:
            raise CallEnded("exceeded-max-duration")
        if not self.is_typed and self.choices.length and self.elapsed >= self.choices.length - 1e-6:
            raise CallEnded("customer-ended-call")

    def left(self) -> float:
        """Seconds until something cuts the call."""
        ends = [self.limit] if self.is_typed or not self.choices.length else [self.limit, self.choices.length]
        return max(0.0, min(ends) - self.elapsed)

    async def until_ended(self, conversation: Awaitable[str]) -> str:
        """Run a conversation; hanging up from outside cuts it short. Returns the ended reason."""
        self.talk = asyncio.ensure_future(conversation)
        try:
            return await self.talk
        except CallEnded as ended:
            return ended.reason
        except asyncio.CancelledError:
            if not self._hung_up:
                raise
            return self._hung_up

    def hang_up(self, reason: str = "customer-ended-call") -> None:
        """From outside: the caller hangs up, or the control address ends the call."""
        self._hung_up = reason
        if self.talk and not self.talk.done():
            self.talk.cancel()

    @property
    def was_hung_up(self) -> str:
        """The reason somebody outside gave, if they did."""
        return self._hung_up

    def interject(self, text: str, *, ends: bool) -> None:
        """From the control address: the agent says this before its next reply."""
        self.inserted.append((text, ends))

    def note(self, text: str) -> None:
        """What the console tells the person about this call."""
        self.notes.append(text)
        self.changed()

    def changed(self) -> None:
        """Tell whoever stores and shows the call."""
        self._changed(self)

    def vapi_call(self) -> Json:
        """The Call object, as GET /call and messages carry it while the call lives."""
        call: Json = {
            "id": self.id,
            "orgId": self.number["orgId"],
            "createdAt": iso(self.created_at),
            "updatedAt": iso(self._clock.now()),
            "type": "inboundPhoneCall",
            "status": self.status,
            "cost": 0,
            "transport": {"provider": "vapi.sip", "conversationType": "voice"},
            "phoneCallProvider": "vapi",
            "phoneCallProviderId": f"sbx-provider-{self.id[-12:]}",
            "phoneCallTransport": "pstn",
            "phoneNumberId": self.number["id"],
            "customer": {"number": self.choices.caller},
        }
        if self.started_at:
            call["startedAt"] = iso(self.started_at)
        if self.assistant and "id" in self.assistant:
            call["assistantId"] = self.assistant["id"]
        return call
