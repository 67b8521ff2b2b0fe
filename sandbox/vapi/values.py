"""Values Vapi accepts, read from values.json.

Source: openapi.json of github.com/VapiAI/docs, commit eabfa53, 2026-08-20; OpenAI models without their Azure `:region` variants.
"""

import json
from pathlib import Path

_VALUES: dict[str, list[str]] = json.loads(Path(__file__).with_suffix(".json").read_text())

OPENAI_MODELS = tuple(_VALUES["openai_models"])
ANTHROPIC_MODELS = tuple(_VALUES["anthropic_models"])
DEEPGRAM_LANGUAGES = tuple(_VALUES["deepgram_languages"])
VAPI_VOICE_LANGUAGES = tuple(_VALUES["vapi_voice_languages"])
SERVER_MESSAGES = tuple(_VALUES["server_messages"])
CLIENT_MESSAGES = tuple(_VALUES["client_messages"])
MODEL_PROVIDERS = tuple(_VALUES["model_providers"])
VOICE_PROVIDERS = tuple(_VALUES["voice_providers"])
TRANSCRIBER_PROVIDERS = tuple(_VALUES["transcriber_providers"])
TOOL_TYPES = tuple(_VALUES["tool_types"])
