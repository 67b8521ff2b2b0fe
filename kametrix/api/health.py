"""Health for supervisors: alive, and ready to serve."""

from functools import cache
from pathlib import Path

import structlog
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kametrix import db
from kametrix.api.access import route
from kametrix.errors import Busy
from kametrix.services.access import PUBLIC

log = structlog.get_logger()
MIGRATIONS = Path(__file__).parents[2] / "alembic"


async def livez(_request: Request) -> Response:
    """The process answers."""
    return JSONResponse({"status": "alive"})


async def readyz(_request: Request) -> Response:
    """The database answers and stands at the newest migration; 503 otherwise."""
    try:
        revision = await db.run_platform(db.PAGES, _revision)
    except Busy:
        return JSONResponse({"status": "database unreachable"}, status_code=503)
    if revision != _newest():
        log.warning("readyz.migrations_pending", revision=revision, newest=_newest())
        return JSONResponse({"status": "migrations pending"}, status_code=503)
    return JSONResponse({"status": "ready"})


def _revision(session: Session) -> str | None:
    return session.connection().execute(text("select version_num from alembic_version")).scalar()


@cache
def _newest() -> str | None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return ScriptDirectory.from_config(config).get_current_head()


routes: list[Route] = [
    route("/livez", livez, ["GET"], access=PUBLIC),
    route("/readyz", readyz, ["GET"], access=PUBLIC),
]
