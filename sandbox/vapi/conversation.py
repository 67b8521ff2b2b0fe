"""The talk itself: greeting, turns, tools, goodbye. Ends with Vapi's endedReason."""

from typing import Protocol

from sandbox.store import Json, Store
from sandbox.vapi.callers import SILENCE_TIMEOUT, Caller
from sandbox.vapi.delivery import Courier
from sandbox.vapi.line import CallEnded, Line
from sandbox.vapi.messages import forwarding, tool_calls
from sandbox.vapi.outbox import Outbox, server_of
from sandbox.vapi.prompt import render
from sandbox.vapi.receptionist import Call, Reply
from sandbox.vapi.words import words_of

PAUSE = 0.8  # seconds between two speakers
MOST_TOOL_ROUNDS = 5


class Brain(Protocol):
    """Thinks for the assistant."""

    async def answer(self, heard: str) -> Reply:
        """The next reply to what was heard."""
        ...

    async def results(self, results: list[Json]) -> Reply:
        """The next reply after tools have run."""
        ...


class Conversation:
    """One assistant, one caller, one line. Tool calls go to the tool's own server, else to the assistant's."""

    def __init__(self, line: Line, brain: Brain, caller: Caller, tools: list[Json], outbox: Outbox, courier: Courier) -> None:
        self._line, self._brain, self._caller = line, brain, caller
        self._tools, self._outbox, self._courier = tools, outbox, courier
        self._server = server_of(line)
        self._assistant: Json = line.assistant or {}
        self._silent = 0.0

    async def run(self, greeting: str) -> str:
        """Until somebody ends it. Raises CallEnded when the clock does."""
        reply = Reply()
        if self._assistant.get("firstMessageMode") != "assistant-waits-for-user" and greeting:
            await self._line.speak("bot", greeting)
            reply = Reply(greeting)
        while True:
            await self._line.pass_time(PAUSE)
            await self._say_inserted()
            heard = await self._caller.next(self._line, reply.text)
            if heard is None:
                return "customer-ended-call"
            if not heard.strip():
                await self._wait_in_silence()
                continue
            self._silent = 0.0
            await self._line.speak("user", heard, self._caller.words_per_second)
            reply = await self._reply(heard)
            reason = await self._leave(reply)
            if reason:
                return reason

    async def _reply(self, heard: str) -> Reply:
        """The brain's reply, tools run in between, spoken."""
        reply = await self._brain.answer(heard)
        for _ in range(MOST_TOOL_ROUNDS):
            if not reply.calls:
                break
            if reply.text:
                await self._line.speak("bot", reply.text)
            reply = await self._brain.results(await self._use(reply.calls))
        await self._line.pass_time(PAUSE)
        if reply.text:
            await self._line.speak("bot", reply.text)
        return reply

    async def _leave(self, reply: Reply) -> str:
        """Whether the call is over after this reply: put through, an end-call phrase, or a goodbye. "" when it goes on."""
        if reply.transfers:
            return await self._transfer()
        said = " ".join(words_of(reply.text))
        if any(" ".join(words_of(phrase)) in said for phrase in self._assistant.get("endCallPhrases") or []):
            return "assistant-said-end-call-phrase"
        if not reply.ends:
            return ""
        if not any(tool.get("type") == "endCall" for tool in self._tools):
            return "customer-ended-call"
        if self._assistant.get("endCallMessage"):
            await self._line.speak("bot", self._assistant["endCallMessage"])
        return "assistant-ended-call"

    async def _wait_in_silence(self) -> None:
        """Silence passes, hooks speak, and after 30 seconds Vapi closes the line."""
        hook = next((hook for hook in self._assistant.get("hooks") or [] if hook.get("on") == "customer.speech.timeout"), None)
        options = (hook or {}).get("options") or {}
        wait = min(float(options.get("timeoutSeconds") or 10.0), SILENCE_TIMEOUT - self._silent)
        await self._line.pass_time(wait, share=0.0 if self._line.is_typed else None)
        self._silent += wait
        if self._silent >= SILENCE_TIMEOUT or self._line.is_typed:
            raise CallEnded("silence-timed-out")
        for action in (hook or {}).get("do") or []:
            if action.get("type") == "say" and action.get("exact"):
                await self._line.speak("bot", action["exact"] if isinstance(action["exact"], str) else action["exact"][0])
            elif (action.get("tool") or {}).get("type") == "endCall":
                raise CallEnded("assistant-ended-call")

    async def _say_inserted(self) -> None:
        while self._line.inserted:
            text, ends = self._line.inserted.pop(0)
            await self._line.speak("bot", text)
            if ends:
                raise CallEnded("assistant-ended-call-after-message-spoken")

    async def _transfer(self) -> str:
        tool = next(tool for tool in self._tools if tool.get("type") == "transferCall")
        destination = next(iter(tool.get("destinations") or []), {"type": "number"})
        self._line.status = "forwarding"
        self._outbox.post(forwarding(self._line, destination))
        return "assistant-forwarded-call"

    async def _use(self, calls: tuple[Call, ...]) -> list[Json]:
        """Run tools on the server that declares them. No valid answer for a call: the model hears "no result returned"."""
        calls = tuple(Call(call.id, call.name, call.arguments | self._static(call.name)) for call in calls if self._tool(call.name))
        asked = [{"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}} for call in calls]
        self._line.add("tool_calls", message="", toolCalls=asked)
        await self._announce(calls)
        await self._outbox.settle()
        message = tool_calls(self._line, calls, self._tools)
        server = (self._tool(calls[0].name) or {}).get("server") or self._server if calls else self._server
        answer = await self._courier.ask(self._line.id, server, message, withheld=self._line.is_transient) if server.get("url") else None
        await self._line.pass_time(PAUSE)
        return [self._result(call, answer) for call in calls]

    def _result(self, call: Call, answer: object) -> Json:
        results = answer.get("results") if isinstance(answer, dict) else None
        found: Json = next((result for result in results or [] if isinstance(result, dict) and result.get("toolCallId") == call.id), {})
        text = found.get("result") or found.get("error") or "No result returned."
        self._line.add("tool_call_result", name=call.name, toolCallId=call.id, result=str(text))
        return found or {"toolCallId": call.id, "name": call.name, "error": "No result returned."}

    async def _announce(self, calls: tuple[Call, ...]) -> None:
        """A tool's request-start message is spoken while it runs."""
        for call in calls:
            for message in (self._tool(call.name) or {}).get("messages") or []:
                if message.get("type") == "request-start" and message.get("content"):
                    await self._line.speak("bot", message["content"])

    def _tool(self, name: str) -> Json | None:
        return next((tool for tool in self._tools if (tool.get("function") or {}).get("name") == name), None)

    def _static(self, name: str) -> Json:
        """Static parameters override what the model said; they are Liquid templates (Vapi docs, "static parameters")."""
        variables = {
            "customer": {"number": self._line.choices.caller},
            "phoneNumber": {"number": self._line.number.get("number")},
            "call": {"id": self._line.id},
        }
        return {
            item["key"]: render(item["value"], self._line.moment, variables)[0] if isinstance(item["value"], str) else item["value"]
            for item in (self._tool(name) or {}).get("parameters") or []
        }


def tools_of(assistant: Json, store: Store) -> list[Json]:
    """Inline tools and those named by id."""
    model = assistant.get("model") or {}
    saved = [store.get("tool", key) for key in model.get("toolIds") or []]
    return [*(model.get("tools") or []), *(tool for tool in saved if tool)]
