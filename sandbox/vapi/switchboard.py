"""Places calls: dials, resolves, lets both sides talk, reports."""

import asyncio
import logging
from datetime import UTC
from typing import Any

from sandbox.clock import Clock, iso
from sandbox.config import Llm
from sandbox.store import Json, Store, new_id
from sandbox.vapi.callers import caller_of, expected_seconds
from sandbox.vapi.choices import BadChoice, Choices
from sandbox.vapi.conversation import Brain, Conversation, tools_of
from sandbox.vapi.delivery import Courier
from sandbox.vapi.knowledge import read
from sandbox.vapi.line import MAX_DURATION, Line
from sandbox.vapi.llm import Model
from sandbox.vapi.messages import status_update, transcript
from sandbox.vapi.outbox import Outbox
from sandbox.vapi.prompt import render
from sandbox.vapi.receptionist import Receptionist
from sandbox.vapi.recording import Recordings
from sandbox.vapi.reports import ended_call, report
from sandbox.vapi.resolution import Resolution, resolve

RING_SECONDS, REPORT_AFTER = 2.5, 4.0
BROKEN = "call.in-progress.error-vapifault-worker-died"
MODEL_FAILED = "call.in-progress.error-vapifault-vapi-llm-failed"

log = logging.getLogger(__name__)


class Switchboard:
    """All calls of this process. Every change of a call is stored at once: pages and tests read the store."""

    def __init__(self, store: Store, clock: Clock, courier: Courier, recordings: Recordings, llm: Llm, public: str) -> None:
        self._store, self._clock, self._courier, self._recordings = store, clock, courier, recordings
        self._llm, self._public = llm, public
        self._lines: dict[str, Line] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def place(self, choices: Choices) -> str:
        """Dial; returns the call's id at once. Raises BadChoice for a number nobody has."""
        number = next(iter(self._store.find("phone-number", number=choices.number)), None)
        if number is None:
            raise BadChoice(f"number: {choices.number} is none of this account's numbers")
        line = Line(new_id(), choices, number, self._clock, self._save)
        line.backdate(expected_seconds(choices, "", MAX_DURATION))
        self._lines[line.id] = line
        self._save(line)
        task = asyncio.ensure_future(self._run(line))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return line.id

    def live(self, call_id: str) -> Line | None:
        """A call that has not ended."""
        line = self._lines.get(call_id)
        return line if line and line.status != "ended" else None

    async def wait(self, call_id: str) -> None:
        """Until the call is over and its messages had their first attempt."""
        line = self._lines.get(call_id)
        if line:
            await line.done.wait()

    async def close(self) -> None:
        """Stop all calls; they are closed at the next start."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for line in self._lines.values():
            line.done.set()
        self._lines.clear()

    async def _run(self, line: Line) -> None:
        outbox = Outbox(line, self._courier, self._clock)
        try:
            await self._hold(line, outbox)
        except Exception:
            log.exception("call %s broke", line.id)
            line.end(BROKEN)
            line.note("The sandbox made a mistake; its log says more.")
            self._store.put("call", ended_call(line, self._recordings))
        finally:
            outbox.stop()
        line.done.set()
        self._save(line)

    async def _hold(self, line: Line, outbox: Outbox) -> None:
        found = await resolve(line, self._store, self._courier)
        if found.assistant is None:
            await self._refuse(line, found, outbox)
            return
        greeting, tools = self._connect(line, found)
        outbox.post(status_update(line))
        await self._clock.sleep(RING_SECONDS * line.choices.wall_share)
        if line.was_hung_up:
            line.end("customer-ended-call")
        else:
            line.answer()
            line.add("system", message=line.prompt)
            outbox.post(status_update(line))
            line.end(await line.until_ended(self._talk(line, greeting, tools, outbox)))
        outbox.post(status_update(line))
        self._store.put("call", ended_call(line, self._recordings))
        await self._clock.sleep(REPORT_AFTER * line.choices.wall_share)
        if line.started_at:
            outbox.post(report(line, self._recordings), again=lambda: report(line, self._recordings))
        await outbox.close()

    def _connect(self, line: Line, found: Resolution) -> tuple[str, list[Json]]:
        """Take the assistant on: its limit, prompt and greeting as they stand at this moment."""
        line.assistant, line.is_transient = found.assistant, found.is_transient
        assistant: Json = found.assistant or {}
        line.limit = float(assistant.get("maxDurationSeconds") or MAX_DURATION)
        variables: Json = {
            "customer": {"number": line.choices.caller},
            "phoneNumber": {"number": line.number.get("number")},
            "call": {"id": line.id},
            **found.variables,
        }
        written = next((m["content"] for m in (assistant.get("model") or {}).get("messages") or [] if m["role"] == "system"), "")
        line.prompt, wrong = render(written, line.moment.astimezone(UTC), variables)
        greeting, wrong_too = render(assistant.get("firstMessage") or "", line.moment, variables)
        line.backdate(expected_seconds(line.choices, greeting, line.limit))
        for trouble in filter(None, (wrong, wrong_too)):
            line.note(trouble)
        return greeting, tools_of(assistant, self._store)

    async def _talk(self, line: Line, greeting: str, tools: list[Json], outbox: Outbox) -> str:
        if line.choices.fault == "fail_answer":
            await line.speak("bot", greeting)
            await line.pass_time(4.0)
            return MODEL_FAILED
        brain = self._brain(line, greeting, tools)
        conversation = Conversation(line, brain, caller_of(line.choices), tools, outbox, self._courier)
        try:
            return await conversation.run(greeting)
        finally:
            if isinstance(brain, Model) and brain.trouble:
                line.note(brain.trouble)

    def _brain(self, line: Line, greeting: str, tools: list[Json]) -> Brain:
        language = str(((line.assistant or {}).get("transcriber") or {}).get("language") or "en")
        built_in = Receptionist(read(line.prompt), tools, line.choices.caller, line.moment, language)
        return Model(self._llm, line.prompt, greeting, tools, built_in) if self._llm.base_url else built_in

    async def _refuse(self, line: Line, found: Resolution, outbox: Outbox) -> None:
        """Nobody answers: the caller hears why, the server is told once, and there is no report."""
        await self._clock.sleep(RING_SECONDS * line.choices.wall_share)
        line.note(found.heard)
        line.end(found.reason)
        extra = {"destination": found.destination} if found.destination else {}
        outbox.post(status_update(line, inboundPhoneCallDebuggingArtifacts=found.debugging, **extra))
        self._store.put("call", ended_call(line, self._recordings))
        await outbox.close()

    def _save(self, line: Line) -> None:
        if line.status != "ended":
            live = {**line.vapi_call(), "monitor": {"controlUrl": f"{self._public}/vapi/call-control/{line.id}/control"}}
            self._store.put("call", live)
        self._store.put("scene", scene_of(line))

    def close_interrupted(self) -> None:
        """After a restart: calls that were live ended with this process, as Vapi's worker-shutdown."""
        for scene in self._store.find("scene", is_live="yes"):
            call = self._store.get("call", scene["id"]) or {}
            self._store.put("scene", {**scene, "is_live": "no", "status": "ended", "ended_reason": "worker-shutdown"})
            self._store.put("call", {**call, "status": "ended", "endedReason": "worker-shutdown", "endedAt": call["updatedAt"]})


def scene_of(line: Line) -> dict[str, Any]:
    """What the console shows of a call. `is_live` is yes until every message had its first attempt."""
    return {
        "id": line.id,
        "createdAt": iso(line.placed_at),
        "is_live": "no" if line.done.is_set() else "yes",
        "status": line.status,
        "ended_reason": line.ended_reason,
        "choices": line.choices.to_json(),
        "agent": (line.assistant or {}).get("name", ""),
        "seconds": round(line.elapsed if not line.ended_at or not line.started_at else (line.ended_at - line.started_at).total_seconds(), 3)
        if line.started_at
        else 0,
        "messages": [message for message in line.messages if message["role"] != "system"],
        "transcript": transcript(line),
        "prompt": line.prompt,
        "notes": line.notes,
    }
