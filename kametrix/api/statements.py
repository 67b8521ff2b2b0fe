"""Statements to take away: as a proof, as a table, as a page to print; and the keys that signed them."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse

from kametrix import crypto, db
from kametrix.api.access import route
from kametrix.api.calls import MARK
from kametrix.services import statement_pdf, statement_print, statement_proof
from kametrix.services.access import PUBLIC, Actor
from kametrix.services.checkpoint_file import FORMAT
from kametrix.services.csv_text import line
from kametrix.services.statement_proof import Proof

PRINTING: Final = db.Lane("printing", threads=1, waiting=20)
"""One at a time: each takes most of a second of a processor."""
VERIFIER: Final = Path(__file__).parents[2] / "verify_statement.py"


async def proof(request: Request) -> Response:
    """Every row with what its hash covers and the checkpoints that sign them, as JSON; 404 for a month without a statement."""
    actor: Actor = request.state.principal.actor
    begun = await db.run(statement_proof.begin, actor, request.path_params["month"])
    return _streamed(begun, _proof(actor, begun), "json", "application/json")


async def table(request: Request) -> Response:
    """Every row as a line for a spreadsheet."""
    actor: Actor = request.state.principal.actor
    begun = await db.run(statement_proof.begin, actor, request.path_params["month"])
    return _streamed(begun, _table(actor, begun), "csv", "text/csv; charset=utf-8")


async def printed(request: Request) -> Response:
    """The sums, the days, the payments and the first calls, to print or to file."""
    sheet = await db.run(statement_print.sheet, request.state.principal.actor, request.path_params["month"])
    disposition = f'attachment; filename="statement-{sheet.statement.month}.pdf"'
    headers = {"Content-Disposition": disposition, "Cache-Control": "no-store"}
    return Response(await PRINTING.run(statement_pdf.drawn, sheet), headers=headers, media_type="application/pdf")


async def keys(_request: Request) -> Response:
    """The public keys that check the signatures of checkpoints, by id."""
    found = {key_id: key.hex() for key_id, key in crypto.public_keys().items()}
    return JSONResponse({"format": FORMAT, "algorithm": "Ed25519", "keys": found}, headers={"Cache-Control": "public, max-age=300"})


async def verifier(_request: Request) -> Response:
    """The program that checks a statement without us."""
    return FileResponse(VERIFIER, media_type="text/x-python; charset=utf-8", filename=VERIFIER.name)


def _streamed(begun: Proof, text: AsyncIterator[str], ending: str, media_type: str) -> Response:
    disposition = f'attachment; filename="statement-{begun.statement.month}.{ending}"'
    headers = {"Content-Disposition": disposition, "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(text, headers=headers, media_type=media_type)


async def _proof(actor: Actor, begun: Proof) -> AsyncIterator[str]:
    shown = begun.statement
    yield f'{statement_proof.proof_head(begun)},\n "rows": [\n'
    async for text in _rows(actor, shown.opening.seq, shown.closing.seq):
        yield text
    yield '\n],\n "after": [\n'
    async for text in _rows(actor, shown.closing.seq, begun.last):
        yield text
    yield "\n]\n}\n"


async def _rows(actor: Actor, first: int, last: int) -> AsyncIterator[str]:
    """Each page in a transaction of its own."""
    after: int | None = first
    while after is not None:
        page = await db.run(statement_proof.proof_lines, actor, after, last)
        yield page.text
        after = page.after


async def _table(actor: Actor, begun: Proof) -> AsyncIterator[str]:
    yield MARK + line(statement_proof.HEADER)
    shown, after = begun.statement, begun.statement.opening.seq
    while after is not None:
        page = await db.run(statement_proof.table_lines, actor, after, shown.closing.seq, shown.zone)
        yield page.text
        after = page.after


routes = (
    route("/api/statements/{month}.json", proof, ["GET"], access="credits:read"),
    route("/api/statements/{month}.csv", table, ["GET"], access="credits:read"),
    route("/api/statements/{month}.pdf", printed, ["GET"], access="credits:read"),
    route("/api/ledger-keys", keys, ["GET"], access=PUBLIC),
    route("/api/verify_statement.py", verifier, ["GET"], access=PUBLIC),
)
