"""Books for tests of statements: two months of calls and payments with checkpoints, committed, and the files they are downloaded as."""

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from sqlmodel import Session

from kametrix import clock, db
from kametrix.jobs.checkpoints import take_checkpoints
from kametrix.models import Organization, TransactionType
from kametrix.services import ledger
from kametrix.services.access import Actor
from kametrix.services.sessions import COOKIE
from kametrix.settings import settings
from tests import factories
from tests.api.client import browse
from tests.state.people import logged_in

NOW = datetime(2026, 12, 2, 12, 0, tzinfo=UTC)
POSTED: tuple[tuple[str, int, int], ...] = (
    ("2026-10-30T12:00", 0, 1_000),
    ("2026-10-31T23:30", 61, 15),
    ("2026-11-02T09:00", 272, 15),
    ("2026-11-02T10:00", 3_600, 15),
    ("2026-11-05T10:00", 30, 12),
    ("2026-11-06T10:00", 600, 15),
    ("2026-11-20T10:00", 0, 2_000),
    ("2026-11-30T21:00", 60, 15),
    ("2026-11-30T23:50", 120, 15),
    ("2026-12-01T08:00", 59, 15),
)
"""(moment, seconds and rate of a call) or (moment, 0, cents bought)."""


@dataclass(frozen=True)
class Books:
    """An owner in Berlin, logged in."""

    actor: Actor
    cookie: str

    def get(self, address: str) -> httpx.Response:
        """What the owner downloads, at noon of 2 December."""
        answers: list[httpx.Response] = []

        async def scenario(client: httpx.AsyncClient) -> None:
            answers.append(await client.get(address, headers={"Cookie": f"{COOKIE}={self.cookie}"}))

        with clock.at(NOW):
            browse(scenario)
        return answers[0]


def build(folder: Path, *, zone: str = "Europe/Berlin", name: str = "Zahnärzte Łódź", nightly: bool = True) -> Books:
    """Post everything, taking checkpoints into `folder` on the way."""
    os.environ["KAMETRIX_CHECKPOINTS"] = str(folder)
    settings.cache_clear()
    with db.transaction() as session:
        actor = factories.create_member(session, factories.create_organization(session, name=name, timezone=zone))
        agent_id = factories.create_agent(session, actor).id
    for moment, seconds, value in POSTED:
        at = datetime.fromisoformat(f"{moment}:00.000250+00:00")
        with clock.at(at):
            if nightly:
                take_checkpoints(0)
            with db.transaction() as session:
                post(session, actor, agent_id, seconds, value)
    with clock.at(NOW):
        if nightly:
            take_checkpoints(0)
        with db.transaction() as session:
            return Books(actor, logged_in(session, actor))


def post(session: Session, actor: Actor, agent_id: str, seconds: int, value: int) -> None:
    """A call of `seconds` at `value` cents a minute, or a payment of `value` cents."""
    if seconds:
        agent = session.get_one(factories.Agent, agent_id)
        given: dict[str, Any] = {"answered_at": clock.now(), "ended_at": clock.now(), "duration_seconds": seconds}
        ledger.charge_call(session, factories.create_call(session, agent, **given), seconds=seconds, rate=value)
        return
    payment = f"pi_{clock.now():%d%H}{factories.new_id()}"
    ledger.post(
        session, organization_id=actor.organization_id, type=TransactionType.PURCHASE, amount=value, key=f"pi:{payment}",
        description="Starter", stripe_payment_id=payment,
    )  # fmt: skip


def rename(organization_id: str, name: str) -> None:
    """Another name of the business."""
    with db.transaction() as session:
        session.get_one(Organization, organization_id).name = name
