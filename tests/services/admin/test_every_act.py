"""Every service of the console: whoever is no operator gets nothing, each change leaves its trace, and a failing act leaves none.

The services are found, not listed: a new one needs its arguments here.
"""

import inspect
import pkgutil
from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session, select

import kametrix.services.admin
from kametrix import clock
from kametrix.errors import Forbidden, KametrixError
from kametrix.models import (
    AuditLog,
    CreditDispute,
    CreditPack,
    MailKind,
    MailMessage,
    MailStatus,
    OrgRole,
    PlatformRole,
    SyncState,
    UserStatus,
    WebhookEvent,
)  # fmt: skip
from kametrix.services import audit_words
from kametrix.services.access import Actor
from kametrix.services.admin import agents, numbers, prices, traffic, users
from kametrix.services.audit_rows import Wanted
from kametrix.services.keyset import Place
from tests import factories, stripe_facts

Service = Callable[..., Any]
UNTOLD = ("audit_log", "rate_limit", "procrastinate_jobs", "procrastinate_events")
"""What a reading service may touch: the lease of a running comparison."""


def services() -> dict[str, Service]:
    found: dict[str, Service] = {}
    for module in pkgutil.iter_modules(kametrix.services.admin.__path__, "kametrix.services.admin."):
        for name, function in inspect.getmembers(import_module(module.name), inspect.isfunction):
            if function.__module__ == module.name and hasattr(function, "access"):
                found[f"{module.name.rpartition('.')[2]}.{name}"] = function
    return found


SERVICES = services()
READING = {
    "agents.detail", "agents.page", "audit_log.exported", "audit_log.page", "failed_mail.failed_mail", "failures.failures",
    "number_sync.begin",
    "number_sync.give_up", "number_sync.missing", "numbers.candidates", "numbers.page", "overview.overview", "payments.payment",
    "payments.payments", "prices.prices",
    "traffic.calls", "traffic.postings", "traffic.since", "user_page.detail", "users.page", "users.rows_of",
}  # fmt: skip
WRITING = sorted(SERVICES.keys() - READING)


@pytest.fixture
def given(session: Session) -> dict[str, tuple[Any, ...] | dict[str, Any]]:
    """Arguments that make each service do something."""
    owner = factories.create_member(session)
    factories.post_credit(session, owner, 500)
    target = owner.user_id
    agent = factories.create_agent(session, owner, sync_state=SyncState.FAILED)
    held = factories.create_phone_number(session, agent)
    waiting = factories.create_agent(session, factories.create_member(session))
    free = factories.create_phone_number(session)
    event = WebhookEvent(provider="vapi", type="status-update", dedupe_key="a", failed_at=agent.created_at, error="no")
    purchase = stripe_facts.bought(session, owner)
    contested = CreditDispute(organization_id=owner.organization_id, credit_purchase_id=purchase.id, stripe_dispute_id="du_1", amount=100)
    session.add(contested)
    packs = [CreditPack(name=f"Pack {place}", credits=100, price_in_cents=100 * place, position=place) for place in (1, 2)]
    letter = MailMessage(
        to_email="dana@example.com", kind=MailKind.RECEIPT, language="en", facts={}, dedupe_key="receipt", created_at=clock.now(),
        status=MailStatus.FAILED, error="Refused.",
    )  # fmt: skip
    session.add_all([event, letter, *packs])
    session.flush()
    job = session.connection().execute(_FAILED_JOB).scalar_one()
    pack, nowhere = prices.PackForm("New", 100, 100), Place()
    return {
        "agents.detail": (agent.id,), "agents.page": (agents.Wanted(), nowhere), "agents.retry": (agent.id,),
        "agents.set_active": (agent.id, False), "audit_log.begin_export": (Wanted(), "csv"), "audit_log.exported": (Wanted(), ""),
        "audit_log.page": (Wanted(), nowhere), "bulk.set_status": ((target,), UserStatus.SUSPENDED),
        "failed_mail.dismiss": (letter.id,), "failed_mail.failed_mail": (), "failed_mail.send_again": (letter.id,),
        "failures.dismiss_job": (job,),
        "failures.failures": (), "failures.replay": (event.id,), "failures.replay_all": (), "failures.retry_job": (job,),
        "number_acts.assign": (free.id, waiting.id), "number_acts.release": {"number_id": held.id, "agent_id": agent.id},
        "number_acts.set_enabled": (held.id, False), "number_acts.withdraw": {"number_id": held.id, "agent_id": agent.id},
        "number_entry.add": ("+14155550999", "Front"), "number_entry.import_lines": ("+14155550998",), "number_sync.begin": (),
        "number_sync.give_up": (), "number_sync.merge": ([{"id": "n", "number": "+14155550997", "status": "active"}],),
        "number_sync.missing": ([],), "numbers.candidates": ("",), "numbers.page": (numbers.Kind.FREE, "", nowhere),
        "overview.overview": (), "prices.create_pack": (pack,), "prices.move_pack": (packs[0].id, 1), "prices.prices": (),
        "payments.lift_dispute": (contested.id,), "payments.payment": (purchase.id,), "payments.payments": (None, "", nowhere),
        "payments.request_refund": (purchase.id, 100, "Goodwill", True),
        "prices.set_pack_active": (packs[0].id, False), "prices.set_price": {"key": "cents_per_minute", "value": 20, "was": 15},
        "prices.update_pack": (packs[0].id, pack), "traffic.calls": (7, False, nowhere),
        "traffic.postings": (7, traffic.Money.ALL, nowhere), "traffic.since": (7,),
        "user_acts.adjust": (owner.organization_id, 100, "Goodwill", "form-1"), "user_acts.log_out": (target,),
        "user_acts.reset_link": (target,), "user_acts.set_role": (target, PlatformRole.POWER_USER), "user_acts.set_staff": (target, True),
        "user_acts.set_status": (target, UserStatus.SUSPENDED), "user_acts.verify_email": (target,), "user_page.detail": (target,),
        "users.page": (users.Wanted(), nowhere), "users.rows_of": ([target],),
    }  # fmt: skip


_FAILED_JOB = text("""
    insert into procrastinate_jobs (queue_name, task_name, args, status)
    values ('default', 'release_number', '{"number_id": "x"}', 'failed')
    returning id""")


def call(session: Session, actor: Actor, service: Service, arguments: tuple[Any, ...] | dict[str, Any]) -> None:
    if isinstance(arguments, dict):
        service(session, actor, **arguments)
    else:
        service(session, actor, *arguments)
    session.flush()


def everything(session: Session, *, but: tuple[str, ...] = ()) -> dict[str, list[Any]]:
    session.flush()
    tables = session.scalars(text("select tablename from pg_tables where schemaname = 'public'")).all()
    return {
        table: list(session.execute(text(f'select row::text from "{table}" row order by 1')).all()) for table in tables if table not in but
    }


def entries(session: Session) -> list[AuditLog]:
    return list(session.exec(select(AuditLog)))


def test_every_service_of_the_console_is_tried(given: dict[str, Any]) -> None:
    assert given.keys() == SERVICES.keys()


@pytest.mark.parametrize("role", [OrgRole.OWNER, OrgRole.ADMIN, OrgRole.VIEWER])
@pytest.mark.parametrize("name", sorted(SERVICES))
def test_no_role_in_an_organization_opens_the_console(session: Session, given: dict[str, Any], name: str, role: OrgRole) -> None:
    member = factories.create_member(session, role=role)
    before = everything(session)
    with pytest.raises(Forbidden):
        call(session, member, SERVICES[name], given[name])
    assert everything(session) == before


@pytest.mark.parametrize("name", sorted(READING))
def test_looking_changes_nothing(session: Session, given: dict[str, Any], name: str) -> None:
    operator = factories.create_operator(session)
    before = everything(session, but=UNTOLD), len(entries(session))
    call(session, operator, SERVICES[name], given[name])
    assert (everything(session, but=UNTOLD), len(entries(session))) == before


@pytest.mark.parametrize("name", WRITING)
def test_each_act_leaves_its_trace_as_an_operators(session: Session, given: dict[str, Any], name: str) -> None:
    operator, before = factories.create_operator(session), {entry.id for entry in entries(session)}
    call(session, operator, SERVICES[name], given[name])
    made = [entry for entry in entries(session) if entry.id not in before and entry.actor_id == operator.user_id]
    assert made
    for entry in made:
        assert entry.action in audit_words.ACTIONS
        assert entry.entity_type in audit_words.ENTITIES
        assert entry.meta == {"operator": True}
        assert entry.organization_id != operator.organization_id, "the operator's own organization has no part in it"


@pytest.mark.parametrize("name", WRITING)
def test_an_act_whose_trace_cannot_be_written_does_not_happen(
    session: Session, given: dict[str, Any], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Act and trace share a transaction: here the savepoint that the failure rolls back."""
    operator = factories.create_operator(session)
    before = everything(session)

    def full(*_: Any, **__: Any) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("kametrix.services.audit.record", full)
    with pytest.raises(OSError, match="no space left"), session.begin_nested():
        call(session, operator, SERVICES[name], given[name])
    session.expire_all()
    assert everything(session) == before


@pytest.mark.parametrize("name", [name for name in WRITING if not name.startswith(("audit_log", "failures.replay_all", "number_sync"))])
def test_a_failing_act_changes_nothing_and_leaves_no_trace(session: Session, given: dict[str, Any], name: str) -> None:
    operator = factories.create_operator(session)
    before = everything(session)
    with pytest.raises(KametrixError) as refused, session.begin_nested():
        call(session, operator, SERVICES[name], broken(given[name]))
    assert refused.value.message
    session.expire_all()
    assert everything(session) == before


def broken(arguments: tuple[Any, ...] | dict[str, Any]) -> tuple[Any, ...] | dict[str, Any]:
    """The same for a thing that does not exist, or with a value that is none."""

    def wrong(value: Any) -> Any:
        if isinstance(value, tuple):
            return ()
        if isinstance(value, prices.PackForm):
            return prices.PackForm("", 0, 0)
        return 0 if isinstance(value, int) else ""

    if isinstance(arguments, dict):
        return {**arguments, next(iter(arguments)): "nothing such"}
    return (wrong(arguments[0]), *arguments[1:])
