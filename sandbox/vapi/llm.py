"""A language model that answers callers, through any OpenAI-compatible chat completions address."""

import json
import uuid
from typing import Any

import httpx

from sandbox.config import Llm
from sandbox.store import Json
from sandbox.vapi.receptionist import Call, Receptionist, Reply

END_NAME = "end_call"
END: Json = {
    "type": "function",
    "function": {"name": END_NAME, "description": "End the call after a goodbye.", "parameters": {"type": "object"}},
}
TIMEOUT = 20.0


class Model:
    """Speaks for the assistant. When the address fails, the built-in receptionist takes that turn and `trouble` says why."""

    def __init__(self, llm: Llm, prompt: str, greeting: str, tools: list[Json], fallback: Receptionist) -> None:
        self._llm, self._fallback = llm, fallback
        self._tools = [{"type": "function", "function": tool["function"]} for tool in tools if tool.get("function")]
        self._talk: list[Json] = [{"role": "system", "content": prompt}, {"role": "assistant", "content": greeting}]
        self.trouble = ""

    async def answer(self, heard: str) -> Reply:
        """The model's next reply."""
        self._talk.append({"role": "user", "content": heard or "(the caller is silent)"})
        return await self._complete() or await self._fallback.answer(heard)

    async def results(self, results: list[Json]) -> Reply:
        """Tool results go back to the model."""
        self._talk += [
            {"role": "tool", "tool_call_id": result["toolCallId"], "content": str(result.get("result") or result.get("error") or "")}
            for result in results
        ]
        return await self._complete() or await self._fallback.results(results)

    async def _complete(self) -> Reply | None:
        body = {"model": self._llm.model, "messages": self._talk, "tools": [*self._tools, END], "temperature": 0.3, "max_tokens": 300}
        try:
            async with httpx.AsyncClient(timeout=TIMEOUT, trust_env=False) as client:
                headers = {"Authorization": f"Bearer {self._llm.api_key}"} if self._llm.api_key else {}
                response = await client.post(f"{self._llm.base_url}/chat/completions", json=body, headers=headers)
            response.raise_for_status()
            said = response.json()["choices"][0]["message"]
        except (httpx.HTTPError, ValueError, KeyError, IndexError, TypeError) as error:
            self.trouble = f"The language model did not answer ({type(error).__name__}); the built-in receptionist did."
            return None
        self._talk.append({name: said[name] for name in ("role", "content", "tool_calls") if said.get(name) is not None})
        return _reply(said)


def _reply(said: dict[str, Any]) -> Reply:
    calls = said.get("tool_calls") or []
    ends = any(call["function"]["name"] == END_NAME for call in calls)
    wanted = tuple(
        Call(call.get("id") or f"call_{uuid.uuid4().hex[:24]}", call["function"]["name"], _arguments(call["function"].get("arguments")))
        for call in calls
        if call["function"]["name"] != END_NAME
    )
    return Reply(str(said.get("content") or "").strip(), wanted, ends)


def _arguments(text: object) -> Json:
    try:
        read = json.loads(text) if isinstance(text, str) else text
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}
