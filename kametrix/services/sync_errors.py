"""What went wrong at the voice provider, said so that the owner of an agent knows what to do."""

import re
from typing import Final

from kametrix.errors import ProviderError

FIELDS: Final = {
    "firstMessage": "the greeting",
    "endCallMessage": "the closing words",
    "voice": "the voice",
    "transcriber": "the language",
    "model": "what the agent knows",
    "name": "the agent's name",
}
"""How people call the provider's fields, in the order they are looked for in its complaint."""
REFUSED: Final = (401, 402, 403)
KEPT: Final = "Your change is saved"


def is_ours(error: ProviderError) -> bool:
    """Whether only the operator can mend it: our account is refused, or we send what the provider does not know."""
    return error.provider_status in REFUSED or "should not exist" in error.message


def sentence(error: ProviderError, *, gave_up: bool) -> str:
    """For the agent's page: what happened, what was kept, what to do."""
    if error.provider_status in REFUSED:
        return f"Our connection to the voice provider is refused. We are informed. {KEPT}; press Try again later."
    if is_ours(error):
        return f"The voice provider does not understand what we sent. We are informed. {KEPT}; press Try again later."
    if error.provider_status == 404:
        return "This agent's telephone number no longer exists at the provider. It gets another as soon as one is free."
    if not error.retryable:
        return f"The voice provider did not accept {_field(error)}. {KEPT}; alter it and save again."
    if gave_up:
        return f"The voice provider has not answered for about an hour. {KEPT}; callers still hear the version before it. Press Try again."
    return f"The voice provider is not answering at the moment. {KEPT}, and we keep trying."


def _field(error: ProviderError) -> str:
    return next((words for field, words in FIELDS.items() if re.search(rf"\b{field}\b", error.message)), "this agent")
