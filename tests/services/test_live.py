import os

import psycopg
import pytest

from kametrix import db
from kametrix.jobs.app import conninfo
from kametrix.services import live
from kametrix.services.live import LIVE_CHANNEL, Notifier
from kametrix.settings import settings


def heard(listener: psycopg.Connection, count: int) -> list[str]:
    """The next `count` hints, and what follows them at once."""
    awaited = [told.payload for told in listener.notifies(timeout=30, stop_after=count)]
    return awaited + [told.payload for told in listener.notifies(timeout=0.2)]


def test_the_first_hint_leaves_at_once_and_the_rest_of_the_window_together(database: str) -> None:
    notifier = Notifier(LIVE_CHANNEL, seconds=1.5)
    with psycopg.connect(conninfo(), autocommit=True) as listener:
        listener.execute(f"listen {LIVE_CHANNEL}")
        notifier.send("org-1")
        assert heard(listener, 1) == ["org-1"]
        for organization_id in ("org-2", "org-1", "org-2", "org-2"):
            notifier.send(organization_id)
        assert heard(listener, 2) == ["org-1", "org-2"]


def test_a_flush_sends_what_waits_now(database: str) -> None:
    with psycopg.connect(conninfo(), autocommit=True) as listener:
        listener.execute(f"listen {LIVE_CHANNEL}")
        live.announce("org-1")
        live.announce("org-2")
        live.flush()
        assert sorted(heard(listener, 2)) == ["org-1", "org-2"]


def test_a_database_that_is_away_loses_the_hint_and_stops_nobody(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "DATABASE_PLATFORM_URL", "postgresql+psycopg2://nobody@/none?host=/nowhere")
    settings.cache_clear()
    db.platform_engine.cache_clear()
    notifier = Notifier(LIVE_CHANNEL, seconds=60)
    notifier.send("org-1")
    notifier.send("org-2")
    notifier.flush()
    db.platform_engine.cache_clear()
