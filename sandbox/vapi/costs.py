"""What a call costs at Vapi, by its published prices (vapi.ai/pricing, 2026-08): the platform fee is exact, the rest typical."""

from sandbox.store import Json

VAPI_PER_MINUTE, TRANSCRIBER_PER_MINUTE = 0.05, 0.0105
VOICE_PER_CHARACTER = 0.00002
PROMPT_PER_TOKEN, COMPLETION_PER_TOKEN = 2e-6, 8e-6


def costs(seconds: float, messages: list[Json], assistant: Json | None) -> list[Json]:
    """The costs array of a report; empty when the call was never answered."""
    if seconds <= 0 or not assistant:
        return []
    minutes = round(seconds / 60, 4)
    spoken = [str(message["message"]) for message in messages if message["role"] == "bot"]
    words = sum(len(str(message.get("message", "")).split()) for message in messages)
    turns = max(1, len(spoken))
    prompt_tokens, completion_tokens = round(words * 1.4 * turns), round(sum(len(text.split()) for text in spoken) * 1.4)
    model, voice = assistant.get("model") or {}, assistant.get("voice") or {}
    transcriber = assistant.get("transcriber") or {}
    characters = sum(map(len, spoken))
    return [
        {"type": "transport", "provider": "vapi.sip", "minutes": minutes, "cost": 0.0},
        {
            "type": "transcriber",
            "transcriber": {"provider": transcriber.get("provider", "deepgram"), "model": transcriber.get("model", "nova-3")},
            "minutes": minutes,
            "cost": round(minutes * TRANSCRIBER_PER_MINUTE, 4),
        },
        {
            "type": "model",
            "model": {"provider": model.get("provider", "openai"), "model": model.get("model", "")},
            "promptTokens": prompt_tokens,
            "completionTokens": completion_tokens,
            "cachedPromptTokens": 0,
            "cost": round(prompt_tokens * PROMPT_PER_TOKEN + completion_tokens * COMPLETION_PER_TOKEN, 4),
        },
        {
            "type": "voice",
            "voice": {"provider": voice.get("provider", "vapi"), "voiceId": voice.get("voiceId", ""), "model": "default"},
            "characters": characters,
            "cost": round(characters * VOICE_PER_CHARACTER, 4),
        },
        {"type": "vapi", "subType": "normal", "minutes": minutes, "cost": round(minutes * VAPI_PER_MINUTE, 4)},
        {
            "type": "analysis",
            "analysisType": "summary",
            "model": {"provider": "openai", "model": "gpt-4.1-mini"},
            "promptTokens": round(words * 1.4),
            "completionTokens": 60,
            "cost": 0.0002,
        },
    ]


def total(parts: list[Json]) -> float:
    """USD."""
    return round(sum(float(part["cost"]) for part in parts), 4)


def breakdown(parts: list[Json]) -> Json:
    """The costBreakdown object out of the same numbers."""
    of = {str(part["type"]): part for part in parts}

    def cost(kind: str) -> float:
        return float(of.get(kind, {}).get("cost", 0))

    model, analysis = of.get("model", {}), of.get("analysis", {})
    return {
        "transport": cost("transport"),
        "stt": cost("transcriber"),
        "llm": cost("model"),
        "tts": cost("voice"),
        "vapi": cost("vapi"),
        "chat": 0,
        "total": total(parts),
        "llmPromptTokens": model.get("promptTokens", 0),
        "llmCompletionTokens": model.get("completionTokens", 0),
        "llmCachedPromptTokens": 0,
        "ttsCharacters": of.get("voice", {}).get("characters", 0),
        "analysisCostBreakdown": {
            "summary": cost("analysis"),
            "summaryPromptTokens": analysis.get("promptTokens", 0),
            "summaryCompletionTokens": analysis.get("completionTokens", 0),
            "structuredData": 0,
            "structuredDataPromptTokens": 0,
            "structuredDataCompletionTokens": 0,
            "successEvaluation": 0,
            "successEvaluationPromptTokens": 0,
            "successEvaluationCompletionTokens": 0,
        },
    }
