"""The console's first page: what needs the operator comes first, and every number leads somewhere."""

from datetime import UTC, datetime, timedelta

from kametrix import clock, db
from kametrix.models import SyncState, WebhookEvent
from kametrix.state.admin.overview import OverviewState
from tests import factories
from tests.state.admin.people import operator
from tests.state.people import member
from tests.state.processor import Server, serve

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_what_callers_feel_comes_first(database: str) -> None:
    _, cookie = operator()
    with db.transaction() as session:
        factories.create_phone_number(session)
        factories.create_phone_number(session, vapi_phone_id=None)
        factories.create_agent(session, factories.create_member(session), sync_state=SyncState.FAILED)
        session.add(WebhookEvent(provider="vapi", type="status-update", dedupe_key="a", received_at=NOON))

    async def scenario(server: Server) -> None:
        tab = server.tab("t", cookie, path="/admin")
        with clock.at(NOON + timedelta(minutes=7)):
            await tab.send(OverviewState.load)
        state = await tab.state(OverviewState)
        assert [(concern.title, concern.is_grave) for concern in state.concerns] == [
            ("1 provider message waiting", True), ("1 agent not updated", True),
            ("1 free number left", False), ("1 number unknown to the provider", False),
        ]  # fmt: skip
        assert "7 min ago" in state.concerns[0].text
        assert (state.people.value, state.people.note) == ("2", "in 2 organizations")
        assert (state.agents.value, state.agents.note) == ("1", "1 not updated")

    serve(scenario)


def test_a_calm_platform_says_so(database: str) -> None:
    _, cookie = operator()
    with db.transaction() as session:
        for _ in range(3):
            factories.create_phone_number(session)

    async def scenario(server: Server) -> None:
        tab = server.tab("t", cookie, path="/admin")
        await tab.send(OverviewState.load)
        state = await tab.state(OverviewState)
        assert state.concerns == []
        assert [figure.value for figure in state.today] == ["0", "0", "$0.00", "$0.00"]

    serve(scenario)


def test_a_member_of_an_organization_sees_nothing_of_it(database: str) -> None:
    _, cookie = member()

    async def scenario(server: Server) -> None:
        tab = server.tab("t", cookie, path="/admin")
        await tab.send(OverviewState.load)
        assert (await tab.state(OverviewState)).people.value == ""

    serve(scenario)
