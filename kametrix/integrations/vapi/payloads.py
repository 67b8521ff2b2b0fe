"""What we send to Vapi: an assistant and a telephone number as request bodies. Pure functions.

Source of the fields: Vapi's published schema (CreateAssistantDTO, UpdateVapiPhoneNumberDTO, August 2026). Vapi refuses
unknown properties, so nothing else is sent.
"""

from dataclasses import dataclass, field
from typing import Any

MODEL_PROVIDER, MODEL = "openai", "gpt-4.1"
TRANSCRIBER_PROVIDER, TRANSCRIBER = "deepgram", "nova-3"
MAX_NAME = 40
MIN_SECONDS, MAX_SECONDS = 10, 43_200
SUMMARY_SECONDS = 20  # the default of 5 leaves long calls without a summary
SERVER_SECONDS = 20

SERVER_MESSAGES = ("status-update", "end-of-call-report", "tool-calls", "hang", "transfer-destination-request")
CLIENT_MESSAGES = ("status-update", "transcript")  # the default shows the system prompt to the browser
NO_RETRY = (400, 401, 403, 404, 413, 422)  # answers a repetition would get again


@dataclass(frozen=True)
class AssistantSpec:
    """An assistant in our words. `language`: as Deepgram names it ("en", "de"); `metadata`: ids by which it is found again."""

    name: str
    greeting: str
    system_prompt: str
    end_call_message: str
    voice_id: str
    language: str
    max_duration_seconds: int
    records: bool
    webhook_url: str
    metadata: dict[str, str] = field(default_factory=dict[str, str])
    keyterms: tuple[str, ...] = ()


def assistant(spec: AssistantSpec, *, credential_id: str, secret: str) -> dict[str, Any]:
    """The body of POST and PATCH /assistant. Always whole: PATCH replaces `model`, and a part of it would lose the prompt."""
    body: dict[str, Any] = {
        "name": spec.name[:MAX_NAME].strip(),
        "metadata": spec.metadata,
        "firstMessage": spec.greeting,
        "firstMessageMode": "assistant-speaks-first",
        "model": _model(spec.system_prompt),
        "voice": {"provider": "vapi", "voiceId": spec.voice_id, "version": "2"},
        "transcriber": _transcriber(spec.language, spec.keyterms),
        "server": _server(spec.webhook_url, credential_id=credential_id, secret=secret),
        "serverMessages": list(SERVER_MESSAGES),
        "clientMessages": list(CLIENT_MESSAGES),
        "maxDurationSeconds": min(max(spec.max_duration_seconds, MIN_SECONDS), MAX_SECONDS),
        "backgroundSound": "off",
        **_after_the_call(records=spec.records),
    }
    if spec.end_call_message:
        body["endCallMessage"] = spec.end_call_message
    return body


def phone_number(
    assistant_id: str | None,
    webhook_url: str | None,
    *,
    provider: str = "vapi",
    credential_id: str = "",
    secret: str = "",
    fallback: str | None = None,
) -> dict[str, Any]:
    """The body of PATCH /phone-number. Without an assistant every call asks `webhook_url` first; null clears any of them.

    `fallback` (E.164) takes the call when that address does not answer. `provider` is the number's own (vapi, twilio, ...): it
    selects the schema and cannot be changed.
    """
    server = _server(webhook_url, credential_id=credential_id, secret=secret) if webhook_url else None
    taken = destination(fallback) if fallback else None
    return {"provider": provider, "assistantId": assistant_id, "server": server, "fallbackDestination": taken}


def destination(number: str) -> dict[str, Any]:
    """Where a call is put through to, without a word: an E.164 number."""
    return {"type": "number", "number": number, "message": ""}


def _model(system_prompt: str) -> dict[str, Any]:
    return {
        "provider": MODEL_PROVIDER,
        "model": MODEL,
        "temperature": 0.3,
        "maxTokens": 300,  # fewer would cut the arguments of tools
        "messages": [{"role": "system", "content": system_prompt}],
        "tools": [{"type": "endCall"}],
    }


def _transcriber(language: str, keyterms: tuple[str, ...]) -> dict[str, Any]:
    heard = {"provider": TRANSCRIBER_PROVIDER, "model": TRANSCRIBER, "language": language}
    return {**heard, "keyterm": list(keyterms)} if keyterms else heard


def _server(url: str, *, credential_id: str, secret: str) -> dict[str, Any]:
    """Where messages go and how they prove themselves: a credential kept at Vapi, or the secret in a header.

    Vapi repeats nothing unless a backoffPlan tells it to.
    """
    backoff = {"type": "exponential", "maxRetries": 10, "baseDelaySeconds": 1, "excludedStatusCodes": list(NO_RETRY)}
    server: dict[str, Any] = {"url": url, "timeoutSeconds": SERVER_SECONDS, "backoffPlan": backoff}
    if credential_id:
        return {**server, "credentialId": credential_id}
    return {**server, "headers": {"X-Vapi-Secret": secret}}


def _after_the_call(*, records: bool) -> dict[str, Any]:
    """What is kept of a call. Listening in and taking over need our key; packet captures would be a second recording."""
    return {
        "analysisPlan": {
            "summaryPlan": {"enabled": True, "timeoutSeconds": SUMMARY_SECONDS},
            "successEvaluationPlan": {"enabled": False},
        },
        "artifactPlan": {"recordingEnabled": records, "pcapEnabled": False},
        "monitorPlan": {"listenAuthenticationEnabled": True, "controlAuthenticationEnabled": True},
    }
