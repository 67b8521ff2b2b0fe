"""The list of calls in an organization with 100,000 of them, beside twenty with 5,000 each: first page, filters, search, deep pages.

Each figure is one service in one transaction under row security, as a page runs it. `BENCH_SECONDS=5` is a smoke run on a tenth.
"""

import json
import os
import random
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime
from statistics import median, quantiles

from psycopg2.extras import execute_values
from sqlalchemy import create_engine, text
from sqlmodel import Session

from benchmarks.cluster import Database, database
from benchmarks.report import Figure
from kametrix import clock, db, embedded
from kametrix.models import Organization, OrgRole
from kametrix.services import calls
from kametrix.services.access import Actor
from kametrix.services.call_filters import EVERY, NOBODY, Filter
from kametrix.services.call_search import Place
from tests.factories import create_agent, create_member

CALLS = 100_000
OTHERS = 20
LIMIT = 5.0
"""Milliseconds."""
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
TALKS = 2_000
WORDS_A_TALK = 120

_CALLS = text("""
    insert into call (id, organization_id, agent_id, user_id, created_at, updated_at, vapi_call_id, direction, from_number, to_number,
      status, ended_cause, started_at, answered_at, ended_at, settled_at, duration_seconds, billed_minutes, credits_used, summary,
      transcript, handled_by_id)
    select md5(:org || n), :org, case when n % 100 = 50 then :rare_agent else :agent end, :person, :noon, :noon, md5(:org || n),
      case when n % 500 = 0 then 'OUTBOUND' else 'INBOUND' end, '+1415' || lpad((n * 7919 % 10000000)::text, 7, '0'), '+16285550100',
      case when n % 100 = 0 then 'VOICEMAIL' when n % 20 = 1 then 'NO_ANSWER' when n % 33 = 2 then 'FAILED' else 'COMPLETED' end,
      'customer', at, at, at, at, 90, 2, 30, 'Asked about an appointment and left a number.',
      'AI: everyword ' || words || case n % 10000 when 7 then ' rareword' else '' end
        || case n % 100 when 7 then ' percentword' else '' end,
      case n % 200 when 0 then :colleague end
    from generate_series(1, :count) n join talk on talk.number = n % :talks
      cross join lateral (select cast(:noon as timestamptz) - n * interval '5 minutes' as at) moment""")
_WORDS = text("""
    insert into transcript (id, organization_id, call_id, full_text, messages, created_at)
    select md5(:org || n), :org, md5(:org || n), words, turns, :noon
    from generate_series(1, :count) n join talk on talk.number = n % :talks""")


@dataclass(frozen=True)
class Case:
    """One thing a person does; `target` is none where the figure is only told."""

    name: str
    wanted: Filter = EVERY
    older_than: str = ""
    is_promised: bool = True


def figures() -> list[Figure]:
    """The median of each case against LIMIT."""
    seconds = float(os.environ.get("BENCH_SECONDS", "60"))
    count = CALLS if seconds >= 30 else CALLS // 10
    with database() as bench:
        actor, agents, colleague = _fill(bench, count)
        with clock.at(NOON):
            return [_figure(case, actor, seconds / 40) for case in _cases(agents, colleague, count)]


def _cases(rare_agent: str, colleague: str, count: int) -> list[Case]:
    def deep(part: float) -> str:
        return Place(NOON - part * count * (NOON - NOON.replace(minute=55, hour=11)), "").cursor

    return [
        Case("first page"),
        Case("page in the middle", older_than=deep(0.5)),
        Case("last pages", older_than=deep(0.999)),
        Case("completed", Filter(status="completed")),
        Case("missed (5 %)", Filter(status="missed")),
        Case("voicemail (1 %), last pages", Filter(status="voicemail"), deep(0.99)),
        Case("one agent of two (1 %)", Filter(agent_id=rare_agent)),
        Case("outbound (0.2 %)", Filter(direction="outbound")),
        Case("assigned to one (0.5 %)", Filter(assigned=colleague)),
        Case("assigned to nobody", Filter(assigned=NOBODY)),
        Case("last 30 days", Filter(period="30d")),
        Case("a month half a year ago", Filter(first_day=date(2026, 5, 1), last_day=date(2026, 5, 31))),
        Case("missed, one agent, outbound: none", Filter(status="missed", agent_id=rare_agent, direction="outbound")),
        Case("word said in 0.01 %", Filter(words="rareword")),
        Case("word said in 1 %", Filter(words="percentword")),
        Case("word said in 5 %", Filter(words="word120"), is_promised=False),
        Case("word of every call", Filter(words="everyword")),
        Case("word of every call, in the middle", Filter(words="everyword"), deep(0.5)),
        Case("word of every call, missed", Filter(words="everyword", status="missed")),
        Case("word nobody said", Filter(words="never")),
        Case("phrase", Filter(words='"everyword word1"'), is_promised=False),
        Case("one letter", Filter(words="e")),
        Case("full number", Filter(words="+1 415 000 7919")),
        Case("part of a number", Filter(words="0007919")),
    ]


def _figure(case: Case, actor: Actor, seconds: float) -> Figure:
    taken: list[float] = []
    stop = time.perf_counter() + seconds
    while time.perf_counter() < stop or len(taken) < 20:
        began = time.perf_counter()
        with db.transaction(actor) as session:
            page = calls.page(session, actor, case.wanted, older_than=case.older_than)
        taken.append((time.perf_counter() - began) * 1000)
    told = f"{median(taken):.1f} ms, least {min(taken):.1f}, p99 {quantiles(taken, n=100)[98]:.1f} ms, {len(page.rows)} rows"
    met = median(taken) <= LIMIT if case.is_promised else None
    return Figure(f"calls: {case.name}", told, f"≤ {LIMIT:.0f} ms" if case.is_promised else "", "8.5 / 401 / 899 ms", met)


def _fill(bench: Database, count: int) -> tuple[Actor, str, str]:
    """The large organization and the others; returns its owner, its second agent and a colleague."""
    with db.transaction() as session:
        session.connection().exec_driver_sql("create temp table talk (number int, words text, turns jsonb) on commit drop")
        execute_values(session.connection().connection.cursor(), "insert into talk values %s", _talks())
        large, *_ = [_organization(session, CALLS // OTHERS if number else count) for number in range(OTHERS + 1)]
    engine = create_engine(bench.cluster.url(bench.name, embedded.SUPERUSER), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("vacuum (analyze) call, transcript"))
    engine.dispose()
    return large


def _organization(session: Session, count: int) -> tuple[Actor, str, str]:
    actor = create_member(session)
    colleague = create_member(session, session.get_one(Organization, actor.organization_id), role=OrgRole.AGENT)
    agent, second = create_agent(session, actor), create_agent(session, actor)
    given = {"org": actor.organization_id, "person": actor.user_id, "colleague": colleague.user_id, "noon": NOON, "talks": TALKS}
    for statement in (_CALLS, _WORDS):
        session.connection().execute(statement, {**given, "agent": agent.id, "rare_agent": second.id, "count": count})
    return actor, second.id, colleague.user_id


def _talks() -> list[tuple[int, str, str]]:
    """Words as people use them: few often, many seldom."""
    dice = random.Random(7)
    said: list[tuple[int, str, str]] = []
    for number in range(TALKS):
        words = [f"word{int(dice.paretovariate(0.6)) % 20_000}" for _ in range(WORDS_A_TALK)]
        turns = [{"role": ("agent", "caller")[at % 2], "text": " ".join(words[at * 12 : at * 12 + 12]), "at": at * 5} for at in range(10)]
        said.append((number, " ".join(words), json.dumps(turns)))
    return said
