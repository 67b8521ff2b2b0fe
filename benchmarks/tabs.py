"""The API with open tabs in the same process: each reads its dashboard and wallet, pauses, and reads again, on the road of live refreshes
(the lane of pages; tabs of one organization share what they see for two seconds).

BENCH_TABS: JSON list of [user id, e-mail, organization id], one per tab; BENCH_TAB_PAUSE: seconds. Started by benchmarks/gate.py.
"""

import asyncio
import json
import os
from typing import Any

from kametrix.api.app import app as api
from kametrix.errors import Busy
from kametrix.models import OrgRole, PlatformRole
from kametrix.services import credits, dashboard
from kametrix.services.access import Actor, actor_of
from kametrix.state import live

PAUSE = float(os.environ["BENCH_TAB_PAUSE"])
opened: list[asyncio.Task[None]] = []
refreshed = [0]


def _actor(user_id: str, email: str, organization_id: str) -> Actor:
    return actor_of(user_id=user_id, email=email, organization_id=organization_id, role=OrgRole.OWNER, platform_role=PlatformRole.USER)


async def _tab(actor: Actor, delay: float) -> None:
    await asyncio.sleep(delay)
    while True:
        try:
            await live.shared(dashboard.overview, actor)
            await live.shared(credits.wallet, actor)
            refreshed[0] += 1
        except Busy:
            refreshed[0] += 0
        await asyncio.sleep(PAUSE)


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """The API; the first request opens the tabs, `/bench/refreshed` tells how often they were refreshed."""
    if scope["type"] == "http" and not opened:
        tabs = [_actor(*each) for each in json.loads(os.environ["BENCH_TABS"])]
        opened.extend(asyncio.ensure_future(_tab(actor, PAUSE * number / len(tabs))) for number, actor in enumerate(tabs))
    if scope["type"] == "http" and scope["path"] == "/bench/refreshed":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": str(refreshed[0]).encode()})
        return
    await api(scope, receive, send)
