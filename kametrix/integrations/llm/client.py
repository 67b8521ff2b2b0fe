"""Texts from a language model: typed, streamed, bounded, and cut off as soon as nobody listens.

The library behind it takes a second and 50 MB to import, so it is loaded in a thread on first use and not at all
where no key is set.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from importlib import import_module
from typing import Final, Generic, TypeVar

from pydantic import BaseModel

from kametrix.integrations.llm import errors

Answer = TypeVar("Answer", bound=BaseModel)

ANSWER_SECONDS: Final = 90.0
"""For the whole answer, a second try included."""
SILENT_SECONDS: Final = 30.0
"""Between two parts of it; models that think first need some."""


@dataclass(frozen=True)
class Endpoint:
    """Where a model answers. The key is in no repr, so in no log."""

    base_url: str
    model: str
    api_key: str = field(repr=False)


@dataclass(frozen=True)
class Wanted(Generic[Answer]):
    """`instructions` are ours, `data` is a person's and nothing more than data.

    `missing` names what a complete answer lacks, empty when it will do; then the model is asked once more.
    """

    instructions: str
    data: str
    shape: type[Answer]
    missing: Callable[[Answer], str]
    max_tokens: int


async def stream(endpoint: Endpoint, wanted: Wanted[Answer], *, seconds: float = ANSWER_SECONDS) -> AsyncGenerator[Answer]:
    """The answer as it grows, each piece with all before it and only whole texts. Raises errors.LlmError.

    One request, a second one only when the answer is not what was wanted. Closing the generator, or cancelling who reads
    it, closes the connection before it returns. The work has a task of its own, so that its time limit ends itself and
    not the reader.
    """
    engine = await asyncio.to_thread(import_module, "kametrix.integrations.llm.engine")
    pieces: asyncio.Queue[Answer | None] = asyncio.Queue()

    async def work() -> None:
        try:
            async with asyncio.timeout(seconds), aclosing(engine.pieces(endpoint, wanted)) as coming:
                async for piece in coming:
                    pieces.put_nowait(piece)
        except TimeoutError:
            raise errors.too_slow() from None
        finally:
            pieces.put_nowait(None)

    worker = asyncio.create_task(work())
    try:
        while (piece := await pieces.get()) is not None:
            yield piece
        await worker
    finally:
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)
