"""The audit log as a file, for operators: what the page shows filtered, streamed in batches of one transaction each."""

import json
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from kametrix import clock, db, storable
from kametrix.api.access import route
from kametrix.errors import Invalid
from kametrix.services import csv_text
from kametrix.services.access import PLATFORM, Actor
from kametrix.services.admin import audit_log
from kametrix.services.admin.audit_log import COLUMNS, MOST_EXPORTED
from kametrix.services.audit_rows import Wanted, days
from kametrix.services.zones import zone_of

TYPES: Final = {"csv": "text/csv; charset=utf-8", "json": "application/json"}
TEXTS: Final = ("action", "actor", "person", "organization", "entity", "entity_id")
LONGEST: Final = 200


async def export(request: Request) -> Response:
    """The filtered rows, the latest first. 422 for an unknown format or a broken date."""
    actor: Actor = request.state.principal.actor
    asked, kind = request.query_params, request.query_params.get("format", "csv")
    if kind not in TYPES:
        raise Invalid("Choose the format csv or json.")
    zone = await db.run(zone_of, actor)
    since, until = days(asked.get("from", ""), asked.get("to", ""), zone)
    wanted = Wanted(**{name: storable.text(asked.get(name, "")[:LONGEST]) for name in TEXTS}, since=since, until=until)
    wanted = await db.run_platform(db.PAGES, audit_log.begin_export, actor, wanted, kind)
    name = f"audit-{clock.now().astimezone(zone):%Y-%m-%d}.{kind}"
    lines = _csv(actor, wanted) if kind == "csv" else _json(actor, wanted)
    return StreamingResponse(lines, media_type=TYPES[kind], headers={"Content-Disposition": f'attachment; filename="{name}"'})


async def _rows(actor: Actor, wanted: Wanted) -> AsyncIterator[dict[str, Any]]:
    older, sent = "", 0
    while sent < MOST_EXPORTED:
        rows, older = await db.run_platform(db.PAGES, audit_log.exported, actor, wanted, older)
        for row in rows[: MOST_EXPORTED - sent]:
            yield row
        sent += len(rows)
        if not older:
            return


async def _csv(actor: Actor, wanted: Wanted) -> AsyncIterator[str]:
    yield csv_text.line(COLUMNS)
    async for row in _rows(actor, wanted):
        yield csv_text.line([_flat(row[name]) for name in COLUMNS])


async def _json(actor: Actor, wanted: Wanted) -> AsyncIterator[str]:
    before = "[\n"
    async for row in _rows(actor, wanted):
        plain = {name: value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value for name, value in row.items()}
        yield before + json.dumps(plain, ensure_ascii=False)
        before = ",\n"
    yield "\n]\n" if before != "[\n" else "[]\n"


def _flat(value: Any) -> str | int | datetime | None:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, Mapping) else value


routes = (route("/api/admin/audit", export, ["GET"], access=PLATFORM),)
