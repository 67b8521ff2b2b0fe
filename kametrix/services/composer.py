"""Writes an agent's texts from a brief: by a language model where one is configured, else from the template of the trade."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import timedelta
from typing import Final

from sqlmodel import Session

from kametrix.errors import TooMany
from kametrix.integrations.llm.errors import LlmError
from kametrix.services import model_writer, rate_limits, template_writer
from kametrix.services.access import Actor, allows
from kametrix.services.briefs import Brief, Written
from kametrix.services.rate_limits import Limit
from kametrix.settings import settings

__all__ = ["Brief", "Written", "count", "write"]

PER_PERSON: Final = Limit("written-person", 10, timedelta(minutes=1), timedelta(minutes=1))


@allows("agents:write")
def count(session: Session, actor: Actor) -> None:
    """Take one from the budget before writing, with `db.run_platform(db.PAGES, composer.count, actor)`. Raises TooMany.

    Ten a minute per person. Where a model writes also LLM_REQUESTS_PER_DAY per organization, which bounds what can be
    spent in a day: times REQUESTS of the engine, times MAX_TOKENS of model_writer.
    """
    taken = [(PER_PERSON, actor.user_id)]
    if _by_model():
        taken.append((_per_organization(), actor.organization_id))
    try:
        rate_limits.take(session, *taken)
    except TooMany as refused:
        again = rate_limits.in_words(refused.retry_after)
        raise TooMany(f"Enough has been written for now. Please try again in {again}.", retry_after=refused.retry_after) from refused


async def write(brief: Brief) -> AsyncGenerator[Written]:
    """The texts as they grow, each piece with all before it and only whole texts: questions, policies, first and last words.

    Raises LlmError, possibly after pieces: what came is worth keeping. When the model fails before anything came, the
    pieces are the template's, and say so, before the error is raised. Close it (`contextlib.aclosing`) to stop it.
    """
    failure, came = None, False
    if _by_model():
        try:
            async with aclosing(model_writer.pieces(brief)) as pieces:
                async for piece in pieces:
                    came = True
                    yield piece
        except LlmError as error:
            failure = error
    if not came:
        for piece in template_writer.pieces(brief):
            yield piece
            await asyncio.sleep(0)
    if failure is not None:
        raise failure


def _by_model() -> bool:
    return bool(settings().llm_api_key.get_secret_value())


def _per_organization() -> Limit:
    day = timedelta(days=1)
    return Limit("written-organization", settings().llm_requests_per_day, day, day)
