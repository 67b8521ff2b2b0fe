import os
from collections.abc import Iterator
from select import select as select_ready
from typing import Any

import pytest
from sqlmodel import Session, select

from kametrix import db
from kametrix.jobs.agents import sync_agent, sync_agent_later
from kametrix.jobs.app import jobs as queue_app
from kametrix.jobs.phone_numbers import release_number, serve_waiting, sync_numbers
from kametrix.models import Agent, PhoneNumber, PhoneStatus, SyncState
from kametrix.services import agents, live, number_claims
from kametrix.services.access import Actor
from kametrix.settings import settings
from tests.factories import create_agent, create_member, create_phone_number
from tests.forms import agent_form
from tests.services.test_agents import jobs
from tests.vapi_fake import FakeVapi, running


@pytest.fixture
def vapi(database: str) -> Iterator[FakeVapi]:
    with running() as fake:
        os.environ["VAPI_BASE_URL"] = fake.url
        settings.cache_clear()
        yield fake
        live.flush()


@pytest.fixture
def owner(database: str) -> Actor:
    with db.transaction() as session:
        return create_member(session)


def read(model: type[Any], row_id: str) -> Any:
    with db.transaction() as session:
        return session.get_one(model, row_id)


def waiting(name: str) -> list[dict[str, Any]]:
    with db.transaction() as session:
        return jobs(session, name)


def created(owner: Actor) -> agents.AgentView:
    with db.transaction(owner) as session:
        return agents.create(session, owner, agent_form())


def test_every_job_that_services_ask_for_by_name_exists() -> None:
    assert {"sync_agent", "sync_agent_later", "release_number", "serve_waiting", "sync_numbers"} <= queue_app.tasks.keys()


def test_an_agent_goes_live_with_its_number(vapi: FakeVapi, owner: Actor) -> None:
    vapi.add_number("+14155550123")
    sync_numbers(0)
    view = created(owner)
    assert view.number == "+14155550123"
    sync_agent(view.id)
    agent = read(Agent, view.id)
    assert (agent.sync_state, list(vapi.assistants)) == (SyncState.LIVE, [agent.vapi_assistant_id])


def test_open_pages_learn_that_an_agent_is_live(vapi: FakeVapi, owner: Actor) -> None:
    view = created(owner)
    with db.platform_engine().connect() as connection:
        listener = connection.connection.driver_connection
        assert listener is not None
        listener.autocommit = True
        listener.cursor().execute(f"listen {live.LIVE_CHANNEL}")
        sync_agent(view.id)
        live.flush()
        assert select_ready([listener], [], [], 10)[0]
        listener.poll()
        assert owner.organization_id in [notice.payload for notice in listener.notifies]


def test_an_agent_that_does_not_exist_is_no_trouble(vapi: FakeVapi) -> None:
    sync_agent("unknown")
    release_number("unknown")
    assert vapi.requests == []


def test_a_failed_attempt_waits_without_holding_newer_changes_back(vapi: FakeVapi, owner: Actor) -> None:
    view = created(owner)
    vapi.fail("POST", "/assistant", status=500, body={})
    clear("sync_agent")
    sync_agent(view.id, attempt=2)
    (later,) = waiting("sync_agent_later")
    assert (later["attempt"], later["lock"]) == (3, None)
    with db.transaction(owner) as session:
        agents.retry(session, owner, view.id)
    (now,) = waiting("sync_agent")
    assert now["attempt"] == 0
    clear("sync_agent")
    sync_agent_later(view.id, 3)
    assert [(job["attempt"], job["lock"]) for job in waiting("sync_agent")] == [(3, f"agent:{view.id}")]


def clear(name: str) -> None:
    with db.transaction() as session:
        session.connection().exec_driver_sql("delete from procrastinate_jobs where task_name = %s", (name,))


def test_a_freed_number_goes_off_the_air_and_to_the_next(vapi: FakeVapi, owner: Actor) -> None:
    os.environ["KAMETRIX_NUMBER_COOLDOWN_HOURS"] = "0"
    settings.cache_clear()
    listed = vapi.add_number()
    sync_numbers(0)
    view = created(owner)
    sync_agent(view.id)
    assert vapi.numbers[listed["id"]]["server"]
    with db.transaction(owner) as session:
        agents.delete(session, owner, view.id)
    for job in waiting("release_number"):
        release_number(job["number_id"])
    assert "server" not in vapi.numbers[listed["id"]]
    with db.transaction() as session:
        other = create_agent(session, create_member(session))
    serve_waiting()
    with db.transaction() as session:
        assert session.exec(select(PhoneNumber.agent_id)).one() == other.id


def test_an_incomplete_list_takes_no_number_from_its_agent(vapi: FakeVapi, owner: Actor) -> None:
    listed = vapi.add_number()
    sync_numbers(0)
    view = created(owner)
    vapi.fail("GET", "/phone-number", status=200, body=[])
    sync_numbers(0)
    assert agent_of(listed) == view.id
    vapi.numbers.clear()
    sync_numbers(0)
    with db.transaction() as session:
        assert session.exec(select(PhoneNumber.status)).one() == PhoneStatus.RELEASED


def agent_of(listed: dict[str, Any]) -> str | None:
    with db.transaction() as session:
        return session.exec(select(PhoneNumber.agent_id).where(PhoneNumber.vapi_phone_id == listed["id"])).one()


def test_the_services_and_the_jobs_agree_on_arguments(database: str, owner: Actor) -> None:
    with db.transaction() as session:
        agent = create_agent(session, owner)
        create_phone_number(session, agent)
        number_claims.free(session, agent.id)
        asked = enqueued(session)
    for name, arguments in asked:
        assert arguments.keys() <= set(queue_app.tasks[name].func.__annotations__), name


def enqueued(session: Session) -> list[tuple[str, dict[str, Any]]]:
    return [(row.task_name, row.args) for row in session.connection().exec_driver_sql("select task_name, args from procrastinate_jobs")]
