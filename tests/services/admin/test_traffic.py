"""The operator's lists call things what the organization's own pages call them, and go back as far as they say."""

from datetime import UTC, datetime

import pytest
from sqlmodel import Session

from kametrix import clock
from kametrix.models import CallStatus
from kametrix.services import ledger
from kametrix.services.admin import traffic, user_page
from kametrix.services.admin.traffic import Money
from kametrix.services.keyset import Place
from kametrix.services.settlement import REJECTED
from tests import factories
from tests.services.test_agents import buy
from tests.services.test_calls import counted_rows


def test_a_caller_who_was_turned_away_is_no_failed_call(session: Session) -> None:
    operator, owner = factories.create_operator(session), factories.create_member(session)
    agent = factories.create_agent(session, owner)
    factories.create_call(session, agent, status=CallStatus.FAILED, ended_cause=REJECTED)
    factories.create_call(session, agent, status=CallStatus.FAILED, ended_cause="provider_fault")
    listed = traffic.calls(session, operator, 1, False, Place()).rows
    assert sorted(row.status for row in listed) == ["FAILED", "TURNED_AWAY"]
    assert sorted(row.status for row in user_page.detail(session, operator, owner.user_id).calls) == ["FAILED", "TURNED_AWAY"]


@pytest.mark.parametrize(
    ("days", "first"), [(1, "2026-11-20"), (7, "2026-11-14"), (90, "2026-08-23"), (0, "2026-11-20"), (1000, "2026-08-23")]
)
def test_the_last_days_begin_at_midnight_and_today_is_one_of_them(session: Session, days: int, first: str) -> None:
    with clock.at(datetime(2026, 11, 20, 12, tzinfo=UTC)):
        assert traffic.since(session, factories.create_operator(session), days) == datetime.fromisoformat(f"{first}T00:00:00+00:00")


def test_what_was_used_and_what_was_bought_are_told_apart(session: Session) -> None:
    operator, owner = factories.create_operator(session), factories.create_member(session)
    buy(session, owner)
    factories.post_credit(session, owner, 300)
    ledger.charge_call(session, factories.create_call(session, factories.create_agent(session, owner)), seconds=60, rate=15)
    session.flush()
    amounts = {kind: sorted(row.amount for row in traffic.postings(session, operator, 7, kind, Place()).rows) for kind in Money}
    assert amounts == {Money.ALL: [-15, 300, 1000], Money.USED: [-15], Money.BOUGHT: [1000]}


def test_a_page_of_calls_reads_the_names_it_shows_and_no_others(session: Session) -> None:
    operator, owner = factories.create_operator(session), factories.create_member(session)
    factories.create_call(session, factories.create_agent(session, owner), status=CallStatus.RINGING)

    def rows() -> int:
        with counted_rows(session) as brought:
            traffic.calls(session, operator, 1, True, Place())
        return sum(brought)

    alone = rows()
    for _ in range(5):
        factories.create_agent(session, factories.create_member(session))
    assert rows() == alone
