"""Fields Vapi accepts in request bodies; anything else is a 400.

Source of every shape: openapi.json of github.com/VapiAI/docs, commit eabfa53, 2026-08-20; its schema is named beside each.
Providers this sandbox does not know in detail (None) are checked for their name only. `secret`, `serverUrl` and
`silenceTimeoutSeconds` are absent there too, so they are refused.
"""

from sandbox.vapi.validation import Choice, Either, Flag, Free, Items, Number, Rule, Shape, Text
from sandbox.vapi.values import (
    ANTHROPIC_MODELS,
    DEEPGRAM_LANGUAGES,
    MODEL_PROVIDERS,
    OPENAI_MODELS,
    TOOL_TYPES,
    TRANSCRIBER_PROVIDERS,
    VAPI_VOICE_LANGUAGES,
    VOICE_PROVIDERS,
)

ANY, TEXT, FLAG, NUMBER, FREE = Rule(), Text(), Flag(), Number(), Free()
TEXTS, ANYS = Items(TEXT), Items(ANY)

# BackoffPlan, Server
BACKOFF = Shape(
    {
        "type": Text(values=("fixed", "exponential")),
        "maxRetries": Number(0, 10),
        "baseDelaySeconds": Number(0, 10),
        "excludedStatusCodes": Items(NUMBER),
    },
    required=("type", "maxRetries", "baseDelaySeconds"),
)
SERVER = Shape(
    {
        "timeoutSeconds": Number(1, 300),
        "credentialId": TEXT,
        "staticIpAddressesEnabled": FLAG,
        "encryptedPaths": TEXTS,
        "url": TEXT,
        "headers": FREE,
        "backoffPlan": BACKOFF,
    }
)

# OpenAIFunction, ToolParameter, CreateFunctionToolDTO, CreateEndCallToolDTO, CreateTransferCallToolDTO, TransferDestinationNumber
FUNCTION = Shape(
    {"name": Text(pattern=r"[a-zA-Z0-9_-]{1,64}"), "strict": FLAG, "description": TEXT, "parameters": FREE}, required=("name",)
)
FUNCTION_TOOL = Shape(
    {
        "type": TEXT,
        "messages": ANYS,
        "async": FLAG,
        "server": SERVER,
        "variableExtractionPlan": FREE,
        "parameters": Items(Shape({"key": TEXT, "value": ANY}, required=("key", "value"))),
        "function": FUNCTION,
        "rejectionPlan": FREE,
    },
    required=("type",),
)
DESTINATION = Shape(
    dict.fromkeys(
        ("message", "type", "numberE164CheckEnabled", "number", "extension", "callerId", "transferPlan", "description", "sipUri"), ANY
    ),
    required=("type",),
)
# TransferDestinationNumber, TransferDestinationSip: where a number's calls go. numberE164CheckEnabled is on unless it is switched off;
# we take it as always on
PUT_THROUGH = Choice(
    "type",
    {
        "number": Shape(
            {
                **dict.fromkeys(("type", "extension", "callerId", "description"), TEXT),
                "message": Either(TEXT, FREE),
                "numberE164CheckEnabled": FLAG,
                "number": Text(longest=40, shortest=3, pattern=r"\+[1-9][0-9]{1,14}"),
                "transferPlan": FREE,
            },
            required=("type", "number"),
        ),
        "sip": Shape(
            {**dict.fromkeys(("type", "sipUri", "callerId", "description"), TEXT), "message": Either(TEXT, FREE), "transferPlan": FREE},
            required=("type", "sipUri"),
        ),
    },
)
TRANSFER_TOOL = Shape({"type": TEXT, "messages": ANYS, "destinations": Items(DESTINATION), "rejectionPlan": FREE})
END_TOOL = Shape({"type": TEXT, "messages": ANYS, "rejectionPlan": FREE})
TOOL = Choice("type", {**dict.fromkeys(TOOL_TYPES), "function": FUNCTION_TOOL, "endCall": END_TOOL, "transferCall": TRANSFER_TOOL})

# OpenAIMessage, OpenAIModel, AnthropicModel, CustomLLMModel
MESSAGE = Shape({"content": TEXT, "role": Text(values=("assistant", "function", "user", "system", "tool"))}, required=("content", "role"))
MODEL_COMMON: dict[str, Rule] = {
    "messages": Items(MESSAGE),
    "tools": Items(TOOL),
    "toolIds": TEXTS,
    "toolRefs": ANYS,
    "knowledgeBase": FREE,
    "provider": TEXT,
    "temperature": Number(0, 2),
    "maxTokens": Number(50, 10000),
    "emotionRecognitionEnabled": FLAG,
    "numFastTurns": Number(0),
}
OPENAI = Shape(
    {
        **MODEL_COMMON,
        "model": Text(values=OPENAI_MODELS),
        "fallbackModels": Items(Text(values=OPENAI_MODELS)),
        "toolStrictCompatibilityMode": TEXT,
        "promptCacheRetention": Text(values=("in_memory", "24h")),
        "promptCacheKey": Text(longest=64),
        "reasoningEffort": Text(values=("minimal", "none", "low", "medium", "high", "xhigh")),
    },
    required=("provider", "model"),
)
ANTHROPIC = Shape({**MODEL_COMMON, "model": Text(values=ANTHROPIC_MODELS), "thinking": FREE}, required=("provider", "model"))
CUSTOM_LLM = Shape(
    {
        **MODEL_COMMON,
        "model": TEXT,
        "url": TEXT,
        "headers": FREE,
        "metadataSendMode": TEXT,
        "wordLevelConfidenceEnabled": FLAG,
        "timeoutSeconds": NUMBER,
    },
    required=("provider", "url", "model"),
)
MODEL = Choice("provider", {**dict.fromkeys(MODEL_PROVIDERS), "openai": OPENAI, "anthropic": ANTHROPIC, "custom-llm": CUSTOM_LLM})

# VapiVoice, ElevenLabsVoice
VAPI_VOICE = Shape(
    {
        "provider": TEXT,
        "voiceId": TEXT,
        "version": Either(Text(values=("1", "2", "latest")), NUMBER),
        "speed": Number(0.25, 2),
        "language": Text(values=VAPI_VOICE_LANGUAGES),
        "cachingEnabled": FLAG,
        "pronunciationDictionary": ANYS,
        "chunkPlan": FREE,
    },
    required=("provider", "voiceId"),
)
ELEVENLABS_VOICE = Shape(
    {
        "provider": TEXT,
        "voiceId": TEXT,
        "cachingEnabled": FLAG,
        "stability": Number(0, 1),
        "similarityBoost": Number(0, 1),
        "style": Number(0, 1),
        "useSpeakerBoost": FLAG,
        "speed": Number(0.7, 1.2),
        "optimizeStreamingLatency": NUMBER,
        "enableSsmlParsing": FLAG,
        "autoMode": FLAG,
        "model": TEXT,
        "language": TEXT,
        "chunkPlan": FREE,
        "pronunciationDictionaryLocators": ANYS,
        "fallbackPlan": FREE,
    },
    required=("provider", "voiceId"),
)
VOICE = Choice("provider", {**dict.fromkeys(VOICE_PROVIDERS), "vapi": VAPI_VOICE, "11labs": ELEVENLABS_VOICE})

# DeepgramTranscriber, VapiTranscriber
DEEPGRAM = Shape(
    {
        "provider": TEXT,
        "model": TEXT,
        "language": Text(values=DEEPGRAM_LANGUAGES),
        "smartFormat": FLAG,
        "mipOptOut": FLAG,
        "numerals": FLAG,
        "profanityFilter": FLAG,
        "redaction": Items(Text(values=("pci", "pii", "phi", "numbers"))),
        "confidenceThreshold": Number(0, 1),
        "eotThreshold": Number(0.5, 0.9),
        "eotTimeoutMs": Number(500, 10000),
        "languages": TEXTS,
        "keywords": TEXTS,
        "keyterm": TEXTS,
        "endpointing": Number(10, 500),
        "fallbackPlan": FREE,
    },
    required=("provider",),
)
VAPI_TRANSCRIBER = Shape(
    {"provider": TEXT, "version": ANY, "language": TEXT, "languages": TEXTS, "keywords": TEXTS, "turnTaking": FREE},
    required=("provider",),
)
TRANSCRIBER = Choice("provider", {**dict.fromkeys(TRANSCRIBER_PROVIDERS), "deepgram": DEEPGRAM, "vapi": VAPI_TRANSCRIBER})
