"""The export of calls: a table for a spreadsheet, sent while it is read."""

from collections.abc import AsyncIterator
from typing import Final

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from kametrix import db
from kametrix.api.access import route
from kametrix.errors import Invalid
from kametrix.services import call_export, call_filters
from kametrix.services.access import Actor
from kametrix.services.call_filters import Filter
from kametrix.services.csv_text import line

MARK: Final = "\ufeff"
"""Tells spreadsheets that this is UTF-8."""


async def export(request: Request) -> Response:
    """The calls the filters show, as the page of calls understands them; 422 for one it would leave out."""
    actor: Actor = request.state.principal.actor
    choices = await db.run(call_filters.choices, actor)
    wanted, unusable = call_filters.read(request.query_params, actor, choices)
    if unusable:
        raise Invalid(f"These filters cannot be understood: {', '.join(unusable)}. Nothing was exported.")
    begun = await db.run(call_export.begin, actor, wanted)
    disposition = f'attachment; filename="calls-{begun.now:%Y-%m-%d}.csv"'
    headers = {"Content-Disposition": disposition, "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_lines(actor, wanted), headers=headers, media_type="text/csv; charset=utf-8")


async def _lines(actor: Actor, wanted: Filter) -> AsyncIterator[str]:
    """Each page in a transaction of its own; nothing is read any more once the reader has left."""
    yield MARK + line(call_export.HEADER)
    after = None
    while True:
        page = await db.run(call_export.lines, actor, wanted, after)
        yield page.text
        after = page.after
        if after is None:
            return


routes = (route("/api/calls.csv", export, ["GET"], access="data:export"),)
