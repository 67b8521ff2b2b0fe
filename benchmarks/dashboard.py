"""The dashboard of an organization with 100,000 calls: what a page load and a live refresh cost in the service."""

import time
from collections.abc import Callable
from statistics import median
from typing import Any

from sqlalchemy import text

from benchmarks.cluster import Database, database
from benchmarks.report import Figure
from kametrix import clock, db
from kametrix.models import Agent, Organization, OrgRole, PlatformRole, User, UserOrganization
from kametrix.services import call_stats, dashboard
from kametrix.services.access import Actor, actor_of
from kametrix.services.call_stats import Span

CALLS, DAYS = 100_000, 365
ORGANIZATION, PERSON, AGENT = "bench-org", "bench-user", "bench-agent"
TARGET_MS = 20.0
ROUNDS = 25
FILL = """
insert into call (id, organization_id, agent_id, user_id, vapi_call_id, from_number, to_number, status, ended_cause, started_at,
  answered_at, ended_at,
  duration_seconds, rate_cents_per_minute, billed_minutes, credits_used, summary, transcript, settled_at, created_at, updated_at)
select md5('call' || n), '{organization}', '{agent}', '{person}', 'call-' || n, '+1415555' || lpad((n % 10000)::text, 4, '0'),
  '+14155550100',
  case when n % 11 = 0 then 'NO_ANSWER' else 'COMPLETED' end, 'customer', at, case when n % 11 <> 0 then at end,
  at + interval '150 seconds', 150, 15, case when n % 11 <> 0 then 3 end, case when n % 11 <> 0 then 45 else 0 end,
  'Dana Reed asked for a cleaning on Wednesday afternoon and left a number.',
  repeat('AI: Hello, this is Mia from Brightside Dental. How can I help you today? ' || md5(n::text) || chr(10), 15), at, at, at
from (select n, cast(:now as timestamptz) - make_interval(secs => n * {days} * 86400.0 / {calls}) as at
  from generate_series(1, {calls}) as n) as made
"""


def figures() -> list[Figure]:
    """Each part alone, in a transaction of its own, as a page asks for it."""
    with database() as bench:
        actor = _fill(bench)
        overview = _figure("today and what needs attention", lambda: _run(dashboard.overview, actor), TARGET_MS)
        targets = {Span.WEEK: TARGET_MS, Span.MONTH: TARGET_MS, Span.QUARTER: TARGET_MS, Span.YEAR: None}
        return [
            overview,
            *(
                _figure(f"charts of {span}", lambda span=span: _run(call_stats.statistics, actor, span), target)
                for span, target in targets.items()
            ),
        ]


def _fill(bench: Database) -> Actor:
    with db.transaction() as session:
        session.add(Organization(id=ORGANIZATION, name="Bench", slug=ORGANIZATION, timezone="America/Los_Angeles"))
        session.add(User(id=PERSON, email="bench@example.com", password_hash="!", name="Dana Whitlock"))
        session.flush()
        session.add(UserOrganization(user_id=PERSON, organization_id=ORGANIZATION, role=OrgRole.OWNER))
        agent = {"business_name": "Bench", "greeting": "Hello", "system_prompt": "Hello", "voice_id": "Savannah"}
        session.add(
            Agent(
                id=AGENT,
                organization_id=ORGANIZATION,
                user_id=PERSON,
                name="Front desk",
                webhook_token="-",
                webhook_token_hash="-",
                **agent,
            )
        )
        session.flush()
        fill = FILL.format(organization=ORGANIZATION, agent=AGENT, person=PERSON, days=DAYS, calls=CALLS)
        session.execute(text(fill), {"now": clock.now()})
    bench.cluster.execute("vacuum analyze call", database=bench.name)
    return actor_of(
        user_id=PERSON, email="bench@example.com", organization_id=ORGANIZATION, role=OrgRole.OWNER, platform_role=PlatformRole.USER
    )


def _run(service: Callable[..., Any], actor: Actor, *args: Any) -> float:
    began = time.perf_counter()
    with db.transaction(actor) as session:
        service(session, actor, *args)
    return (time.perf_counter() - began) * 1000


def _figure(what: str, work: Callable[[], float], target: float | None) -> Figure:
    work()
    taken = sorted(work() for _ in range(ROUNDS))
    middle = median(taken)
    name = f"dashboard: {what}, {CALLS:,} calls over {DAYS} days"
    measured = f"{middle:.1f} ms ({taken[0]:.1f} to {taken[-1]:.1f} in {ROUNDS} rounds)"
    return Figure(name, measured, f"≤ {target:.0f} ms", met=middle <= target) if target else Figure(name, measured)
