"""The one module that imports the library. Its errors, which may quote a request, end here."""

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final
from urllib.parse import urlsplit

import structlog
from openai import AsyncOpenAI, Timeout
from pydantic import ValidationError
from pydantic_ai import Agent, ModelRetry, PromptedOutput, UsageLimits
from pydantic_ai import exceptions as library
from pydantic_ai.messages import ModelResponse, TextPart
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.profiles.openai import OpenAIModelProfile
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider
from pydantic_ai.result import AgentStream
from pydantic_core import from_json

from kametrix.integrations.llm import errors
from kametrix.integrations.llm.client import SILENT_SECONDS, Answer, Endpoint, Wanted
from kametrix.integrations.llm.errors import LlmError

REQUESTS: Final = 2
CONNECT_SECONDS: Final = 5.0
PIECE_SECONDS: Final = 0.1
"""Parts of the answer closer together are read as one."""
ONE_REQUEST: Final = {"Connection": "close"}
"""A connection used twice may be closed by the other side just as it is used again."""
MAX_ANSWER: Final = 60_000
"""Characters; a provider that ignores the limit of tokens is cut off here."""
UNREADABLE: Final = (ValueError, TypeError, AttributeError, LookupError)
"""What the library raises over a stream of another shape than the protocol's."""
OPENAI_HOSTS: Final = ("api.openai.com", "eu.api.openai.com", "us.api.openai.com")

_log = structlog.get_logger()


async def pieces(endpoint: Endpoint, wanted: Wanted[Answer]) -> AsyncGenerator[Answer]:
    """See client.stream."""
    began = time.monotonic()
    timeout = Timeout(SILENT_SECONDS, connect=CONNECT_SECONDS)
    async with AsyncOpenAI(
        base_url=endpoint.base_url, api_key=endpoint.api_key, default_headers=ONE_REQUEST, max_retries=0, timeout=timeout
    ) as client:
        try:
            async with aclosing(_run(_agent(endpoint, wanted, client), wanted)) as run:
                async for piece in run:
                    yield piece
        except library.AgentRunError as failure:
            told = _told(failure)
            _log.warning("llm.failed", error=type(failure).__name__, status=told.provider_status, seconds=_since(began))
            raise told from None
        except UNREADABLE as failure:
            _log.warning("llm.unreadable", error=type(failure).__name__, seconds=_since(began))
            raise errors.unusable() from None
    _log.info("llm.written", model=endpoint.model, seconds=_since(began))


def _agent(endpoint: Endpoint, wanted: Wanted[Answer], client: AsyncOpenAI) -> Agent[None, Answer]:
    agent = Agent(
        OpenAIChatModel(endpoint.model, provider=_provider(endpoint, client)),
        output_type=PromptedOutput(wanted.shape),
        instructions=wanted.instructions,
        model_settings={"max_tokens": wanted.max_tokens},
        retries=REQUESTS - 1,
    )

    @agent.output_validator
    def complete(answer: Answer) -> Answer:
        if lacking := wanted.missing(answer):
            raise ModelRetry(lacking)
        return answer

    return agent


def _provider(endpoint: Endpoint, client: AsyncOpenAI) -> OpenAIProvider | OpenAICompatibleProvider:
    """Others are asked in the oldest words of the protocol: `max_tokens`, and the shape of the answer in the prompt alone."""
    if urlsplit(endpoint.base_url).hostname in OPENAI_HOSTS:
        return OpenAIProvider(openai_client=client)
    profile = OpenAIModelProfile(openai_chat_supports_max_completion_tokens=False, supports_json_object_output=False)
    return OpenAICompatibleProvider("llm", openai_client=client, profile=profile)


async def _run(agent: Agent[None, Answer], wanted: Wanted[Answer]) -> AsyncGenerator[Answer]:
    async with agent.iter(wanted.data, usage_limits=UsageLimits(request_limit=REQUESTS)) as run:
        async for node in run:
            if Agent.is_model_request_node(node):
                async with node.stream(run.ctx) as answer, aclosing(_growing(answer, wanted)) as growing:
                    async for piece in growing:
                        yield piece
        if run.result is not None:
            yield run.result.output


async def _growing(answer: AgentStream[None, Answer], wanted: Wanted[Answer]) -> AsyncGenerator[Answer]:
    try:
        async for response in answer.stream_response(debounce_by=PIECE_SECONDS):
            if (piece := _so_far(response, wanted)) is not None:
                yield piece
    except library.ModelAPIError:
        if (piece := _so_far(answer.response, wanted)) is not None:  # came since the last piece was told
            yield piece
        raise


def _so_far(response: ModelResponse, wanted: Wanted[Answer]) -> Answer | None:
    """What of the answer has come whole. A text still being written is left out. Raises LlmUnusable beyond MAX_ANSWER."""
    written = "".join(part.content for part in response.parts if isinstance(part, TextPart))
    if len(written) > MAX_ANSWER:
        raise errors.unusable()
    _, brace, rest = written.partition("{")
    try:
        return wanted.shape.model_validate(from_json(brace + rest, allow_partial=True))
    except (ValidationError, ValueError):
        return None


def _told(failure: library.AgentRunError) -> LlmError:
    status: int | None = getattr(failure, "status_code", None)
    match failure:
        case library.ModelAuthenticationError():
            return errors.refused(status, "does not accept our key")
        case library.ModelQuotaExceededError():
            return errors.refused(status, "has used up its account")
        case library.ModelNotFoundError():
            return errors.refused(status, "set up here does not exist at its provider")
        case library.ModelRateLimitError() | library.ModelUnavailableError() | library.ModelServerError():
            return errors.busy(status, failure.retry_after)
        case library.ModelTimeoutError():
            return errors.too_slow()
        case library.ModelRequestRejectedError():
            return errors.refused(status, "refuses the request")
        case library.ModelAPIError():
            return errors.broken_off()
        case _:
            return errors.unusable()


def _since(began: float) -> float:
    return round(time.monotonic() - began, 1)
